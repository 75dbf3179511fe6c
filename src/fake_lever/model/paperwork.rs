//! What hangs on an opportunity besides its panels: notes and resumes.

use serde_json::{Value, json};

#[derive(Clone)]
pub struct Note {
    pub id: String,
    pub user: String,
    pub secret: bool,
    pub created_at: i64,
    /// The note's text first, then the comments on it.
    pub fields: Vec<NoteField>,
    /// Only notes made through the API can be changed there.
    pub made_by_api: bool,
}

#[derive(Clone)]
pub struct NoteField {
    pub value: String,
    pub user: String,
    pub score: Option<i64>,
    pub stage: String,
    pub created_at: i64,
}

impl Note {
    pub fn json(&self) -> Value {
        json!({
            "id": self.id,
            "text": "Note",
            "fields": self.fields.iter().map(NoteField::json).collect::<Vec<_>>(),
            "user": self.user,
            "secret": self.secret,
            "completedAt": self.created_at,
            "deletedAt": null,
            "createdAt": self.created_at,
        })
    }
}

impl NoteField {
    fn json(&self) -> Value {
        json!({
            "createdAt": self.created_at,
            "score": self.score,
            "stage": self.stage,
            "text": "Comment",
            "type": "note",
            "user": self.user,
            "value": self.value,
        })
    }
}

#[derive(Clone)]
pub struct Resume {
    pub id: String,
    pub created_at: i64,
    pub file: Option<ResumeFile>,
    pub parsed: Value,
}

#[derive(Clone)]
pub struct ResumeFile {
    pub name: String,
    /// False for a file that Lever could not process; its download answers 422.
    pub processed: bool,
    pub bytes: Vec<u8>,
}

impl Resume {
    /// `api_url` is the root of this server's API, which the download address begins with.
    pub fn json(&self, opportunity: &str, api_url: &str) -> Value {
        let file = self.file.as_ref().map(|file| {
            json!({
                "name": file.name,
                "ext": "pdf",
                "downloadUrl":
                    format!("{api_url}/opportunities/{opportunity}/resumes/{}/download", self.id),
                "uploadedAt": self.created_at,
                "status": if file.processed { "processed" } else { "error" },
                "size": file.bytes.len(),
            })
        });
        json!({"id": self.id, "createdAt": self.created_at, "file": file, "parsedData": self.parsed})
    }
}
