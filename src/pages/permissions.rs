//! The permissions that Lever asks the admin for, in words.

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

/// All that are asked for, in words.
pub(super) fn all() -> Vec<&'static str> {
    SCOPES.into_iter().map(in_words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_that_is_asked_for_has_words() {
        for scope in SCOPES {
            assert_ne!(in_words(scope), scope);
        }
        assert_eq!(all().len(), 16);
    }
}
