//! The small objects that several views share: references, expanded as far as the copy knows them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::lever::Phone;

/// A reference to something with a text. What nothing is known about still shows its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"id": "applicant-new", "text": "New applicant"}))]
pub struct TextRef {
    pub id: String,
    pub text: Option<String>,
}

/// A reference to a Lever user. One that nothing is known about still shows its id.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"id": "5f2a8c1e-0000-4000-8000-000000000001", "name": "Rosa Example"}))]
pub struct NamedRef {
    pub id: String,
    pub name: Option<String>,
}

/// A telephone number.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"type": "mobile", "value": "+1 555 0100"}))]
pub struct PhoneView {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub value: Option<String>,
}

impl TextRef {
    /// The reference, if there is one.
    pub fn of(id: Option<String>, text: Option<String>) -> Option<Self> {
        id.map(|id| Self { id, text })
    }
}

impl NamedRef {
    /// The reference, if there is one.
    pub fn of(id: Option<String>, name: Option<String>) -> Option<Self> {
        id.map(|id| Self { id, name })
    }
}

impl From<Phone> for PhoneView {
    fn from(phone: Phone) -> Self {
        Self { kind: phone.r#type, value: phone.value }
    }
}

/// Lever sends empty text where there is none; we say null.
pub fn present(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}
