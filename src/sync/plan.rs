//! The plans, without IO: which of Lever's lists a run reads, in which order, and what each of them brings.
//!
//! The order of a full sync is what people feel. The small lists and the candidates one can schedule with come first, then what
//! hangs on these, and what hangs on archived ones last. Lever's lists shift while they are read, so they end with what
//! changed since the run began: whoever moved from a page not yet read to one already read is found there.

use serde::Serialize;
use utoipa::ToSchema;

/// One list to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Step {
    Users,
    Stages,
    ArchiveReasons,
    Tags,
    FeedbackTemplates,
    Postings,
    /// Lever's bare list of postings leaves out the published ones that are internal only.
    InternalPostings,
    ActiveOpportunities,
    ArchivedOpportunities,
    ChangedPostings,
    DeletedPostings,
    ChangedOpportunities,
    /// Who moves through the pipeline moves through the list, and not every such move sets `updatedAt`.
    AdvancedOpportunities,
    /// As for moves: `updatedAt` is null on most records.
    JustArchivedOpportunities,
    JustCreatedOpportunities,
    DeletedOpportunities,
    /// There is no list of all panels: one request for each opportunity. So it is with notes and resumes.
    Panels,
    Notes,
    Resumes,
}

/// A kind of object, as progress is shown to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Kind {
    Users,
    Stages,
    ArchiveReasons,
    Tags,
    FeedbackTemplates,
    Postings,
    Opportunities,
    Panels,
    Notes,
    Resumes,
}

/// Everything that refers to nothing else, and the candidates one can schedule with: read side by side.
const FIRST: [Step; 8] = [
    Step::Users,
    Step::Stages,
    Step::ArchiveReasons,
    Step::Tags,
    Step::FeedbackTemplates,
    Step::Postings,
    Step::InternalPostings,
    Step::ActiveOpportunities,
];

/// The other candidates, and then what changed meanwhile: one list after the other.
const THEN: [Step; 4] = [Step::ArchivedOpportunities, Step::ChangedPostings, Step::ChangedOpportunities, Step::AdvancedOpportunities];

/// What hangs on opportunities.
const CHILDREN: [Step; 3] = [Step::Panels, Step::Notes, Step::Resumes];

/// The lists of changes, which take a span of time and have a cursor.
pub const CHANGES: [Step; 7] = [
    Step::ChangedPostings,
    Step::DeletedPostings,
    Step::ChangedOpportunities,
    Step::AdvancedOpportunities,
    Step::JustArchivedOpportunities,
    Step::JustCreatedOpportunities,
    Step::DeletedOpportunities,
];

/// Lists without a span of time that are short enough to be read again and again.
pub const SMALL: [Step; 5] = [Step::Users, Step::Stages, Step::ArchiveReasons, Step::Tags, Step::FeedbackTemplates];

/// Longer lists that show what no list of changes does: candidates whose `updatedAt` did not move, and jobs for the company only.
pub const LONG: [Step; 2] = [Step::ActiveOpportunities, Step::InternalPostings];

/// A full sync.
pub fn full() -> Vec<Step> {
    [FIRST.as_slice(), &CHILDREN, &THEN].concat()
}

/// A reconciliation: the lists of a full sync, and nothing that hangs on their records.
pub fn reconcile() -> Vec<Step> {
    [FIRST.as_slice(), &THEN].concat()
}

/// An incremental sync, with the lists without a span that are due in it.
pub fn incremental(due: &[Step]) -> Vec<Step> {
    [CHANGES.as_slice(), due, &CHILDREN].concat()
}

impl Step {
    /// What the list brings.
    pub fn kind(self) -> Kind {
        match self {
            Self::Users => Kind::Users,
            Self::Stages => Kind::Stages,
            Self::ArchiveReasons => Kind::ArchiveReasons,
            Self::Tags => Kind::Tags,
            Self::FeedbackTemplates => Kind::FeedbackTemplates,
            Self::Postings | Self::InternalPostings | Self::ChangedPostings | Self::DeletedPostings => Kind::Postings,
            Self::ActiveOpportunities
            | Self::ArchivedOpportunities
            | Self::ChangedOpportunities
            | Self::AdvancedOpportunities
            | Self::JustArchivedOpportunities
            | Self::JustCreatedOpportunities
            | Self::DeletedOpportunities => Kind::Opportunities,
            Self::Panels => Kind::Panels,
            Self::Notes => Kind::Notes,
            Self::Resumes => Kind::Resumes,
        }
    }

    /// Whether its records count as progress of a full sync. The others bring mostly what was counted before.
    pub fn counts(self) -> bool {
        !matches!(self, Self::InternalPostings) && !self.has_span()
    }

    /// Whether the list takes a span of time.
    pub fn has_span(self) -> bool {
        CHANGES.contains(&self)
    }

    /// Whether it is no list but one request for each opportunity.
    pub fn is_of_children(self) -> bool {
        CHILDREN.contains(&self)
    }

    /// Whether it lists candidates: what hangs on these is to be read.
    pub fn lists_candidates(self) -> bool {
        matches!(self, Self::ActiveOpportunities | Self::ArchivedOpportunities)
    }

    /// Whether it is read before anything else.
    pub fn comes_first(self) -> bool {
        FIRST.contains(&self)
    }
}

impl Kind {
    /// Whether more than one list brings it: then each object counts once, whichever list it comes in, and however often.
    pub fn is_in_several_lists(self) -> bool {
        matches!(self, Self::Postings | Self::Opportunities)
    }

    /// In a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Stages => "stages",
            Self::ArchiveReasons => "archive reasons",
            Self::Tags => "tags",
            Self::FeedbackTemplates => "feedback templates",
            Self::Postings => "postings",
            Self::Opportunities => "opportunities",
            Self::Panels => "panels",
            Self::Notes => "notes",
            Self::Resumes => "resumes",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(step: Step) -> usize {
        full().iter().position(|it| *it == step).expect("a step of the plan")
    }

    #[test]
    fn what_people_wait_for_comes_first_and_the_search_for_changes_last() {
        assert!(position(Step::Users) < position(Step::Panels));
        assert!(position(Step::ActiveOpportunities) < position(Step::Panels));
        assert!(position(Step::Panels) < position(Step::ArchivedOpportunities));
        for late in [Step::ChangedPostings, Step::ChangedOpportunities, Step::AdvancedOpportunities] {
            assert!(position(Step::ArchivedOpportunities) < position(late));
        }
    }

    #[test]
    fn every_kind_is_counted_once_per_object() {
        let counted = |kind| full().into_iter().filter(|step| step.kind() == kind && step.counts()).collect::<Vec<_>>();
        assert_eq!(counted(Kind::Postings), [Step::Postings]);
        // Active and archived exclude each other.
        assert_eq!(counted(Kind::Opportunities), [Step::ActiveOpportunities, Step::ArchivedOpportunities]);
        for (kind, step) in [(Kind::Panels, Step::Panels), (Kind::Notes, Step::Notes), (Kind::Resumes, Step::Resumes)] {
            assert_eq!(counted(kind), [step]);
        }
    }

    #[test]
    fn a_reconciliation_reads_every_list_and_asks_about_no_single_opportunity() {
        assert!(reconcile().iter().all(|step| !step.is_of_children()));
        assert_eq!(reconcile().len() + CHILDREN.len(), full().len());
    }

    #[test]
    fn an_incremental_sync_reads_every_list_of_changes() {
        let steps = incremental(&SMALL);
        assert!(CHANGES.iter().chain(&SMALL).all(|step| steps.contains(step)));
        assert!(!incremental(&[]).contains(&Step::Users));
    }
}
