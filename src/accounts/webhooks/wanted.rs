//! The events that we ask Lever to tell us about.

/// One event of Lever's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Lever's name of it.
    pub event: &'static str,
    /// The product falls behind without it. The others only spare waiting for the next sync.
    pub required: bool,
}

/// Every event that is registered, the required ones first. One webhook each: Lever knows no webhook for several events.
pub const WANTED: [Wanted; 10] = [
    required("candidateArchiveChange"),
    required("interviewDeleted"),
    helpful("interviewCreated"),
    helpful("interviewUpdated"),
    helpful("candidateStageChange"),
    helpful("candidateHired"),
    helpful("candidateDeleted"),
    helpful("applicationCreated"),
    helpful("contactCreated"),
    helpful("contactUpdated"),
];

const fn required(event: &'static str) -> Wanted {
    Wanted { event, required: true }
}

const fn helpful(event: &'static str) -> Wanted {
    Wanted { event, required: false }
}
