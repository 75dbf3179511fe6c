//! One record that nobody can read, in the middle of a list: it is left out and said, and everything behind it is read.

use std::sync::Mutex;
use std::time::Duration;

use lever_integration::fake_lever::{Fault, FaultKind, Options};
use lever_integration::lever;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::copy::{assert_whole, counted, ids, stored};
use crate::fresh::{INTERVAL, pass};
use crate::interrupt::{claim_run, until_asked, work};
use crate::support::story::{Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);

/// Three pages of active candidates; calls are repeated at once.
async fn begin() -> Story {
    let patience = lever::Options { backoff: Duration::from_millis(1), ..lever::Options::default() };
    let lever = Options { opportunities: 260, active_share: 0.9, requests_per_second: 0.0, ..Options::default() };
    Story::with(Setting { lever, patience, ..Setting::default() }).await
}

async fn newest(story: &Story, kind: &str) -> Value {
    story.admin(ORGANIZATION).get(&format!("/v1/lever/syncs?kind={kind}")).await.expect(200).json()["data"][0].clone()
}

fn warned_of(run: &Value) -> Vec<(&str, &str)> {
    let warnings = run["warnings"].as_array().expect("warnings");
    warnings.iter().map(|it| (it["code"].as_str().expect("text"), it["kind"].as_str().expect("text"))).collect()
}

/// Whatever holds this record spoils its answer: with 500, or with what is no list. Its key alone does not.
fn spoils(path: &str, id: &str, code: u16) -> Fault {
    spoil(path, &[id], code, 2)
}

/// As [`spoils`], of each of these, as soon as so many fields are asked for.
fn spoil(path: &str, ids: &[&str], code: u16, fields: usize) -> Fault {
    let ids: Vec<Value> = ids.iter().map(|id| json!(id)).collect();
    let is_it = move |record: &Value| ids.contains(&record["id"]) && record.as_object().is_some_and(|record| record.len() >= fields);
    let altered = FaultKind::altered(move |status, body| {
        let data = &body["data"];
        if is_it(data) || data.as_array().is_some_and(|list| list.iter().any(&is_it)) {
            (*status, *body) = (code, json!("broken"));
        }
    });
    Fault::new("GET", path, altered)
}

/// Works on the full sync until it is over: what fails is left alone for a while each time.
async fn full_sync(story: &Story) -> Value {
    for _ in 0..8 {
        story.work().await;
        let run = newest(story, "full").await;
        if run["status"] != "running" {
            return run;
        }
        story.clock.advance(Duration::from_secs(60));
    }
    panic!("the sync does not end: {}", newest(story, "full").await);
}

#[tokio::test]
async fn a_candidate_who_spoils_every_page_is_left_out_alone() {
    for code in [200, 500] {
        let story = begin().await;
        let mut admin = story.admin(ORGANIZATION);
        story.connect(&mut admin, 0).await;
        let account = story.account(0);
        let broken = &account.active[100];
        story.lever.fault(spoils("/v1/opportunities", broken, code));
        story.lever.fault(spoils("/v1/opportunities/*", broken, code));
        let run = full_sync(&story).await;
        assert_eq!((&run["status"], warned_of(&run)), (&json!("succeeded"), vec![("records_skipped", "opportunities")]), "{run}");
        let there = account.active.iter().chain(&account.archived).filter(|id| *id != broken).cloned().collect();
        assert_eq!(ids(&story, ORGANIZATION, "opportunities").await, there);

        // It can be read alone.
        story.lever.clear_faults();
        story.lever.fault(spoils("/v1/opportunities", broken, code));
        story.admin(ORGANIZATION).post("/v1/lever/syncs", json!({})).await.expect(202);
        full_sync(&story).await;
        pass(&story, INTERVAL).await;
        assert_whole(&story, ORGANIZATION, 0).await;
        story.end().await;
    }
}

