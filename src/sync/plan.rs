//! The plan of a full sync, without IO: which lists are read, in which order, and what each of them brings.
//!
//! The order is what people feel. The small lists come first, because everything else refers to them; then the candidates one
//! can schedule with, and their panels; then the rest. Lever's lists shift while they are read, so the plan ends with what changed
//! since the run began: whoever moved from a page not yet read to one already read is found there.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// Lever's clock may be behind ours, and a change may take a moment to show up in its lists.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);

/// One list to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
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
    /// There is no list of all panels: one request for each active opportunity.
    Panels,
    ArchivedOpportunities,
    ChangedPostings,
    ChangedOpportunities,
    /// Who moves through the pipeline moves through the list, and not every such move sets `updatedAt`.
    AdvancedOpportunities,
}

/// A kind of object, as progress is shown to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
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
}

/// A full sync, in order.
pub const FULL: [Step; 13] = [
    Step::Users,
    Step::Stages,
    Step::ArchiveReasons,
    Step::Tags,
    Step::FeedbackTemplates,
    Step::Postings,
    Step::InternalPostings,
    Step::ActiveOpportunities,
    Step::Panels,
    Step::ArchivedOpportunities,
    Step::ChangedPostings,
    Step::ChangedOpportunities,
    Step::AdvancedOpportunities,
];

impl Step {
    /// What the list brings.
    pub fn kind(self) -> Kind {
        match self {
            Self::Users => Kind::Users,
            Self::Stages => Kind::Stages,
            Self::ArchiveReasons => Kind::ArchiveReasons,
            Self::Tags => Kind::Tags,
            Self::FeedbackTemplates => Kind::FeedbackTemplates,
            Self::Postings | Self::InternalPostings | Self::ChangedPostings => Kind::Postings,
            Self::ActiveOpportunities | Self::ArchivedOpportunities | Self::ChangedOpportunities | Self::AdvancedOpportunities => Kind::Opportunities,
            Self::Panels => Kind::Panels,
        }
    }

    /// Whether its records count as progress. The others bring mostly what was counted before.
    pub fn counts(self) -> bool {
        !matches!(self, Self::InternalPostings | Self::ChangedPostings | Self::ChangedOpportunities | Self::AdvancedOpportunities)
    }
}

impl Kind {
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
        }
    }
}

/// From when on the last steps look for changes.
pub fn changed_since(run_started: DateTime<Utc>) -> DateTime<Utc> {
    run_started - OVERLAP
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(step: Step) -> usize {
        FULL.iter().position(|it| *it == step).expect("a step of the plan")
    }

    #[test]
    fn what_people_wait_for_comes_first_and_the_search_for_changes_last() {
        assert!(position(Step::Users) < position(Step::ActiveOpportunities));
        assert!(position(Step::ActiveOpportunities) < position(Step::Panels));
        assert!(position(Step::Panels) < position(Step::ArchivedOpportunities));
        for late in [Step::ChangedPostings, Step::ChangedOpportunities, Step::AdvancedOpportunities] {
            assert!(position(Step::ArchivedOpportunities) < position(late));
        }
    }

    #[test]
    fn every_kind_is_counted_once_per_object() {
        let counted = |kind| FULL.iter().filter(|step| step.kind() == kind && step.counts()).copied().collect::<Vec<_>>();
        assert_eq!(counted(Kind::Postings), [Step::Postings]);
        // Active and archived exclude each other.
        assert_eq!(counted(Kind::Opportunities), [Step::ActiveOpportunities, Step::ArchivedOpportunities]);
        assert_eq!(counted(Kind::Panels), [Step::Panels]);
    }

    #[test]
    fn changes_are_looked_for_from_before_the_run_began() {
        let began = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        assert!(changed_since(began) < began);
    }
}
