//! Faults on order, and the ledger that tells afterwards what really happened.

use std::time::Duration;

use lever_integration::fake_lever::{Fault, FaultKind};
use reqwest::Method;
use serde_json::Value;

use super::connected::{Connected, small};

const PANELS: &str = "/v1/opportunities/*/panels";

struct Story {
    it: Connected,
    path: String,
    opportunity: String,
    before: usize,
}

impl Story {
    /// A client about to create a panel, with this fault in its way once.
    async fn with(kind: FaultKind) -> Self {
        let it = Connected::new(small()).await;
        let opportunity = it.account.active[0].clone();
        let path = it.as_someone(&format!("/opportunities/{opportunity}/panels"));
        let before = it.lever.panels_of(&it.account.id, &opportunity).unwrap().len();
        it.lever.fault(Fault::new("POST", PANELS, kind).times(1));
        it.lever.clear_ledger();
        Self { it, path, opportunity, before }
    }

    async fn create(&self) -> reqwest::Result<reqwest::Response> {
        self.it.request(Method::POST, &self.path).json(&self.it.panel()).send().await
    }

    fn made(&self) -> usize {
        let panels = self.it.lever.panels_of(&self.it.account.id, &self.opportunity).unwrap();
        panels.len() - self.before
    }

    /// Whether the first request in the ledger was answered, and whether it was committed.
    fn ledger(&self) -> (Option<u16>, bool) {
        let entry = &self.it.lever.ledger()[0];
        (entry.status, entry.committed)
    }
}

#[tokio::test]
async fn dropped_before_the_commit_nothing_is_made() {
    let story = Story::with(FaultKind::DropBeforeCommit).await;
    assert!(story.create().await.is_err());
    assert_eq!((story.made(), story.ledger()), (0, (None, false)));
    assert_eq!(story.create().await.unwrap().status(), 201, "it happens once");
}

#[tokio::test]
async fn dropped_after_the_commit_one_is_made() {
    let story = Story::with(FaultKind::DropAfterCommit).await;
    assert!(story.create().await.is_err());
    assert_eq!((story.made(), story.ledger()), (1, (None, true)));
}

#[tokio::test]
async fn committed_late_it_appears_after_the_connection_was_dropped() {
    let story = Story::with(FaultKind::CommitLate { after: Duration::from_millis(30) }).await;
    assert!(story.create().await.is_err());
    while !story.ledger().1 {
        tokio::task::yield_now().await;
    }
    assert_eq!((story.made(), story.ledger().0), (1, None));
}

#[tokio::test]
async fn an_answer_is_what_the_test_makes_of_it() {
    let story = Story::with(FaultKind::altered(|status, body| (*status, body["data"]["note"]) = (200, "altered".into()))).await;
    let answer = story.create().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.json::<Value>().await.unwrap()["data"]["note"], "altered");
    assert_eq!((story.made(), story.ledger()), (1, (Some(200), true)));
}

#[tokio::test]
async fn any_answer_at_all_can_be_ordered_and_nothing_is_done() {
    let order = r#"{"method": "POST", "pathPattern": "/v1/opportunities/*/panels", "times": 1, "kind": "answer", "code": 400, "body": "No"}"#;
    let story = Story::with(serde_json::from_str::<Fault>(order).unwrap().kind).await;
    let answer = story.create().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap()), (400, "No".to_owned()));
    assert_eq!((story.made(), story.ledger()), (0, (Some(400), false)));
}

#[tokio::test]
async fn of_two_the_second_can_be_answered() {
    let story = Story::with(FaultKind::CommitTwiceAnswerSecond).await;
    let answered = story.create().await.unwrap().json::<Value>().await.unwrap();
    let panels = story.it.lever.panels_of(&story.it.account.id, &story.opportunity).unwrap();
    assert_eq!((story.made(), &answered["data"]["id"]), (2, &panels.last().unwrap()["id"]));
}

#[tokio::test]
async fn committed_twice_there_are_two() {
    let story = Story::with(FaultKind::CommitTwice).await;
    assert_eq!(story.create().await.unwrap().status(), 201);
    assert_eq!(story.made(), 2);
}

