//! What a full sync copies: everything, also what changes while it reads.

use std::collections::HashSet;
use std::time::Duration;

use lever_integration::fake_lever::{LedgerEntry, NewCandidate, Options};
use serde_json::json;
use uuid::Uuid;

use crate::copy::{assert_tags, assert_whole, counted, database, ids, panels_of};
use crate::interrupt::{claim_run, crash_after, until, until_asked, work};
use crate::support::story::{Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);

#[tokio::test]
async fn a_thousand_opportunities_and_everything_around_them() {
    everything_is_copied(1_000).await;
}

/// The size that is promised; the other is enough to see what breaks.
#[tokio::test]
#[ignore = "takes minutes: cargo test --test sync -- --ignored ten_thousand"]
async fn ten_thousand_opportunities_and_everything_around_them() {
    everything_is_copied(10_000).await;
}

async fn everything_is_copied(opportunities: usize) {
    let lever = Options { requests_per_second: 0.0, opportunities, ..Options::default() };
    let story = Story::with(Setting { lever, ..Setting::default() }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.clear_ledger();
    story.work().await;
    assert_whole(&story, ORGANIZATION, 0).await;
    assert_tags(&story, ORGANIZATION, 0).await;

    let account = story.account(0);
    let counts = story.lever.counts(&account.id).expect("the account is there");
    assert_eq!(ids(&story, ORGANIZATION, "tags").await.len(), counts.tags);
    let run = admin.get("/v1/lever/syncs?kind=full").await.expect(200).json()["data"][0].clone();
    assert_eq!((&run["status"], &run["error"]), (&json!("succeeded"), &json!(null)));
    for (kind, there) in [
        ("users", counts.users),
        ("stages", counts.stages),
        ("archive_reasons", counts.archive_reasons),
        ("tags", counts.tags),
        ("feedback_templates", counts.feedback_templates),
        ("postings", counts.postings),
        ("opportunities", counts.opportunities),
        ("panels", counts.panels),
        ("notes", counts.notes),
        ("resumes", counts.resumes),
    ] {
        assert_eq!(counted(&run, kind), (there as u64, Some(there as u64)), "{kind}");
    }
    // No request was made twice, and there is about one for each hundred candidates and three for each of them.
    let sent = run["requests"].as_u64().expect("a count");
    let smallest = counts.opportunities.div_ceil(100) + 6 + 3 * counts.opportunities;
    // The regular sync that follows and the registration of webhooks included, as Lever sees it.
    let seen = story.lever.ledger().iter().filter(|entry| entry.method == "GET" && entry.path.starts_with("/v1/")).count();
    for sent in [sent, seen as u64] {
        assert!(sent as f64 <= 1.02 * smallest as f64, "{sent} requests, {smallest} would do");
    }

    // What a careless read leaves out is there, and was there to be left out.
    let here = ids(&story, ORGANIZATION, "opportunities").await;
    assert_eq!(counts.opportunities, opportunities);
    assert!(!account.confidential.is_empty() && account.confidential.iter().all(|id| here.contains(id)));
    let deactivated: i64 = sqlx::query_scalar("SELECT count(*) FROM users WHERE deactivated_at IS NOT NULL")
        .fetch_one(&mut database(&story).await)
        .await
        .expect("users");
    assert_eq!(deactivated as usize, account.users.iter().filter(|user| !user.active).count());
    assert!(deactivated > 0);
    let hidden: i64 = sqlx::query_scalar("SELECT count(*) FROM postings WHERE confidential OR raw -> 'distributionChannels' = '[\"internal\"]'")
        .fetch_one(&mut database(&story).await)
        .await
        .expect("postings");
    assert!(hidden > 1);
    let last_sync = admin.get("/v1/lever/connection").await.expect(200).json()["lastSyncAt"].clone();
    assert!(last_sync.is_string());
    story.end().await;
}

/// A kind is not shown as whole before it is: the jobs for the company only are in the second of their lists.
#[tokio::test]
async fn a_total_is_named_when_it_is_true() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.clear_ledger();
    let claim = claim_run(&story.app.state).await;
    let mut working = Box::pin(work(&story.app.state, &claim));
    // The lists of postings are read, and those of candidates are not.
    until_asked(&story.lever, |entry| entry.path == "/v1/opportunities" && entry.query.contains("updated_at_start"), &mut working).await;
    let run = admin.get("/v1/lever/syncs?kind=full").await.expect(200).json()["data"][0].clone();
    let there = admin.count("/v1/postings").await as u64;
    assert_eq!(there, story.lever.counts(&story.account(0).id).expect("counts").postings as u64);
    assert_eq!(counted(&run, "postings"), (there, Some(there)));
    let outcome = working.await.expect("no error");
    claim.finish(story.app.state.db.dispatch(), outcome, story.clock.now()).await.expect("settled");
    story.work().await;
    story.end().await;
}

