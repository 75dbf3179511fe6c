//! People whom Lever has forgotten are forgotten here, in every column of every table, whether or not a webhook tells us.

use std::time::Duration;

use http::Method;
use lever_integration::fake_lever::{Event, NewCandidate};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::copy::{assert_whole, database, ids};
use crate::fresh::pass;
use crate::support::story::{Person, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);
/// Part of everything that is known about one person.
const CANARY: &str = "Quibblewood";

/// The columns in which the person is still named.
async fn traces(story: &Story) -> Vec<String> {
    let mut database = database(story).await;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT c.table_name::text, c.column_name::text FROM information_schema.columns c
         JOIN information_schema.tables t USING (table_schema, table_name)
         WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.data_type IN ('text', 'jsonb', 'json', 'ARRAY', 'character varying')
         ORDER BY 1, 2",
    )
    .fetch_all(&mut database)
    .await
    .expect("the columns");
    let mut found = Vec::new();
    for (table, column) in columns {
        let statement = format!("SELECT EXISTS (SELECT FROM \"{table}\" WHERE \"{column}\"::text ILIKE '%{CANARY}%')");
        if sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(&mut database).await.expect("read") {
            found.push(format!("{table}.{column}"));
        }
    }
    found
}

/// A candidate with everything that may hang on one, some of it written through us.
struct Candidate {
    opportunity: String,
    contact: String,
    panel: String,
    interviewer: String,
    note: Value,
}

const KEY: [(&str, &str); 1] = [("idempotency-key", "said once")];

/// `words` are written into the interview.
async fn candidate(story: &Story, admin: &mut Person, words: &str) -> Candidate {
    let account = story.account(0);
    let inside = story.lever.inside(&account.id).quietly();
    let email = Some(format!("{CANARY}@people.example"));
    let opportunity = inside.add_candidate(NewCandidate { name: format!("Nell {CANARY}"), email, ..NewCandidate::default() }).expect("added");
    let interviewer = account.super_admin().id.clone();
    let at = story.clock.now().timestamp_millis() + 86_400_000;
    let talk = json!({"timezone": "Europe/Lisbon", "note": words,
                      "interviews": [{"interviewers": [{"id": interviewer}], "date": at, "duration": 45, "subject": words}]});
    let panel = inside.schedule_panel(&opportunity, &talk).expect("scheduled");
    inside.add_note(&opportunity, &format!("{CANARY} prefers mornings."), false).expect("noted");
    inside.add_resume(&opportunity, &format!("Nell {CANARY}, gardener"), true).expect("filed");
    story.connect_and_sync(admin, 0).await;
    let note = admin.call(Method::POST, &format!("/v1/opportunities/{opportunity}/notes"), Some(said()), &KEY).await.expect(201).json();
    let contact = story.lever.opportunity(&account.id, &opportunity).expect("known")["contact"].as_str().expect("a contact").to_owned();
    let named = traces(story).await;
    for column in ["opportunities.raw", "contacts.raw", "notes.raw", "operations.request", "idempotency_keys.body"] {
        assert!(named.contains(&column.to_owned()), "{column} should name the person: {named:?}");
    }
    Candidate { opportunity, contact, panel, interviewer, note }
}

fn said() -> Value {
    json!({"value": format!("{CANARY} called.")})
}

/// Archived, anonymized, and told by a webhook: everything is empty at once, and stays so. The same request is still answered without
/// writing twice.
#[tokio::test]
async fn an_anonymized_person_leaves_no_trace() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    let person = candidate(&story, &mut admin, "A first talk").await;
    let account = story.account(0);
    story.lever.inside(&account.id).quietly().archive(&person.opportunity, &account.archive_reasons[0]).expect("archived");
    pass(&story, Duration::from_secs(132)).await;
    story.lever.switch(&account.id, Event::ContactUpdated, true).expect("switched on");
    story.lever.inside(&account.id).anonymize(&person.contact).expect("anonymized");
    story.lever.wait_deliveries_idle().await;
    story.work().await;
    assert_eq!(traces(&story).await, Vec::<String>::new());
    pass(&story, Duration::from_secs(264)).await;
    assert_eq!(traces(&story).await, Vec::<String>::new());
    assert_whole(&story, ORGANIZATION, 0).await;

    let before = story.lever.notes_of(&account.id, &person.opportunity).expect("known").len();
    let again = admin.call(Method::POST, &format!("/v1/opportunities/{}/notes", person.opportunity), Some(said()), &KEY).await;
    assert!(again.status < 300 && !again.text.contains(CANARY), "{}", again.text);
    assert_eq!(story.lever.notes_of(&account.id, &person.opportunity).expect("known").len(), before);
    assert!(person.note["id"].is_string());
    story.end().await;
}

/// Deleted at Lever while nobody listened. The next full sync, here over a reconnect, forgets the person, and nobody is booked for them.
#[tokio::test]
async fn a_deleted_person_leaves_no_trace_though_no_webhook_came() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    let person = candidate(&story, &mut admin, &format!("Talk with Nell {CANARY}")).await;
    let day = |days: i64| (story.clock.now() + chrono::TimeDelta::days(days)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let conflicts = format!("/v1/conflicts?interviewerId={}&from={}&to={}", person.interviewer, day(0), day(3));
    let listed = |list: Value| list["data"].as_array().expect("a list").iter().any(|it| it["panelId"] == *person.panel || it["id"] == *person.panel);
    for path in ["/v1/panels?limit=200", "/v1/interviews?limit=200", conflicts.as_str()] {
        assert!(listed(admin.get(path).await.expect(200).json()), "{path}");
    }
    admin.delete("/v1/lever/connection").await.expect(204);
    story.work().await;
    let account = story.account(0);
    story.lever.inside(&account.id).quietly().delete_opportunity(&person.opportunity).expect("deleted");
    story.clock.advance(Duration::from_secs(3600));
    admin.token = story.admin(ORGANIZATION).token;
    story.connect_and_sync(&mut admin, 0).await;
    for path in ["/v1/panels?limit=200", "/v1/interviews?limit=200", conflicts.as_str()] {
        assert!(!listed(admin.get(path).await.expect(200).json()), "{path}");
    }
    let of_person = [format!("/v1/opportunities/{}", person.opportunity), format!("/v1/contacts/{}", person.contact)];
    for path in of_person.iter().cloned().chain([format!("/v1/panels/{}", person.panel), format!("{}/notes", of_person[0])]) {
        assert_eq!(admin.get(&path).await.status, 404, "{path}");
    }
    assert_eq!(traces(&story).await, Vec::<String>::new());
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

/// A candidate whom no list shows and whom Lever has all the same was only skipped, and is not hidden for a moment.
#[tokio::test]
async fn who_was_only_skipped_by_a_list_stays() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    // As if an older version had hidden somebody, and forgotten nothing.
    sqlx::query("UPDATE opportunities SET gone_at = synced_at WHERE id = $1")
        .bind(&account.active[0])
        .execute(&mut database(&story).await)
        .await
        .expect("hidden");
    story.clock.advance(Duration::from_secs(60));
    admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    story.work().await;
    assert_eq!(ids(&story, ORGANIZATION, "opportunities").await.len(), 40);
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}
