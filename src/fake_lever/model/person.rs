//! People: users of an account, and the contacts who are its candidates.

use serde_json::{Value, json};

#[derive(Clone)]
pub struct User {
    pub id: String,
    pub name: String,
    pub email: String,
    pub access_role: String,
    pub created_at: i64,
    pub deactivated_at: Option<i64>,
    pub photo: Option<String>,
    pub job_title: Option<String>,
    pub manager: Option<String>,
    pub linked_contacts: Option<Vec<String>>,
}

impl User {
    pub fn is_active(&self) -> bool {
        self.deactivated_at.is_none()
    }

    pub fn json(&self) -> Value {
        let username = self.email.split('@').next().unwrap_or_default();
        json!({
            "id": self.id,
            "name": self.name,
            "username": username,
            "email": self.email,
            "accessRole": self.access_role,
            "photo": self.photo,
            "createdAt": self.created_at,
            "deactivatedAt": self.deactivated_at,
            "externalDirectoryId": null,
            "linkedContactIds": self.linked_contacts,
            "jobTitle": self.job_title,
            "managerId": self.manager,
        })
    }
}

/// A person; every opportunity shows the personal fields of its contact.
#[derive(Clone, Default)]
pub struct Contact {
    pub id: String,
    pub name: String,
    pub headline: String,
    pub location: String,
    pub emails: Vec<String>,
    /// Kind ("mobile") and number.
    pub phones: Vec<(String, String)>,
    pub links: Vec<String>,
    pub is_anonymized: bool,
    /// Every opportunity of this person, in the order of their creation.
    pub opportunities: Vec<String>,
}

impl Contact {
    pub fn phones_json(&self) -> Value {
        self.phones.iter().map(|(kind, value)| json!({"type": kind, "value": value})).collect()
    }

    pub fn json(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "headline": self.headline,
            "isAnonymized": self.is_anonymized,
            "location": {"name": self.location},
            "emails": self.emails,
            "phones": self.phones_json(),
            "dataProtection": {"interviewIntelligence": {"allowed": true, "expiresAt": null}},
        })
    }

    /// Empties every personal field, as Lever does when a person is anonymised.
    pub fn anonymize(&mut self) {
        *self =
            Self { id: std::mem::take(&mut self.id), opportunities: std::mem::take(&mut self.opportunities), is_anonymized: true, ..Self::default() };
    }
}