/// What people work with is here before what they look up now and then: every active candidate is listed before any archived one, and
/// what hangs on them is read before anything that hangs on an archived one.
#[tokio::test]
async fn active_candidates_come_before_archived_ones() {
    let lever = Options { opportunities: 300, active_share: 0.5, requests_per_second: 0.0, ..Options::default() };
    let story = Story::with(Setting { lever, ..Setting::default() }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.clear_ledger();
    story.work().await;
    let ledger = story.lever.ledger();
    let lists = |query: &str| {
        let is_listed = |entry: &&LedgerEntry| entry.path == "/v1/opportunities" && entry.query.contains(query);
        ledger.iter().filter(is_listed).map(|entry| entry.number).collect::<Vec<_>>()
    };
    let (active, archived) = (lists("archived=false"), lists("archived=true"));
    // What the regular sync lists again is not meant.
    let pages = story.account(0).active.len().div_ceil(100);
    assert!(pages > 1 && active[pages - 1] < archived[0], "{active:?} {archived:?}");

    let account = story.account(0);
    let sets = |of: &[String]| {
        let ids: HashSet<&String> = of.iter().collect();
        let is_of = |path: &str| path.split('/').nth(3).is_some_and(|id| ids.contains(&id.to_owned())) && path.split('/').count() == 5;
        ledger.iter().filter(|entry| is_of(&entry.path)).map(|entry| entry.number).collect::<Vec<_>>()
    };
    let (active, archived) = (sets(&account.active), sets(&account.archived));
    assert_eq!((active.len(), archived.len()), (3 * account.active.len(), 3 * account.archived.len()));
    assert!(active.last() < archived.first());
    story.end().await;
}

/// Candidates who move through the list while it is read, appear, leave it or change sides are as they are in the end.
#[tokio::test]
async fn what_changes_while_it_is_read_is_found() {
    let lever = Options { opportunities: 300, active_share: 0.5, requests_per_second: 0.0, ..Options::default() };
    let story = Story::with(Setting { lever, ..Setting::default() }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.clear_ledger();
    let claim = claim_run(&story.app.state).await;
    let mut work = Box::pin(work(&story.app.state, &claim));

    // In the middle of the active ones: one moves to the pages already read, one leaves, one comes.
    assert!(until(&story.lever, 8, &mut work).await.is_none());
    let account = story.account(0);
    let inside = story.lever.inside(&account.id).quietly();
    let (first, last) = (&account.stages[0], account.stages.last().expect("stages"));
    for id in account.active.iter().rev().take(5) {
        inside.change_stage(id, first).expect("moved");
    }
    for id in account.active.iter().take(5) {
        inside.change_stage(id, last).expect("moved");
    }
    // In the middle of the panels: sides are changed, and somebody new has an interview.
    assert!(until(&story.lever, 60, &mut work).await.is_none());
    inside.archive(&account.active[10], &account.archive_reasons[0]).expect("archived");
    for id in account.archived.iter().take(5).chain(account.archived.iter().rev().take(5)) {
        inside.unarchive(id).expect("unarchived");
    }
    let newcomer = inside.add_candidate(NewCandidate { name: "Nova Example".into(), ..NewCandidate::default() }).expect("added");
    inside.schedule_panel(&newcomer, &panel(&account.users[0].id, story.clock.now().timestamp_millis())).expect("scheduled");

    let outcome = work.await.expect("Lever and the database are there");
    claim.finish(story.app.state.db.dispatch(), outcome, story.clock.now()).await.expect("settled");
    story.work().await;
    assert_whole(&story, ORGANIZATION, 0).await;
    assert!(!panels_of(&story.lever, &account.id, &[newcomer]).is_empty());
    let run = admin.get("/v1/lever/syncs?kind=full").await.json()["data"][0].clone();
    assert_eq!(run["status"], "succeeded", "{run}");
    story.end().await;
}

fn panel(interviewer: &str, now_ms: i64) -> serde_json::Value {
    json!({
        "timezone": "Europe/Lisbon",
        "interviews": [{ "interviewers": [{ "id": interviewer }], "date": now_ms + 86_400_000, "duration": 45 }],
    })
}

/// The next full sync finds what left Lever, and only that is gone.
#[tokio::test]
async fn what_left_lever_is_gone_after_the_next_sync() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    let inside = story.lever.inside(&account.id).quietly();
    for id in [&account.active[0], &account.archived[0]] {
        inside.delete_opportunity(id).expect("deleted");
    }
    story.clock.advance(Duration::from_secs(3600));
    admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    story.work().await;
    assert_whole(&story, ORGANIZATION, 0).await;
    let run = admin.get("/v1/lever/syncs?kind=full").await.json()["data"][0].clone();
    assert_eq!(counted(&run, "opportunities"), (38, Some(38)));
    story.end().await;
}

/// A run that is carried on by a machine whose clock is behind marks nothing gone that it saw.
#[tokio::test]
async fn a_clock_that_is_behind_hides_nothing() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.clear_ledger();
    // The first machine has begun the list of users and read nothing of it.
    crash_after(&story, 1).await;
    sqlx::query("UPDATE sync_steps SET began_at = began_at + interval '1 hour'").execute(&mut database(&story).await).await.expect("moved");
    story.work().await;
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}
