//! All webhooks lost: every change made at Lever is in the copy within its period, and what did not change costs next to nothing.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lever_integration::fake_lever::{NewCandidate, Options};
use lever_integration::ids::TenantId;
use lever_integration::jobs::{self, Job};
use lever_integration::sync;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::copy::{assert_whole, database, stored};
use crate::support::story::{Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);
/// An incremental sync's interval: however it varies, the next one begins within it.
pub const INTERVAL: Duration = Duration::from_secs(120);

/// Lets the time pass, with the regular syncs in it.
pub async fn pass(story: &Story, span: Duration) {
    let mut left = span;
    while !left.is_zero() {
        let step = left.min(INTERVAL);
        story.clock.advance(step);
        story.work().await;
        left -= step;
    }
}

fn panel(interviewer: &str, at_ms: i64, note: &str) -> Value {
    json!({ "timezone": "Europe/Lisbon", "note": note,
            "interviews": [{ "interviewers": [{ "id": interviewer }], "date": at_ms, "duration": 45 }] })
}

/// What a person changes in Lever's own pages and a list of changes shows: within one interval.
#[tokio::test]
async fn what_lists_show_is_here_after_one_interval() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    pass(&story, INTERVAL).await;
    let account = story.account(0);
    let inside = story.lever.inside(&account.id).quietly();
    let of = |n: usize| account.active[n].clone();
    let contact = |id: &str| story.lever.opportunity(&account.id, id).expect("known")["contact"].as_str().expect("a contact").to_owned();

    let (moved, archived, tagged, renamed, deleted, forgotten) = (of(0), of(1), of(2), of(3), of(4), of(5));
    let unarchived = account.archived[0].clone();
    let (renamed_contact, forgotten_contact) = (contact(&renamed), contact(&forgotten));
    inside.change_stage(&moved, account.stages.last().expect("stages")).expect("moved");
    inside.archive(&archived, &account.archive_reasons[0]).expect("archived");
    inside.unarchive(&unarchived).expect("unarchived");
    inside.add_tags(&tagged, &["Ready for a talk"]).expect("tagged");
    inside.edit_contact(&renamed_contact, Some("Rhea Example"), Some(&["rhea@people.example".into()])).expect("renamed");
    inside.delete_opportunity(&deleted).expect("deleted");
    inside.anonymize(&forgotten_contact).expect("anonymized");
    let postings = stored(&story, ORGANIZATION, "postings").await;
    let in_channels =
        |channels: Value| postings.iter().find(|(_, posting)| posting["distributionChannels"] == channels).expect("there is one").0.clone();
    let (public, internal) = (in_channels(json!(["public", "internal"])), in_channels(json!(["internal"])));
    inside.rename_posting(&public, "Gardener").expect("renamed");
    inside.rename_posting(&internal, "Head gardener").expect("renamed");
    let new = inside.add_candidate(NewCandidate { name: "Nova Example".into(), ..NewCandidate::default() }).expect("added");
    inside.add_note(&new, "Met at the fair.", false).expect("noted");
    inside.add_resume(&new, "Nova Example, gardener", true).expect("filed");

    pass(&story, INTERVAL).await;
    let here = stored(&story, ORGANIZATION, "opportunities").await;
    let there = |id: &str| story.lever.opportunity(&account.id, id).expect("known");
    assert_eq!(here[&moved], there(&moved), "a stage");
    assert!(here[&archived]["archived"].is_object(), "an archived candidate");
    assert!(here[&unarchived]["archived"].is_null(), "an unarchived candidate");
    assert_eq!(here[&tagged], there(&tagged), "tags");
    assert_eq!(stored(&story, ORGANIZATION, "contacts").await[&renamed_contact]["name"], "Rhea Example", "a contact");
    assert!(!here.contains_key(&deleted), "a deleted candidate");
    assert_eq!(admin.get(&format!("/v1/opportunities/{deleted}")).await.status, 404, "a deleted candidate");
    assert_eq!(here[&forgotten], there(&forgotten), "an anonymized person");
    assert_eq!(here[&forgotten]["isAnonymized"], true);
    assert_eq!(stored(&story, ORGANIZATION, "postings").await[&public]["text"], "Gardener", "a posting");
    assert_eq!(here[&new], there(&new), "a new candidate");
    assert_eq!(stored(&story, ORGANIZATION, "notes").await.len(), story.lever.counts(&account.id).expect("counts").notes, "a newcomer's note");
    // The list of changed postings leaves out those for the company only.
    pass(&story, Duration::from_secs(3600)).await;
    assert_eq!(stored(&story, ORGANIZATION, "postings").await[&internal]["text"], "Head gardener", "a posting for the company only");
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

/// The interval is what was promised: pauses vary, and none is longer.
#[tokio::test]
async fn no_pause_is_longer_than_the_interval() {
    let story = Story::begin().await;
    story.connect_and_sync(&mut story.admin(ORGANIZATION), 0).await;
    for _ in 0..20 {
        pass(&story, INTERVAL).await;
        let next: DateTime<Utc> =
            sqlx::query_scalar("SELECT run_at FROM jobs WHERE kind = 'keep_fresh'").fetch_one(&mut database(&story).await).await.expect("the job");
        let pause = next - story.clock.now();
        assert!(pause <= TimeDelta::seconds(120) && pause >= TimeDelta::seconds(100), "{pause}");
    }
    story.end().await;
}

