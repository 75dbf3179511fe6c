//! What a failed read means for a run, without IO.
//!
//! Lever is away for hours now and then, and sends things that cannot be read. Being away costs time and nothing else; what cannot
//! be read costs one list or one record, never the others, and is said in the end.

use super::plan::{Kind, Step};
use crate::lever;

/// An answer that cannot be read is asked for this often before its list is given up.
pub(super) const MOST_FAILURES: i32 = 3;
/// Lever may refuse an offset of its own this often before the list is given up.
pub(super) const MOST_RESTARTS: i32 = 5;

/// What to do about a list that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Lever is away: the same page again, later.
    Wait,
    /// Perhaps it was an accident: the same page again, a few times.
    TryAgain,
    /// The offset is dead: the list again from its first page.
    Restart,
    /// Asking again will not help.
    GiveUp,
    /// Nothing can be read any more until somebody connects again.
    Stop,
}

/// What to do about a list whose page could not be had.
pub(super) fn of_list(error: &lever::Error) -> Remedy {
    match error {
        lever::Error::ReauthorizationRequired => Remedy::Stop,
        _ if error.is_bad_offset() => Remedy::Restart,
        lever::Error::Rejected { .. } | lever::Error::Redirected { .. } | lever::Error::Invalid { .. } => Remedy::GiveUp,
        lever::Error::Unreadable { .. } => Remedy::TryAgain,
        lever::Error::NotSent { .. }
        | lever::Error::Down { .. }
        | lever::Error::NoAnswer { .. }
        | lever::Error::Unavailable { .. }
        | lever::Error::RateLimited { .. }
        | lever::Error::NoToken { .. } => Remedy::Wait,
    }
}

/// Whether only one set of one opportunity is left out. What is wrong is about this one; a missing permission (403) is not.
pub(super) fn concerns_one_record(error: &lever::Error) -> bool {
    match error {
        lever::Error::Rejected { status, .. } => *status != 403,
        lever::Error::Unreadable { .. } | lever::Error::Invalid { .. } => true,
        _ => false,
    }
}

/// Whether it only means that this Lever has no such list: not every one tells what was deleted.
pub(super) fn is_not_offered(step: Step, error: &lever::Error) -> bool {
    matches!(step, Step::DeletedPostings | Step::DeletedOpportunities) && error.is_not_found()
}

/// What was wrong with an answer, in words that name nobody.
pub(super) fn reason(error: &lever::Error) -> &'static str {
    match error {
        lever::Error::Unreadable { reason, .. } | lever::Error::Invalid { reason } => reason,
        _ => "refused",
    }
}

/// Why a list was given up, for people.
pub(super) fn refused(kind: Kind, error: &lever::Error) -> String {
    let what = kind.words();
    match error {
        lever::Error::Rejected { status: 403, .. } => {
            format!("Lever does not let us read its {what} (status 403). An admin may have to connect again.")
        }
        lever::Error::Rejected { status, .. } => format!("Lever refused to list its {what} (status {status})."),
        _ => format!("Lever's list of {what} could not be read."),
    }
}

/// Why a list without an end was given up.
pub(super) fn endless(kind: Kind) -> String {
    format!("Lever's list of {} repeats itself and has no end.", kind.words())
}

/// Why a list was given up whose offsets do not live long enough.
pub(super) fn restless(kind: Kind) -> String {
    format!("Lever's list of {} could not be read to its end: Lever kept refusing its own offsets.", kind.words())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(status: u16) -> lever::Error {
        lever::Error::Rejected { status, code: String::new(), message: Default::default() }
    }

    #[test]
    fn lever_being_away_costs_nothing_but_time() {
        for error in [
            lever::Error::NotSent { reason: "connect" },
            lever::Error::NoAnswer { reason: "timed out" },
            lever::Error::Unavailable { status: 503, retry_after: None },
            lever::Error::RateLimited { retry_after: None },
            lever::Error::NoToken { reason: "refresh", retry_after: None },
        ] {
            assert_eq!(of_list(&error), Remedy::Wait, "{error}");
            assert!(!concerns_one_record(&error), "{error}");
        }
    }

    #[test]
    fn a_refusal_stands_and_garbage_is_tried_again() {
        for status in [400, 403, 404, 422] {
            assert_eq!(of_list(&rejected(status)), Remedy::GiveUp);
            assert_eq!(concerns_one_record(&rejected(status)), status != 403);
        }
        assert_eq!(of_list(&lever::Error::Unreadable { status: 200, reason: "html" }), Remedy::TryAgain);
        assert_eq!(of_list(&lever::Error::ReauthorizationRequired), Remedy::Stop);
        assert!(!concerns_one_record(&lever::Error::ReauthorizationRequired));
    }

    #[test]
    fn a_dead_offset_begins_the_list_again() {
        let dead = lever::Error::Rejected { status: 400, code: "InvalidOffset".into(), message: Default::default() };
        assert_eq!(of_list(&dead), Remedy::Restart);
    }

    #[test]
    fn a_sentence_names_what_could_not_be_read() {
        assert!(refused(Kind::ArchiveReasons, &rejected(403)).contains("archive reasons (status 403)"));
        assert!(endless(Kind::Opportunities).contains("opportunities"));
    }
}
