//! Why an operation failed: as it is stored, and as a caller reads it, at once or when asking later.

use std::time::Duration;

use http::StatusCode;

use crate::error::Error;
use crate::lever;

/// What a caller is told to wait before trying again.
const PAUSE: Duration = Duration::from_secs(5);

/// The end of an operation that did not happen. `message` may quote Lever, so there is no `Debug`.
#[derive(Clone)]
pub struct Failure {
    /// Stable, for programs.
    pub code: &'static str,
    pub message: String,
    pub refusal: Option<Refusal>,
}

/// Lever's own words.
#[derive(Clone)]
pub struct Refusal {
    pub status: i32,
    pub code: String,
    pub message: String,
}

impl Failure {
    /// The failure that an error of Lever's means when the write definitely did not happen.
    pub fn of(error: &lever::Error) -> Self {
        let refusal = match error {
            lever::Error::Rejected { status, .. } => Some(Refusal {
                status: i32::from(*status),
                code: error.lever_code().unwrap_or_default().to_owned(),
                message: error.lever_message().unwrap_or_default().to_owned(),
            }),
            _ => None,
        };
        let said = Error::from(error.clone());
        Self { code: said.code(), message: said.detail().to_owned(), refusal }
    }

    /// The panel is not as it was when the caller looked at it.
    pub fn changed() -> Self {
        Self::plain("panel_changed", "The panel was changed by somebody else before this edit could be made. Nothing was changed by it.")
    }

    /// The panel or interview that was to be changed is no longer there.
    pub fn gone() -> Self {
        Self::plain("panel_gone", "What was to be changed was canceled or deleted in Lever meanwhile.")
    }

    /// Lever never took the write, and it is too late to go on trying.
    pub fn not_made() -> Self {
        Self::plain("lever_unavailable", "Lever did not take this in time, and it is not there. Try again.")
    }

    fn plain(code: &'static str, message: &str) -> Self {
        Self { code, message: message.to_owned(), refusal: None }
    }

    /// The failure that was stored under this code.
    pub fn stored(code: &str, message: &str, refusal: Option<Refusal>) -> Self {
        const CODES: [&str; 6] =
            ["lever_rejected", "lever_unavailable", "lever_rate_limited", "lever_reauthorization_required", "panel_changed", "panel_gone"];
        let code = CODES.into_iter().find(|known| *known == code).unwrap_or("internal_error");
        Self { code, message: message.to_owned(), refusal }
    }

    /// As a caller reads it.
    pub fn error(self) -> Error {
        let error = match self.code {
            "lever_rejected" => Error::new(StatusCode::UNPROCESSABLE_ENTITY, self.code, self.message),
            "panel_changed" => Error::new(StatusCode::PRECONDITION_FAILED, self.code, self.message),
            "panel_gone" => Error::conflict(self.code, self.message),
            "lever_reauthorization_required" => Error::lever_reauthorization_required(),
            "internal_error" => Error::internal(self.message),
            _ => Error::unavailable(self.code, self.message, PAUSE),
        };
        match self.refusal {
            Some(refusal) => error.with("leverStatus", refusal.status).with("leverCode", refusal.code).with("leverMessage", refusal.message),
            None => error,
        }
    }
}
