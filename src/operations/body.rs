//! The body of a write: JSON of any shape, and in one form, so that a repeat can be told from another request whoever wrote it down.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::{StatusCode, header};
use serde_json::Value;

use super::strict::Strict;
use crate::error::{Error, Result};
use crate::state::AppState;

/// A JSON body.
pub struct Body {
    pub value: Value,
}

impl Body {
    /// The same text for the same content, however its fields were ordered and spaced.
    pub fn canonical(&self) -> String {
        sorted(&self.value).to_string()
    }
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
            fields.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(fields.into_iter().collect())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        plain => plain.clone(),
    }
}

impl FromRequest<AppState> for Body {
    type Rejection = Error;

    async fn from_request(request: Request, state: &AppState) -> Result<Self> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if essence != "application/json" && essence != "application/merge-patch+json" {
            return Err(Error::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Send the body as application/json."));
        }
        let sent = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Error::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "The body is larger than this service accepts.")
            }
            _ => Error::invalid_body("The body did not arrive whole."),
        })?;
        let Strict(value) = serde_json::from_slice(&sent).map_err(|error| Error::invalid_body(format!("The body is not JSON: {error}.")))?;
        Ok(Self { value })
    }
}
