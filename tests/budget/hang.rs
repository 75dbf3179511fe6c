//! A Lever that never answers one organization (check 34): the others notice nothing, its people are told soon, and nothing is lost.

use std::time::Duration;

use lever_integration::accounts;
use lever_integration::fake_lever::{Fault, FaultKind, Options};
use lever_integration::lever::{self, Patience};
use serde_json::json;
use uuid::Uuid;

use crate::support::story::{Person, Setting, Story};

const HANGING: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);
/// Longer than the longest pause between two probes.
const PROBE: Duration = Duration::from_secs(31);
const UNSEEN: &str = "/v1/opportunities/not-seen-yet";

/// Two accounts, and a service that does not wait for long.
fn setting() -> Setting {
    let patience = Patience { token: Duration::from_secs(4), request: Duration::from_secs(1), total: Duration::from_secs(4), tries: 2 };
    Setting {
        lever: Options { accounts: 2, opportunities: 40, ..Setting::default().lever },
        patience: lever::Options { person: patience, bulk: patience, ..lever::Options::default() },
        ..Setting::default()
    }
}

async fn stage(person: &Person, opportunity: &str) -> String {
    let shown = person.get(&format!("/v1/opportunities/{opportunity}")).await.expect(200).json();
    shown["stage"]["id"].as_str().expect("a stage").to_owned()
}

async fn status(person: &Person) -> String {
    person.get("/v1/lever/connection").await.expect(200).json()["status"].as_str().expect("a status").to_owned()
}

#[tokio::test]
async fn a_lever_that_hangs_for_one_organization_is_its_trouble_alone() {
    let story = Story::with(setting()).await;
    let (mut hanging, mut other) = (story.admin(HANGING), story.admin(OTHER));
    story.connect_and_sync(&mut hanging, 0).await;
    story.connect_and_sync(&mut other, 1).await;
    let accounts = [story.account(0), story.account(1)];
    for account in &accounts {
        let inside = story.lever.inside(&account.id).quietly();
        inside.change_stage(&account.active[0], &account.stages[2]).expect("moved");
    }
    story.lever.fault(Fault::new("*", "/v1/**", FaultKind::RequestHeld).for_account(&accounts[0].id));
    story.clock.advance(Duration::from_secs(300));

    // While the jobs of the one hang, people of the other read and schedule.
    let beside = async {
        story.lever.wait_held(1).await;
        let path = format!("/v1/opportunities/{}", accounts[1].active[1]);
        other.get(&path).await.expect(200);
        let start = (story.clock.now() + chrono::TimeDelta::days(1)).to_rfc3339();
        let talk = json!({"start": start, "durationMinutes": 45, "interviewers": [{"id": accounts[1].super_admin().id}]});
        other.post(&format!("{path}/panels"), json!({"timezone": "Europe/Lisbon", "interviews": [talk]})).await.expect(201);
        other.get(UNSEEN).await.expect(404);
    };
    tokio::join!(story.work(), beside);
    assert_eq!(stage(&other, &accounts[1].active[0]).await, accounts[1].stages[2], "as fresh as ever");
    assert_ne!(stage(&hanging, &accounts[0].active[0]).await, accounts[0].stages[2]);

    // The circuit is open: the first person waits for a moment, the next is told at once.
    hanging.get(UNSEEN).await.expect(503);
    story.lever.clear_ledger();
    let refused = hanging.get(UNSEEN).await.expect(503);
    assert_eq!(refused.code(), "lever_unavailable");
    assert!((1..=30).contains(&refused.header("retry-after").parse::<u64>().expect("seconds")));
    assert_eq!((status(&hanging).await.as_str(), status(&other).await.as_str()), ("degraded", "connected"));
    accounts::probe_due(&story.app.state).await;
    assert_eq!(story.lever.ledger().len(), 0, "too early");
    // It is half open for one request now and then.
    story.clock.advance(PROBE);
    accounts::probe_due(&story.app.state).await;
    assert_eq!(story.lever.ledger().len(), 1);
    hanging.get(UNSEEN).await.expect(503);
    assert_eq!(story.lever.ledger().len(), 1);

    story.lever.clear_faults();
    story.lever.release().await;
    story.clock.advance(PROBE);
    accounts::probe_due(&story.app.state).await;
    story.work().await;
    assert_eq!(stage(&hanging, &accounts[0].active[0]).await, accounts[0].stages[2], "what changed meanwhile is here");
    hanging.get(UNSEEN).await.expect(404);
    assert_eq!(status(&hanging).await, "connected");
    story.end().await;
}
