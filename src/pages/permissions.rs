//! The permissions that Lever asks the admin for: what Lever calls each, and what it is used for here.

use crate::lever::scopes::SCOPES;

/// What each scope lets us do.
pub(super) fn in_words(scope: &'static str) -> &'static str {
    match scope {
        "offline_access" => "Stay connected while nobody is signed in",
        "applications:read:admin" => "See which job each candidate applied for",
        "archive_reasons:read:admin" => "See the reasons for archiving candidates",
        "confidential:access:admin" => "Include confidential jobs and candidates",
        "contact:read:admin" => "See candidates' contact details",
        "feedback_templates:read:admin" => "See the feedback forms that interviewers fill in",
        "interviews:write:admin" => "Schedule, change and cancel interviews",
        "notes:write:admin" => "Read notes on candidates, and add some",
        "opportunities:write:admin" => "See candidates and where they stand, and change that",
        "panels:write:admin" => "Schedule, change and cancel interview panels",
        "postings:read:admin" => "See jobs, internal ones included",
        "resumes:read:admin" => "See candidates' résumés",
        "stages:read:admin" => "See the stages of the pipeline",
        "tags:read:admin" => "See candidates' tags",
        "users:read:admin" => "See the people in Lever, to find interviewers",
        "webhooks:write:admin" => "Be told at once when something changes in Lever",
        unknown => unknown,
    }
}

/// One permission.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Permission {
    /// As Lever names it.
    pub(super) scope: &'static str,
    /// What it lets us do.
    pub(super) words: &'static str,
    /// What that is good for.
    pub(super) purpose: &'static str,
}

/// All that are asked for.
pub(super) fn all() -> Vec<Permission> {
    SCOPES.into_iter().map(|scope| Permission { scope, words: in_words(scope), purpose: purpose(scope) }).collect()
}

/// What each scope is used for, in a sentence.
fn purpose(scope: &str) -> &'static str {
    match scope {
        "offline_access" => "Changes in Lever keep arriving at night and on weekends.",
        "applications:read:admin" => "Interviews are scheduled for the right application.",
        "archive_reasons:read:admin" => "You see why somebody is no longer a candidate.",
        "confidential:access:admin" => "Interviews for confidential jobs can be scheduled like all others.",
        "contact:read:admin" => "A profile shows how to reach the candidate.",
        "feedback_templates:read:admin" => "You pick the form that an interviewer fills in.",
        "interviews:write:admin" => "A single interview can be moved without touching the rest.",
        "notes:write:admin" => "Notes show on the profile, and yours appear in Lever.",
        "opportunities:write:admin" => "Candidates and their stages are shown as they stand in Lever.",
        "panels:write:admin" => "What you schedule here appears in Lever at once.",
        "postings:read:admin" => "Candidates can be found by the job they applied for.",
        "resumes:read:admin" => "Interviewers and you can open a résumé before the interview.",
        "stages:read:admin" => "Candidates can be found by stage.",
        "tags:read:admin" => "Candidates can be found by tag.",
        "users:read:admin" => "You pick interviewers by name, and see who is booked.",
        "webhooks:write:admin" => "A change in Lever shows here within seconds.",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_that_is_asked_for_has_words() {
        for scope in SCOPES {
            assert_ne!(in_words(scope), scope);
            assert_ne!(purpose(scope), "", "{scope}");
        }
        assert_eq!(all().len(), 16);
    }
}
