//! Notes written at Lever: once, whatever happens to the answer.

use std::time::Duration;

use chrono::TimeDelta;
use http::Method;
use lever_integration::fake_lever::{AccountView, Fault, FaultKind};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::OURS;
use crate::support::story::{Answer, Person, Story};

const NOTES: &str = "/v1/opportunities/*/notes";

async fn begin() -> (Story, Person, AccountView) {
    let story = Story::begin().await;
    let mut admin = story.admin(OURS);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    (story, admin, account)
}

async fn write(person: &Person, opportunity: &str, body: Value) -> Answer {
    person.post(&format!("/v1/opportunities/{opportunity}/notes"), body).await
}

/// The notes with this text that Lever has.
fn there(story: &Story, account: &AccountView, opportunity: &str, text: &str) -> Vec<Value> {
    let notes = story.lever.notes_of(&account.id, opportunity).expect("there");
    notes.into_iter().filter(|note| note["fields"][0]["value"] == text).collect()
}

fn sent(story: &Story) -> usize {
    story.lever.ledger().iter().filter(|entry| entry.method == "POST" && entry.path.ends_with("/notes")).count()
}

#[tokio::test]
async fn a_note_is_written_shown_and_logged() {
    let (story, admin, account) = begin().await;
    let id = &account.active[0];
    let answer = write(&admin, id, json!({"value": "Prefers mornings", "notifyFollowers": true})).await.expect(201);
    let note = answer.json();
    assert_eq!(answer.location(), format!("/v1/opportunities/{id}/notes"));
    let raw = there(&story, &account, id, "Prefers mornings");
    assert_eq!((raw.len(), &raw[0]["id"]), (1, &note["id"]));
    // In the name of the one who connected, because nobody in Lever has the caller's address.
    assert_eq!(raw[0]["user"], account.super_admin().id.as_str());
    assert_eq!(note["user"], json!({"id": account.super_admin().id, "name": account.super_admin().name}));
    assert_eq!((&note["value"], &note["secret"], &note["comments"]), (&json!("Prefers mornings"), &json!(false), &json!([])));
    let listed = admin.get(&format!("/v1/opportunities/{id}/notes")).await.expect(200).json();
    assert!(listed["data"].as_array().expect("a list").contains(&note), "{listed}");
    let operation = admin.get("/v1/operations").await.expect(200).json()["data"][0].clone();
    assert_eq!((&operation["kind"], &operation["status"]), (&json!("write_note"), &json!("succeeded")));
    assert_eq!((&operation["noteId"], &operation["opportunityId"]), (&note["id"], &json!(id)));
    assert!(!operation.to_string().contains("mornings"), "the log does not repeat what was written");
    story.end().await;
}

#[tokio::test]
async fn in_the_name_of_the_caller_or_of_whom_the_caller_names() {
    let (story, admin, account) = begin().await;
    let id = &account.archived[0];
    let interviewer = account.users_of_role("interviewer")[0];
    write(&admin, id, json!({"value": "Named", "performAs": interviewer.id})).await.expect(201);
    assert_eq!(there(&story, &account, id, "Named")[0]["user"], interviewer.id.as_str());
    let mut themselves = story.member(OURS);
    themselves.token = crate::support::story::token(OURS, "member", &interviewer.email.to_uppercase(), story.clock.now());
    write(&themselves, id, json!({"value": "By address"})).await.expect(201);
    assert_eq!(there(&story, &account, id, "By address")[0]["user"], interviewer.id.as_str());
    let refused = write(&admin, id, json!({"value": "Nobody", "performAs": "nobody"})).await.expect(422).json();
    assert_eq!(refused["errors"][0]["pointer"], "/performAs");
    story.end().await;
}

#[tokio::test]
async fn secret_notes_are_written_by_admins() {
    let (story, admin, account) = begin().await;
    let id = &account.active[0];
    let note = write(&admin, id, json!({"value": "Between us", "secret": true})).await.expect(201).json();
    assert_eq!((&note["secret"], &there(&story, &account, id, "Between us")[0]["secret"]), (&json!(true), &json!(true)));
    let member = story.member(OURS);
    assert_eq!(write(&member, id, json!({"value": "Me too", "secret": true})).await.expect(403).code(), "admin_required");
    write(&member, id, json!({"value": "Openly", "secret": false})).await.expect(201);
    let shown = member.get(&format!("/v1/opportunities/{id}/notes")).await.expect(200).text;
    assert!(shown.contains("Openly") && !shown.contains("Between us"));
    assert_eq!(sent(&story), 2);
    story.end().await;
}