/// Not even the key can be had: the list is read around it, by when its records were created.
#[tokio::test]
async fn a_candidate_whom_nothing_leads_past_is_left_out_alone() {
    let story = begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    let account = story.account(0);
    let (active, archived) = (&account.active[100], &account.archived[3]);
    story.lever.fault(spoil("/v1/opportunities", &[active, archived], 500, 1));
    let run = full_sync(&story).await;
    assert_eq!((&run["status"], warned_of(&run)), (&json!("succeeded"), vec![("records_skipped", "opportunities"); 2]), "{run}");
    assert_eq!(counted(&run, "opportunities").0, 258);
    let there = account.active.iter().chain(&account.archived).filter(|id| ![active, archived].contains(id)).cloned().collect();
    assert_eq!(ids(&story, ORGANIZATION, "opportunities").await, there);
    story.lever.clear_faults();
    story.admin(ORGANIZATION).post("/v1/lever/syncs", json!({})).await.expect(202);
    full_sync(&story).await;
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

/// The key can be had, and leads back to the same place.
fn leads_back(id: &str) -> Fault {
    let (id, places) = (json!(id), Mutex::new((Value::Null, Value::Null)));
    let altered = FaultKind::altered(move |status, body| {
        let mut places = places.lock().expect("nobody panics");
        let (first, next) = &mut *places;
        let is_it = |record: &Value| record["id"] == id;
        let Some(list) = body["data"].as_array() else { return };
        match list.iter().find(|record| is_it(record)).and_then(Value::as_object) {
            Some(record) if record.len() > 1 => (*status, *body) = (500, json!("broken")),
            Some(_) => body["next"].clone_from(next),
            // Whether others can be read is asked of the first one, from wherever the list stands.
            None if list.first().is_none_or(|record| record["id"] == *first) => {}
            None => {
                if first.is_null() {
                    first.clone_from(&list[0]["id"]);
                }
                next.clone_from(&body["next"]);
            }
        }
    });
    Fault::new("GET", "/v1/opportunities", altered).with_query("archived=false")
}

#[tokio::test]
async fn a_candidate_whose_key_leads_back_is_left_out_alone() {
    let story = begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    let account = story.account(0);
    let broken = &account.active[100];
    story.lever.fault(leads_back(broken));
    story.lever.clear_ledger();
    let run = full_sync(&story).await;
    assert_eq!((&run["status"], warned_of(&run)), (&json!("succeeded"), vec![("records_skipped", "opportunities")]), "{run}");
    let there = account.active.iter().chain(&account.archived).filter(|id| *id != broken).cloned().collect();
    assert_eq!(ids(&story, ORGANIZATION, "opportunities").await, there);
    assert_eq!(story.lever.ledger().iter().filter(|entry| entry.query.contains("include=id")).count(), 1);
    story.end().await;
}

/// A list that nobody can ask for in another order, or one by one.
#[tokio::test]
async fn a_user_who_spoils_every_page_is_left_out_alone() {
    let story = begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    let account = story.account(0);
    let broken = &account.users[30].id;
    story.lever.fault(spoils("/v1/users", broken, 200));
    let run = full_sync(&story).await;
    assert_eq!((&run["status"], warned_of(&run)), (&json!("succeeded"), vec![("records_skipped", "users")]), "{run}");
    let there = account.users.iter().map(|user| user.id.clone()).filter(|id| id != broken).collect();
    assert_eq!(ids(&story, ORGANIZATION, "users").await, there);
    story.lever.clear_faults();
    pass(&story, Duration::from_secs(1200)).await;
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

/// What changed behind it is here after one interval, and not after the next night.
#[tokio::test]
async fn a_change_that_nobody_can_read_hides_no_other() {
    let story = begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    pass(&story, INTERVAL).await;
    let account = story.account(0);
    let inside = story.lever.inside(&account.id).quietly();
    let changed = &account.active[..20];
    changed.iter().for_each(|id| inside.add_tags(id, &["Ready for a talk"]).expect("tagged"));
    let broken = &changed[7];
    story.lever.fault(spoils("/v1/opportunities", broken, 200));
    story.lever.fault(spoils("/v1/opportunities/*", broken, 200));
    pass(&story, INTERVAL).await;
    let here = stored(&story, ORGANIZATION, "opportunities").await;
    for id in changed.iter().filter(|id| *id != broken) {
        assert_eq!(here[id], story.lever.opportunity(&account.id, id).expect("known"));
    }
    let run = newest(&story, "incremental").await;
    assert!(warned_of(&run).contains(&("records_skipped", "opportunities")), "{run}");
    story.end().await;
}

/// The list of candidates alone is away, for an hour, and keys can be had of it: that is no broken record, and nobody is left out.
#[tokio::test]
async fn a_list_that_is_away_as_a_whole_is_waited_for() {
    let story = begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.clear_ledger();
    let claim = claim_run(&story.app.state).await;
    let mut working = Box::pin(work(&story.app.state, &claim));
    until_asked(&story.lever, |entry| entry.path == "/v1/opportunities" && entry.query.contains("offset="), &mut working).await;
    story.lever.fault(Fault::new("GET", "/v1/opportunities", FaultKind::Status { code: 503, retry_after_seconds: None }).with_query("expand="));
    let outcome = working.await.expect("the others are there");
    claim.finish(story.app.state.db.dispatch(), outcome, story.clock.now()).await.expect("settled");
    for _ in 0..6 {
        story.work().await;
        let run = newest(&story, "full").await;
        assert_eq!((&run["status"], &run["warnings"]), (&json!("running"), &json!([])), "{run}");
        story.clock.advance(Duration::from_secs(600));
    }
    story.lever.clear_faults();
    let run = full_sync(&story).await;
    assert_eq!((&run["status"], &run["warnings"]), (&json!("succeeded"), &json!([])), "{run}");
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}
