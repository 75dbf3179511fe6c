//! A posting as callers see it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use crate::lever::Posting;
use crate::mirror::references::{NamedRef, present};

/// A job.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Posting)]
pub struct PostingView {
    #[schema(example = "7b0c9a52-0000-4000-8000-000000000001")]
    pub id: String,
    #[schema(example = "Backend engineer")]
    pub title: Option<String>,
    /// `published`, `internal`, `closed`, `draft`, `pending` or `rejected`.
    #[schema(example = "published")]
    pub state: Option<String>,
    /// Only people with the right may know of this job.
    pub confidential: bool,
    #[schema(example = "Engineering")]
    pub team: Option<String>,
    #[schema(example = "Research & Development")]
    pub department: Option<String>,
    #[schema(example = "Lisbon")]
    pub location: Option<String>,
    pub locations: Vec<String>,
    #[schema(example = "Full-time")]
    pub commitment: Option<String>,
    #[schema(example = "hybrid")]
    pub workplace_type: Option<String>,
    pub owner: Option<NamedRef>,
    pub hiring_manager: Option<NamedRef>,
    pub requisition_codes: Vec<String>,
    pub tags: Vec<String>,
    pub urls: PostingLinks,
    pub created_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
    /// When our copy was last read from Lever.
    pub synced_at: DateTime<Utc>,
}

/// A job's public pages.
#[derive(Serialize, ToSchema)]
pub struct PostingLinks {
    pub list: Option<String>,
    pub show: Option<String>,
    pub apply: Option<String>,
}

/// What a view is made of.
#[derive(FromRow)]
pub(super) struct PostingRow {
    #[sqlx(json)]
    raw: Posting,
    confidential: bool,
    owner_name: Option<String>,
    hiring_manager_name: Option<String>,
    synced_at: DateTime<Utc>,
    pub(super) id: String,
    pub(super) listed_at: DateTime<Utc>,
}

impl From<PostingRow> for PostingView {
    fn from(row: PostingRow) -> Self {
        let posting = row.raw;
        let place = posting.categories.unwrap_or_default();
        let urls = posting.urls.unwrap_or_default();
        Self {
            id: row.id,
            title: present(posting.text),
            state: posting.state,
            confidential: row.confidential,
            team: present(place.team),
            department: present(place.department),
            location: present(place.location),
            locations: place.all_locations,
            commitment: present(place.commitment),
            workplace_type: posting.workplace_type,
            owner: NamedRef::of(posting.owner.map(|owner| owner.id), row.owner_name),
            hiring_manager: NamedRef::of(posting.hiring_manager.map(|manager| manager.id), row.hiring_manager_name),
            requisition_codes: posting.requisition_codes,
            tags: posting.tags,
            urls: PostingLinks { list: urls.list, show: urls.show, apply: urls.apply },
            created_at: posting.created_at,
            updated_at: posting.updated_at,
            synced_at: row.synced_at,
        }
    }
}
