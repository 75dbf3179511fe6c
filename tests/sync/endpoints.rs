//! Asking for a sync, and watching it.

use std::time::Duration;

use futures_util::StreamExt;
use lever_integration::fake_lever::{Fault, FaultKind};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::interrupt::carry_on;
use crate::support::story::{Person, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);

#[tokio::test]
async fn one_at_a_time_and_for_admins() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    assert_eq!(admin.post("/v1/lever/syncs", json!({})).await.expect(409).code(), "not_connected");
    story.connect_and_sync(&mut admin, 0).await;
    assert_eq!(story.member(ORGANIZATION).post("/v1/lever/syncs", json!({})).await.expect(403).code(), "admin_required");

    let started = admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    let id = started.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(started.location(), format!("/v1/lever/syncs/{id}"));
    let second = admin.post("/v1/lever/syncs", json!({})).await.expect(409);
    assert_eq!((second.code(), &second.json()["syncId"]), ("sync_in_progress".to_owned(), &json!(id)));
    let queued = story.member(ORGANIZATION).get(&started.location()).await.expect(200).json();
    assert_eq!((&queued["status"], &queued["startedAt"], &queued["requests"]), (&json!("queued"), &json!(null), &json!(0)));

    story.work().await;
    assert_eq!(admin.get(&started.location()).await.expect(200).json()["status"], "succeeded");
    admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    story.work().await;
    story.end().await;
}

/// Ten at once: one is begun.
#[tokio::test]
async fn ten_requests_at_once_start_one_sync() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let answers = futures_util::future::join_all((0..10).map(|_| admin.post("/v1/lever/syncs", json!({})))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![202], vec![409; 9]].concat());
    story.work().await;
    story.end().await;
}

#[tokio::test]
async fn the_list_is_newest_first_in_pages_and_ones_own() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    for _ in 0..3 {
        story.clock.advance(Duration::from_secs(1));
        admin.post("/v1/lever/syncs", json!({})).await.expect(202);
        story.work().await;
    }
    let all = admin.get("/v1/lever/syncs?kind=full").await.expect(200).json();
    let started: Vec<&str> = all["data"].as_array().expect("a list").iter().map(|run| run["startedAt"].as_str().expect("a time")).collect();
    assert!(started.len() == 4 && started.is_sorted_by(|newer, older| newer > older), "{started:?}");

    let first = admin.get("/v1/lever/syncs?kind=full&limit=3").await.expect(200).json();
    let cursor = first["nextCursor"].as_str().expect("there is more");
    let rest = admin.get(&format!("/v1/lever/syncs?kind=full&limit=3&cursor={cursor}")).await.expect(200).json();
    assert_eq!((&rest["data"][0], &rest["nextCursor"]), (&all["data"][3], &json!(null)));
    for other in ["/v1/lever/syncs?cursor=made-up".to_owned(), format!("/v1/lever/syncs?cursor={cursor}"), format!("/v1/operations?cursor={cursor}")]
    {
        assert_eq!(admin.get(&other).await.expect(400).code(), "invalid_parameter", "{other}");
    }

    let stranger = story.admin(Uuid::from_u128(2));
    assert_eq!(stranger.get("/v1/lever/syncs").await.expect(200).json()["data"], json!([]));
    let id = all["data"][0]["id"].as_str().expect("an id");
    for path in [format!("/v1/lever/syncs/{id}"), format!("/v1/lever/syncs/{id}/events")] {
        assert_eq!(stranger.get(&path).await.expect(404).code(), "not_found");
    }
    for id in ["x", "00000000-0000-0000-0000-000000000000", "%00"] {
        assert_eq!(admin.get(&format!("/v1/lever/syncs/{id}")).await.expect(404).code(), "not_found");
        assert_eq!(admin.get(&format!("/v1/lever/syncs/{id}/events")).await.expect(404).code(), "not_found");
    }
    story.end().await;
}

async fn watch(person: &Person, id: &str) -> reqwest::Response {
    let request = person.http.get(format!("{}/v1/lever/syncs/{id}/events", person.base)).header(AUTHORIZATION, format!("Bearer {}", person.token));
    let response = request.send().await.expect("the service answers");
    assert_eq!((response.status().as_u16(), &response.headers()[CONTENT_TYPE]), (200, &"text/event-stream".parse().expect("a type")));
    response
}

/// Every event of a stream that has ended.
async fn events(response: reqwest::Response) -> Vec<Value> {
    let text = response.text().await.expect("the stream ends by itself");
    text.lines().filter_map(|line| line.strip_prefix("data: ")).map(|data| serde_json::from_str(data).expect("JSON")).collect()
}

#[tokio::test]
async fn a_watched_sync_is_shown_from_its_beginning_to_its_end() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let id = admin.post("/v1/lever/syncs", json!({})).await.expect(202).json()["id"].as_str().expect("an id").to_owned();
    let response = watch(&story.member(ORGANIZATION), &id).await;
    story.work().await;
    let seen = events(response).await;
    assert_eq!(seen.first().map(|run| &run["status"]), Some(&json!("queued")));
    let shown = admin.get(&format!("/v1/lever/syncs/{id}")).await.json();
    assert_eq!((seen.last(), &shown["status"]), (Some(&shown), &json!("succeeded")));
    assert!(seen.windows(2).all(|pair| pair[0] != pair[1]), "an event without a change");
    // One that has ended is shown once.
    assert_eq!(events(watch(&admin, &id).await).await, [shown]);
    story.end().await;
}

/// A stream on a sync that does not move ends with the process, and does not keep it.
#[tokio::test]
async fn a_stream_ends_with_the_process() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.fault(Fault::new("GET", "/v1/users", FaultKind::Status { code: 403, retry_after_seconds: None }));
    carry_on(&story.app.state).await;
    let id = admin.post("/v1/lever/syncs", json!({})).await.expect(202).json()["id"].as_str().expect("an id").to_owned();
    let mut stream = watch(&admin, &id).await.bytes_stream();
    assert!(stream.next().await.expect("an event").expect("bytes").starts_with(b"data: "));
    story.app.stop().await;
    while let Some(bytes) = stream.next().await {
        bytes.expect("the stream ends in order");
    }
}