/// A webhook brings a candidate and their panels. No list shows them as changed after that, and still the rest follows.
#[tokio::test]
async fn what_hangs_on_a_candidate_whom_a_webhook_brought_is_here_too() {
    let story = Story::begin().await;
    story.connect_and_sync(&mut story.admin(ORGANIZATION), 0).await;
    let inside = story.lever.inside(&story.account(0).id).quietly();
    let new = inside.add_candidate(NewCandidate { name: "Nova Example".into(), ..NewCandidate::default() }).expect("added");
    inside.add_note(&new, "Met at the fair.", false).expect("noted");
    inside.add_resume(&new, "Nova Example, gardener", true).expect("filed");
    let state = &story.app.state;
    let mut tx = state.db.begin(TenantId(ORGANIZATION)).await.expect("a transaction");
    jobs::enqueue(&mut tx, &Job::RefreshOpportunity { opportunity: new.clone() }, story.clock.now(), story.clock.now()).await.expect("asked for");
    tx.commit().await.expect("committed");
    story.work().await;
    let of_the_new = async |table| stored(&story, ORGANIZATION, table).await.len();
    let before = (of_the_new("notes").await, of_the_new("resumes").await);
    pass(&story, INTERVAL).await;
    assert_eq!((of_the_new("notes").await, of_the_new("resumes").await), (before.0 + 1, before.1 + 1));
    story.end().await;
}

