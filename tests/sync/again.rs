//! A first full sync that failed is begun again by itself, with growing pauses, until one succeeds; where somebody must connect again
//! first, it is not.

use std::time::Duration;

use lever_integration::fake_lever::{Fault, FaultKind, Options};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::copy::assert_whole;
use crate::support::story::{Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);
const MINUTE: Duration = Duration::from_secs(60);

async fn begin() -> Story {
    Story::with(Setting { lever: Options { opportunities: 4, requests_per_second: 0.0, ..Options::default() }, ..Setting::default() }).await
}

/// Lets so many minutes pass so many times, and does what there is to do after each.
async fn pass(story: &Story, times: u32, minutes: u32) {
    for _ in 0..times {
        story.clock.advance(minutes * MINUTE);
        story.work().await;
    }
}

/// The full syncs, the newest first.
async fn runs(story: &Story) -> Vec<Value> {
    let shown = story.admin(ORGANIZATION).get("/v1/lever/syncs?kind=full").await.expect(200).json();
    shown["data"].as_array().expect("a list").clone()
}

fn forbidden(path: &str) -> Fault {
    Fault::new("GET", path, FaultKind::Status { code: 403, retry_after_seconds: None })
}

#[tokio::test]
async fn a_first_sync_that_failed_is_tried_again_until_it_succeeds() {
    let story = begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.fault(forbidden("/v1/tags"));
    story.work().await;
    let first = runs(&story).await;
    assert_eq!((first.len(), &first[0]["status"]), (1, &json!("failed")), "{first:?}");

    // Not at once, and not in the same run.
    pass(&story, 1, 4).await;
    assert_eq!(runs(&story).await, first);
    pass(&story, 1, 4).await;
    let second = runs(&story).await;
    assert_eq!((second.len(), &second[0]["status"], &second[1]), (2, &json!("failed"), &first[0]), "{second:?}");

    // Longer each time, and never for longer than an hour and the regular sync's interval.
    pass(&story, 2, 4).await;
    assert_eq!(runs(&story).await.len(), 2);
    pass(&story, 25, 12).await;
    let many = runs(&story).await;
    assert!((7..=9).contains(&many.len()), "{} in five hours", many.len());
    assert!(many.iter().all(|run| run["status"] == "failed" && run["error"].as_str().is_some_and(|said| said.contains("tags"))));

    story.lever.clear_faults();
    pass(&story, 2, 32).await;
    let mended = runs(&story).await;
    assert_eq!((mended.len(), &mended[0]["status"], &mended[0]["error"]), (many.len() + 1, &json!("succeeded"), &json!(null)));
    assert_eq!(mended[1..], many);
    assert_whole(&story, ORGANIZATION, 0).await;

    // That was the last one; a later one that somebody asks for is theirs to ask for again.
    story.lever.fault(forbidden("/v1/tags"));
    story.admin(ORGANIZATION).post("/v1/lever/syncs", json!({})).await.expect(202);
    pass(&story, 4, 30).await;
    assert_eq!(runs(&story).await.len(), mended.len() + 1);
    story.end().await;
}

#[tokio::test]
async fn what_only_a_person_can_mend_is_not_tried_again() {
    let story = begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.revoke_grant(&story.account(0).id);
    story.lever.expire_access_tokens();
    pass(&story, 4, 30).await;
    let refused = runs(&story).await;
    assert_eq!((refused.len(), &refused[0]["status"]), (1, &json!("failed")), "{refused:?}");
    // Whoever connects again begins anew.
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.fault(forbidden("/v1/tags"));
    story.work().await;
    story.lever.clear_faults();
    story.admin(ORGANIZATION).delete("/v1/lever/connection").await.expect(204);
    pass(&story, 4, 30).await;
    assert_eq!(runs(&story).await.len(), 2, "nothing is begun without a connection");
    story.end().await;
}
