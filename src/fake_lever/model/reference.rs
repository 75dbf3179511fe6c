//! The short lists of an account: stages, archive reasons and feedback templates.

use serde_json::{Value, json};

#[derive(Clone)]
pub struct Stage {
    pub id: String,
    pub text: String,
    /// Twice the rank by which opportunities are listed; Lever's ranks have halves.
    pub rank: u32,
}

impl Stage {
    pub fn json(&self) -> Value {
        json!({"id": self.id, "text": self.text})
    }
}

#[derive(Clone)]
pub struct ArchiveReason {
    pub id: String,
    pub text: String,
    pub active: bool,
    pub hired: bool,
}

impl ArchiveReason {
    pub fn json(&self) -> Value {
        json!({
            "id": self.id,
            "text": self.text,
            "status": if self.active { "active" } else { "inactive" },
            "type": if self.hired { "hired" } else { "non-hired" },
        })
    }
}

#[derive(Clone)]
pub struct FeedbackTemplate {
    pub id: String,
    pub text: String,
    /// Id and name of its group.
    pub group: Option<(String, String)>,
    pub instructions: String,
    pub fields: Value,
    pub created_at: Option<i64>,
    pub updated_at: Option<i64>,
}

impl FeedbackTemplate {
    pub fn json(&self) -> Value {
        json!({
            "id": self.id,
            "text": self.text,
            "group": self.group.as_ref().map(|(id, name)| json!({"id": id, "name": name})),
            "instructions": self.instructions,
            "fields": self.fields,
            "createdAt": self.created_at,
            "stage": null,
            "updatedAt": self.updated_at,
        })
    }
}