/// What no list shows: within ten minutes where an interview is to come, within an hour for other active candidates.
#[tokio::test]
async fn what_no_list_shows_is_here_within_the_sweeps_period() {
    let story =
        Story::with(Setting { lever: Options { opportunities: 60, requests_per_second: 0.0, ..Options::default() }, ..Setting::default() }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    let inside = story.lever.inside(&account.id).quietly();
    let in_days = |days: i64| story.clock.now().timestamp_millis() + days * 86_400_000;
    let interviewer = account.users_of_role("interviewer")[0].id.clone();
    let (upcoming, other) = (account.active[0].clone(), account.active[1].clone());
    let edited = inside.schedule_panel(&upcoming, &panel(&interviewer, in_days(3), "first")).expect("scheduled");
    let canceled = inside.schedule_panel(&upcoming, &panel(&interviewer, in_days(4), "second")).expect("scheduled");
    // The first hour finds them.
    pass(&story, Duration::from_secs(3600)).await;
    assert_eq!(stored(&story, ORGANIZATION, "panels").await[&edited]["note"], "first");

    inside.replace_panel(&upcoming, &edited, &panel(&interviewer, in_days(5), "moved")).expect("edited");
    inside.cancel_panel(&upcoming, &canceled).expect("canceled");
    let added = inside.schedule_panel(&upcoming, &panel(&interviewer, in_days(6), "third")).expect("scheduled");
    inside.add_note(&upcoming, "Prefers mornings.", true).expect("noted");
    inside.deactivate_user(&interviewer).expect("deactivated");
    let elsewhere = inside.schedule_panel(&other, &panel(&account.super_admin().id, in_days(2), "elsewhere")).expect("scheduled");
    inside.add_note(&other, "Knows the team.", false).expect("noted");
    inside.add_resume(&other, "Otto Example", true).expect("filed");

    pass(&story, Duration::from_secs(600)).await;
    let panels = stored(&story, ORGANIZATION, "panels").await;
    assert_eq!(panels[&edited]["note"], "moved", "a panel edited inside Lever");
    assert!(panels[&canceled]["canceledAt"].is_i64(), "a panel canceled inside Lever");
    assert_eq!(panels[&added]["note"], "third", "a panel made inside Lever");
    let notes = stored(&story, ORGANIZATION, "notes").await;
    for note in story.lever.notes_of(&account.id, &upcoming).expect("known") {
        assert_eq!(notes.get(note["id"].as_str().expect("an id")), Some(&note), "a note where an interview is to come");
    }
    let user = admin.get("/v1/users?active=false").await.json();
    assert!(user["data"].as_array().expect("users").iter().any(|user| user["id"] == interviewer), "a deactivated user");

    pass(&story, Duration::from_secs(3000)).await;
    assert!(stored(&story, ORGANIZATION, "panels").await.contains_key(&elsewhere), "a panel where none was");
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

/// A quiet hour: the lists of changes, and each set of an active candidate about once; no run that has nothing to tell.
#[tokio::test]
async fn what_did_not_change_costs_little_and_fills_no_list() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    pass(&story, INTERVAL).await;
    let quiet_one = async || admin.get("/v1/lever/syncs?kind=incremental").await.json();
    let before = quiet_one().await;
    story.lever.clear_ledger();
    pass(&story, INTERVAL).await;
    let paths: Vec<String> = story.lever.ledger().into_iter().map(|entry| entry.path).collect();
    let upcoming = paths.iter().filter(|path| path.ends_with("/panels") || path.ends_with("/notes")).count();
    assert!(paths.len() <= 7 + upcoming, "{paths:?}");
    assert!(!paths.iter().any(|path| path == "/v1/users"), "the small lists wait for their own time");

    // Of the quiet ones only the newest is listed.
    let quiet = quiet_one().await;
    assert_eq!((quiet["data"].as_array().expect("runs").len(), &quiet["data"][0]["status"]), (1, &json!("succeeded")), "{quiet}");
    assert_ne!(quiet["data"][0]["id"], before["data"][0]["id"], "the newest");
    // One that finds something is told, once it is over.
    let account = story.account(0);
    story.lever.inside(&account.id).quietly().add_tags(&account.active[0], &["New"]).expect("tagged");
    pass(&story, INTERVAL).await;
    let runs = admin.get("/v1/lever/syncs?kind=incremental").await.json();
    let run = &runs["data"][0];
    assert_eq!((runs["data"].as_array().expect("runs").len(), &run["kind"], &run["status"]), (2, &json!("incremental"), &json!("succeeded")));
    assert_ne!(run["id"], quiet["data"][0]["id"]);
    assert!(run["requests"].as_u64().expect("a count") >= 10, "{run}");
    assert_eq!(admin.get("/v1/lever/syncs?kind=nightly").await.expect(400).code(), "invalid_parameter");
    story.end().await;
}

/// Lever is away for a while, and the process dies in the middle: nothing that changed is forgotten.
#[tokio::test]
async fn what_changed_while_nobody_could_read_is_read_afterwards() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    let inside = story.lever.inside(&account.id).quietly();
    story.lever.fault(lever_integration::fake_lever::Fault::new(
        "GET",
        "/v1/**",
        lever_integration::fake_lever::FaultKind::Status { code: 503, retry_after_seconds: None },
    ));
    inside.add_tags(&account.active[3], &["Urgent"]).expect("tagged");
    let note = inside.add_note(&account.active[3], "Call back.", false).expect("noted");
    for _ in 0..5 {
        story.clock.advance(Duration::from_secs(1200));
        story.work().await;
    }
    story.lever.clear_faults();
    story.clock.advance(Duration::from_secs(1200));
    story.work().await;
    assert!(stored(&story, ORGANIZATION, "notes").await.contains_key(&note));
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

/// After a disconnect nothing is kept fresh; connecting anew begins again.
#[tokio::test]
async fn the_regular_sync_ends_with_its_connection() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    admin.delete("/v1/lever/connection").await.expect(204);
    story.work().await;
    story.lever.clear_ledger();
    pass(&story, Duration::from_secs(600)).await;
    assert_eq!(story.lever.ledger().len(), 0);
    let jobs: i64 = sqlx::query_scalar("SELECT count(*) FROM jobs").fetch_one(&mut database(&story).await).await.expect("jobs");
    assert_eq!(jobs, 0);
    admin.token = story.admin(ORGANIZATION).token;
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    story.lever.inside(&account.id).quietly().add_tags(&account.active[0], &["Back"]).expect("tagged");
    pass(&story, INTERVAL).await;
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

/// Whoever shortens the interval and starts anew does not wait for what was planned before.
#[tokio::test]
async fn a_shorter_interval_counts_from_the_start() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let planned = jobs::next_due(story.app.state.db.dispatch()).await.expect("read").expect("the regular sync");
    assert!(planned > story.clock.now() + TimeDelta::seconds(100));
    sync::replan(&story.app.state).await.expect("the database is there");
    assert_eq!(jobs::next_due(story.app.state.db.dispatch()).await.expect("read"), Some(planned), "the interval is as it was");
    let variables = vec![("SYNC_INTERVAL_SECONDS", "10".to_owned())];
    let (restarted, _) = story.replica(&Setting { variables, ..Setting::default() }).await;
    sync::replan(&restarted.state).await.expect("the database is there");
    let planned = jobs::next_due(story.app.state.db.dispatch()).await.expect("read").expect("the regular sync");
    assert!((9..=11).contains(&(planned - story.clock.now()).num_seconds()), "{planned}");
    restarted.stop().await;
    story.end().await;
}

/// No list shows that a note came, was changed or deleted on an archived candidate: their sets are read again too, about once a week.
#[tokio::test]
async fn what_hangs_on_archived_candidates_is_found_within_a_week_or_so() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    story.clock.advance(Duration::from_secs(3600));
    let archived = &account.archived[0];
    story.lever.inside(&account.id).quietly().add_note(archived, "Would come back.", false).expect("noted");
    story.work().await;
    let notes = format!("/v1/opportunities/{archived}/notes");
    let here = || async { stored(&story, ORGANIZATION, "notes").await.values().any(|note| note.to_string().contains("Would come back.")) };
    assert!(!here().await, "no list of changes says so");
    story.lever.clear_ledger();
    story.clock.advance(Duration::from_secs(7 * 24 * 3600));
    story.work().await;
    assert!(here().await);
    let asked = story.lever.ledger().iter().filter(|entry| entry.path == notes).count();
    assert_eq!(asked, 1);
    story.end().await;
}
