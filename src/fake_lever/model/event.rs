//! What can happen in an account that a webhook tells about.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// Every event Lever has a webhook for. Each has a switch in Lever's settings, off at first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    ApplicationCreated,
    CandidateHired,
    CandidateStageChange,
    CandidateArchiveChange,
    CandidateDeleted,
    InterviewCreated,
    InterviewUpdated,
    InterviewDeleted,
    ContactCreated,
    ContactUpdated,
}

impl Event {
    pub const ALL: [Self; 10] = [
        Self::ApplicationCreated,
        Self::CandidateHired,
        Self::CandidateStageChange,
        Self::CandidateArchiveChange,
        Self::CandidateDeleted,
        Self::InterviewCreated,
        Self::InterviewUpdated,
        Self::InterviewDeleted,
        Self::ContactCreated,
        Self::ContactUpdated,
    ];

    /// The name in the API and in deliveries.
    pub fn name(self) -> &'static str {
        match self {
            Self::ApplicationCreated => "applicationCreated",
            Self::CandidateHired => "candidateHired",
            Self::CandidateStageChange => "candidateStageChange",
            Self::CandidateArchiveChange => "candidateArchiveChange",
            Self::CandidateDeleted => "candidateDeleted",
            Self::InterviewCreated => "interviewCreated",
            Self::InterviewUpdated => "interviewUpdated",
            Self::InterviewDeleted => "interviewDeleted",
            Self::ContactCreated => "contactCreated",
            Self::ContactUpdated => "contactUpdated",
        }
    }

    /// The words beside its switch in Lever's settings.
    pub fn switch_label(self) -> &'static str {
        match self {
            Self::ApplicationCreated => "Application created",
            Self::CandidateHired => "Candidate hired",
            Self::CandidateStageChange => "Candidate stage change",
            Self::CandidateArchiveChange => "Candidate archive state change",
            Self::CandidateDeleted => "Candidate deleted",
            Self::InterviewCreated => "Interview created",
            Self::InterviewUpdated => "Interview updated",
            Self::InterviewDeleted => "Interview deleted",
            Self::ContactCreated => "Contact created",
            Self::ContactUpdated => "Contact updated",
        }
    }

    /// Whether a webhook for it can be limited to origins of the candidate.
    pub fn has_conditions(self) -> bool {
        !matches!(self, Self::ContactCreated | Self::ContactUpdated)
    }
}

impl FromStr for Event {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|event| event.name() == name).ok_or(())
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Something that happened and may have to be told.
pub struct Occurrence {
    pub event: Event,
    pub at: i64,
    pub data: Value,
    /// The candidate's origin, for a webhook's conditions.
    pub origin: Option<String>,
}
