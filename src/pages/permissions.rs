//! The permissions that Lever asks the admin for: what Lever says of each, and what it is used for here.

use crate::lever::scopes::SCOPES;

/// What Lever says of each scope, in its own words: those that the admin reads before accepting.
pub(super) fn in_words(scope: &'static str) -> &'static str {
    match scope {
        "offline_access" => "Long-lived access",
        "applications:read:admin" => "View all opportunity applications",
        "archive_reasons:read:admin" => "View all archived reasons",
        "confidential:access:admin" => "Access all confidential data",
        "contact:read:admin" => "View an opportunity's contact",
        "feedback_templates:read:admin" => "View all feedback templates",
        "interviews:write:admin" => "View and manage all of an opportunity's interviews",
        "notes:write:admin" => "View and manage all of an opportunity's notes",
        "opportunities:write:admin" => "View and manage all opportunities",
        "panels:write:admin" => "View and manage all of an opportunity's panels",
        "postings:read:admin" => "View all postings",
        "resumes:read:admin" => "View all of an opportunity's resumes",
        "stages:read:admin" => "View all stages",
        "tags:read:admin" => "View all tags",
        "users:read:admin" => "View all users",
        "webhooks:write:admin" => "Manage all webhooks",
        unknown => unknown,
    }
}

/// One permission.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Permission {
    /// As Lever names it.
    pub(super) scope: &'static str,
    /// What Lever says of it.
    pub(super) words: &'static str,
    /// What it is used for here.
    pub(super) purpose: &'static str,
}

/// All that are asked for.
pub(super) fn all() -> Vec<Permission> {
    SCOPES.into_iter().map(|scope| Permission { scope, words: in_words(scope), purpose: purpose(scope) }).collect()
}

/// What each scope is used for, in a sentence.
fn purpose(scope: &str) -> &'static str {
    match scope {
        "offline_access" => "We stay connected while nobody is signed in: changes arrive at night and on weekends too.",
        "applications:read:admin" => "We see which job each candidate applied for, and schedule for the right application.",
        "archive_reasons:read:admin" => "You see why somebody is no longer a candidate.",
        "confidential:access:admin" => "Interviews for confidential jobs and candidates can be scheduled like all others.",
        "contact:read:admin" => "A profile shows how to reach the candidate.",
        "feedback_templates:read:admin" => "You pick the form that an interviewer fills in.",
        "interviews:write:admin" => "A single interview can be moved without touching the rest.",
        "notes:write:admin" => "Notes show on the profile, and yours appear in Lever.",
        "opportunities:write:admin" => "Candidates and their stages are shown as they stand in Lever.",
        "panels:write:admin" => "What you schedule, change or cancel here appears in Lever at once.",
        "postings:read:admin" => "Candidates can be found by the job they applied for, internal ones included.",
        "resumes:read:admin" => "Interviewers and you can open a résumé before the interview.",
        "stages:read:admin" => "Candidates can be found by stage.",
        "tags:read:admin" => "Candidates can be found by tag.",
        "users:read:admin" => "You pick interviewers by name, and see who is booked.",
        "webhooks:write:admin" => "We ask Lever to tell us of changes, which show here within seconds.",
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
