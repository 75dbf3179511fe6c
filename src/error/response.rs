//! [`Error`] as a response: problem+json, `Retry-After`, and one log line for what is our fault.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Error, Mistake, RolledBack};
use crate::telemetry;

/// The body of every error (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A reference that names the kind of problem; follows from `code`.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// What is wrong and what to do about it.
    pub detail: String,
    /// Stable, for programs.
    pub code: String,
    /// Under this id our log knows more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Every mistake in the request; on 422 there is one at least.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Mistake>,
    #[serde(flatten)]
    #[schema(ignore)]
    pub extra: Map<String, Value>,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let request_id = telemetry::request_id();
        if self.0.status.is_server_error() {
            tracing::error!(request_id, error = %self, "request failed");
        } else {
            tracing::debug!(request_id, error = %self, "request refused");
        }
        let mistakes = self.mistakes();
        let problem = Problem {
            kind: format!("urn:lever-integration:problem:{}", self.0.code),
            title: self.0.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.0.status.as_u16(),
            detail: self.0.detail,
            code: self.0.code.to_owned(),
            request_id,
            errors: mistakes,
            extra: self.0.extra,
        };
        let body = serde_json::to_vec(&problem).expect("a problem is plain data");
        let mut response = (self.0.status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(pause) = self.0.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(pause.as_secs().max(1)));
        }
        if self.0.rolled_back {
            response.extensions_mut().insert(RolledBack);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use super::*;
    use crate::lever;

    async fn problem(error: Error) -> Value {
        let bytes = axum::body::to_bytes(error.into_response().into_body(), usize::MAX).await.expect("a body");
        serde_json::from_slice(&bytes).expect("JSON")
    }

    #[tokio::test]
    async fn every_422_names_what_is_wrong() {
        let refused = lever::Error::Rejected { status: 409, code: "Conflict".into(), message: lever::Withheld::default() };
        for error in [Error::new(StatusCode::UNPROCESSABLE_ENTITY, "some_code", "Not so."), refused.into(), Error::invalid(Vec::new())] {
            let (code, detail) = (error.code(), error.detail().to_owned());
            assert_eq!(problem(error).await["errors"], json!([{"pointer": "", "code": code, "message": detail}]));
        }
        let named = Error::invalid(vec![Mistake::new("/note", "is too long")]);
        assert_eq!(problem(named).await["errors"], json!([{"pointer": "/note", "code": "invalid", "message": "is too long"}]));
        assert_eq!(problem(Error::not_found()).await.get("errors"), None);
    }
}
