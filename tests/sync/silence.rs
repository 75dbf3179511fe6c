//! Lever is silent about one thing and answers all others: it costs that one thing, and nothing waits for it. Only when Lever is
//! silent about everything does the sync wait.

use std::time::Duration;

use lever_integration::fake_lever::{Fault, FaultKind};
use lever_integration::jobs::Outcome;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::copy::{assert_listed, assert_whole, database, stored};
use crate::fresh::pass;
use crate::interrupt::{claim_run, until_asked, work};
use crate::support::story::{Person, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);

async fn newest(person: &Person, kind: &str) -> Value {
    person.get(&format!("/v1/lever/syncs?kind={kind}")).await.expect(200).json()["data"][0].clone()
}

fn status(path: &str, code: u16) -> Fault {
    Fault::new("GET", path, FaultKind::Status { code, retry_after_seconds: None })
}

fn warned_of(run: &Value) -> Vec<(&str, &str)> {
    let warnings = run["warnings"].as_array().expect("warnings");
    warnings.iter().map(|it| (it["code"].as_str().expect("text"), it["kind"].as_str().expect("text"))).collect()
}

/// Works on the full sync until it is over. Where hardly anything else is asked for, several silences in a row look like a Lever that is
/// away: then it takes a minute more.
async fn full_sync(story: &Story, person: &Person) -> Value {
    for _ in 0..5 {
        story.work().await;
        let run = newest(person, "full").await;
        if run["status"] != "running" {
            return run;
        }
        story.clock.advance(Duration::from_secs(60));
    }
    panic!("the sync does not end: {}", newest(person, "full").await);
}

async fn put_aside(story: &Story) -> Vec<(String, String)> {
    sqlx::query_as("SELECT object, opportunity_id FROM sync_quarantine ORDER BY object")
        .fetch_all(&mut database(story).await)
        .await
        .expect("what is put aside")
}

/// Three sets that never come, each in another way: put aside and said. The next full sync that somebody asks for tries them again.
#[tokio::test]
async fn sets_that_never_come_cost_themselves() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    let account = story.account(0);
    let inside = story.lever.inside(&account.id).quietly();
    let (failing, cut, lost) = (&account.active[0], &account.active[1], &account.archived[0]);
    inside.add_note(failing, "Asked for a later start.", false).expect("noted");
    inside.add_resume(cut, "Otto Example", true).expect("filed");
    inside.add_note(lost, "Would come back.", false).expect("noted");
    story.lever.fault(status(&format!("/v1/opportunities/{failing}/notes"), 500));
    story.lever.fault(Fault::new("GET", &format!("/v1/opportunities/{cut}/resumes"), FaultKind::Truncate));
    story.lever.fault(Fault::new("GET", &format!("/v1/opportunities/{lost}/panels"), FaultKind::DropAfterCommit));
    let run = full_sync(&story, &admin).await;
    assert_eq!(run["status"], "succeeded", "{run}");
    assert_eq!(warned_of(&run), [("records_skipped", "panels"), ("records_skipped", "notes"), ("records_skipped", "resumes")]);
    assert_listed(&story, ORGANIZATION, 0).await;
    let aside = |kind: &str, id: &String| (kind.to_owned(), id.clone());
    assert_eq!(put_aside(&story).await, [aside("notes", failing), aside("panels", lost), aside("resumes", cut)]);

    // Still held back from the regular sync, and still broken: the full one says so again.
    story.lever.clear_faults();
    story.lever.fault(status(&format!("/v1/opportunities/{failing}/notes"), 500));
    admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    assert_eq!(warned_of(&full_sync(&story, &admin).await), [("records_skipped", "notes")]);
    story.lever.clear_faults();
    admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    assert_eq!(full_sync(&story, &admin).await["warnings"], json!([]));
    assert_whole(&story, ORGANIZATION, 0).await;
    assert_eq!(put_aside(&story).await, []);
    story.end().await;
}

/// What was put aside is read again by the regular sync, once its pause is over.
#[tokio::test]
async fn what_was_put_aside_comes_by_itself() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    let account = story.account(0);
    let archived = &account.archived[0];
    story.lever.inside(&account.id).quietly().add_note(archived, "Would come back.", false).expect("noted");
    story.lever.fault(status(&format!("/v1/opportunities/{archived}/notes"), 403));
    // One candidate who is kept from us is no missing permission.
    let run = full_sync(&story, &admin).await;
    assert_eq!((&run["status"], warned_of(&run)), (&json!("succeeded"), vec![("records_skipped", "notes")]), "{run}");
    story.lever.clear_faults();
    pass(&story, Duration::from_secs(2000)).await;
    assert_whole(&story, ORGANIZATION, 0).await;
    assert_eq!(put_aside(&story).await, []);
    story.end().await;
}

/// A list that never comes: everything else is read, the regular sync goes on, and after hours the list is given up.
#[tokio::test]
async fn a_list_that_never_comes_keeps_nothing_waiting() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.fault(status("/v1/tags", 500));
    story.work().await;
    let run = newest(&admin, "full").await;
    assert_eq!((&run["status"], &run["error"]), (&json!("running"), &json!(null)), "{run}");
    assert_whole(&story, ORGANIZATION, 0).await;

    let account = story.account(0);
    story.lever.inside(&account.id).quietly().change_stage(&account.active[0], account.stages.last().expect("stages")).expect("moved");
    pass(&story, Duration::from_secs(132)).await;
    assert_whole(&story, ORGANIZATION, 0).await;
    assert_eq!(newest(&admin, "full").await["status"], "running");

    // As after hours of it.
    sqlx::query("UPDATE sync_steps SET failures = 9 WHERE step = 'tags' AND NOT done").execute(&mut database(&story).await).await.expect("counted");
    pass(&story, Duration::from_secs(264)).await;
    let run = newest(&admin, "full").await;
    assert_eq!(run["status"], "failed", "{run}");
    assert!(run["error"].as_str().is_some_and(|said| said.contains("tags could not be read")), "{run}");
    story.lever.clear_faults();
    pass(&story, Duration::from_secs(132)).await;
    story.end().await;
}

