//! A candidate in the list, in words. Pure.

use super::shell::Moment;
use crate::mirror::opportunities::{ArchivedView, OpportunityView};

/// More tags than that make a line hard to read.
const TAGS_SHOWN: usize = 2;

/// One candidate.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) headline: Option<String>,
    pub(super) stage: Option<String>,
    pub(super) job: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) more_tags: usize,
    /// Why the candidacy ended.
    pub(super) archived: Option<String>,
    pub(super) confidential: bool,
    pub(super) since: Option<Moment>,
}

impl Line {
    pub(super) fn of(candidate: OpportunityView) -> Self {
        let job = candidate.posting.map(|posting| posting.title.unwrap_or(posting.id));
        // Lever tags candidates with their job as well; it stands in the line already.
        let mut tags: Vec<String> = candidate.tags.into_iter().filter(|tag| Some(tag) != job.as_ref()).collect();
        let more_tags = tags.len().saturating_sub(TAGS_SHOWN);
        tags.truncate(TAGS_SHOWN);
        Self {
            name: name(candidate.name.as_deref(), candidate.anonymized).to_owned(),
            id: candidate.id,
            headline: candidate.headline,
            stage: candidate.stage.map(|stage| stage.text.unwrap_or(stage.id)),
            job,
            owner: candidate.owner.map(|owner| owner.name.unwrap_or(owner.id)),
            tags,
            more_tags,
            archived: candidate.archived.map(archived),
            confidential: candidate.confidential,
            since: candidate.created_at.map(Moment),
        }
    }
}

/// What a candidate is called, whatever is known of them.
pub(super) fn name(name: Option<&str>, anonymized: bool) -> &str {
    match name {
        Some(name) if !anonymized => name,
        _ if anonymized => "Anonymized candidate",
        _ => "Candidate without a name",
    }
}

/// `Archived`, with the reason where there is one.
pub(super) fn archived(archived: ArchivedView) -> String {
    archived.reason.map_or_else(|| "Archived".to_owned(), |reason| format!("Archived: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_is_called_something_and_nobody_who_asked_to_be_forgotten_by_name() {
        assert_eq!(name(Some("Ada Example"), false), "Ada Example");
        assert_eq!(name(Some("Ada Example"), true), "Anonymized candidate");
        assert_eq!(name(None, false), "Candidate without a name");
    }

    #[test]
    fn an_end_has_its_reason() {
        let view = |reason: Option<&str>| ArchivedView { archived_at: None, reason_id: None, reason: reason.map(str::to_owned) };
        assert_eq!((archived(view(Some("Hired"))), archived(view(None))), ("Archived: Hired".to_owned(), "Archived".to_owned()));
    }
}
