//! A purge, proven: nothing of any candidate is left in any table.

use lever_integration::fake_lever::{Event, Fault, FaultKind};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::support::story::{Person, Story};
use super::{NORTH, SOUTH};

/// What may still name a candidate afterwards: the log of what was done at Lever, by whom.
const KEPT: [&str; 2] = ["operations", "idempotency_keys"];

#[tokio::test]
async fn after_a_purge_no_table_holds_anything_of_a_candidate() {
    let story = Story::begin().await;
    let (mut north, mut south) = (story.admin(NORTH), story.admin(SOUTH));
    story.connect_and_sync(&mut north, 0).await;
    story.connect_and_sync(&mut south, 1).await;
    let account = story.account(0);
    for event in [Event::CandidateStageChange, Event::ContactUpdated] {
        story.lever.switch(&account.id, event, true).expect("switched on");
    }
    story.lever.inside(&account.id).change_stage(&account.active[0], &account.stages[2]).expect("moved");
    story.lever.wait_deliveries_idle().await;
    story.work().await;
    let words = words(&north).await;
    assert!(words.len() > 60, "{}", words.len());
    assert!(traces(&story, &words).await.len() > 3, "the words are found while the copy is here");

    north.delete("/v1/lever/connection?purge=true").await.expect(204);
    assert_eq!(traces(&story, &words).await, Vec::<String>::new());
    assert!(!south.get("/v1/opportunities").await.expect(200).json()["data"].as_array().expect("a list").is_empty());
    story.end().await;
}

#[tokio::test]
async fn a_purge_takes_what_is_still_to_be_read_with_it() {
    let story = Story::begin().await;
    let mut north = story.admin(NORTH);
    story.connect_and_sync(&mut north, 0).await;
    let account = story.account(0);
    story.lever.switch(&account.id, Event::CandidateStageChange, true).expect("switched on");
    for opportunity in &account.active[..3] {
        story.lever.inside(&account.id).change_stage(opportunity, &account.stages[2]).expect("moved");
    }
    story.lever.wait_deliveries_idle().await;
    let words = words(&north).await;
    assert!(traces(&story, &words).await.contains(&"jobs".to_owned()));
    north.delete("/v1/lever/connection?purge=true").await.expect(204);
    assert_eq!(traces(&story, &words).await, Vec::<String>::new());
    story.work().await;
    assert_eq!(traces(&story, &words).await, Vec::<String>::new());
    story.end().await;
}

/// What was asked of Lever before the purge and is answered after it is not stored.
#[tokio::test]
async fn a_read_that_is_under_way_brings_nothing_back() {
    let story = Story::begin().await;
    let mut north = story.admin(NORTH);
    story.connect(&mut north, 0).await;
    let opportunity = story.account(0).active[0].clone();
    let id = &opportunity;
    let contact = story.lever.opportunity(&story.account(0).id, id).expect("there")["contact"].as_str().expect("an id").to_owned();
    for (asked, held) in [(format!("/v1/opportunities/{id}"), "/v1/opportunities/*"), (format!("/v1/contacts/{contact}"), "/v1/contacts/*")] {
        story.lever.fault(Fault::new("GET", held, FaultKind::AnswerHeld).times(1));
        let purge = async {
            story.lever.wait_held(1).await;
            north.delete("/v1/lever/connection?purge=true").await.expect(204);
            story.lever.release().await;
        };
        let (answer, ()) = tokio::join!(north.get(&asked), purge);
        // Of two requests the second may already find no connection to ask with.
        assert!(matches!(answer.status, 404 | 409), "{}", answer.text);
        assert_eq!(traces(&story, &[id.clone(), contact.clone()]).await, Vec::<String>::new(), "{asked}");
        story.connect(&mut north.clone(), 0).await;
    }
    story.work().await;
    story.end().await;
}

/// A write that Lever answers after the purge is settled in the log, and no copy is kept of what it made.
#[tokio::test]
async fn a_write_that_is_under_way_brings_nothing_back() {
    let story = Story::begin().await;
    let mut north = story.admin(NORTH);
    story.connect_and_sync(&mut north, 0).await;
    let account = story.account(0);
    let opportunity = account.active[0].clone();
    let interview = json!({"start": "2090-01-07T10:00:00Z", "durationMinutes": 30, "interviewers": [{"id": account.super_admin().id}]});
    let panel = json!({"timezone": "Europe/Berlin", "allowConflicts": true, "interviews": [interview]});
    for (what, body, kind) in [("panels", panel, "schedule_panel"), ("notes", json!({"value": "Met in the hall."}), "write_note")] {
        let path = format!("/v1/opportunities/{opportunity}/{what}");
        story.lever.fault(Fault::new("POST", &format!("/v1/opportunities/*/{what}"), FaultKind::AnswerHeld).times(1));
        let purge = async {
            story.lever.wait_held(1).await;
            north.delete("/v1/lever/connection?purge=true").await.expect(204);
            story.lever.release().await;
        };
        let (answer, ()) = tokio::join!(north.post(&path, body), purge);
        answer.expect(202);
        assert_eq!(traces(&story, std::slice::from_ref(&opportunity)).await, Vec::<String>::new(), "{what}");
        let log = north.get("/v1/operations").await.expect(200).json();
        let write = log["data"].as_array().expect("a list").iter().find(|it| it["kind"] == kind).expect("in the log").clone();
        assert_eq!((&write["status"], &write["leverStatus"]), (&json!("succeeded"), &json!(201)), "{write}");
        story.connect_and_sync(&mut north.clone(), 0).await;
    }
    story.end().await;
}

/// Ids, names and addresses of the organization's candidates.
async fn words(person: &Person) -> Vec<String> {
    let page = person.get("/v1/opportunities?archived=any&limit=200").await.expect(200).json();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let of = |it: &Value| [text(&it["id"]), text(&it["contact"]["id"]), text(&it["emails"][0])].into_iter().flatten().collect::<Vec<_>>();
    page["data"].as_array().expect("a list").iter().flat_map(of).collect()
}

/// The tables in which one of the words is found, in any column of any row.
async fn traces(story: &Story, words: &[String]) -> Vec<String> {
    let mut database = PgConnection::connect(&story.database.url).await.expect("the database of this test");
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> '_sqlx_migrations'",
    )
    .fetch_all(&mut database)
    .await
    .expect("the catalogue");
    let mut found = Vec::new();
    for table in tables.into_iter().filter(|table| !KEPT.contains(&table.as_str())) {
        let rows: Vec<String> =
            sqlx::query_scalar(AssertSqlSafe(format!("SELECT t::text FROM {table} t"))).fetch_all(&mut database).await.expect("readable");
        if rows.iter().any(|row| words.iter().any(|word| row.contains(word.as_str()))) {
            found.push(table);
        }
    }
    found
}
