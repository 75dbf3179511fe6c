//! Whoever watches is told what changed, in their own organization and whichever replica changed it.

mod support;

use std::time::Duration;

use futures_util::StreamExt;
use lever_integration::fake_lever::Event;
use lever_integration::worker;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use support::story::{Person, Setting, Story};
use uuid::Uuid;

const NORTH: Uuid = Uuid::from_u128(1);
const SOUTH: Uuid = Uuid::from_u128(2);
/// Far longer than it takes; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// A stream that somebody watches, read event by event.
struct Watching {
    answer: futures_util::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    read: String,
    /// The kinds of all that was told, in order.
    told: Vec<String>,
}

impl Watching {
    async fn begin(person: &Person, base: &str) -> Self {
        let request = person.http.get(format!("{base}/v1/events")).bearer_auth(&person.token);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { answer: answer.bytes_stream().boxed(), read: String::new(), told: Vec::new() }
    }

    /// The next event of the kind; others before it are passed over.
    async fn next(&mut self, kind: &str) -> Vec<String> {
        tokio::time::timeout(PATIENCE, async {
            loop {
                while let Some((event, rest)) = self.read.split_once("\n\n").map(|(event, rest)| (event.to_owned(), rest.to_owned())) {
                    self.read = rest;
                    let line = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).unwrap_or_default();
                    if line("event:").is_empty() {
                        continue;
                    }
                    self.told.push(line("event:").to_owned());
                    if line("event:") == kind {
                        let data: Value = serde_json::from_str(line("data:")).expect("JSON");
                        return serde_json::from_value(data["ids"].clone()).expect("ids");
                    }
                }
                let more = self.answer.next().await.expect("the stream goes on").expect("whole");
                self.read.push_str(std::str::from_utf8(&more).expect("text"));
            }
        })
        .await
        .unwrap_or_else(|_| panic!("no {kind} was told"))
    }
}

#[tokio::test]
async fn who_watches_is_told_what_changed_inside_lever_on_whichever_replica() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let (replica, elsewhere) = story.replica(&Setting::default()).await;
    let member = story.member(NORTH);
    let mut here = Watching::begin(&member, &story.base).await;
    let mut there = Watching::begin(&member, &elsewhere).await;

    let account = story.account(0);
    let candidate = account.active[0].clone();
    story.lever.switch(&account.id, Event::CandidateStageChange, true).expect("switched on");
    story.lever.switch(&account.id, Event::InterviewCreated, true).expect("switched on");
    story.lever.inside(&account.id).change_stage(&candidate, &account.stages[3]).expect("moved");
    story.lever.wait_deliveries_idle().await;
    story.work().await;
    assert_eq!(here.next("opportunity").await.join(" "), candidate);
    assert_eq!(there.next("opportunity").await.join(" "), candidate);

    let interview = json!({"date": 1_900_000_000_000_i64, "duration": 30, "interviewers": [{"id": account.super_admin().id}]});
    let panel = json!({"timezone": "Europe/Lisbon", "interviews": [interview]});
    let panel = story.lever.inside(&account.id).schedule_panel(&candidate, &panel).expect("scheduled");
    story.lever.wait_deliveries_idle().await;
    story.work().await;
    assert_eq!(here.next("panel").await.join(" "), panel);
    assert_eq!(there.next("panel").await.join(" "), panel);
    replica.stop().await;
    story.end().await;
}

#[tokio::test]
async fn a_sync_that_changes_nothing_tells_of_itself_alone_and_a_disconnect_of_the_connection() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let mut watching = Watching::begin(&admin, &story.base).await;
    let run = admin.post("/v1/lever/syncs", json!({})).await.expect(202).json()["id"].as_str().expect("an id").to_owned();
    story.work().await;
    // Which syncs are told of together depends on who looks when: one that keeps the copy fresh follows at once.
    let told = watching.next("sync").await;
    assert!(told.contains(&run), "{told:?}");
    admin.delete("/v1/lever/connection").await.expect(204);
    while !watching.next("connection").await.is_empty() {}
    assert!(watching.told.iter().all(|kind| kind == "sync" || kind == "connection"), "{:?}", watching.told);
    story.end().await;
}

#[tokio::test]
async fn nobody_is_told_of_another_organization() {
    let story = Story::begin().await;
    let (mut north, mut south) = (story.admin(NORTH), story.admin(SOUTH));
    story.connect_and_sync(&mut north, 0).await;
    let mut watching = Watching::begin(&north, &story.base).await;
    story.connect_and_sync(&mut south, 1).await;
    north.delete("/v1/lever/connection").await.expect(204);
    watching.next("connection").await;
    assert_eq!(watching.told, ["connection"], "all that came before was south's");
    story.end().await;
}

#[tokio::test]
async fn without_a_session_or_token_nothing_is_streamed() {
    let story = Story::begin().await;
    let answer = reqwest::get(format!("{}/v1/events", story.base)).await.expect("an answer");
    assert_eq!(answer.status(), 401);
    story.end().await;
}

/// What is kept is bounded, and what is kept is the newest.
#[tokio::test]
async fn old_changes_are_thrown_away() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let mut database = PgConnection::connect(&story.database.url).await.expect("the database of this test");
    let fill = "INSERT INTO changes (tenant_id, kind, ids) SELECT $1, 'panel', '{}' FROM generate_series(1, 50100)";
    sqlx::query(fill).bind(NORTH).execute(&mut database).await.expect("filled");
    worker::tidy(&story.app.state).await;
    let (kept, oldest, newest): (i64, i64, i64) =
        sqlx::query_as("SELECT count(*), min(number), max(number) FROM changes").fetch_one(&mut database).await.expect("counted");
    assert_eq!((kept, newest - oldest), (50_000, 49_999));
    story.end().await;
}

/// Notes and resumes have no event at Lever and none here: they are shown with their candidate.
#[tokio::test]
async fn a_note_is_told_as_a_change_of_its_candidate() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let candidate = story.account(0).active[0].clone();
    let mut watching = Watching::begin(&admin, &story.base).await;
    admin.post(&format!("/v1/opportunities/{candidate}/notes"), json!({"value": "An invented note"})).await.expect(201);
    assert_eq!(watching.next("opportunity").await.join(" "), candidate);
    story.work().await;
    story.end().await;
}
