//! A refused request: the status and Lever's `{code, message}` body.

use serde_json::{Value, json};

/// Why something was refused, in Lever's form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{status} {code}: {message}")]
pub struct Refusal {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
}

impl Refusal {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequestError", message)
    }

    pub fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Access token is missing, invalid or expired")
    }

    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, "ForbiddenError", message)
    }

    /// `what` begins with a capital letter: "Opportunity".
    pub fn missing(what: &str) -> Self {
        Self::new(404, "ResourceNotFound", format!("{what} was not found"))
    }

    pub fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(422, "UnprocessableEntityError", message)
    }

    pub fn too_many() -> Self {
        Self::new(429, "TooManyRequests", "Too many requests")
    }

    pub fn json(&self) -> Value {
        json!({"code": self.code, "message": self.message})
    }
}
