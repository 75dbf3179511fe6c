//! How fast a run is, and when it will have ended. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::plan::Step;
use super::store::{Run, StepRow};

/// An average over less than this says nothing.
const SHORTEST: TimeDelta = TimeDelta::seconds(3);

/// How a run gets on.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Pace {
    pub(super) requests_per_second: Option<f64>,
    pub(super) estimated_end_at: Option<DateTime<Utc>>,
}

/// How many candidates are asked about for each kind of set; `None` before all are listed, the archived ones too.
pub(super) fn candidates(steps: &[&StepRow]) -> Option<i64> {
    let lists: Vec<_> = steps.iter().filter(|step| step.step.lists_candidates()).collect();
    let are_listed = lists.iter().any(|step| step.step == Step::ArchivedOpportunities) && lists.iter().all(|step| step.done);
    are_listed.then(|| lists.iter().map(|step| step.shown()).sum())
}

/// How much there is to do for a kind of set: its candidates may be more than were listed, when some came later.
pub(super) fn to_visit(step: &StepRow, candidates: Option<i64>) -> Option<i64> {
    Some(candidates?.max(step.to_visit.unwrap_or(0)))
}

/// The pace of a run. Its end is known once the candidates are listed: then what is left is one request for each set of theirs.
pub(super) fn pace(run: &Run, steps: &[&StepRow]) -> Pace {
    let Some(started) = run.started_at else { return Pace::default() };
    let lasted = run.finished_at.unwrap_or(run.updated_at) - started;
    if lasted < SHORTEST || run.requests == 0 {
        return Pace::default();
    }
    let rate = run.requests as f64 * 1e3 / lasted.num_milliseconds() as f64;
    let requests_per_second = Some((rate * 10.0).round() / 10.0);
    let candidates = candidates(steps);
    let of_children = steps.iter().filter(|step| step.step.is_of_children() && !step.done);
    let left: i64 = of_children.filter_map(|step| Some((to_visit(step, candidates)? - step.visited).max(0))).sum();
    if run.status.is_final() || left == 0 {
        return Pace { requests_per_second, estimated_end_at: None };
    }
    let span = TimeDelta::try_milliseconds((left as f64 * 1e3 / rate) as i64);
    Pace { requests_per_second, estimated_end_at: span.and_then(|span| run.updated_at.checked_add_signed(span)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::store::{RunKind, Status, runs, steps};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a time")
    }

    fn run(requests: i64, seconds: i64) -> Run {
        Run { requests, updated_at: at(seconds), ..runs::sample(RunKind::Full) }
    }

    fn listed(done: bool) -> StepRow {
        StepRow { done, synced: 1_100, ..steps::sample(Step::ArchivedOpportunities) }
    }

    /// Those of the active ones are counted, a hundred.
    fn panels() -> StepRow {
        StepRow { visited: 100, to_visit: Some(100), ..steps::sample(Step::Panels) }
    }

    #[test]
    fn what_is_left_takes_as_long_as_the_pace_says() {
        let pace = pace(&run(200, 20), &[&listed(true), &panels()]);
        assert_eq!(pace, Pace { requests_per_second: Some(10.0), estimated_end_at: Some(at(120)) });
    }

    #[test]
    fn nobody_guesses_before_the_candidates_are_listed_or_after_the_end() {
        assert_eq!(pace(&run(200, 20), &[&listed(false), &panels()]).estimated_end_at, None);
        let ended = Run { status: Status::Succeeded, finished_at: Some(at(40)), ..run(200, 40) };
        assert_eq!(pace(&ended, &[&listed(true), &panels()]), Pace { requests_per_second: Some(5.0), estimated_end_at: None });
        assert_eq!(pace(&run(200, 0), &[&listed(true), &panels()]), Pace::default());
    }
}
