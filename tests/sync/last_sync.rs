//! When a sync last ended well: the copy is whole then, and not only a part of it.

use std::time::Duration;

use lever_integration::fake_lever::{Fault, FaultKind};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fresh::pass;
use crate::support::story::{Person, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);
const INTERVAL: Duration = Duration::from_secs(120);

async fn last_sync(person: &Person) -> Value {
    person.get("/v1/lever/connection").await.expect(200).json()["lastSyncAt"].clone()
}

async fn full_is(person: &Person) -> Value {
    person.get("/v1/lever/syncs?kind=full").await.expect(200).json()["data"][0]["status"].clone()
}

/// What failed is tried again after a pause that grows, and not while Lever is left alone because of it.
async fn end_full(story: &Story, person: &Person) {
    for _ in 0..10 {
        pass(story, INTERVAL).await;
        if full_is(person).await == json!("succeeded") {
            return;
        }
    }
    panic!("the full sync does not end");
}

/// Regular syncs go on beside a full one that waits for a list. The first time they say nothing about the copy as a whole.
#[tokio::test]
async fn no_sync_beside_the_first_full_one_makes_the_copy_whole() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    let no_tags = || Fault::new("GET", "/v1/tags", FaultKind::Status { code: 500, retry_after_seconds: None });
    story.lever.fault(no_tags());
    story.work().await;
    story.lever.clear_ledger();
    pass(&story, INTERVAL).await;
    assert!(story.lever.ledger().iter().any(|entry| entry.query.contains("updated_at_start")), "the regular sync goes on");
    assert_eq!((full_is(&admin).await, last_sync(&admin).await), (json!("running"), json!(null)));

    story.lever.clear_faults();
    end_full(&story, &admin).await;
    let first = last_sync(&admin).await;
    assert!(first.is_string());

    // Beside a later one, the copy is as fresh as the regular sync makes it.
    story.clock.advance(Duration::from_secs(1));
    story.lever.fault(no_tags());
    admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    story.work().await;
    // Not at once, where so many failures in a row have Lever left alone.
    for _ in 0..5 {
        pass(&story, INTERVAL).await;
        if last_sync(&admin).await != first {
            break;
        }
    }
    assert_eq!(full_is(&admin).await, json!("running"));
    assert!(last_sync(&admin).await.as_str() > first.as_str());
    story.lever.clear_faults();
    end_full(&story, &admin).await;
    story.end().await;
}
