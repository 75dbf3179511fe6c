//! Two hundred seeded histories: replicas schedule, edit and cancel, alone and at once; Lever loses, delays and repeats what it is sent,
//! and answers late; replicas end in the middle; people change things inside Lever; a worker goes on beside all of it. When the dust has
//! settled, Lever, our copy and the log of operations tell the same story. `HISTORY=<seed>` plays one of them alone.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use http::Method;
use lever_integration::clock::Clock;
use lever_integration::failpoint::Step;
use lever_integration::fake_lever::{Event, FaultKind, LedgerEntry};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use crate::support::replica::Replica;
use crate::support::story::{Answer, Setting, Story};
use crate::world::{World, ids, interview_path, panel_path, rfc3339, text};

const HISTORIES: u64 = 200;
/// Histories are played in so many worlds side by side. In every second one Lever's webhooks are on and people work inside Lever; in the
/// later half a worker goes on in the background.
const WORLDS: u64 = 4;
/// A caller's patience is shorter.
const IMPATIENCE: Duration = Duration::from_secs(11);
/// A write that Lever got this long ago is done or never will be: what is still held then would be a miracle.
const STALE: TimeDelta = TimeDelta::seconds(50);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_any_history_lever_the_copy_and_the_log_agree() {
    if let Some(seed) = std::env::var("HISTORY").ok().and_then(|seed| seed.parse::<u64>().ok()) {
        return play(seed % WORLDS, seed..seed + 1).await;
    }
    let worlds = (0..WORLDS).map(|world| tokio::spawn(play(world, 0..HISTORIES)));
    for world in join_all(worlds).await {
        world.expect("every history ends well");
    }
}

/// Plays the histories of the range that belong to this world.
async fn play(number: u64, seeds: Range<u64>) {
    let mut setting = Setting::default();
    setting.lever.opportunities = 100;
    setting.lever.active_share = 0.6;
    // What comes first decides here: no two things happen at the same time.
    let world = World::of(Story::on(setting, Clock::ticking(Utc::now())).await).await;
    let people_work_inside = number % 2 == 1;
    if people_work_inside {
        for event in [Event::InterviewCreated, Event::InterviewUpdated, Event::InterviewDeleted] {
            world.story.lever.switch(&world.account.id, event, true).expect("switched on");
        }
    }
    let mut replicas = vec![Replica::start(&world.story).await, Replica::start(&world.story).await];
    for (at, seed) in seeds.filter(|seed| seed % WORLDS == number).enumerate() {
        let beside = if number >= WORLDS / 2 { Some(Replica::working(&world.story).await) } else { None };
        let opportunity = world.account.active[at % world.account.active.len()].clone();
        let mut history = History {
            world: &world,
            replicas,
            beside,
            opportunity,
            people_work_inside,
            rng: StdRng::seed_from_u64(seed),
            minute: 0,
            held_since: None,
            comes_late: false,
            step_began: world.story.clock.now(),
            removed: BTreeSet::new(),
            told: Vec::new(),
        };
        let steps = history.rng.random_range(3..8);
        for _ in 0..steps {
            history.step().await;
        }
        history.settle().await;
        history.verify(seed).await;
        replicas = history.replicas;
    }
    for replica in replicas {
        replica.crash().await;
    }
    world.story.end().await;
}

struct History<'a> {
    world: &'a World,
    replicas: Vec<Replica>,
    /// The one whose worker goes on in the background.
    beside: Option<Replica>,
    opportunity: String,
    people_work_inside: bool,
    rng: StdRng,
    /// Every interview gets a time of its own, so that one made twice is seen.
    minute: i64,
    /// Since when Lever holds back a write, or an answer.
    held_since: Option<DateTime<Utc>>,
    /// Whether an answer that is held back in this step comes when nobody waits for it any more.
    comes_late: bool,
    step_began: DateTime<Utc>,
    /// Interviews that somebody asked to take away.
    removed: BTreeSet<String>,
    /// Panels that a caller was told to be scheduled.
    told: Vec<Value>,
}

/// A request in the making.
#[derive(Clone)]
struct Call {
    method: Method,
    path: String,
    body: Option<Value>,
}

