//! What Lever sends and nobody can read: tried smaller, then left out and said; the rest goes on, and memory stays bounded.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lever_integration::fake_lever::{Fault, FaultKind, Options};
use lever_integration::jobs::Outcome;
use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::copy::{assert_listed, assert_whole, database, stored};
use crate::fresh::pass;
use crate::interrupt::carry_on;
use crate::support::story::{Person, Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);

async fn newest(person: &Person) -> Value {
    person.get("/v1/lever/syncs?kind=full").await.expect(200).json()["data"][0].clone()
}

fn warnings(run: &Value) -> Vec<(String, String)> {
    let word = |warning: &Value, name: &str| warning[name].as_str().expect("text").to_owned();
    run["warnings"].as_array().expect("warnings").iter().map(|it| (word(it, "code"), word(it, "kind"))).collect()
}

/// One set that is garbage in whatever form: said, left alone, tried again later, and read once it can be.
#[tokio::test]
async fn a_set_that_cannot_be_read_is_put_aside_and_read_later() {
    for kind in [FaultKind::Garbage, FaultKind::Huge { bytes: 30 * 1024 * 1024 }] {
        let story = Story::begin().await;
        let mut admin = story.admin(ORGANIZATION);
        story.connect(&mut admin, 0).await;
        let account = story.account(0);
        let noted = account.active.iter().find(|id| !story.lever.notes_of(&account.id, id).expect("known").is_empty()).expect("somebody has notes");
        let path = format!("/v1/opportunities/{noted}/notes");
        story.lever.fault(Fault::new("GET", &path, kind));
        story.work().await;
        let run = newest(&admin).await;
        assert_eq!((&run["status"], warnings(&run)), (&json!("succeeded"), vec![("records_skipped".into(), "notes".into())]), "{run}");
        assert_listed(&story, ORGANIZATION, 0).await;
        let there = story.lever.counts(&account.id).expect("counts").notes;
        assert!(stored(&story, ORGANIZATION, "notes").await.len() < there);
        let (reason, failures): (String, i32) =
            sqlx::query_as("SELECT reason, failures FROM sync_quarantine").fetch_one(&mut database(&story).await).await.expect("one is put aside");
        assert!(!reason.is_empty() && failures == 1);

        // Not asked again and again meanwhile.
        story.lever.clear_ledger();
        pass(&story, Duration::from_secs(600)).await;
        assert!(!story.lever.ledger().iter().any(|entry| entry.path == path));
        story.lever.clear_faults();
        admin.token = story.admin(ORGANIZATION).token;
        story.clock.advance(Duration::from_secs(3600));
        admin.token = story.admin(ORGANIZATION).token;
        admin.post("/v1/lever/syncs", json!({})).await.expect(202);
        story.work().await;
        assert_whole(&story, ORGANIZATION, 0).await;
        assert_eq!(newest(&admin).await["warnings"], json!([]));
        story.end().await;
    }
}

/// A page in the middle of a list is cut off, or comes as HTML, once or twice: it is asked for again, smaller, and nothing is missed.
#[tokio::test]
async fn a_broken_page_is_read_in_smaller_pieces() {
    let lever = Options { opportunities: 260, active_share: 0.9, requests_per_second: 0.0, ..Options::default() };
    for kind in [FaultKind::Truncate, FaultKind::Garbage, FaultKind::DropAfterCommit, FaultKind::Huge { bytes: 30 * 1024 * 1024 }] {
        let story = Story::with(Setting { lever: lever.clone(), ..Setting::default() }).await;
        let mut admin = story.admin(ORGANIZATION);
        story.connect(&mut admin, 0).await;
        // As long as a hundred are asked for.
        story.lever.fault(Fault::new("GET", "/v1/opportunities", kind).with_query("limit=100&offset="));
        story.lever.clear_ledger();
        story.work().await;
        assert_whole(&story, ORGANIZATION, 0).await;
        let run = newest(&admin).await;
        assert_eq!((&run["status"], &run["warnings"]), (&json!("succeeded"), &json!([])), "{run}");
        assert!(story.lever.ledger().iter().any(|entry| entry.query.contains("limit=25&offset=")));
        story.end().await;
    }
}

