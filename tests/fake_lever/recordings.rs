//! Answers have the fields of those recorded from Lever, in the same envelopes. The recordings are
//! not part of the repository; without them this says so and passes.

use std::collections::BTreeSet;
use std::path::PathBuf;

use lever_integration::fake_lever::{Event, Inside, Options};
use reqwest::Method;
use serde_json::{Value, json};

use super::connected::{Connected, small};

/// The answers recorded for a call, or nothing when there are no recordings here.
fn recorded(name: &str) -> Option<Vec<Value>> {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/lever-samples");
    let folder = std::env::var_os("LEVER_SAMPLES").map_or_else(|| default.into(), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join(format!("{name}.json"))) else {
        eprintln!("skipped: no recording {name} in LEVER_SAMPLES");
        return None;
    };
    let recording: Value = serde_json::from_str(&text).unwrap();
    let calls = recording["calls"].as_array().unwrap();
    Some(calls.iter().map(|call| call["response"].clone()).collect())
}

/// Every field there is, as a path; records of a list and keys of free form count as one.
fn fields(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let path = format!("{path}/{key}");
                fields(value, &path, found);
                found.insert(path);
            }
        }
        Value::Array(list) => list.iter().for_each(|it| fields(it, path, found)),
        _ => {}
    }
}

fn fields_of<'a>(values: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    values.into_iter().for_each(|it| fields(it, "", &mut found));
    found
}

/// Compares our answers with the recorded ones, but for fields that only some records have.
fn same_fields(name: &str, ours: &[Value], sometimes: &[&str]) {
    let Some(recorded) = recorded(name) else {
        return;
    };
    let without = |all: BTreeSet<String>| -> BTreeSet<String> {
        all.into_iter().filter(|it| it != "/next" && !sometimes.iter().any(|prefix| it.starts_with(prefix))).collect()
    };
    assert_eq!(without(fields_of(ours)), without(fields_of(&recorded)), "{name}");
}

#[tokio::test]
async fn lists_have_the_recorded_fields() {
    let it = Connected::new(Options { opportunities: 1_000, ..small() }).await;
    for (name, path, sometimes) in [
        ("users", "/users", &[][..]),
        ("stages", "/stages", &[]),
        ("archive-reasons", "/archive_reasons", &[]),
        ("tags", "/tags", &[]),
        ("feedback-templates", "/feedback_templates", &["/data/fields"]),
        ("postings", "/postings", &["/data/content/lists", "/data/urls"]),
        ("opportunities", "/opportunities", &[]),
        ("get-opportunities-deleted", "/opportunities/deleted", &[]),
        ("get-postings-deleted", "/postings/deleted", &[]),
    ] {
        let (status, answer) = it.get(path).await;
        assert_eq!(status, 200, "{path}");
        same_fields(name, &[answer], sometimes);
    }
}

#[tokio::test]
async fn single_objects_have_the_recorded_fields() {
    let it = Connected::new(small()).await;
    let archived = &it.account.archived;
    let of = |id: &str| it.lever.opportunity(&it.account.id, id).unwrap();
    let (full, opportunity) = (archived.iter())
        .map(|id| (id, of(id)))
        .find(|(_, it)| it["applications"][0].is_string() && it["confidentiality"] != "confidential")
        .unwrap();
    let phones = ["/data/phones", "/data/stageChanges/userId"];
    let contact = opportunity["contact"].as_str().unwrap();
    let application = opportunity["applications"][0].as_str().unwrap();
    for (name, path, sometimes) in [
        ("get-user", format!("/users/{}", it.account.users[0].id), &[][..]),
        ("get-archive-reason", format!("/archive_reasons/{}", it.account.archive_reasons[0]), &[]),
        ("get-feedback-template", format!("/feedback_templates/{}", it.account.templates[0]), &["/data/group", "/data/fields"]),
        ("get-opportunity", format!("/opportunities/{full}"), &phones),
        ("get-contact", format!("/contacts/{contact}"), &phones),
        ("get-application", format!("/opportunities/{full}/applications/{application}"), &[]),
    ] {
        let (status, answer) = it.get(&path).await;
        assert_eq!(status, 200, "{path}");
        same_fields(name, &[answer], sometimes);
    }
}

