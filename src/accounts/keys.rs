//! The `encryption_keys` table: a canary for each encryption key that was used here, so that a wrong one is found out at the start and not
//! when a thousand organizations' tokens do not open.

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use crate::crypto::{Keyring, Place};
use crate::db::Db;
use crate::ids::TenantId;

/// What is sealed. It is no secret: only that it opens matters.
const CANARY: &str = "the key of this id opens this";

/// Why the configured keys cannot be worked with.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error("ENCRYPTION_KEYS: the key with the id {0:?} is not the one that was used here under that id. Put the right one back")]
    Wrong(String),
    #[error(
        "ENCRYPTION_KEYS has none of the keys that were used here ({0}). Put one of them back behind the new one; if all are lost, empty the table \
         encryption_keys, and every organization must press Reconnect"
    )]
    Strange(String),
    #[error("the table of encryption keys cannot be read or written")]
    Database(#[from] sqlx::Error),
}

/// Holds the configured keys against what was sealed here. Changes nothing.
///
/// # Errors
/// See [`KeysError`].
pub async fn check(db: &Db, keyring: &Keyring) -> Result<(), KeysError> {
    let known: Vec<(String, Vec<u8>)> =
        sqlx::query_as("SELECT id, canary FROM encryption_keys ORDER BY created_at, id").fetch_all(db.dispatch()).await?;
    let ours: Vec<_> = known.iter().filter(|(id, _)| keyring.ids().any(|own| own == id)).collect();
    if let Some((id, _)) = ours.iter().find(|(id, canary)| keyring.open(place(id), canary).is_err()) {
        return Err(KeysError::Wrong(id.clone()));
    }
    if ours.is_empty() && !known.is_empty() {
        return Err(KeysError::Strange(known.into_iter().map(|(id, _)| id).collect::<Vec<_>>().join(", ")));
    }
    Ok(())
}

/// As [`check`], and remembers the keys that are new. Of two processes that bring different ones under one id, one is told.
///
/// # Errors
/// See [`KeysError`].
pub async fn check_and_remember(db: &Db, keyring: &Keyring, now: DateTime<Utc>) -> Result<(), KeysError> {
    check(db, keyring).await?;
    for id in keyring.ids() {
        remember(db.dispatch(), keyring, id, now).await?;
    }
    check(db, keyring).await
}

async fn remember(dispatch: &PgPool, keyring: &Keyring, id: &str, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let Some(canary) = keyring.seal_with(id, place(id), &CANARY.into()) else { return Ok(()) };
    sqlx::query("INSERT INTO encryption_keys (id, canary, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(id)
        .bind(canary)
        .bind(now)
        .execute(dispatch)
        .await
        .map(drop)
}

fn place(id: &str) -> Place<'_> {
    Place { tenant: TenantId(Uuid::nil()), column: "encryption_keys.canary", row: Some(id) }
}
