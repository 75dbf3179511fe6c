//! The first full sync again, when it failed: by itself, for as long as none has succeeded under this connection.
//!
//! What kept it from its end may be over in minutes or stay for days, so the pauses grow, up to an hour. A large account whose sync takes
//! long is left alone for as long as it took: at least half of the budget that such a sync takes is nobody's.

use chrono::TimeDelta;

use super::start;
use super::store::runs::NewRun;
use super::store::{RunKind, tries};
use crate::db::TenantTx;
use crate::state::AppState;

/// After the first failure; each further one doubles it.
const FIRST_PAUSE: TimeDelta = TimeDelta::minutes(5);
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);

/// Begins another full sync when that is due.
pub(super) async fn begin_when_due(state: &AppState, tx: &mut TenantTx, epoch: i64) -> Result<(), sqlx::Error> {
    let Some(failed) = tries::failed_in_vain(tx, epoch).await? else { return Ok(()) };
    let now = state.clock.now();
    // A time ahead of now comes from a clock that was wrong: it is none to wait for.
    if failed.ended_at <= now && now < failed.ended_at + pause(failed.times, failed.ended_at - failed.began_at) {
        return Ok(());
    }
    let begun = start::begin(state, tx, NewRun { kind: RunKind::Full, dry_run: false, requested_by: None, epoch }).await?;
    if let Some(run) = begun {
        tracing::info!(%run, failed = failed.times, "the first full sync is tried again");
    }
    Ok(())
}

/// The pause after the `times`th failure, the last of which took so long.
fn pause(times: i64, took: TimeDelta) -> TimeDelta {
    (FIRST_PAUSE * (1 << (times - 1).clamp(0, 10))).max(took).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour_and_are_no_shorter_than_what_failed() {
        let pauses: Vec<i64> = (1..=6).map(|times| pause(times, TimeDelta::seconds(20)).num_minutes()).collect();
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
        assert_eq!(pause(1, TimeDelta::minutes(30)), TimeDelta::minutes(30));
        assert_eq!(pause(i64::MAX, TimeDelta::days(1)), LONGEST_PAUSE);
        assert_eq!(pause(1, TimeDelta::minutes(-3)), FIRST_PAUSE);
    }
}
