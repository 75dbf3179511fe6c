//! How far the sync is, in words and bars. Pure.

use chrono::{DateTime, Utc};

use crate::sync::{Kind, ObjectView, Status, SyncView};

/// What the card shows of the newest sync.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Progress {
    /// For the script, which follows a running sync.
    pub(super) sync_id: String,
    pub(super) state: State,
    pub(super) title: &'static str,
    /// `warn`, `bad` or empty: how the sentence looks.
    pub(super) tone: &'static str,
    pub(super) sentence: String,
    pub(super) bars: Vec<Bar>,
}

/// What the script must know of the sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// One is about to begin.
    Waiting,
    Running,
    Ended,
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Ended => "ended",
        })
    }
}

/// One kind of object.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bar {
    /// As the API names it.
    pub(super) kind: String,
    pub(super) words: &'static str,
    pub(super) count: String,
    /// How much of it is read; `None` while nobody knows how much there is.
    pub(super) percent: Option<u8>,
}

impl Progress {
    /// Nothing is under way: another sync may be asked for.
    pub(super) fn may_start(&self) -> bool {
        self.state == State::Ended
    }
}

/// The newest sync in words. One that began before the connection is about another time: its successor is on its way.
pub(super) fn describe(newest: Option<&SyncView>, connected_at: Option<DateTime<Utc>>) -> Progress {
    let of_this_connection = |sync: &&SyncView| sync.started_at.is_none_or(|started| connected_at.is_none_or(|connected| started >= connected));
    let Some(sync) = newest.filter(of_this_connection) else {
        return Progress {
            sync_id: String::new(),
            state: State::Waiting,
            title: "First sync",
            tone: "",
            sentence: "It is about to begin.".to_owned(),
            bars: Vec::new(),
        };
    };
    let (state, title, tone, sentence) = match sync.status {
        Status::Queued | Status::Running => (
            State::Running,
            "Syncing",
            "",
            "What matters most comes first: people, jobs, then active candidates. You can leave this page.".to_owned(),
        ),
        Status::Succeeded => (State::Ended, "Synced", "", "Everything has been read from Lever.".to_owned()),
        Status::Failed => (State::Ended, "The last sync did not end well", "bad", sync.error.clone().unwrap_or_default()),
        Status::Canceled => (State::Ended, "The last sync was stopped", "warn", sync.error.clone().unwrap_or_default()),
    };
    Progress { sync_id: sync.id.to_string(), state, title, tone, sentence, bars: sync.objects.iter().map(bar).collect() }
}

fn bar(object: &ObjectView) -> Bar {
    let kind = serde_json::to_value(object.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned));
    Bar {
        kind: kind.unwrap_or_default(),
        words: words(object.kind),
        count: count(object.synced, object.total),
        // Between 0 and 1 by its own contract; the cast saturates anyway.
        percent: object.progress.map(|share| (share * 100.0).round() as u8),
    }
}

fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Users => "People",
        Kind::Stages => "Pipeline stages",
        Kind::ArchiveReasons => "Archive reasons",
        Kind::Tags => "Tags",
        Kind::FeedbackTemplates => "Feedback forms",
        Kind::Postings => "Jobs",
        Kind::Opportunities => "Candidates",
        Kind::Panels => "Interview panels",
        Kind::Notes => "Notes",
        Kind::Resumes => "Résumés",
    }
}

/// `1,234`, or `1,200 of 1,234` when some could not be read. The script writes the same.
fn count(synced: i64, total: Option<i64>) -> String {
    match total {
        Some(total) if total != synced => format!("{} of {}", grouped(synced), grouped(total)),
        _ => grouped(synced),
    }
}

/// `1,234`.
pub(super) fn grouped(number: i64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RunId;
    use crate::sync::RunKind;

    fn sync(status: Status, objects: Vec<ObjectView>) -> SyncView {
        SyncView {
            id: RunId::new(),
            kind: RunKind::Full,
            status,
            started_at: DateTime::from_timestamp(1_000, 0),
            finished_at: None,
            error: Some("Lever went away.".into()),
            objects,
            requests: 0,
            requests_per_second: None,
            estimated_end_at: None,
            warnings: Vec::new(),
            dry_run: false,
            differences: None,
        }
    }

    #[test]
    fn bars_show_what_is_known() {
        let object = |kind, synced, total, progress| ObjectView { kind, synced, total, skipped: 0, progress };
        let running = sync(
            Status::Running,
            vec![
                object(Kind::Users, 60, Some(60), Some(1.0)),
                object(Kind::Panels, 250, None, Some(0.254)),
                object(Kind::Opportunities, 12_300, None, None),
            ],
        );
        let shown = describe(Some(&running), DateTime::from_timestamp(999, 0));
        assert_eq!((shown.state, shown.may_start()), (State::Running, false));
        let bars: Vec<_> = shown.bars.iter().map(|bar| (bar.kind.as_str(), bar.words, bar.count.as_str(), bar.percent)).collect();
        assert_eq!(
            bars,
            [("users", "People", "60", Some(100)), ("panels", "Interview panels", "250", Some(25)), ("opportunities", "Candidates", "12,300", None)]
        );
    }

    #[test]
    fn a_sync_of_an_earlier_connection_is_not_shown_as_this_ones() {
        let old = sync(Status::Succeeded, Vec::new());
        assert_eq!(describe(Some(&old), DateTime::from_timestamp(2_000, 0)).state, State::Waiting);
        assert_eq!(describe(Some(&old), DateTime::from_timestamp(500, 0)).state, State::Ended);
        assert_eq!(describe(None, None).state, State::Waiting);
    }

    #[test]
    fn a_failure_says_why() {
        let failed = describe(Some(&sync(Status::Failed, Vec::new())), None);
        assert_eq!((failed.tone, failed.sentence.as_str()), ("bad", "Lever went away."));
    }

    #[test]
    fn numbers_are_grouped_and_a_shortfall_is_said() {
        assert_eq!((grouped(0), grouped(999), grouped(1_000), grouped(1_234_567)), ("0".into(), "999".into(), "1,000".into(), "1,234,567".into()));
        assert_eq!(count(1_200, Some(1_234)), "1,200 of 1,234");
    }
}
