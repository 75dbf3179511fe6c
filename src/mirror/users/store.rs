//! The `users` table.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use sqlx::types::Json;

use crate::db::TenantTx;
use crate::lever::{Record, User};
use crate::mirror::storable::{self, column, latest, search_text};

/// A user as stored. No `Debug`: it holds a person's name.
#[derive(Clone, FromRow)]
pub struct UserRow {
    pub id: String,
    pub name: Option<String>,
    pub email: Option<String>,
    /// `super admin`, `admin`, ..., or the id of a custom role.
    pub access_role: Option<String>,
    pub photo: Option<String>,
    pub job_title: Option<String>,
    pub deactivated_at: Option<DateTime<Utc>>,
    pub synced_at: DateTime<Utc>,
    /// Set when Lever no longer has the user.
    pub gone_at: Option<DateTime<Utc>>,
}

impl UserRow {
    /// Whether the user can act at Lever and be asked to interview.
    pub fn is_active(&self) -> bool {
        self.deactivated_at.is_none() && self.gone_at.is_none()
    }
}

/// Stores users as Lever sent them; answers how many rows were written. Rows of a newer read stay as they are.
///
/// # Errors
/// The database failed.
pub async fn upsert(tx: &mut TenantTx, records: &[Record<User>], read_at: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let rows = latest(records);
    let stored = sqlx::query(
        "INSERT INTO users (tenant_id, id, name, email, access_role, photo, job_title, deactivated_at, search, raw, synced_at)
         SELECT $1, r.*, $2
         FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[], $10::text[], $11::jsonb[]) AS r
         ON CONFLICT (tenant_id, id) DO UPDATE
         SET name = excluded.name, email = excluded.email, access_role = excluded.access_role, photo = excluded.photo,
             job_title = excluded.job_title, deactivated_at = excluded.deactivated_at, search = excluded.search, raw = excluded.raw,
             synced_at = excluded.synced_at, gone_at = NULL
         WHERE users.synced_at <= excluded.synced_at",
    )
    .bind(tx.tenant())
    .bind(read_at)
    .bind(column(&rows, |user| user.id.as_str()))
    .bind(column(&rows, |user| user.name.as_deref()))
    // Indexed, so bounded like an id.
    .bind(column(&rows, |user| storable::id(user.email.as_deref())))
    .bind(column(&rows, |user| user.access_role.as_deref()))
    .bind(column(&rows, |user| user.photo.as_deref()))
    .bind(column(&rows, |user| user.job_title.as_deref()))
    .bind(column(&rows, |user| storable::time(user.deactivated_at)))
    .bind(column(&rows, |user| search_text([user.name.as_deref(), user.email.as_deref()].into_iter().flatten())))
    .bind(column(&rows, |user| Json(&user.raw)))
    .execute(&mut **tx)
    .await?;
    Ok(stored.rows_affected())
}

/// The users with these ids, as far as they are known; also those that are deactivated or gone.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &mut TenantTx, ids: &[String]) -> Result<Vec<UserRow>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, name, email, access_role, photo, job_title, deactivated_at, synced_at, gone_at FROM users
         WHERE tenant_id = $1 AND id = ANY($2)",
    )
    .bind(tx.tenant())
    .bind(ids)
    .fetch_all(&mut **tx)
    .await
}

/// Users who were looked up together.
pub struct LookedUp {
    /// As [`find`].
    pub users: Vec<UserRow>,
    /// The active one with the address; the one with the smaller id when several have it.
    pub by_email: Option<String>,
}

/// A user, and whether it is for the address.
#[derive(FromRow)]
struct ByEither {
    #[sqlx(flatten)]
    user: UserRow,
    has_email: bool,
}

/// The users with these ids, and the active one with this address, in whatever case it is written.
///
/// # Errors
/// The database failed.
pub async fn look_up(tx: &mut TenantTx, ids: &[String], email: Option<&str>) -> Result<LookedUp, sqlx::Error> {
    let rows: Vec<ByEither> = sqlx::query_as(
        "SELECT id, name, email, access_role, photo, job_title, deactivated_at, synced_at, gone_at,
                coalesce(lower(email) = lower($3) AND deactivated_at IS NULL AND gone_at IS NULL, false) AS has_email
         FROM users
         WHERE tenant_id = $1 AND (id = ANY($2) OR (lower(email) = lower($3) AND deactivated_at IS NULL AND gone_at IS NULL)) ORDER BY id",
    )
    .bind(tx.tenant())
    .bind(ids)
    .bind(email)
    .fetch_all(&mut **tx)
    .await?;
    let by_email = rows.iter().find(|row| row.has_email).map(|row| row.user.id.clone());
    Ok(LookedUp { users: rows.into_iter().map(|row| row.user).collect(), by_email })
}

/// Marks gone the users that a whole list, read since then, did not hold.
///
/// # Errors
/// The database failed.
pub async fn mark_unseen_gone(tx: &mut TenantTx, read_before: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let statement = "UPDATE users SET gone_at = $2, synced_at = $2 WHERE tenant_id = $1 AND synced_at < $2 AND gone_at IS NULL";
    storable::mark_unseen_gone(tx, statement, read_before).await
}
