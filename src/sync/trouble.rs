//! What a failed read means for a run, without IO.
//!
//! Lever is away for hours now and then, and sends things that cannot be read. Being away costs time and nothing else; what cannot
//! be read costs one list or one record, never the others, and is said in the end. A read without an answer that can be read may be
//! either, for what is in front of Lever answers in its place when it is away: then Lever is asked for something else, and that decides.

use super::plan::{Kind, Step};
use crate::lever;

/// What fails so often, with a pause between, is no accident.
pub(super) const NO_ACCIDENT: i32 = 2;
/// An answer that cannot be read, though others can, is asked for this often before its list is given up.
const MOST_FAILURES: i32 = 3;
/// What Lever does not answer, though it answers others, is asked for this often: with pauses that double, over four hours.
pub(super) const MOST_SILENCES: i32 = 10;
/// So many sets of one kind that fail in a row, with no success between, are not about single candidates.
pub(super) const MOST_IN_A_ROW: usize = 5;
/// Lever may refuse an offset of its own this often before the list is given up.
pub(super) const MOST_RESTARTS: i32 = 5;

/// What to do about a list that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Lever is away: the same page again, later.
    Wait,
    /// Lever did not answer, or not so that it can be read: it is away, or this one list is, or it was an accident.
    Doubt,
    /// The offset is dead: the list again from its first page.
    Restart,
    /// Asking again will not help.
    GiveUp,
    /// Nothing can be read any more until somebody connects again.
    Stop,
}

/// What a failed read of one set of one opportunity is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// This one set.
    OneSet,
    /// This one set, or all of its kind: who knows before more of them fail in a row?
    Unclear,
    /// Whatever else could be asked for.
    Everything,
}

/// What to do about a list whose page could not be had; `from_offset` when it was not the first page.
pub(super) fn of_list(error: &lever::Error, from_offset: bool) -> Remedy {
    match error {
        lever::Error::ReauthorizationRequired => Remedy::Stop,
        // The offset is the only part of the request that the pages before did not have.
        lever::Error::Rejected { status: 400, .. } if from_offset => Remedy::Restart,
        _ if error.is_bad_offset() => Remedy::Restart,
        lever::Error::Rejected { .. } | lever::Error::Invalid { .. } => Remedy::GiveUp,
        _ if is_silence(error) => Remedy::Doubt,
        _ => Remedy::Wait,
    }
}

/// What the failed read of a set is about.
pub(super) fn of_set(error: &lever::Error) -> About {
    match error {
        _ if is_silence(error) => About::Unclear,
        // A missing permission is about all of them, one record that is kept from us is not.
        lever::Error::Rejected { status: 403, .. } => About::Unclear,
        lever::Error::Rejected { .. } | lever::Error::Invalid { .. } => About::OneSet,
        _ => About::Everything,
    }
}

/// Whether Lever said nothing about what was asked that anybody can read: it may be away.
pub(super) fn is_silence(error: &lever::Error) -> bool {
    is_unanswered(error) || matches!(error, lever::Error::Unreadable { .. } | lever::Error::Redirected { .. })
}

fn is_unanswered(error: &lever::Error) -> bool {
    matches!(error, lever::Error::NoAnswer { .. } | lever::Error::Unavailable { .. })
}

/// How often in a row a list may fail like this before it is given up.
pub(super) fn most_failures(error: &lever::Error) -> i32 {
    if is_unanswered(error) { MOST_SILENCES } else { MOST_FAILURES }
}

/// Whether it only means that this Lever has no such list: not every one tells what was deleted.
pub(super) fn is_not_offered(step: Step, error: &lever::Error) -> bool {
    matches!(step, Step::DeletedPostings | Step::DeletedOpportunities) && error.is_not_found()
}

/// What was wrong with an answer, in words that name nobody.
pub(super) fn reason(error: &lever::Error) -> &'static str {
    match error {
        lever::Error::Unreadable { reason, .. } | lever::Error::Invalid { reason } => reason,
        _ if is_silence(error) => "not answered",
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
        _ => unreadable(kind),
    }
}

/// Why a list was given up that nobody can read.
pub(super) fn unreadable(kind: Kind) -> String {
    format!("Lever's list of {} could not be read.", kind.words())
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
    fn what_cannot_even_be_asked_costs_nothing_but_time() {
        for error in [
            lever::Error::NotSent { reason: "connect" },
            lever::Error::Down { retry_after: std::time::Duration::from_secs(20) },
            lever::Error::RateLimited { retry_after: None },
            lever::Error::NoToken { reason: "refresh", retry_after: None },
        ] {
            assert_eq!((of_list(&error, true), of_set(&error)), (Remedy::Wait, About::Everything), "{error}");
        }
    }

    #[test]
    fn silence_may_be_about_this_or_about_everything() {
        for error in [lever::Error::NoAnswer { reason: "timed out" }, lever::Error::Unavailable { status: 503, retry_after: None }] {
            assert_eq!((of_list(&error, true), of_set(&error)), (Remedy::Doubt, About::Unclear), "{error}");
            assert_eq!(most_failures(&error), MOST_SILENCES);
        }
        for error in [lever::Error::Unreadable { status: 200, reason: "html" }, lever::Error::Redirected { status: 302 }] {
            assert_eq!((of_list(&error, false), of_set(&error)), (Remedy::Doubt, About::Unclear), "{error}");
            assert_eq!(most_failures(&error), MOST_FAILURES);
        }
    }

    #[test]
    fn a_refusal_stands() {
        for (status, about) in [(400, About::OneSet), (403, About::Unclear), (404, About::OneSet), (422, About::OneSet)] {
            assert_eq!((of_list(&rejected(status), false), of_set(&rejected(status))), (Remedy::GiveUp, about));
        }
        assert_eq!(of_list(&lever::Error::ReauthorizationRequired, true), Remedy::Stop);
        assert_eq!(of_set(&lever::Error::ReauthorizationRequired), About::Everything);
    }

    #[test]
    fn a_dead_offset_begins_the_list_again_whatever_lever_calls_it() {
        let dead = lever::Error::Rejected { status: 400, code: "InvalidOffset".into(), message: Default::default() };
        assert_eq!(of_list(&dead, false), Remedy::Restart);
        assert_eq!(of_list(&rejected(400), true), Remedy::Restart);
        assert_eq!(of_list(&rejected(422), true), Remedy::GiveUp);
    }

    #[test]
    fn a_sentence_names_what_could_not_be_read() {
        assert!(refused(Kind::ArchiveReasons, &rejected(403)).contains("archive reasons (status 403)"));
        assert!(endless(Kind::Opportunities).contains("opportunities"));
    }
}
