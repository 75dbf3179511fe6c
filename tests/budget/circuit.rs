//! A Lever that is away: nobody waits for it, it is asked now and then, and when it is back everything goes on at once (checks 13, 34).

use std::time::Duration;

use lever_integration::accounts;
use lever_integration::connect;
use lever_integration::fake_lever::{Fault, FaultKind};
use lever_integration::lever::{Error, Lane, Paging};
use serde_json::Value;
use uuid::Uuid;

use crate::support::story::{Person, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);
/// Longer than the longest pause between two probes.
const PROBE: Duration = Duration::from_secs(31);
const UNSEEN: &str = "/v1/opportunities/not-seen-yet";

async fn standing(person: &Person) -> (String, Vec<String>) {
    let shown = person.get("/v1/lever/connection").await.expect(200).json();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let codes = shown["warnings"].as_array().expect("a list").iter().map(|warning| text(&warning["code"])).collect();
    (text(&shown["status"]), codes)
}

#[tokio::test]
async fn during_an_outage_nobody_waits_and_afterwards_everything_goes_on() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    story.lever.inside(&account.id).quietly().change_stage(&account.active[0], &account.stages[2]).expect("moved");
    story.lever.fault(Fault::new("*", "/v1/**", FaultKind::Status { code: 503, retry_after_seconds: None }));
    story.clock.advance(Duration::from_secs(300));
    story.work().await;

    // The first person finds it so as well; the next one is told at once, and Lever is not asked.
    admin.get(UNSEEN).await.expect(503);
    story.lever.clear_ledger();
    let refused = admin.get(UNSEEN).await.expect(503);
    assert_eq!(refused.code(), "lever_unavailable");
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=30).contains(&wait), "{wait}");
    let note = admin.post(&format!("/v1/opportunities/{}/notes", account.active[0]), serde_json::json!({"value": "Call back."})).await.expect(503);
    assert_eq!(note.code(), "lever_unavailable");
    assert_eq!(standing(&admin).await, ("degraded".to_owned(), vec!["lever_unreachable".to_owned()]));
    admin.sign_in().await;
    assert!(admin.browse("/integrations").await.expect(200).text.contains("Lever has not answered since"));
    accounts::probe_due(&story.app.state).await;
    assert_eq!(story.lever.ledger().len(), 0, "too early");

    // One request now and then finds out.
    for probes in 1..=2 {
        story.clock.advance(PROBE);
        accounts::probe_due(&story.app.state).await;
        assert_eq!(story.lever.ledger().len(), probes);
    }
    connect::tend_due(&story.app.state).await.expect("the database is there");
    assert_eq!(standing(&admin).await.0, "degraded");

    // What failed meanwhile is due again, however long its pause had become.
    story.lever.clear_faults();
    story.clock.advance(PROBE);
    accounts::probe_due(&story.app.state).await;
    story.work().await;
    let moved = admin.get(&format!("/v1/opportunities/{}", account.active[0])).await.expect(200).json();
    assert_eq!(moved["stage"]["id"], account.stages[2].as_str());
    admin.get(UNSEEN).await.expect(404);
    assert_eq!(standing(&admin).await, ("connected".to_owned(), vec![]));
    story.end().await;
}

/// A replica that dies during an outage cannot say that it is over; the next one does, with its first answer.
#[tokio::test]
async fn the_warning_goes_with_the_first_answer_that_anybody_gets() {
    let setting = crate::support::story::Setting::default();
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let (second, _) = story.replica(&setting).await;
    story.lever.fault(Fault::new("*", "/v1/**", FaultKind::DropBeforeCommit));
    story.clock.advance(Duration::from_secs(300));
    story.work().await;
    assert_eq!(standing(&admin).await.0, "degraded");
    story.lever.clear_faults();
    let account = crate::saturate::account(&second, lever_integration::lever::Lane::Person).await;
    account.list_stages(&lever_integration::lever::Paging::first()).await.expect("answered");
    assert_eq!(standing(&admin).await, ("connected".to_owned(), vec![]));
    second.stop().await;
    story.app.stop().await;
    story.lever.stop().await;
}

/// Two lists that always fail while nothing else is asked are no outage: people's reads go on, and so do writes, after a look.
#[tokio::test]
async fn lists_that_are_broken_refuse_no_person() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    for path in ["/v1/users", "/v1/tags"] {
        story.lever.fault(Fault::new("GET", path, FaultKind::Status { code: 503, retry_after_seconds: None }));
    }
    for writes in [false, true] {
        let background = crate::saturate::account(&story.app, Lane::FirstSync).await;
        background.list_users(&Paging::first()).await.map(drop).expect_err("broken");
        background.list_tags(&Paging::first()).await.map(drop).expect_err("broken");
        assert!(matches!(background.list_stages(&Paging::first()).await.map(drop), Err(Error::Down { .. })), "it looks like an outage");
        if writes {
            admin.post(&format!("/v1/opportunities/{}/notes", account.active[0]), serde_json::json!({"value": "Call back."})).await.expect(201);
        } else {
            admin.get(UNSEEN).await.expect(404);
        }
        background.list_stages(&Paging::first()).await.map(drop).expect("the person found out for everybody");
    }
    story.lever.clear_faults();
    story.work().await;
    story.end().await;
}