#[tokio::test]
async fn writes_answer_with_the_recorded_fields() {
    let it = Connected::new(small()).await;
    let id = &it.account.archived[0];
    let stage = json!({"stage": it.account.stages[1]});
    let archived = json!({"reason": it.account.archive_reasons[0], "cleanInterviews": false});
    let sometimes = &["/data/stageChanges/userId"];
    for (name, method, what, body) in [
        ("update-opportunity-stage", Method::PUT, "stage", stage),
        ("update-opportunity-archived", Method::PUT, "archived", archived),
        ("update-opportunity-tags", Method::POST, "addTags", json!({"tags": ["kite"]})),
    ] {
        let path = it.as_someone(&format!("/opportunities/{id}/{what}"));
        let (status, answer) = it.send(method, &path, &body).await;
        assert_eq!(status, 200, "{name}");
        same_fields(name, &[answer], sometimes);
    }
    let notes = format!("/opportunities/{id}/notes");
    let (status, note) = it.send(Method::POST, &it.as_someone(&notes), &json!({"value": "x"})).await;
    assert_eq!(status, 201);
    let path = format!("{notes}/{}", note["data"]["id"].as_str().unwrap());
    same_fields("create-note", &[note], &[]);
    same_fields("get-note", &[it.get(&path).await.1], &[]);
    assert_eq!(it.send(Method::PUT, &path, &json!({"value": "y"})).await.1["data"]["fields"][0]["value"], "y");
    assert_eq!(it.send(Method::DELETE, &path, &json!({})).await.0, 204);
    let hook = json!({"event": Event::CandidateHired.name(), "url": "https://hooks.example/a"});
    same_fields("create-webhook", &[it.send(Method::POST, "/webhooks", &hook).await.1], &[]);
    same_fields("get-webhooks", &[it.get("/webhooks").await.1], &[]);
}

#[tokio::test]
async fn panels_and_interviews_have_the_recorded_fields() {
    let it = Connected::new(small()).await;
    let id = it.account.active.iter().find(|id| it.lever.panels_of(&it.account.id, id).unwrap().is_empty());
    let id = id.unwrap();
    let panels = format!("/opportunities/{id}/panels");
    let (_, panel) = it.send(Method::POST, &it.as_someone(&panels), &it.panel()).await;
    let interview = &panel["data"]["interviews"][0]["id"];
    let path = format!("/opportunities/{id}/interviews/{}", interview.as_str().unwrap());
    same_fields("get-interview", &[it.get(&path).await.1], &[]);
    let body = &it.panel()["interviews"][0];
    let (_, replaced) = it.send(Method::PUT, &it.as_someone(&path), body).await;
    same_fields("update-interview", &[replaced], &[]);
    same_fields("create-panel", &[panel], &[]);
    same_fields("get-opportunity-panels", &[it.get(&panels).await.1], &[]);
}

#[tokio::test]
async fn a_resume_is_read_and_downloaded() {
    let it = Connected::new(small()).await;
    let id = &it.account.active[0];
    let inside: Inside = it.lever.inside(&it.account.id);
    let good = inside.add_resume(id, "Tansy Inkwell", true).unwrap();
    let bad = inside.add_resume(id, "unreadable", false).unwrap();
    let (_, list) = it.get(&format!("/opportunities/{id}/resumes")).await;
    let resume = list["data"].as_array().unwrap().iter().find(|it| it["id"] == json!(good)).unwrap();
    let url = resume["file"]["downloadUrl"].as_str().unwrap();
    let file = it.http.get(url).bearer_auth(&it.token).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "application/pdf");
    assert!(file.bytes().await.unwrap().starts_with(b"%PDF"));
    assert_eq!(it.get(&format!("/opportunities/{id}/resumes/{bad}/download")).await.0, 422);
}