#[tokio::test]
async fn what_cannot_be_a_note_is_refused_before_anything_is_sent() {
    let (story, admin, account) = begin().await;
    let id = &account.active[0];
    for (body, pointer) in [
        (json!({}), "/value"),
        (json!({"value": ""}), "/value"),
        (json!({"value": 7}), "/value"),
        (json!({"value": "a\u{0}b"}), "/value"),
        (json!({"value": "x", "score": 4}), "/score"),
        (json!({"value": "x", "secret": "yes"}), "/secret"),
        (json!("text"), ""),
    ] {
        let problem = write(&admin, id, body.clone()).await.expect(422);
        assert_eq!((problem.code().as_str(), &problem.json()["errors"][0]["pointer"]), ("invalid_request", &json!(pointer)), "{body}");
    }
    assert_eq!(write(&admin, &Uuid::from_u128(9).to_string(), json!({"value": "x"})).await.expect(404).code(), "not_found");
    assert_eq!(sent(&story), 0);
    story.end().await;
}

#[tokio::test]
async fn what_lever_refuses_was_not_written_and_may_be_tried_again() {
    let (story, admin, account) = begin().await;
    let id = &account.active[0];
    story.lever.fault(Fault::new("POST", NOTES, FaultKind::Status { code: 422, retry_after_seconds: None }).times(1));
    let refused = write(&admin, id, json!({"value": "No"})).await.expect(422);
    assert_eq!((refused.code().as_str(), &refused.json()["leverStatus"]), ("lever_rejected", &json!(422)));
    let operation = admin.get("/v1/operations").await.json()["data"][0].clone();
    assert_eq!((&operation["status"], &operation["error"]["code"]), (&json!("failed"), &json!("lever_rejected")));
    write(&admin, id, json!({"value": "No"})).await.expect(201);
    assert_eq!(there(&story, &account, id, "No").len(), 1);
    story.work().await;
    story.end().await;
}

/// Whatever cuts the answer off after Lever has done it: the caller gets the note, and there is one.
#[tokio::test]
async fn a_note_whose_answer_was_lost_is_found() {
    let (story, admin, account) = begin().await;
    let id = &account.active[0];
    // The same text stands there already, by the same hand.
    write(&admin, id, json!({"value": "Twin"})).await.expect(201);
    for (number, kind) in
        [FaultKind::DropAfterCommit, FaultKind::StatusAfterCommit { code: 502 }, FaultKind::Truncate, FaultKind::Garbage].into_iter().enumerate()
    {
        story.lever.fault(Fault::new("POST", NOTES, kind.clone()).times(1));
        let note = write(&admin, id, json!({"value": "Twin"})).await.expect(201).json();
        let raw = there(&story, &account, id, "Twin");
        assert_eq!(raw.len(), number + 2, "{kind:?}");
        assert_eq!(raw.last().expect("one")["id"], note["id"], "{kind:?}");
    }
    assert_eq!(sent(&story), 5);
    story.work().await;
    story.end().await;
}

#[tokio::test]
async fn a_note_that_comes_late_is_found_by_the_job_and_the_key_then_answers_with_it() {
    let (story, admin, account) = begin().await;
    let id = &account.active[0];
    story.lever.fault(Fault::new("POST", NOTES, FaultKind::CommitLate { after: Duration::from_secs(11) }).times(1));
    let path = format!("/v1/opportunities/{id}/notes");
    let key = [("idempotency-key", "late")];
    let body = json!({"value": "Late"});
    let accepted = admin.call(Method::POST, &path, Some(body.clone()), &key).await.expect(202);
    assert_eq!(accepted.json()["status"], "unknown");
    let operation = accepted.location();
    // While nobody knows, the key answers the same.
    admin.call(Method::POST, &path, Some(body.clone()), &key).await.expect(202);
    while there(&story, &account, id, "Late").is_empty() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    story.clock.advance(Duration::from_secs(15));
    story.work().await;
    let settled = admin.get(&operation).await.expect(200).json();
    assert_eq!(settled["status"], "succeeded", "{settled}");
    let note = admin.call(Method::POST, &path, Some(body.clone()), &key).await.expect(201).json();
    assert_eq!(note["id"], settled["noteId"]);
    assert_eq!(admin.call(Method::POST, &path, Some(body), &key).await.expect(201).json(), note);
    assert_eq!((sent(&story), there(&story, &account, id, "Late").len()), (1, 1));
    story.end().await;
}

