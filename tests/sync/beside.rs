//! The regular sync beside the first full one: it begins when the active candidates are listed, and neither reads what the other has read.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lever_integration::app::App;
use lever_integration::error::Result;
use lever_integration::fake_lever::{Fault, FaultKind, NewCandidate, Options};
use lever_integration::jobs::{Claim, Outcome};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::copy::{assert_whole, counted, database, stored};
use crate::fresh::{INTERVAL, pass};
use crate::interrupt::{claim_run, work, worker};
use crate::support::story::{Person, Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);
/// Requests for sets that a full sync has under way at once. When all of these wait, it waits.
const AT_ONCE: usize = 16;
/// As long as Lever has answered none.
const AT_FIRST: usize = 1;
/// Within so long the sets are read again where an interview is to come.
const SOON: Duration = Duration::from_secs(600);

/// A first full sync that stands still, far from its end.
struct FirstSync {
    app: App,
    claim: Claim,
    working: JoinHandle<Result<Outcome>>,
}

impl FirstSync {
    /// Works on it until it has asked for all lists, and waits for so many sets of this kind, which Lever does not answer.
    async fn up_to(story: &Story, set: &str, many: usize) -> Self {
        story.lever.fault(Fault::new("GET", &format!("/v1/opportunities/*/{set}"), FaultKind::RequestHeld).times(many));
        let app = worker(story).await;
        let claim = claim_run(&app.state).await;
        lease(story, story.clock.now() + TimeDelta::days(1)).await;
        let working = tokio::spawn({
            let (state, claim) = (app.state.clone(), claim.clone());
            async move { work(&state, &claim).await }
        });
        story.lever.wait_ledger(|ledger| ledger.iter().any(|entry| entry.query.contains("advanced_at_start"))).await;
        story.lever.wait_held(many).await;
        Self { app, claim, working }
    }

    /// Lets the time pass, with the regular syncs in it.
    async fn pass(&self, story: &Story, span: Duration) {
        pass(story, span).await;
        assert_eq!(newest(&story.admin(ORGANIZATION)).await["status"], "running");
        assert!(!self.working.is_finished());
    }

    async fn end(self, story: &Story) {
        story.lever.release().await;
        let outcome = self.working.await.expect("no panic").expect("Lever and the database are there");
        assert_eq!(outcome, Outcome::Done);
        self.claim.finish(story.app.state.db.dispatch(), outcome, story.clock.now()).await.expect("settled");
        self.app.stop().await;
        story.work().await;
        assert_eq!(newest(&story.admin(ORGANIZATION)).await["status"], "succeeded");
    }

    /// Its process dies.
    async fn crash(self, story: &Story) {
        self.working.abort();
        assert!(self.working.await.expect_err("it was under way").is_cancelled());
        self.app.stop().await;
        story.lever.release().await;
        lease(story, story.clock.now()).await;
    }
}

/// Whoever works on the full sync has it until then, and needs no heartbeat.
async fn lease(story: &Story, until: DateTime<Utc>) {
    let leased = sqlx::query("UPDATE jobs SET lease_until = $1 WHERE kind = 'run_sync'").bind(until);
    leased.execute(&mut database(story).await).await.expect("the job is there");
}

async fn newest(person: &Person) -> Value {
    person.get("/v1/lever/syncs?kind=full").await.expect(200).json()["data"][0].clone()
}

async fn begin(setting: Setting) -> Story {
    let story = Story::with(setting).await;
    story.connect(&mut story.admin(ORGANIZATION), 0).await;
    story.lever.clear_ledger();
    story
}

fn lever(opportunities: usize) -> Options {
    Options { opportunities, active_share: 0.5, requests_per_second: 0.0, ..Options::default() }
}

fn panel(interviewer: &str, now: DateTime<Utc>, note: &str) -> Value {
    json!({ "timezone": "Europe/Lisbon", "note": note, "interviews": [{
        "interviewers": [{ "id": interviewer }], "date": now.timestamp_millis() + 3 * 86_400_000, "duration": 45 }] })
}

/// Active candidates, those last whom something happened to last: these are asked about first.
fn longest_quiet_first(story: &Story) -> Vec<String> {
    let account = story.account(0);
    let last = |id: &String| story.lever.opportunity(&account.id, id).expect("known")["lastInteractionAt"].as_i64();
    let mut active = account.active.clone();
    active.sort_by_key(last);
    active
}

