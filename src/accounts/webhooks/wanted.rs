//! The events that we ask Lever to tell us about.

/// One event of Lever's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Lever's name of it in the API.
    pub event: &'static str,
    /// Lever's name of its switch, in Settings, Integrations and API, Webhooks.
    pub setting: &'static str,
    /// The product falls behind without it. The others only spare waiting for the next sync.
    pub required: bool,
}

/// Every event that is registered, the required ones first. One webhook each: Lever knows no webhook for several events.
pub const WANTED: [Wanted; 10] = [
    required("candidateArchiveChange", "Candidate archive state change"),
    required("interviewDeleted", "Interview deleted"),
    helpful("interviewCreated", "Interview created"),
    helpful("interviewUpdated", "Interview updated"),
    helpful("candidateStageChange", "Candidate stage change"),
    helpful("candidateHired", "Candidate hired"),
    helpful("candidateDeleted", "Candidate deleted"),
    helpful("applicationCreated", "Application created"),
    helpful("contactCreated", "Contact created"),
    helpful("contactUpdated", "Contact updated"),
];

const fn required(event: &'static str, setting: &'static str) -> Wanted {
    Wanted { event, setting, required: true }
}

const fn helpful(event: &'static str, setting: &'static str) -> Wanted {
    Wanted { event, setting, required: false }
}
