//! What the errors below us mean for a caller: the database's and Lever's.

use std::time::Duration;

use http::StatusCode;

use super::Error;
use crate::lever;

/// What a caller is told to wait when nobody said how long.
const DEFAULT_PAUSE: Duration = Duration::from_secs(5);
/// And when somebody must do something about it first.
const LONG_PAUSE: Duration = Duration::from_secs(30);

impl From<sqlx::Error> for Error {
    fn from(cause: sqlx::Error) -> Self {
        let away = match &cause {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => true,
            // Connection exceptions, out of resources, shutting down, a lock or statement that took too long, read-only.
            sqlx::Error::Database(error) => {
                error.code().is_some_and(|code| ["08", "53", "57", "55"].iter().any(|class| code.starts_with(class)) || code == "25006")
            }
            _ => false,
        };
        // Serialization failure, deadlock: somebody else's transaction went first, and ours is undone.
        let undone = matches!(&cause, sqlx::Error::Database(error) if matches!(error.code().as_deref(), Some("40001" | "40P01")));
        // What is asked for is not in the database: it is empty, or older than this version.
        let bare = matches!(&cause, sqlx::Error::Database(error) if matches!(error.code().as_deref(), Some("42P01" | "42703" | "42883")));
        if bare {
            Self::not_migrated().caused_by(cause)
        } else if undone {
            Self::unavailable("database_busy", "This was in the way of something else just then. Try again.", DEFAULT_PAUSE)
                .rolled_back()
                .caused_by(cause)
        } else if away {
            Self::unavailable("database_unavailable", "Our database is not available right now. Nothing was lost; try again shortly.", DEFAULT_PAUSE)
                .caused_by(cause)
        } else {
            Self::internal(cause)
        }
    }
}

impl From<lever::Error> for Error {
    fn from(cause: lever::Error) -> Self {
        let pause = cause.retry_after().unwrap_or(DEFAULT_PAUSE);
        match &cause {
            lever::Error::Rejected { status, .. } => {
                let code = cause.lever_code().unwrap_or_default().to_owned();
                let message = cause.lever_message().unwrap_or_default().to_owned();
                let detail =
                    if message.is_empty() { format!("Lever refused this (status {status}).") } else { format!("Lever refused this: {message}") };
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "lever_rejected", detail)
                    .with("leverStatus", *status)
                    .with("leverCode", code)
                    .with("leverMessage", message)
            }
            lever::Error::ReauthorizationRequired => Self::lever_reauthorization_required(),
            lever::Error::RateLimited { .. } => {
                Self::unavailable("lever_rate_limited", "Lever's rate limit for your account is used up. Try again shortly.", pause)
            }
            lever::Error::Invalid { .. } => Self::internal(cause.clone()),
            lever::Error::NotSent { .. }
            | lever::Error::Down { .. }
            | lever::Error::NoAnswer { .. }
            | lever::Error::Unavailable { .. }
            | lever::Error::NoToken { .. }
            | lever::Error::Redirected { .. }
            | lever::Error::Unreadable { .. } => {
                Self::unavailable("lever_unavailable", "Lever does not answer as it should right now. Try again shortly.", pause)
            }
        }
        .caused_by(cause)
    }
}

impl Error {
    /// When Lever, or what keeps us from it, can be asked again; `None` when that is not what failed, or nobody knows.
    pub fn lever_is_back_in(&self) -> Option<Duration> {
        self.0.cause.as_deref()?.downcast_ref::<lever::Error>()?.retry_after()
    }

    /// 503: the database lacks what this version needs, and only an operator can mend that.
    pub fn not_migrated() -> Self {
        Self::unavailable("not_migrated", "The database is not migrated. Run `lever-integration migrate`.", LONG_PAUSE)
    }

    /// 409: the grant is dead, and only a person can mend that.
    pub fn lever_reauthorization_required() -> Self {
        Self::conflict(
            "lever_reauthorization_required",
            "Lever no longer accepts this connection. An admin must press Reconnect on the Integrations page, signed in to Lever as a Super Admin.",
        )
    }
}
