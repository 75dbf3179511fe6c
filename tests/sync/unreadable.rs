//! Lever, or something that answers in its place, sends nothing that can be read, whatever it is asked for: that is an outage like any
//! other. Nothing is put aside or given up for it, and everything goes on by itself once Lever is back.

use std::time::Duration;

use lever_integration::fake_lever::{Fault, FaultKind, Options};
use lever_integration::lever;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::copy::{assert_whole, database, stored};
use crate::fresh::pass;
use crate::interrupt::{claim_run, until_asked, work};
use crate::support::story::{Person, Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);

/// Calls are repeated at once.
async fn begin() -> (Story, Person) {
    let patience = lever::Options { backoff: Duration::from_millis(1), ..lever::Options::default() };
    let lever = Options { opportunities: 60, active_share: 0.5, requests_per_second: 0.0, ..Options::default() };
    let story = Story::with(Setting { lever, patience, ..Setting::default() }).await;
    let admin = story.admin(ORGANIZATION);
    (story, admin)
}

/// A page of a proxy, JSON that breaks off, JSON that is no answer of Lever's, answers that are cut off.
fn nothing_readable() -> [FaultKind; 4] {
    let answer = |body: &str| FaultKind::Answer { code: 200, body: body.to_owned() };
    [FaultKind::Garbage, answer(r#"{"data": [{"id": "x", "te"#), answer(r#"{"status": "maintenance"}"#), FaultKind::Truncate]
}

async fn newest(story: &Story, kind: &str) -> Value {
    story.admin(ORGANIZATION).get(&format!("/v1/lever/syncs?kind={kind}")).await.expect(200).json()["data"][0].clone()
}

/// Nothing is held against any list, set or run.
async fn assert_only_delayed(story: &Story) {
    let mut database = database(story).await;
    let aside: Vec<(String, String)> =
        sqlx::query_as("SELECT object, reason FROM sync_quarantine").fetch_all(&mut database).await.expect("what is put aside");
    assert_eq!(aside, []);
    let blamed: Vec<(String, i32, Option<String>)> =
        sqlx::query_as("SELECT step, failures, trouble FROM sync_steps WHERE failures > 0 OR trouble IS NOT NULL OR skipped > 0")
            .fetch_all(&mut database)
            .await
            .expect("the lists");
    assert_eq!(blamed, []);
    let ended: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT kind, error FROM sync_runs WHERE status = 'failed'").fetch_all(&mut database).await.expect("the runs");
    assert_eq!(ended, []);
}

async fn warned_of(story: &Story) -> Vec<String> {
    let connection = story.admin(ORGANIZATION).get("/v1/lever/connection").await.expect(200).json();
    connection["warnings"].as_array().expect("warnings").iter().map(|it| it["code"].as_str().expect("text").to_owned()).collect()
}

/// In the middle of what hangs on candidates, for an hour: the same requests are sent again afterwards, and nothing is missing.
#[tokio::test]
async fn nothing_readable_in_the_middle_of_a_sync_only_delays_it() {
    for kind in nothing_readable() {
        let (story, mut admin) = begin().await;
        story.connect(&mut admin, 0).await;
        story.lever.clear_ledger();
        let claim = claim_run(&story.app.state).await;
        {
            let mut working = Box::pin(work(&story.app.state, &claim));
            until_asked(&story.lever, |entry| entry.path.ends_with("/panels"), &mut working).await;
            story.lever.fault(Fault::new("GET", "/v1/**", kind));
            working.await.expect_err("Lever is away");
        }
        claim.hand_back(story.app.state.db.dispatch(), story.clock.now()).await.expect("handed back");
        for _ in 0..6 {
            story.work().await;
            assert_eq!(newest(&story, "full").await["status"], "running");
            assert_only_delayed(&story).await;
            assert!(warned_of(&story).await.contains(&"lever_unreachable".to_owned()));
            story.clock.advance(Duration::from_secs(600));
        }
        story.lever.clear_faults();
        story.work().await;
        let run = newest(&story, "full").await;
        assert_eq!((&run["status"], &run["warnings"]), (&json!("succeeded"), &json!([])), "{run}");
        assert_whole(&story, ORGANIZATION, 0).await;
        assert_eq!(warned_of(&story).await, Vec::<String>::new());
        story.end().await;
    }
}

/// From the first request on.
#[tokio::test]
async fn nothing_readable_from_the_first_list_on_gives_no_list_up() {
    for kind in nothing_readable() {
        let (story, mut admin) = begin().await;
        story.connect(&mut admin, 0).await;
        story.lever.fault(Fault::new("GET", "/v1/**", kind));
        for _ in 0..6 {
            story.work().await;
            assert_eq!(newest(&story, "full").await["status"], "running");
            assert_only_delayed(&story).await;
            story.clock.advance(Duration::from_secs(600));
        }
        story.lever.clear_faults();
        story.work().await;
        assert_eq!(newest(&story, "full").await["status"], "succeeded");
        assert_whole(&story, ORGANIZATION, 0).await;
        story.end().await;
    }
}

/// While the copy is kept fresh, and a webhook asks for a reading besides.
#[tokio::test]
async fn nothing_readable_for_a_while_only_makes_the_copy_late() {
    for kind in nothing_readable() {
        let (story, mut admin) = begin().await;
        story.connect_and_sync(&mut admin, 0).await;
        let account = story.account(0);
        story.lever.fault(Fault::new("GET", "/v1/**", kind));
        story.lever.inside(&account.id).quietly().add_tags(&account.active[1], &["Ready for a talk"]).expect("tagged");
        story.lever.inside(&account.id).quietly().delete_opportunity(&account.archived[1]).expect("deleted");
        pass(&story, Duration::from_secs(3600)).await;
        assert_only_delayed(&story).await;
        story.lever.clear_faults();
        pass(&story, Duration::from_secs(600)).await;
        assert_whole(&story, ORGANIZATION, 0).await;
        assert_only_delayed(&story).await;
        story.end().await;
    }
}

/// Nothing about notes can be read, and everything else: they rest, and no single candidate is blamed.
#[tokio::test]
async fn a_kind_of_set_that_nobody_can_read_rests() {
    let (story, mut admin) = begin().await;
    story.connect(&mut admin, 0).await;
    story.lever.fault(Fault::new("GET", "/v1/opportunities/*/notes", FaultKind::Garbage));
    story.work().await;
    let run = newest(&story, "full").await;
    assert_eq!((&run["status"], &run["warnings"]), (&json!("running"), &json!([])), "{run}");
    let counts = story.lever.counts(&story.account(0).id).expect("counts");
    for (table, there) in [("panels", counts.panels), ("resumes", counts.resumes), ("opportunities", counts.opportunities), ("notes", 0)] {
        assert_eq!(stored(&story, ORGANIZATION, table).await.len(), there, "{table}");
    }
    let aside: i64 = sqlx::query_scalar("SELECT count(*) FROM sync_quarantine").fetch_one(&mut database(&story).await).await.expect("counted");
    assert_eq!(aside, 0);
    story.lever.clear_faults();
    story.clock.advance(Duration::from_secs(60));
    story.work().await;
    assert_eq!(newest(&story, "full").await["status"], "succeeded");
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}
