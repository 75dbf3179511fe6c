//! The tables of the sync. A file per table; nobody else writes them.

pub(super) mod cursors;
pub(super) mod due;
pub(super) mod findings;
pub(super) mod quarantine;
pub(super) mod runs;
pub(super) mod steps;
pub(super) mod tries;

pub(super) use runs::Run;
pub use runs::{RunKind, Status};
pub(super) use steps::{Advance, StepRow};
