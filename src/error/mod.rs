//! The one error of this service, and the one place where it becomes a response.
//!
//! A response is `application/problem+json` (RFC 9457): what is wrong in a sentence that tells what to do, a stable `code`, the
//! request id, and on 422 a JSON pointer per mistake. The cause is logged once with the request id and never shown.

mod causes;
mod response;

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

pub use response::Problem;

/// What went wrong, as the caller will read it.
#[derive(Debug)]
pub struct Error(Box<Parts>);

/// Boxed, because results travel through every handler and errors are rare.
#[derive(Debug)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    detail: String,
    mistakes: Vec<Mistake>,
    retry_after: Option<Duration>,
    rolled_back: bool,
    /// Members of the problem beyond the standard ones.
    extra: Map<String, Value>,
    /// For the log alone.
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Goes with a response: its last transaction was undone for another's sake, and would work if it were done again.
#[derive(Debug, Clone, Copy)]
pub struct RolledBack;

/// Handlers' result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One mistake in a request: where it is and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Mistake {
    /// JSON pointer into the request (RFC 6901), empty for the whole of it, or the name of a parameter or header.
    #[schema(example = "/interviews/0/interviewers/1/id")]
    pub pointer: String,
    /// The kind of mistake, for programs; stable.
    #[schema(value_type = String, example = "deactivated_interviewer")]
    pub code: &'static str,
    /// What is wrong and what to do, for people.
    pub message: String,
}

impl Mistake {
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: "invalid", message: message.into() }
    }

    /// With a code of its own.
    #[must_use]
    pub fn coded(self, code: &'static str) -> Self {
        Self { code, ..self }
    }
}

impl Error {
    /// An error with its stable code and a sentence for the person who reads it.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status,
            code,
            detail: detail.into(),
            mistakes: Vec::new(),
            retry_after: None,
            rolled_back: false,
            extra: Map::new(),
            cause: None,
        }))
    }

    /// 401: nobody we know.
    pub fn unauthenticated(detail: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
    }

    /// 403: an admin's business.
    pub fn admin_required() -> Self {
        Self::new(StatusCode::FORBIDDEN, "admin_required", "Only an admin of your organization can do this. Ask one of them.")
    }

    /// 404: not there, or not this organization's; nobody can tell which.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing with this id.")
    }

    /// 400: a parameter of the query or path.
    pub fn invalid_parameter(name: &str, message: &str) -> Self {
        let error = Self::new(StatusCode::BAD_REQUEST, "invalid_parameter", format!("The parameter {name} {message}."));
        error.with_mistakes(vec![Mistake::new(name, message)])
    }

    /// 400: the body is not what the endpoint takes at all.
    pub fn invalid_body(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_body", detail)
    }

    /// 422: every mistake in the request at once.
    pub fn invalid(mistakes: Vec<Mistake>) -> Self {
        let detail = match mistakes.as_slice() {
            [only] => only.message.clone(),
            all => format!("The request has {} mistakes; each is named in `errors`.", all.len()),
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_request", detail).with_mistakes(mistakes)
    }

    /// 409: it cannot be done in the state that things are in.
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 429: this caller asks far too often.
    pub fn too_many_requests(retry_after: Duration) -> Self {
        let detail = "You send more requests than this service answers to one caller. Wait a moment, then send them more slowly.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail).retry_after(retry_after)
    }

    /// 503: later.
    pub fn unavailable(code: &'static str, detail: impl Into<String>, retry_after: Duration) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(retry_after)
    }

    /// See [`RolledBack`].
    fn rolled_back(mut self) -> Self {
        self.0.rolled_back = true;
        self
    }

    fn retry_after(mut self, pause: Duration) -> Self {
        self.0.retry_after = Some(pause);
        self
    }

    /// 500: our own fault. What happened is in the log under the request id.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "Something went wrong on our side. It was logged under this request's id.")
            .caused_by(cause)
    }

    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    #[must_use]
    pub fn with_mistakes(mut self, mistakes: Vec<Mistake>) -> Self {
        self.0.mistakes = mistakes;
        self
    }

    /// Adds a member to the problem.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.extra.insert(name.to_owned(), value.into());
        self
    }

    /// The mistakes that a response names. On 422 there is one at least: what nobody gave a place is about the whole request.
    fn mistakes(&self) -> Vec<Mistake> {
        if self.0.mistakes.is_empty() && self.0.status == StatusCode::UNPROCESSABLE_ENTITY {
            vec![Mistake::new("", self.detail()).coded(self.0.code)]
        } else {
            self.0.mistakes.clone()
        }
    }

    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The database undid all of it because another transaction went first: it may be done again.
    pub fn is_rolled_back(&self) -> bool {
        self.0.rolled_back
    }

    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The sentence for the person who reads it.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0.code, self.0.status.as_u16())?;
        // A detail may repeat what a caller sent; causes are ours and hold no content.
        let mut cause = self.0.cause.as_deref().map(|cause| cause as &dyn std::error::Error);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