#[tokio::test]
async fn a_note_that_never_came_is_unknown_and_never_sent_again() {
    let (story, admin, account) = begin().await;
    let id = &account.active[0];
    story.lever.fault(Fault::new("POST", NOTES, FaultKind::DropBeforeCommit).times(1));
    let accepted = write(&admin, id, json!({"value": "Lost"})).await.expect(202);
    for _ in 0..30 {
        story.clock.advance(Duration::from_secs(5));
        story.work().await;
    }
    let settled = admin.get(&accepted.location()).await.expect(200).json();
    assert_eq!((&settled["status"], &settled["error"]["code"]), (&json!("unknown"), &json!("outcome_unknown")));
    assert!(settled["settledAt"].is_string(), "nothing more will be found out: {settled}");
    assert_eq!((sent(&story), there(&story, &account, id, "Lost").len()), (1, 0));
    story.end().await;
}

#[tokio::test]
async fn the_same_key_gets_the_same_note() {
    let (story, admin, account) = begin().await;
    let id = &account.active[0];
    let path = format!("/v1/opportunities/{id}/notes");
    let (body, key) = (json!({"value": "Once"}), [("idempotency-key", "k")]);
    let first = admin.call(Method::POST, &path, Some(body.clone()), &key).await.expect(201);
    let again = admin.call(Method::POST, &path, Some(body.clone()), &key).await.expect(201);
    assert_eq!((first.text, first.headers.get("location")), (again.text, again.headers.get("location")));
    let other = admin.call(Method::POST, &path, Some(json!({"value": "Other"})), &key).await.expect(422);
    assert_eq!(other.code(), "idempotency_key_reused");
    assert_eq!(there(&story, &account, id, "Once").len(), 1);
    // A day later the key is free.
    story.clock.advance(TimeDelta::hours(25).to_std().expect("positive"));
    story.work().await;
    admin.call(Method::POST, &path, Some(body), &key).await.expect(201);
    assert_eq!(there(&story, &account, id, "Once").len(), 2);
    story.end().await;
}

#[tokio::test]
async fn nobody_writes_without_a_connection() {
    let story = Story::begin().await;
    let admin = story.admin(OURS);
    assert_eq!(write(&admin, "o", json!({"value": "x"})).await.expect(409).code(), "not_connected");
    story.end().await;
}

#[tokio::test]
async fn a_note_that_lever_does_not_answer_in_time_is_accepted_and_its_answer_is_used() {
    let (story, admin, account) = begin().await;
    let id = &account.active[0];
    story.lever.fault(Fault::new("POST", NOTES, FaultKind::RequestHeld).times(1));
    let impatience = async {
        story.lever.wait_held(1).await;
        story.clock.advance(Duration::from_secs(10));
    };
    let (answer, ()) = tokio::join!(write(&admin, id, json!({"value": "In time"})), impatience);
    let answer = answer.expect(202);
    assert_eq!((answer.json()["status"].clone(), story.lever.held()), (json!("sending"), 1));
    story.lever.release().await;
    let operation = loop {
        let operation = admin.get(&answer.location()).await.expect(200).json();
        if operation["settledAt"].is_string() {
            break operation;
        }
    };
    assert_eq!((&operation["status"], &operation["leverStatus"]), (&json!("succeeded"), &json!(201)));
    assert_eq!(there(&story, &account, id, "In time")[0]["id"], operation["noteId"]);
    story.clock.advance(Duration::from_secs(15));
    story.work().await;
    story.end().await;
}