/// A list that stays broken is given up after a few tries; every other list and set is read, and what is stored of it stays.
#[tokio::test]
async fn a_list_that_stays_broken_costs_itself() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    story.clock.advance(Duration::from_secs(60));
    story.lever.fault(Fault::new("GET", "/v1/postings", FaultKind::Garbage));
    admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    for _ in 0..4 {
        story.work().await;
        story.clock.advance(Duration::from_secs(100));
    }
    let run = newest(&admin).await;
    assert_eq!(run["status"], "failed", "{run}");
    assert!(warnings(&run).contains(&("list_given_up".into(), "postings".into())), "{run}");
    assert!(run["error"].as_str().is_some_and(|said| said.contains("postings")), "{run}");
    assert_whole(&story, ORGANIZATION, 0).await;
    story.work().await;
    story.end().await;
}

/// The same page under ever new offsets.
struct Endless(AtomicUsize);

impl Respond for Endless {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let next = format!("offset-{}", self.0.fetch_add(1, Ordering::Relaxed));
        ResponseTemplate::new(200).set_body_json(json!({"data": [{"id": "s", "text": "Stage"}], "hasNext": true, "next": next}))
    }
}

#[tokio::test]
async fn a_next_that_never_ends_is_found_out() {
    let lever = MockServer::start().await;
    Mock::given(method("GET")).and(path("/v1/stages")).respond_with(Endless(AtomicUsize::new(0))).with_priority(1).mount(&lever).await;
    let empty = ResponseTemplate::new(200).set_body_json(json!({"data": [], "hasNext": false}));
    Mock::given(method("GET")).respond_with(empty).mount(&lever).await;
    let variables = vec![("LEVER_API_URL", format!("{}/v1", lever.uri()))];
    let story = Story::with(Setting { variables, ..Setting::default() }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    assert_eq!(carry_on(&story.app.state).await, Outcome::Done);
    let run = newest(&admin).await;
    assert!(run["error"].as_str().is_some_and(|said| said.contains("stages repeats itself")), "{run}");
    let asked = lever.received_requests().await.expect("recorded").iter().filter(|request| request.url.path() == "/v1/stages").count();
    assert!(asked <= 12, "asked {asked} times");
    story.app.stop().await;
}

/// Records without half of their fields, with unknown words and of other forms: the page is stored, and only what has no key is not.
#[tokio::test]
async fn odd_records_do_not_spoil_their_page() {
    let lever = MockServer::start().await;
    let page = |data: Value| ResponseTemplate::new(200).set_body_json(json!({"data": data, "hasNext": false}));
    let opportunities = json!([
        {"id": "bare"},
        {"id": "odd", "name": 7, "emails": "none", "stage": {"x": 1}, "archived": "no", "applications": null, "createdAt": "soon", "origin": "teleport"},
        {"id": "numbers", "createdAt": "1431454330072", "updatedAt": 1.5e300, "tags": [null, 3, "a\u{0}b"]},
        {"name": "no key at all"}, 17, null,
    ]);
    Mock::given(method("GET")).and(path("/v1/opportunities")).respond_with(page(opportunities)).with_priority(1).mount(&lever).await;
    Mock::given(method("GET")).respond_with(page(json!([]))).mount(&lever).await;
    let variables = vec![("LEVER_API_URL", format!("{}/v1", lever.uri()))];
    let story = Story::with(Setting { variables, ..Setting::default() }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    assert_eq!(carry_on(&story.app.state).await, Outcome::Done);
    assert_eq!(stored(&story, ORGANIZATION, "opportunities").await.into_keys().collect::<Vec<_>>(), ["bare", "numbers", "odd"]);
    let run = newest(&admin).await;
    assert_eq!(run["status"], "succeeded", "{run}");
    assert!(warnings(&run).contains(&("records_skipped".into(), "opportunities".into())), "{run}");
    story.app.stop().await;
}
