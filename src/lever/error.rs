//! What can go wrong with Lever, by what it means for the caller, and never by which library noticed.
//!
//! Lever has no idempotency keys, so the question after a failed write is always the same: did it happen? [`Error::outcome`]
//! answers it, and says "unknown" unless Lever (or the network) definitely refused.
//!
//! `Display` and `Debug` are safe to log: no token, no body, no person. Lever's own message may quote what was sent, so it is
//! reachable only through [`Error::lever_message`].

use std::fmt;
use std::time::Duration;

/// Whether a write that failed may have happened at Lever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing changed at Lever.
    DefinitelyNot,
    /// It may or may not have happened; only reading tells.
    Unknown,
}

/// A call to Lever that did not succeed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// No connection was made: name lookup, connecting or TLS failed, and no byte of the request left.
    #[error("Lever could not be reached ({reason}); nothing was sent")]
    NotSent { reason: &'static str },
    /// The request was sent, and no whole answer came back.
    #[error("Lever did not answer ({reason})")]
    NoAnswer { reason: &'static str },
    /// Lever has not answered anybody for a while, so it was not asked either.
    #[error("Lever has not been answering; nothing was sent")]
    Down { retry_after: Duration },
    /// Lever says that it cannot serve now (5xx).
    #[error("Lever is unavailable (status {status})")]
    Unavailable { status: u16, retry_after: Option<Duration> },
    /// Lever's rate limit (429), or our own budget kept back for so long that the caller's patience ended.
    #[error("Lever's rate limit is reached")]
    RateLimited { retry_after: Option<Duration> },
    /// Lever understood and refused (4xx).
    #[error("Lever refused the request (status {status}, code {code:?})")]
    Rejected { status: u16, code: String, message: Withheld },
    /// Lever does not accept this connection's token any more; somebody must connect again.
    #[error("Lever no longer accepts this connection; it must be connected again")]
    ReauthorizationRequired,
    /// No access token could be had just now (the token source was unavailable); nothing was sent.
    #[error("no access token could be had ({reason})")]
    NoToken { reason: &'static str, retry_after: Option<Duration> },
    /// Lever sent the request on to an address where it must not go, or too often.
    #[error("Lever redirected the request to where it must not go (status {status})")]
    Redirected { status: u16 },
    /// An answer came that could not be read.
    #[error("Lever's answer could not be read (status {status}): {reason}")]
    Unreadable { status: u16, reason: &'static str },
    /// The caller asked for something that cannot be a request, such as an empty id; nothing was sent.
    #[error("not a request that can be sent to Lever: {reason}")]
    Invalid { reason: &'static str },
}

impl Error {
    /// Whether the write that ended in this error may have happened.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::NotSent { .. }
            | Self::Down { .. }
            | Self::RateLimited { .. }
            | Self::ReauthorizationRequired
            | Self::NoToken { .. }
            | Self::Invalid { .. }
            | Self::Rejected { status: 400 | 401 | 403 | 404 | 409 | 422, .. } => Outcome::DefinitelyNot,
            Self::NoAnswer { .. } | Self::Unavailable { .. } | Self::Rejected { .. } | Self::Redirected { .. } | Self::Unreadable { .. } => {
                Outcome::Unknown
            }
        }
    }

    /// The object is not there (404).
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Rejected { status: 404, .. })
    }

    /// Of an id that was never seen: Lever does not have it, or refuses it, because it is not this account's or no id at all.
    pub fn is_withheld(&self) -> bool {
        matches!(self, Self::Rejected { status: 400 | 403 | 404, .. })
    }

    /// Lever no longer accepts the offset of a list: the list must be begun again.
    pub fn is_bad_offset(&self) -> bool {
        matches!(self, Self::Rejected { status: 400, code, message }
            if [code.as_str(), message.0.as_str()].iter().any(|text| text.to_ascii_lowercase().contains("offset")))
    }

    /// It may work later without anybody doing anything.
    pub fn is_temporary(&self) -> bool {
        !matches!(self, Self::Rejected { .. } | Self::ReauthorizationRequired | Self::Redirected { .. } | Self::Invalid { .. })
    }

    /// When Lever (or the budget) said to come back.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable { retry_after, .. } | Self::RateLimited { retry_after } | Self::NoToken { retry_after, .. } => *retry_after,
            Self::Down { retry_after } => Some(*retry_after),
            _ => None,
        }
    }

    /// Lever's own code for a refusal, such as `ResourceNotFound`; safe to log, may be empty.
    pub fn lever_code(&self) -> Option<&str> {
        match self {
            Self::Rejected { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Lever's own words for a refusal, bounded, for the person who asked. Not for logs.
    pub fn lever_message(&self) -> Option<&str> {
        match self {
            Self::Rejected { message, .. } => Some(&message.0),
            _ => None,
        }
    }
}

/// Text that may quote people: shown to the one who asked, never printed by `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Withheld(pub(super) String);

impl Withheld {
    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(withheld)")
    }
}

/// Lever's code, cut to what a code can be.
pub(super) fn bounded_code(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_alphanumeric() || "_-.".contains(*c)).take(64).collect()
}

/// Lever's message, without control characters and of bounded length.
pub(super) fn bounded_message(message: &str) -> Withheld {
    Withheld(message.chars().filter(|c| !c.is_control()).take(500).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(status: u16, code: &str, message: &str) -> Error {
        Error::Rejected { status, code: bounded_code(code), message: bounded_message(message) }
    }

    #[test]
    fn only_a_definite_refusal_is_a_definite_no() {
        for status in [400, 401, 403, 404, 409, 422] {
            assert_eq!(rejected(status, "", "").outcome(), Outcome::DefinitelyNot, "{status}");
        }
        for error in [
            Error::NotSent { reason: "connect" },
            Error::Down { retry_after: Duration::from_secs(15) },
            Error::RateLimited { retry_after: None },
            Error::ReauthorizationRequired,
            Error::NoToken { reason: "refresh", retry_after: None },
            Error::Invalid { reason: "empty id" },
        ] {
            assert_eq!(error.outcome(), Outcome::DefinitelyNot, "{error}");
        }
        for error in [
            Error::NoAnswer { reason: "timed out" },
            Error::Unavailable { status: 503, retry_after: None },
            Error::Redirected { status: 307 },
            Error::Unreadable { status: 201, reason: "not JSON" },
            rejected(410, "", ""),
        ] {
            assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
        }
    }

    #[test]
    fn levers_words_are_bounded_and_kept_out_of_what_is_printed() {
        let error = rejected(422, "Bad\nCode<script>", "Ada Example\u{7} is not a user");
        assert_eq!(error.lever_code(), Some("BadCodescript"));
        assert_eq!(error.lever_message(), Some("Ada Example is not a user"));
        assert!(!format!("{error} {error:?}").contains("Ada"));
        let long = rejected(400, &"c".repeat(9_000), &"m".repeat(9_000));
        assert_eq!(long.lever_code().map(str::len), Some(64));
        assert_eq!(long.lever_message().map(str::len), Some(500));
    }

    #[test]
    fn a_stale_offset_is_told_from_other_refusals() {
        assert!(rejected(400, "BadRequestError", "Invalid offset token: x").is_bad_offset());
        assert!(!rejected(400, "BadRequestError", "limit must be a number").is_bad_offset());
        assert!(!rejected(404, "", "offset").is_bad_offset());
        assert!(rejected(404, "NotFoundError", "").is_not_found());
    }
}
