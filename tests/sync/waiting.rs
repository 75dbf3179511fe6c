//! What failed because Lever was away is done when it is back, and not when its own pause would end, however long the outage was.

use std::time::Duration;

use chrono::{DateTime, Utc};
use lever_integration::accounts;
use lever_integration::fake_lever::{Fault, FaultKind};
use lever_integration::ids::TenantId;
use lever_integration::lever::{self, Lane, Paging};
use serde_json::Value;
use uuid::Uuid;

use crate::copy::database;
use crate::fresh::pass;
use crate::support::story::{Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);
/// Between two probes of a Lever that is away, at most.
const PROBE: Duration = Duration::from_secs(30);

fn status(code: u16, retry_after_seconds: Option<u64>) -> Fault {
    Fault::new("GET", "/v1/**", FaultKind::Status { code, retry_after_seconds })
}

async fn newest(story: &Story) -> Value {
    story.admin(ORGANIZATION).get("/v1/lever/syncs?kind=full").await.expect(200).json()["data"][0].clone()
}

/// When what has failed is tried again, the earliest first.
async fn tried_again(story: &Story) -> Vec<DateTime<Utc>> {
    sqlx::query_scalar("SELECT run_at FROM jobs WHERE last_error IS NOT NULL ORDER BY run_at")
        .fetch_all(&mut database(story).await)
        .await
        .expect("the jobs")
}

/// Puts what has failed off by an hour, as a failure would that nobody knows the end of.
async fn put_off(story: &Story) {
    let put_off = sqlx::query("UPDATE jobs SET run_at = $1 + interval '1 hour' WHERE last_error IS NOT NULL").bind(story.clock.now());
    assert!(put_off.execute(&mut database(story).await).await.expect("put off").rows_affected() > 0);
}

async fn ask_for_stages(state: &lever_integration::state::AppState) -> Result<(), lever::Error> {
    let (account, _) = accounts::open(state, TenantId(ORGANIZATION)).await.expect("connected");
    account.in_lane(Lane::Person).list_stages(&Paging::first()).await.map(drop)
}

#[tokio::test]
async fn after_an_outage_of_an_hour_the_sync_goes_on_with_the_next_probe() {
    let patience = lever::Options { backoff: Duration::from_millis(1), ..lever::Options::default() };
    let story = Story::with(Setting { patience, ..Setting::default() }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.fault(status(503, None));
    story.work().await;
    for _ in 0..120 {
        story.clock.advance(PROBE);
        story.work().await;
    }
    assert_eq!(newest(&story).await["status"], "running");
    story.lever.clear_faults();
    story.clock.advance(PROBE);
    story.work().await;
    assert_eq!(newest(&story).await["status"], "succeeded");
    story.end().await;
}

/// Longer than any pause of ours.
#[tokio::test]
async fn lever_is_left_alone_for_as_long_as_it_asks() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.fault(status(429, Some(3000)));
    story.work().await;
    let first = *tried_again(&story).await.first().expect("something has failed");
    assert!((first - story.clock.now()).num_seconds() > 2000, "{first}");
    story.end().await;
}

/// One process found out that Lever was away and ended; the first answer that another gets is news all the same.
#[tokio::test]
async fn a_new_process_wakes_what_waits_with_its_first_answer() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.fault(status(503, None));
    story.work().await;
    put_off(&story).await;
    story.lever.clear_faults();
    let (new, _) = story.replica(&Setting::default()).await;
    ask_for_stages(&new.state).await.expect("Lever is there");
    new.stop().await;
    pass(&story, PROBE).await;
    assert_eq!(newest(&story).await["status"], "succeeded");
    story.end().await;
}
