//! Notes on opportunities. A secret note must not be shown to a caller without the right to it.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::call::{Call, Paging};
use super::{Account, Error, Page, Record, Ref, User};

model! {
    /// A note with its comments, which are its `fields`.
    pub struct Note {
        pub id: String,
        /// The note's kind in words, not what it says: that is in `fields`.
        pub text: Option<String>,
        pub fields: Vec<Comment>,
        pub user: Option<Ref<User>>,
        pub secret: Option<bool>,
        pub created_at: Option<DateTime<Utc>>,
        pub completed_at: Option<DateTime<Utc>>,
        pub deleted_at: Option<DateTime<Utc>>,
    }
}
resource!(Note, "Note", id);

model! {
    /// One entry of a note.
    pub struct Comment {
        pub r#type: Option<String>,
        pub text: Option<String>,
        /// What was written.
        pub value: Option<String>,
        pub user: Option<Ref<User>>,
        pub score: Option<i64>,
        pub stage: Option<String>,
        pub created_at: Option<DateTime<Utc>>,
    }
}

/// A note just made.
#[derive(Clone, Debug)]
pub struct CreatedNote {
    /// Lever's id of it.
    pub id: String,
    /// The whole note as recorded; the documentation promises its id only.
    pub note: Option<Record<Note>>,
}

impl Account {
    /// One page of an opportunity's notes.
    pub async fn list_notes(&self, opportunity: &str, page: &Paging) -> Result<Page<Note>, Error> {
        self.page(Call::get("opportunities/{}/notes", &[opportunity]), page).await
    }

    /// All of an opportunity's notes, secret ones included, as one page without a next.
    pub async fn all_notes(&self, opportunity: &str) -> Result<Page<Note>, Error> {
        self.whole(|| Call::get("opportunities/{}/notes", &[opportunity])).await
    }

    /// One note.
    pub async fn get_note(&self, opportunity: &str, note: &str) -> Result<Record<Note>, Error> {
        self.object(Call::get("opportunities/{}/notes/{}", &[opportunity, note])).await
    }

    /// Writes a note (`{value, secret?, notifyFollowers?, ...}`) as that Lever user, or as the connection itself. It carries no
    /// mark of ours: after an unknown outcome only its user, text and time can tell whether it is there.
    pub async fn create_note(&self, opportunity: &str, perform_as: Option<&str>, note: &Value) -> Result<CreatedNote, Error> {
        let call = Call::post("opportunities/{}/notes", &[opportunity]).json(note);
        let call = match perform_as {
            Some(user) => call.perform_as(user),
            None => call,
        };
        let answer = self.value(call).await?;
        let id = answer.get("noteId").or_else(|| answer.get("id")).and_then(Value::as_str).map(str::to_owned);
        match id.filter(|id| !id.is_empty()) {
            Some(id) => Ok(CreatedNote { id, note: Record::read(answer) }),
            None => Err(Error::Unreadable { status: 200, reason: "a created note without an id" }),
        }
    }

    /// Deletes a note that was made through the API.
    pub async fn delete_note(&self, opportunity: &str, note: &str) -> Result<(), Error> {
        self.nothing(Call::delete("opportunities/{}/notes/{}", &[opportunity, note])).await
    }
}
