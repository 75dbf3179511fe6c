//! The last syncs and how they ended, in words. Pure.

use super::progress::grouped;
use super::shell::Moment;
use crate::sync::{RunKind, Status, SyncView};

/// One sync that has ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PastSync {
    /// `good`, `warn` or `bad`: how its outcome looks.
    pub(super) tone: &'static str,
    pub(super) words: &'static str,
    pub(super) at: Option<Moment>,
    pub(super) outcome: String,
}

/// The syncs in words, in the order they come in; those that are under way are left out.
pub(super) fn describe(syncs: &[SyncView]) -> Vec<PastSync> {
    syncs.iter().filter(|sync| sync.status.is_final()).map(past).collect()
}

fn past(sync: &SyncView) -> PastSync {
    let (tone, end) = match sync.status {
        Status::Failed => ("bad", sync.error.clone().unwrap_or_else(|| "It failed".to_owned())),
        Status::Canceled => ("warn", sync.error.clone().unwrap_or_else(|| "It was stopped".to_owned())),
        _ => ("good", read(sync.objects.iter().map(|object| object.synced).sum())),
    };
    let took = sync.started_at.zip(sync.finished_at).filter(|_| tone == "good").map(|(began, ended)| duration((ended - began).num_seconds()));
    let outcome = took.map_or_else(|| end.clone(), |took| format!("{end} in {took}"));
    PastSync { tone, words: words(sync.kind), at: sync.finished_at.map(Moment), outcome }
}

/// How much was read; by far most updates find nothing.
fn read(records: i64) -> String {
    match records {
        0 => "Nothing new, checked".to_owned(),
        1 => "1 record read".to_owned(),
        many => format!("{} records read", grouped(many)),
    }
}

fn words(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Full => "Full sync",
        RunKind::Incremental => "Update",
        RunKind::Reconcile => "Daily check",
    }
}

/// `42 s`, `3 min 5 s`, `2 h 10 min`.
fn duration(seconds: i64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0) => "less than a second".to_owned(),
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_as_short_as_it_can_be() {
        assert_eq!([0, 42, 120, 185, 7_800].map(duration), ["less than a second", "42 s", "2 min", "3 min 5 s", "2 h 10 min"]);
    }
}
