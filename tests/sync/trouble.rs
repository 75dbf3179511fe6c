//! Lever away, Lever refusing, Lever sending what cannot be read: what it costs, and what is said.

use std::time::Duration;

use lever_integration::fake_lever::{Fault, FaultKind, Options};
use lever_integration::jobs::Outcome;
use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::copy::{assert_whole, counted, ids};
use crate::interrupt::{carry_on, claim_run, until, until_asked, work};
use crate::support::story::{Person, Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);

/// Three pages of active candidates.
fn setting() -> Setting {
    Setting { lever: Options { opportunities: 260, active_share: 0.9, requests_per_second: 0.0, ..Options::default() }, ..Setting::default() }
}

async fn newest(person: &Person) -> Value {
    person.get("/v1/lever/syncs?kind=full").await.expect(200).json()["data"][0].clone()
}

fn status(path: &str, code: u16) -> Fault {
    Fault::new("GET", path, FaultKind::Status { code, retry_after_seconds: None })
}

#[tokio::test]
async fn an_offset_that_dies_begins_its_list_again() {
    let story = Story::with(setting()).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.clear_ledger();
    let claim = claim_run(&story.app.state).await;
    {
        let mut working = Box::pin(work(&story.app.state, &claim));
        // The first page of candidates is under way.
        assert!(until(&story.lever, 8, &mut working).await.is_none());
        story.lever.fault(Fault::new("GET", "/v1/opportunities", FaultKind::BadOffset).times(2));
        assert_eq!(working.await.expect("no error"), Outcome::Done);
    }
    claim.finish(story.app.state.db.dispatch(), Outcome::Done, story.clock.now()).await.expect("settled");
    story.lever.clear_faults();
    assert_whole(&story, ORGANIZATION, 0).await;
    let run = newest(&admin).await;
    assert_eq!((&run["status"], counted(&run, "opportunities")), (&json!("succeeded"), (260, Some(260))));
    story.work().await;
    story.end().await;
}

/// A list that never gets to its end costs itself, and the run says so; nothing is taken for gone.
#[tokio::test]
async fn offsets_that_always_die_cost_their_list_and_nothing_else() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let last_sync = admin.get("/v1/lever/connection").await.json()["lastSyncAt"].clone();
    story.clock.advance(Duration::from_secs(60));
    story.lever.fault(Fault::new("GET", "/v1/postings", FaultKind::BadOffset));
    admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    story.work().await;
    let run = newest(&admin).await;
    assert_eq!(run["status"], "failed");
    assert!(run["error"].as_str().is_some_and(|said| said.contains("postings")), "{run}");
    assert_eq!(counted(&run, "postings").1, None);
    assert_eq!(counted(&run, "opportunities"), (40, Some(40)));
    assert_whole(&story, ORGANIZATION, 0).await;
    assert_eq!(admin.get("/v1/lever/connection").await.json()["lastSyncAt"], last_sync);
    story.end().await;
}

#[tokio::test]
async fn a_refused_list_costs_itself_and_is_named() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.fault(status("/v1/tags", 403));
    story.work().await;
    let run = newest(&admin).await;
    assert_eq!(run["status"], "failed");
    assert!(run["error"].as_str().is_some_and(|said| said.contains("tags (status 403)")), "{run}");
    assert_eq!(counted(&run, "opportunities"), (40, Some(40)));
    // Once it is mended, the next sync is whole.
    story.lever.clear_faults();
    admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    story.work().await;
    assert_whole(&story, ORGANIZATION, 0).await;
    assert_eq!(newest(&admin).await["status"], "succeeded");
    story.end().await;
}

/// Garbage is asked for again, later, a few times; only then is the list given up.
#[tokio::test]
async fn garbage_is_not_believed_at_once() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.fault(Fault::new("GET", "/v1/stages", FaultKind::Garbage));
    story.work().await;
    assert_eq!(newest(&admin).await["status"], "running");
    story.clock.advance(Duration::from_secs(3600));
    story.work().await;
    assert_eq!(newest(&admin).await["status"], "running");
    story.clock.advance(Duration::from_secs(3600));
    story.work().await;
    let run = newest(&admin).await;
    assert_eq!(run["status"], "failed");
    assert!(run["error"].as_str().is_some_and(|said| said.contains("stages could not be read")), "{run}");
    assert_eq!(counted(&run, "users").1, Some(story.account(0).users.len() as u64));
    assert_eq!(ids(&story, ORGANIZATION, "opportunities").await.len(), 40);
    story.end().await;
}

/// One opportunity whose panels cannot be read is counted and left as it was; the others are read.
#[tokio::test]
async fn panels_that_cannot_be_read_cost_one_opportunity() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    let broken = account.active.iter().find(|id| !story.lever.panels_of(&account.id, id).expect("known").is_empty()).expect("somebody has panels");
    story.clock.advance(Duration::from_secs(60));
    story.lever.fault(status(&format!("/v1/opportunities/{broken}/panels"), 422));
    admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    story.work().await;
    let run = newest(&admin).await;
    assert_eq!(run["status"], "succeeded");
    let panels = run["objects"].as_array().expect("a list").iter().find(|object| object["kind"] == "panels").expect("panels").clone();
    let left = story.lever.panels_of(&account.id, broken).expect("known").len();
    let there = story.lever.counts(&account.id).expect("counts").panels_of_active;
    assert_eq!((&panels["skipped"], &panels["synced"]), (&json!(1), &json!(there - left)));
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

