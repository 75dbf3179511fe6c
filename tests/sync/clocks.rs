//! `updatedAt` that is null, equal on many, in the future, or goes backwards; and clocks that disagree.

use std::time::Duration;

use chrono::{DateTime, Utc};
use lever_integration::fake_lever::Options;
use uuid::Uuid;

use crate::copy::{assert_whole, database};
use crate::fresh::pass;
use crate::support::story::{Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);

async fn cursors(story: &Story) -> Vec<(String, DateTime<Utc>)> {
    sqlx::query_as("SELECT step, read_until FROM sync_cursors").fetch_all(&mut database(story).await).await.expect("cursors")
}

#[tokio::test]
async fn no_time_of_a_record_loses_one_or_goes_on_for_ever() {
    let lever = Options { opportunities: 300, active_share: 0.5, requests_per_second: 0.0, ..Options::default() };
    let story = Story::with(Setting { lever, ..Setting::default() }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    let inside = story.lever.inside(&account.id).quietly();
    let now = Utc::now().timestamp_millis();
    // More than a page of them changed in one millisecond.
    for id in &account.active[20..140] {
        inside.add_tags(id, &["Together"]).expect("tagged");
        inside.set_updated_at(id, Some(now)).expect("set");
    }
    inside.add_tags(&account.active[0], &["Null"]).expect("tagged");
    inside.set_updated_at(&account.active[0], None).expect("set");
    inside.add_tags(&account.active[1], &["Future"]).expect("tagged");
    inside.set_updated_at(&account.active[1], Some(now + 400 * 86_400_000)).expect("set");
    inside.add_tags(&account.active[2], &["Past"]).expect("tagged");
    inside.set_updated_at(&account.active[2], Some(now - 400 * 86_400_000)).expect("set");

    story.lever.clear_ledger();
    pass(&story, Duration::from_secs(3600)).await;
    assert_whole(&story, ORGANIZATION, 0).await;
    // The one in the future comes again every time, and what hangs on it does not.
    let of_the_future = story.lever.ledger().iter().filter(|entry| entry.path.contains(&account.active[1])).count();
    assert!(of_the_future <= 40, "{of_the_future} requests for one candidate");
    let steps = cursors(&story).await;
    assert!(steps.len() >= 7 && steps.iter().all(|(_, until)| *until <= Utc::now()), "{steps:?}");
    story.end().await;
}

/// This machine's clock is hours ahead of Lever's: what Lever stamps in between is found all the same.
#[tokio::test]
async fn a_clock_ahead_of_levers_hides_nothing() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.clock.advance(Duration::from_secs(6 * 3600));
    admin.token = story.admin(ORGANIZATION).token;
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    pass(&story, Duration::from_secs(400)).await;
    story.lever.inside(&account.id).quietly().add_tags(&account.active[0], &["Stamped hours ago"]).expect("tagged");
    pass(&story, Duration::from_secs(132)).await;
    assert_whole(&story, ORGANIZATION, 0).await;
    assert!(cursors(&story).await.iter().filter(|(step, _)| step.ends_with("opportunities")).all(|(_, until)| *until <= Utc::now()));
    story.end().await;
}
