//! A resume as callers see it. Positions and schools are Lever's own, because nobody promises their fields.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::FromRow;
use utoipa::ToSchema;

use crate::lever::{Resume, resumes};

/// A candidate's resume.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Resume)]
pub struct ResumeView {
    #[schema(example = "3b1f60aa-0000-4000-8000-000000000001")]
    pub id: String,
    pub created_at: Option<DateTime<Utc>>,
    /// Null when somebody typed the resume in.
    pub file: Option<FileView>,
    /// Where the person worked, as Lever read it.
    #[schema(value_type = Vec<Object>, example = json!([{"org": "Example Works", "title": "Engineer", "start": {"year": 2019, "month": 4}, "end": null}]))]
    pub positions: Vec<Value>,
    /// Where the person learned, as Lever read it.
    #[schema(value_type = Vec<Object>, example = json!([{"org": "Example University", "degree": "BSc", "field": "Physics"}]))]
    pub schools: Vec<Value>,
    /// When our copy was last read from Lever.
    pub synced_at: DateTime<Utc>,
}

/// The uploaded file.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ResumeFile)]
pub struct FileView {
    #[schema(example = "resume.pdf")]
    pub name: Option<String>,
    #[schema(example = "pdf")]
    pub ext: Option<String>,
    /// Bytes.
    #[schema(example = 48213)]
    pub size: Option<i64>,
    /// `processed`, or `error` when Lever could not read it: then it cannot be downloaded either.
    #[schema(example = "processed")]
    pub status: Option<String>,
    pub uploaded_at: Option<DateTime<Utc>>,
}

/// What a view is made of.
#[derive(FromRow)]
pub(super) struct Shown {
    pub(super) id: String,
    pub(super) lever_created_at: DateTime<Utc>,
    #[sqlx(json)]
    raw: Resume,
    synced_at: DateTime<Utc>,
}

impl From<Shown> for ResumeView {
    fn from(row: Shown) -> Self {
        let parsed = row.raw.parsed_data.unwrap_or_default();
        let objects = |entries: Vec<Value>| entries.into_iter().filter(Value::is_object).collect();
        Self {
            id: row.id,
            created_at: row.raw.created_at,
            file: row.raw.file.map(FileView::from),
            positions: objects(parsed.positions),
            schools: objects(parsed.schools),
            synced_at: row.synced_at,
        }
    }
}

impl From<resumes::File> for FileView {
    fn from(file: resumes::File) -> Self {
        Self { name: file.name, ext: file.ext, size: file.size, status: file.status, uploaded_at: file.uploaded_at }
    }
}