/// What lists show is here after one interval, and what hangs on those with an interview to come within their period, though the full
/// sync has the other half of the active candidates before it, and all of the archived ones.
#[tokio::test]
async fn changes_made_while_the_first_sync_is_far_from_its_end_are_here_in_time() {
    // A limit of ours that no request waits for: only the share of the sweep is small.
    let variables = vec![("LEVER_BURST", "100000".to_owned())];
    let story = begin(Setting { lever: lever(60), requests_per_second: 10.0, variables, ..Setting::default() }).await;
    let account = story.account(0);
    let interviewer = &account.users[0].id;
    let inside = story.lever.inside(&account.id).quietly();
    let quiet = longest_quiet_first(&story);
    let (moved, tagged, upcoming) = (&quiet[0], &quiet[1], &quiet[2..10]);
    for id in upcoming {
        inside.schedule_panel(id, &panel(interviewer, story.clock.now(), "first")).expect("scheduled");
    }
    let full = FirstSync::up_to(&story, "notes", AT_ONCE).await;

    inside.change_stage(moved, account.stages.last().expect("stages")).expect("moved");
    let on_moved = inside.add_note(moved, "Call back.", false).expect("noted");
    inside.add_tags(tagged, &["Ready for a talk"]).expect("tagged");
    let new = inside.add_candidate(NewCandidate { name: "Nova Example".into(), ..NewCandidate::default() }).expect("added");
    let of_new = inside.schedule_panel(&new, &panel(interviewer, story.clock.now(), "to begin with")).expect("scheduled");
    let second: Vec<String> =
        upcoming.iter().map(|id| inside.schedule_panel(id, &panel(interviewer, story.clock.now(), "second")).expect("scheduled")).collect();
    let on_upcoming: Vec<String> = upcoming.iter().map(|id| inside.add_note(id, "Prefers mornings.", false).expect("noted")).collect();

    full.pass(&story, INTERVAL).await;
    let here = stored(&story, ORGANIZATION, "opportunities").await;
    for id in [moved, tagged, &new] {
        let there = story.lever.opportunity(&account.id, id).expect("known");
        assert_eq!(here.get(id), Some(&there), "a stage, a tag, a new candidate");
    }
    assert!(stored(&story, ORGANIZATION, "notes").await.contains_key(&on_moved), "a note on somebody who moved");
    assert!(stored(&story, ORGANIZATION, "panels").await.contains_key(&of_new), "a panel of somebody new");

    full.pass(&story, SOON - INTERVAL).await;
    let (panels, notes) = (stored(&story, ORGANIZATION, "panels").await, stored(&story, ORGANIZATION, "notes").await);
    let missing = |ids: &[String], here: &BTreeMap<String, Value>| ids.iter().filter(|id| !here.contains_key(*id)).count();
    assert_eq!((missing(&second, &panels), missing(&on_upcoming, &notes)), (0, 0), "panels and notes where an interview is to come");
    assert_eq!(story.admin(ORGANIZATION).get("/v1/lever/connection").await.json()["lastSyncAt"], Value::Null, "not whole yet");
    full.end(&story).await;
    // That something happened to a candidate shows in the list of all active ones alone.
    story.clock.advance(Duration::from_secs(3600));
    story.work().await;
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

/// What the regular sync has read the full one does not ask for, and counts all the same.
#[tokio::test]
async fn no_set_is_asked_for_twice() {
    // More active candidates than a full sync looks at before it asks.
    let story = begin(Setting { lever: lever(100), ..Setting::default() }).await;
    let account = story.account(0);
    let inside = story.lever.inside(&account.id).quietly();
    let full = FirstSync::up_to(&story, "panels", AT_FIRST).await;
    for id in &longest_quiet_first(&story)[..5] {
        inside.change_stage(id, account.stages.last().expect("stages")).expect("moved");
    }
    inside.add_tags(&account.archived[0], &["Would come back"]).expect("tagged");
    let new = inside.add_candidate(NewCandidate { name: "Nova Example".into(), ..NewCandidate::default() }).expect("added");
    inside.add_note(&new, "Met at the fair.", false).expect("noted");
    full.pass(&story, INTERVAL).await;
    assert_eq!(sets(&story).len(), AT_FIRST + 3 * 7, "what changed is read");
    full.end(&story).await;

    let sets = sets(&story);
    let again: Vec<_> = sets.iter().filter(|(_, times)| **times > 1).collect();
    assert!(again.is_empty(), "{again:?}");
    assert_eq!(sets.len(), 3 * 101);
    assert_whole(&story, ORGANIZATION, 0).await;
    let (run, counts) = (newest(&story.admin(ORGANIZATION)).await, story.lever.counts(&account.id).expect("counts"));
    for (kind, there) in [("opportunities", counts.opportunities), ("panels", counts.panels), ("notes", counts.notes), ("resumes", counts.resumes)] {
        assert_eq!(counted(&run, kind), (there as u64, Some(there as u64)), "{kind}");
    }
    assert!(run["objects"].as_array().expect("objects").iter().all(|object| object["progress"] == json!(1.0)), "{run}");
    story.end().await;
}

/// How often each set was asked for.
fn sets(story: &Story) -> HashMap<String, usize> {
    let mut times = HashMap::new();
    for entry in story.lever.ledger() {
        if ["/panels", "/notes", "/resumes"].iter().any(|end| entry.path.ends_with(end)) {
            *times.entry(entry.path).or_default() += 1;
        }
    }
    times
}

/// A full sync that is carried on finds that the regular one has begun, and leaves it where it is.
#[tokio::test]
async fn a_crash_sets_no_cursor_back() {
    let story = begin(Setting { lever: lever(60), ..Setting::default() }).await;
    let account = story.account(0);
    let full = FirstSync::up_to(&story, "panels", AT_FIRST).await;
    let began = cursors(&story).await;
    assert_eq!(began.len(), 14);
    full.pass(&story, 3 * INTERVAL).await;
    story.lever.inside(&account.id).quietly().delete_opportunity(&account.active[0]).expect("deleted");
    full.pass(&story, INTERVAL).await;
    let moved = cursors(&story).await;
    assert!(moved.iter().zip(&began).all(|((_, moved), (_, began))| moved >= began) && moved != began, "{moved:?}");

    full.crash(&story).await;
    let full = FirstSync::up_to(&story, "resumes", AT_ONCE).await;
    assert_eq!(cursors(&story).await, moved);
    full.pass(&story, INTERVAL).await;
    full.end(&story).await;
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

/// How far each list was read.
async fn cursors(story: &Story) -> Vec<(String, DateTime<Utc>)> {
    sqlx::query_as("SELECT step, read_until FROM sync_cursors ORDER BY step").fetch_all(&mut database(story).await).await.expect("cursors")
}