#[tokio::test]
async fn a_status_comes_with_or_without_the_commit() {
    let kind = FaultKind::Status { code: 503, retry_after_seconds: Some(7) };
    let story = Story::with(kind).await;
    let answer = story.create().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (503, &"7".parse().unwrap()));
    assert_eq!((story.made(), story.ledger()), (0, (Some(503), false)));
    let story = Story::with(FaultKind::StatusAfterCommit { code: 502 }).await;
    assert_eq!(story.create().await.unwrap().status(), 502);
    assert_eq!((story.made(), story.ledger()), (1, (Some(502), true)));
}

#[tokio::test]
async fn an_ordered_429_is_no_violation() {
    let story = Story::with(FaultKind::Status { code: 429, retry_after_seconds: None }).await;
    assert_eq!(story.create().await.unwrap().status(), 429);
    assert!(story.it.lever.violations().is_empty());
}

#[tokio::test]
async fn a_truncated_answer_breaks_off_and_garbage_is_html() {
    let story = Story::with(FaultKind::Truncate).await;
    let answer = story.create().await.unwrap();
    assert_eq!(answer.status(), 201);
    assert!(answer.bytes().await.is_err());
    assert_eq!(story.made(), 1);
    let story = Story::with(FaultKind::Garbage).await;
    let answer = story.create().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().starts_with("<html>"));
}

#[tokio::test]
async fn dripped_and_delayed_answers_are_whole_in_the_end() {
    let story = Story::with(FaultKind::Drip { every: Duration::from_micros(10) }).await;
    let panel: serde_json::Value = story.create().await.unwrap().json().await.unwrap();
    assert!(panel["data"]["id"].is_string());
    let story = Story::with(FaultKind::Delay { by: Duration::from_millis(5) }).await;
    assert_eq!(story.create().await.unwrap().status(), 201);
}

#[tokio::test]
async fn a_huge_answer_is_as_long_as_ordered() {
    let story = Story::with(FaultKind::Huge { bytes: 5 << 20 }).await;
    let body = story.create().await.unwrap().bytes().await.unwrap();
    assert!(body.len() >= 5 << 20);
    assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
}

#[tokio::test]
async fn a_redirect_keeps_the_path_of_the_request() {
    let kind = FaultKind::Redirect { url: "https://elsewhere.example".to_owned() };
    let story = Story::with(kind).await;
    let answer = story.create().await.unwrap();
    assert_eq!(answer.status(), 307);
    let location = answer.headers()["location"].to_str().unwrap();
    assert_eq!(location, format!("https://elsewhere.example/v1{}", story.path));
}

#[tokio::test]
async fn an_offset_can_go_bad_and_faults_can_be_cleared() {
    let it = Connected::new(small()).await;
    it.lever.fault(Fault::new("GET", "/v1/opportunities", FaultKind::BadOffset));
    for _ in 0..2 {
        let (status, body) = it.get("/opportunities").await;
        assert_eq!((status.as_u16(), body["message"].as_str()), (400, Some("Invalid offset token")));
    }
    it.lever.clear_faults();
    assert_eq!(it.get("/opportunities").await.0, 200);
}

#[tokio::test]
async fn the_token_endpoint_can_fail_too() {
    let it = Connected::new(small()).await;
    let kind = FaultKind::Status { code: 500, retry_after_seconds: None };
    it.lever.fault(Fault::new("POST", "/oauth/token", kind));
    assert_eq!(it.http.post(it.lever.token_url()).send().await.unwrap().status(), 500);
    assert_eq!(it.lever.token_calls().refresh_token, 0);
}

#[tokio::test]
async fn the_ledger_knows_who_asked_for_what() {
    let it = Connected::new(small()).await;
    it.lever.clear_ledger();
    let path = it.as_someone(&format!("/opportunities/{}/panels", it.account.active[0]));
    it.send(Method::POST, &path, &it.panel()).await;
    let entry = it.lever.ledger().remove(0);
    assert_eq!((entry.method.as_str(), entry.status), ("POST", Some(201)));
    assert_eq!(format!("{}?{}", entry.path, entry.query), format!("/v1{path}"));
    assert_eq!(entry.account.as_deref(), Some(it.account.id.as_str()));
    assert_eq!(entry.perform_as.as_deref(), Some(it.interviewers()[0]));
    assert!(entry.committed && entry.known_route && entry.fault.is_none());
    assert_eq!(entry.body_sha256.len(), 64);
}

#[tokio::test]
async fn a_stopped_server_answers_no_more() {
    let it = Connected::new(small()).await;
    it.lever.stop().await;
    assert!(it.request(Method::GET, "/users").send().await.is_err());
}