/// So does the list that Lever is asked for when it seems to be away.
#[tokio::test]
async fn the_list_that_shows_whether_lever_is_there_may_be_the_broken_one() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.fault(status("/v1/stages", 500));
    story.work().await;
    assert_eq!(newest(&admin, "full").await["status"], "running");
    assert_eq!(stored(&story, ORGANIZATION, "opportunities").await.len(), 40);
    sqlx::query("UPDATE sync_steps SET failures = 9 WHERE step = 'stages' AND NOT done").execute(&mut database(&story).await).await.expect("counted");
    let run = full_sync(&story, &admin).await;
    assert!(run["error"].as_str().is_some_and(|said| said.contains("stages could not be read")), "{run}");
    story.lever.clear_faults();
    pass(&story, Duration::from_secs(132)).await;
    story.end().await;
}

/// A list of changes that never comes does not keep the regular sync from reading the others, nor for ever in one run.
#[tokio::test]
async fn a_list_of_changes_that_never_comes_is_left_to_the_next_run() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    let inside = story.lever.inside(&account.id).quietly();
    story.lever.fault(Fault::new("GET", "/v1/opportunities/deleted", FaultKind::Truncate));
    inside.add_tags(&account.active[1], &["Ready for a talk"]).expect("tagged");
    inside.delete_opportunity(&account.archived[1]).expect("deleted");
    pass(&story, Duration::from_secs(132)).await;
    let run = newest(&admin, "incremental").await;
    assert_eq!(run["status"], "failed", "{run}");
    let tagged = &account.active[1];
    assert_eq!(stored(&story, ORGANIZATION, "opportunities").await[tagged], story.lever.opportunity(&account.id, tagged).expect("known"));
    story.lever.clear_faults();
    pass(&story, Duration::from_secs(132)).await;
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

/// Notes of nobody come: that is not held against single candidates. They rest, everything else is read, and then they come.
#[tokio::test]
async fn a_kind_of_set_that_never_comes_rests() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.fault(status("/v1/opportunities/*/notes", 503));
    story.work().await;
    let run = newest(&admin, "full").await;
    assert_eq!((&run["status"], warned_of(&run)), (&json!("running"), vec![]), "{run}");
    let counts = story.lever.counts(&story.account(0).id).expect("counts");
    for (table, there) in [("panels", counts.panels), ("resumes", counts.resumes), ("opportunities", counts.opportunities), ("notes", 0)] {
        assert_eq!(stored(&story, ORGANIZATION, table).await.len(), there, "{table}");
    }
    assert_eq!(put_aside(&story).await, []);
    story.lever.clear_faults();
    story.clock.advance(Duration::from_secs(60));
    story.work().await;
    assert_eq!(newest(&admin, "full").await["status"], "succeeded");
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

/// Lever goes away altogether in the middle: nothing is given up, put aside or counted against anything.
#[tokio::test]
async fn a_real_outage_only_delays() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.clear_ledger();
    let claim = claim_run(&story.app.state).await;
    let mut working = Box::pin(work(&story.app.state, &claim));
    until_asked(&story.lever, |entry| entry.path.ends_with("/panels"), &mut working).await;
    story.lever.fault(status("/v1/**", 503));
    let error = working.await.expect_err("Lever is away").to_string();
    claim.fail(story.app.state.db.dispatch(), &error, None, story.clock.now()).await.expect("settled");
    assert_eq!(newest(&admin, "full").await["status"], "running");
    assert_eq!(put_aside(&story).await, []);
    story.lever.clear_faults();
    story.clock.advance(Duration::from_secs(3600));
    admin.token = story.admin(ORGANIZATION).token;
    story.work().await;
    let run = newest(&admin, "full").await;
    assert_eq!((&run["status"], &run["warnings"]), (&json!("succeeded"), &json!([])), "{run}");
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

/// Any 400 for a page in the middle of a list is about its offset, whatever Lever calls it: the list is begun again.
#[tokio::test]
async fn a_refused_page_in_the_middle_begins_its_list_again() {
    let lever = lever_integration::fake_lever::Options { opportunities: 260, active_share: 0.9, requests_per_second: 0.0, ..Default::default() };
    let story = Story::with(crate::support::story::Setting { lever, ..Default::default() }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.fault(status("/v1/opportunities", 400).with_query("offset=").times(1));
    let claim = claim_run(&story.app.state).await;
    assert_eq!(work(&story.app.state, &claim).await.expect("no error"), Outcome::Done);
    claim.finish(story.app.state.db.dispatch(), Outcome::Done, story.clock.now()).await.expect("settled");
    let run = newest(&admin, "full").await;
    assert_eq!((&run["status"], &run["warnings"]), (&json!("succeeded"), &json!([])), "{run}");
    assert_whole(&story, ORGANIZATION, 0).await;
    story.work().await;
    story.end().await;
}