impl History<'_> {
    async fn step(&mut self) {
        self.world.story.lever.clear_faults();
        self.step_began = self.world.story.clock.now();
        // The step itself may take half a minute.
        if self.held_since.is_some_and(|since| self.step_began - since > STALE / 2) {
            self.release().await;
        }
        match self.rng.random_range(0..10) {
            0 | 1 if self.people_work_inside => self.change_inside().await,
            2 => self.at_once().await,
            _ => self.one_call().await,
        }
        if self.rng.random_bool(0.2) {
            self.release().await;
        }
        if self.rng.random_bool(0.4) {
            let seconds = self.rng.random_range(1..30);
            self.pass(seconds).await;
        }
    }

    /// One request at one replica, with something going wrong at Lever, or the replica ending in the middle, or both.
    async fn one_call(&mut self) {
        let call = self.any_call(true).await;
        let replica = self.rng.random_range(0..2);
        self.go_wrong(&call);
        let crash = *[None, None, None, Some(Step::Recorded), Some(Step::Answered), Some(Step::Stored)].choose(&mut self.rng).expect("some");
        if let Some(step) = crash {
            self.replicas[replica].failpoints().arm(step);
        }
        let answer = self.send(replica, &call).await;
        self.replicas[replica].failpoints().disarm();
        match answer {
            Some(answer) => self.note(&call, &answer),
            None => self.crash(replica).await,
        }
    }

    /// Two requests at once, one at each replica.
    async fn at_once(&mut self) {
        let (one, other) = (self.any_call(false).await, self.any_call(false).await);
        self.go_wrong(&one);
        let (first, second) = tokio::join!(self.send(0, &one), self.send(1, &other));
        for (call, answer) in [(one, first), (other, second)] {
            self.note(&call, &answer.expect("nobody crashed"));
        }
    }

    /// A request, mostly about a panel that is there. Only one that is alone may send a whole list of interviews.
    async fn any_call(&mut self, alone: bool) -> Call {
        // One whose last write is not settled would only be refused, and that takes its time. Asked for first: what a worker settles in
        // between is in the panels that are read afterwards.
        let busy: Vec<Value> =
            self.world.operations().await.into_iter().filter(|it| it["settledAt"].is_null()).map(|it| it["panelId"].clone()).collect();
        let panels = self.world.admin.get(&format!("/v1/panels?opportunityId={}&limit=200", self.opportunity)).await.expect(200).json();
        let changeable = |panel: &&Value| panel["editable"] == true && !busy.contains(&panel["id"]);
        let panels: Vec<Value> = panels["data"].as_array().expect("a list").iter().filter(changeable).cloned().collect();
        let Some(panel) = panels.choose(&mut self.rng).filter(|_| self.rng.random_bool(0.75)) else { return self.schedule() };
        let path = panel_path(&panel["id"]);
        let interviews = panel["interviews"].as_array().expect("a list");
        let Some(one) = interviews.choose(&mut self.rng) else { return self.schedule() };
        let interview = interview_path(&one["id"]);
        let word = format!("note {}", self.rng.random::<u32>());
        match self.rng.random_range(0..7) {
            0 | 1 if alone => {
                let mut list: Vec<Value> = interviews.iter().map(|it| json!({"id": it["id"]})).collect();
                if list.len() > 1 && self.rng.random_bool(0.4) {
                    let dropped = list.swap_remove(self.rng.random_range(0..list.len()));
                    self.removed.insert(text(&dropped["id"]).to_owned());
                }
                list.push(self.interview());
                Call { method: Method::PATCH, path, body: Some(json!({"interviews": list, "allowConflicts": true})) }
            }
            0..=2 => Call { method: Method::PATCH, path, body: Some(json!({"note": word})) },
            3 => Call { method: Method::PATCH, path: interview, body: Some(json!({"note": word})) },
            4 => {
                let mut new = self.interview();
                new["allowConflicts"] = json!(true);
                Call { method: Method::POST, path: format!("{path}/interviews"), body: Some(new) }
            }
            5 => {
                self.removed.insert(text(&one["id"]).to_owned());
                Call { method: Method::DELETE, path: interview, body: None }
            }
            _ => Call { method: Method::DELETE, path, body: None },
        }
    }

    fn schedule(&mut self) -> Call {
        let interviews: Vec<Value> = (0..self.rng.random_range(1..3)).map(|_| self.interview()).collect();
        let body = json!({"timezone": "Europe/Lisbon", "interviews": interviews, "allowConflicts": true});
        Call { method: Method::POST, path: format!("/v1/opportunities/{}/panels", self.opportunity), body: Some(body) }
    }

    fn interview(&mut self) -> Value {
        self.minute += 1;
        let start = self.world.day + TimeDelta::minutes(self.minute);
        let person = &self.world.people[self.rng.random_range(0..self.world.people.len())].id;
        json!({"start": rfc3339(start), "durationMinutes": 30, "interviewers": [{"id": person}]})
    }

    /// Orders what goes wrong with the write that is sent next.
    fn go_wrong(&mut self, call: &Call) {
        let kind = match self.rng.random_range(0..12) {
            0 => FaultKind::DropAfterCommit,
            1 => FaultKind::DropBeforeCommit,
            2 => FaultKind::StatusAfterCommit { code: 503 },
            3 => FaultKind::Status { code: 502, retry_after_seconds: None },
            4 => FaultKind::Truncate,
            5 => FaultKind::Status { code: 422, retry_after_seconds: None },
            6 if call.method == Method::POST && call.path.ends_with("/panels") => FaultKind::CommitTwice,
            7 | 8 if self.held_since.is_none() => FaultKind::CommitHeld,
            9 | 10 if self.held_since.is_none() => return self.hold_answer(call),
            _ => return,
        };
        for method in ["POST", "PUT", "DELETE"] {
            self.world.fault(method, "/v1/opportunities/**", kind.clone());
        }
    }

    /// Only the answer to the request itself is held: whoever works by hand would wait for any other.
    fn hold_answer(&mut self, call: &Call) {
        self.comes_late = self.rng.random_bool(0.5);
        let method = if call.method == Method::PATCH { "PUT" } else { call.method.as_str() };
        self.world.fault(method, "/v1/opportunities/**", FaultKind::AnswerHeld);
    }

    /// Sends a request and waits for its answer, or until its replica is stopped. A caller who waits for what nobody knows is told so:
    /// time goes by with every look that the service takes, and while Lever holds back its answer.
    async fn send(&self, replica: usize, call: &Call) -> Option<Answer> {
        let lever = &self.world.story.lever;
        let replica = &self.replicas[replica];
        let mut seen = lever.ledger().len();
        let mut answer = std::pin::pin!(replica.call(&self.world.admin, call.method.clone(), &call.path, call.body.as_ref(), None));
        let mut lost = false;
        loop {
            let look = lever.wait_ledger(|ledger| {
                let news = &ledger[seen..];
                let write = news.iter().position(|entry| entry.method != "GET" && entry.fault.is_some()).filter(|_| !lost);
                let since = if lost { Some(0) } else { write };
                since.is_some_and(|since| news[since..].iter().any(|entry| entry.method == "GET" && entry.status.is_some()))
                    || write.is_some_and(|write| is_held_back(&news[write]))
            });
            tokio::select! {
                answer = &mut answer => return answer,
                () = replica.failpoints().reached() => return None,
                () = look => {}
            }
            let held_back = !lost && lever.ledger()[seen..].iter().any(is_held_back);
            (lost, seen) = (true, lever.ledger().len());
            if held_back && !self.comes_late {
                // What Lever tells of the write arrives before its answer.
                lever.wait_deliveries_idle().await;
                lever.release().await;
            } else {
                self.lose_patience().await;
            }
        }
    }

    /// Time goes by; what would be held for too long is let go first.
    async fn lose_patience(&self) {
        let since = self.held_since.unwrap_or(self.step_began);
        if self.world.story.clock.now() + IMPATIENCE - since > STALE {
            self.world.story.lever.release().await;
        }
        self.world.story.clock.advance(IMPATIENCE);
    }

    fn note(&mut self, call: &Call, answer: &Answer) {
        if call.path.ends_with("/panels") && answer.status == 201 {
            self.told.push(answer.json()["id"].clone());
        }
        let allowed = [200, 201, 202, 204, 404, 409, 412, 422, 503];
        assert!(allowed.contains(&answer.status), "{} {}: {} {}", call.method, call.path, answer.status, answer.text);
        self.look_for_held();
    }

    fn look_for_held(&mut self) {
        let held = self.world.story.lever.held();
        self.held_since = if held == 0 { None } else { self.held_since.or(Some(self.step_began)) };
    }

    async fn crash(&mut self, replica: usize) {
        self.look_for_held();
        let ended = std::mem::replace(&mut self.replicas[replica], Replica::start(&self.world.story).await);
        ended.crash().await;
    }

    async fn release(&mut self) {
        self.world.story.lever.release().await;
        self.held_since = None;
    }

    async fn change_inside(&mut self) {
        let there = self.at_lever();
        let open: Vec<&Value> = there.iter().filter(|panel| panel["canceledAt"].is_null()).collect();
        let inside = self.world.story.lever.inside(&self.world.account.id);
        let date = |interview: &Value| interview["start"].as_str().expect("a time").parse::<DateTime<Utc>>().expect("a time").timestamp_millis();
        let new = self.interview();
        let new = json!({"date": date(&new), "duration": 30, "interviewers": new["interviewers"]});
        let Some(panel) = open.choose(&mut self.rng).copied().cloned() else {
            inside.schedule_panel(&self.opportunity, &json!({"timezone": "Europe/Lisbon", "interviews": [new]})).expect("scheduled");
            return;
        };
        let (opportunity, id) = (self.opportunity.clone(), text(&panel["id"]).to_owned());
        let done = match self.rng.random_range(0..4) {
            0 => {
                let mut changed = panel.clone();
                changed["note"] = json!(format!("inside {}", self.rng.random::<u32>()));
                // A candidate without an application: empty, it could not be sent.
                if changed["applications"] == json!([]) {
                    changed["applications"].take();
                }
                inside.replace_panel(&opportunity, &id, &changed)
            }
            1 => inside.cancel_panel(&opportunity, &id),
            2 => {
                let interview = ids(&panel["interviews"])[0].to_owned();
                self.removed.insert(interview.clone());
                inside.delete_interview(&opportunity, &interview)
            }
            _ => {
                let mut new = new;
                new["panel"] = json!(id);
                inside.add_interview(&opportunity, &new).map(drop)
            }
        };
        done.expect("what is open can be changed inside Lever");
    }

    /// Time goes by, and jobs are done by whoever comes first; sometimes that one ends in the middle.
    async fn pass(&mut self, seconds: i64) {
        let until = self.world.story.clock.now() + TimeDelta::seconds(seconds);
        if self.held_since.is_some_and(|since| until - since > STALE) {
            self.release().await;
        }
        self.world.story.clock.advance(Duration::from_secs(seconds.unsigned_abs()));
        self.world.story.lever.wait_deliveries_idle().await;
        let replica = self.rng.random_range(0..2);
        let steps = [Step::RecordedAgain, Step::AnsweredAgain, Step::Recorded, Step::Answered, Step::Stored];
        let crash = steps.choose(&mut self.rng).copied().filter(|_| self.rng.random_bool(0.3));
        if let Some(step) = crash {
            self.replicas[replica].failpoints().arm(step);
        }
        let crashed = tokio::select! {
            () = self.replicas[replica].work() => false,
            () = self.replicas[replica].failpoints().reached() => true,
        };
        self.replicas[replica].failpoints().disarm();
        if crashed {
            self.crash(replica).await;
        }
    }

    /// Nothing goes wrong any more, and everybody has time to find out.
    async fn settle(&mut self) {
        let lever = &self.world.story.lever;
        lever.clear_faults();
        self.release().await;
        if let Some(beside) = self.beside.take() {
            beside.stop().await;
        }
        for _ in 0..6 {
            self.world.story.clock.advance(Duration::from_secs(31));
            self.world.story.lever.wait_deliveries_idle().await;
            self.world.story.work().await;
        }
    }

    fn at_lever(&self) -> Vec<Value> {
        self.world.story.lever.panels_of(&self.world.account.id, &self.opportunity).expect("the opportunity")
    }

    async fn verify(&self, seed: u64) {
        let there = self.at_lever();
        let mut database = PgConnection::connect(&self.world.story.database.url).await.expect("the database of this test");
        let here: Vec<(String, Value)> =
            sqlx::query_as("SELECT id, raw FROM panels WHERE tenant_id = $1 AND opportunity_id = $2 AND gone_at IS NULL")
                .bind(self.world.organization)
                .bind(&self.opportunity)
                .fetch_all(&mut database)
                .await
                .expect("the copy can be read");
        let lever: BTreeMap<String, Value> = there.iter().map(|panel| (text(&panel["id"]).to_owned(), panel.clone())).collect();
        let copy: BTreeMap<String, Value> = here.into_iter().collect();
        assert_eq!(copy, lever, "history {seed}: the copy is not as Lever is");

        let operations: Vec<Logged> = sqlx::query_as(
            "SELECT kind, status, mark, panel_id, interview_id, settled_at IS NOT NULL AS settled FROM operations WHERE tenant_id = $1 AND opportunity_id = $2",
        )
        .bind(self.world.organization)
        .bind(&self.opportunity)
        .fetch_all(&mut database)
        .await
        .expect("the log can be read");
        let is_on = |panel: &str| lever.get(panel).is_some_and(|panel| panel["canceledAt"].is_null());
        let carrying =
            |mark: &str| there.iter().filter(|panel| panel["externalUrl"].as_str().is_some_and(|url| url.ends_with(mark))).collect::<Vec<_>>();
        for operation in &operations {
            assert!(operation.settled, "history {seed}: {operation:?} is open");
            let succeeded = operation.status == "succeeded";
            match (operation.kind.as_str(), &operation.panel_id, &operation.interview_id) {
                ("schedule_panel", panel, _) => {
                    let mark = operation.mark.as_deref().expect("a booking has a mark");
                    let (carriers, on) = (carrying(mark), carrying(mark).into_iter().filter(|panel| panel["canceledAt"].is_null()).count());
                    assert!(on <= 1, "history {seed}: {on} panels carry the mark of {operation:?}");
                    assert_eq!(succeeded, !carriers.is_empty(), "history {seed}: {operation:?}");
                    assert!(
                        !succeeded || carriers.iter().any(|carrier| Some(text(&carrier["id"])) == panel.as_deref()),
                        "history {seed}: {operation:?}"
                    );
                }
                ("cancel_panel" | "remove_double", Some(panel), _) if succeeded => assert!(!is_on(panel), "history {seed}: {operation:?}"),
                ("cancel_interview", Some(panel), Some(interview)) if succeeded => {
                    let shown = is_on(panel) && ids(&lever[panel]["interviews"]).contains(&interview.as_str());
                    assert!(!shown, "history {seed}: {operation:?}");
                }
                ("add_interview", Some(panel), Some(interview)) if succeeded => {
                    let shown = !is_on(panel) || ids(&lever[panel]["interviews"]).contains(&interview.as_str());
                    assert!(shown || self.removed.contains(interview), "history {seed}: {operation:?}");
                }
                _ => {}
            }
        }
        let ours: BTreeSet<&str> = operations.iter().filter_map(|operation| operation.mark.as_deref()).collect();
        for panel in there.iter().filter(|panel| panel["externallyManaged"] == true) {
            let url = text(&panel["externalUrl"]);
            assert!(
                url.starts_with("https://scheduler.example/") || ours.iter().any(|mark| url.ends_with(mark)),
                "history {seed}: nobody wrote {panel}"
            );
        }
        for told in &self.told {
            let known =
                operations.iter().any(|it| it.kind == "schedule_panel" && it.status == "succeeded" && it.panel_id.as_deref() == told.as_str());
            assert!(known, "history {seed}: {told} was answered, and the log does not have it");
        }
        let starts: Vec<i64> = there
            .iter()
            .filter(|panel| panel["canceledAt"].is_null())
            .flat_map(|panel| panel["interviews"].as_array().expect("a list"))
            .map(|interview| interview["date"].as_i64().expect("a time"))
            .filter(|date| *date > self.world.day.timestamp_millis())
            .collect();
        assert_eq!(starts.len(), starts.iter().collect::<BTreeSet<_>>().len(), "history {seed}: an interview is there twice");
    }
}

/// A write that is done, and whose answer is held back.
fn is_held_back(entry: &LedgerEntry) -> bool {
    entry.committed && entry.status.is_none() && entry.fault.as_deref() == Some("AnswerHeld")
}

#[derive(Debug, sqlx::FromRow)]
struct Logged {
    kind: String,
    status: String,
    mark: Option<String>,
    panel_id: Option<String>,
    interview_id: Option<String>,
    settled: bool,
}