/// Without the right to read panels, not every opportunity is asked about.
#[tokio::test]
async fn panels_that_are_refused_are_given_up_soon() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.clear_ledger();
    story.lever.fault(status("/v1/opportunities/*/panels", 403));
    assert_eq!(carry_on(&story.app.state).await, Outcome::Done);
    let asked = story.lever.ledger().iter().filter(|entry| entry.path.ends_with("/panels")).count();
    // Five in a row are proof enough; as many as are under way at once may follow.
    assert!(asked <= 20, "asked {asked} times");
    let run = newest(&admin).await;
    assert_eq!(run["status"], "failed");
    assert!(run["error"].as_str().is_some_and(|said| said.contains("panels (status 403)")), "{run}");
    assert_eq!(ids(&story, ORGANIZATION, "opportunities").await.len(), 40);
    story.work().await;
    story.end().await;
}

/// An opportunity that was deleted between its page and its panels is gone, and no failure.
#[tokio::test]
async fn an_opportunity_that_vanishes_before_its_panels_are_read_is_gone() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.clear_ledger();
    let claim = claim_run(&story.app.state).await;
    let mut working = Box::pin(work(&story.app.state, &claim));
    // The panels' turn has just begun; the last opportunity's is far off.
    until_asked(&story.lever, |entry| entry.path.ends_with("/panels"), &mut working).await;
    let account = story.account(0);
    let last = account.active.iter().max().expect("somebody is active");
    story.lever.inside(&account.id).quietly().delete_opportunity(last).expect("deleted");
    assert_eq!(working.await.expect("no error"), Outcome::Done);
    claim.finish(story.app.state.db.dispatch(), Outcome::Done, story.clock.now()).await.expect("settled");
    let run = newest(&admin).await;
    assert_eq!((&run["status"], counted(&run, "opportunities")), (&json!("succeeded"), (39, Some(39))));
    assert_whole(&story, ORGANIZATION, 0).await;
    story.work().await;
    story.end().await;
}

/// Lever is away for hours: the run waits, and goes on where it was.
#[tokio::test]
async fn lever_being_away_only_delays() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.fault(status("/v1/opportunities", 503));
    for _ in 0..3 {
        story.work().await;
        let run = newest(&admin).await;
        assert_eq!((&run["status"], &run["error"]), (&json!("running"), &json!(null)));
        story.clock.advance(Duration::from_secs(3600));
        admin.token = story.admin(ORGANIZATION).token;
    }
    story.lever.clear_faults();
    story.lever.clear_ledger();
    story.work().await;
    assert_eq!(newest(&admin).await["status"], "succeeded");
    // The regular sync, which has begun meanwhile, reads each small list once, beside this one and after it.
    let again = story.lever.ledger().iter().filter(|entry| entry.path == "/v1/users").count();
    assert!(again <= 2, "what was read before is read again: {again}");
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

#[tokio::test]
async fn a_dead_grant_fails_the_run_and_says_what_to_do() {
    let story = Story::with(setting()).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.clear_ledger();
    let claim = claim_run(&story.app.state).await;
    let mut working = Box::pin(work(&story.app.state, &claim));
    assert!(until(&story.lever, 8, &mut working).await.is_none());
    story.lever.revoke_grant(&story.account(0).id);
    assert_eq!(working.await.expect("no error"), Outcome::Done);
    claim.finish(story.app.state.db.dispatch(), Outcome::Done, story.clock.now()).await.expect("settled");
    let run = newest(&admin).await;
    assert_eq!(run["status"], "failed");
    assert!(run["error"].as_str().is_some_and(|said| said.contains("Reconnect")), "{run}");
    story.work().await;
    story.end().await;
}

/// A list whose pages lead in a circle is found out.
#[tokio::test]
async fn a_list_without_an_end_is_given_up() {
    let lever = MockServer::start().await;
    let page = |body: Value| ResponseTemplate::new(200).set_body_json(body);
    let stages = |next: &str| page(json!({"data": [{"id": format!("before-{next}"), "text": "Sourced"}], "hasNext": true, "next": next}));
    for (offset, next) in [("a", "b"), ("b", "c"), ("c", "a")] {
        let at = Mock::given(method("GET")).and(path("/v1/stages")).and(query_param("offset", offset));
        at.respond_with(stages(next)).with_priority(1).mount(&lever).await;
    }
    Mock::given(method("GET")).and(path("/v1/stages")).respond_with(stages("a")).with_priority(2).mount(&lever).await;
    Mock::given(method("GET")).respond_with(page(json!({"data": [], "hasNext": false}))).mount(&lever).await;
    let variables = vec![("LEVER_API_URL", format!("{}/v1", lever.uri()))];
    let story = Story::with(Setting { variables, ..Setting::default() }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    assert_eq!(carry_on(&story.app.state).await, Outcome::Done);
    let run = newest(&admin).await;
    assert_eq!(run["status"], "failed");
    assert!(run["error"].as_str().is_some_and(|said| said.contains("stages repeats itself")), "{run}");
    let asked = lever.received_requests().await.expect("recorded").iter().filter(|request| request.url.path() == "/v1/stages").count();
    assert_eq!(asked, 4);
    story.app.stop().await;
}
