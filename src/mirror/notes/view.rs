//! A note as callers see it: what was written first is the note, what was written to it later are its comments.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use crate::db::TenantTx;
use crate::lever::Note;
use crate::mirror::references::NamedRef;
use crate::mirror::users;

/// A note on a candidacy.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Note)]
pub struct NoteView {
    #[schema(example = "7f8004a4-0000-4000-8000-000000000001")]
    pub id: String,
    #[schema(example = "Prefers mornings, European time.")]
    pub value: Option<String>,
    /// Only admins see it.
    pub secret: bool,
    /// Who wrote it; an application that did shows its own id.
    pub user: Option<NamedRef>,
    pub created_at: Option<DateTime<Utc>>,
    /// The oldest first.
    pub comments: Vec<CommentView>,
    /// When our copy was last read from Lever.
    pub synced_at: DateTime<Utc>,
}

/// Something written to a note later.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommentView {
    #[schema(example = "Moved to Thursday.")]
    pub value: String,
    pub user: Option<NamedRef>,
    pub created_at: Option<DateTime<Utc>>,
}

/// What a view is made of.
#[derive(FromRow)]
pub(super) struct Shown {
    pub(super) id: String,
    pub(super) lever_created_at: DateTime<Utc>,
    secret: bool,
    #[sqlx(json)]
    raw: Note,
    synced_at: DateTime<Utc>,
}

impl Shown {
    fn authors(&self) -> impl Iterator<Item = &str> {
        let comments = self.raw.fields.iter().filter_map(|field| field.user.as_ref());
        self.raw.user.iter().chain(comments).map(|user| user.id.as_str())
    }

    fn view(self, names: &HashMap<String, Option<String>>) -> NoteView {
        let named = |id: String| NamedRef { name: names.get(&id).cloned().flatten(), id };
        let written = self.raw.fields.into_iter().filter_map(|field| {
            let user = field.user.map(|user| named(user.id));
            Some(CommentView { value: field.value?, user, created_at: field.created_at })
        });
        let mut written: Vec<CommentView> = written.collect();
        // Stable: what came at the same time stays in Lever's order.
        written.sort_by_key(|entry| entry.created_at);
        let first = (!written.is_empty()).then(|| written.remove(0));
        let (value, author) = first.map_or((None, None), |entry| (Some(entry.value), entry.user));
        NoteView {
            id: self.id,
            value,
            secret: self.secret,
            user: self.raw.user.map(|user| named(user.id)).or(author),
            created_at: self.raw.created_at,
            comments: written,
            synced_at: self.synced_at,
        }
    }
}

/// Views of these rows, with every author looked up at once.
pub(super) async fn show(tx: &mut TenantTx, rows: Vec<Shown>) -> Result<Vec<NoteView>, sqlx::Error> {
    let authors: BTreeSet<&str> = rows.iter().flat_map(Shown::authors).collect();
    let authors: Vec<String> = authors.into_iter().map(str::to_owned).collect();
    let known = users::find(tx, &authors).await?;
    let names = known.into_iter().map(|user| (user.id, user.name)).collect();
    Ok(rows.into_iter().map(|row| row.view(&names)).collect())
}

/// One note as callers see it; `None` when it is unknown or gone.
///
/// # Errors
/// The database failed.
pub async fn view(tx: &mut TenantTx, opportunity: &str, id: &str) -> Result<Option<NoteView>, sqlx::Error> {
    let row: Option<Shown> = sqlx::query_as(
        "SELECT id, lever_created_at, secret, raw, synced_at FROM notes
         WHERE tenant_id = $1 AND opportunity_id = $2 AND id = $3 AND gone_at IS NULL",
    )
    .bind(tx.tenant())
    .bind(opportunity)
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(show(tx, row.into_iter().collect()).await?.pop())
}
