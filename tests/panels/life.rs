//! A panel's whole life: scheduled, read, listed, edited, canceled; here and at Lever.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::support::story::Setting;
use crate::world::{World, ids, interview_path, panel_path, text};

#[tokio::test]
async fn what_is_scheduled_is_at_lever_and_reads_back_everywhere() {
    let world = World::begin().await;
    let template = &world.account.templates[0];
    let mut first = world.interview(0, 0);
    first["subject"] = json!("System design");
    first["location"] = json!("Room 4");
    first["note"] = json!("Bring a pen");
    first["feedbackTemplateId"] = json!(template);
    first["feedbackReminder"] = json!("frequently");
    first["interviewers"][0]["feedbackTemplateId"] = json!(template);
    let mut draft = world.draft(&[first, world.interview(1, 1)]);
    draft["note"] = json!("Onsite");
    draft["feedbackReminder"] = json!("once");
    draft["externalUrl"] = json!("https://app.modernloop.example/x?y=1");

    let answer = world.schedule(draft).await.expect(201);
    let panel = answer.json();
    assert_eq!(answer.location(), panel_path(&panel["id"]));
    assert!(answer.header("etag").starts_with('"'), "{}", answer.header("etag"));
    assert_eq!(
        (&panel["status"], &panel["externallyManaged"], &panel["editable"], &panel["canceledAt"], &panel["feedbackReminder"]),
        (&json!("scheduled"), &json!(true), &json!(true), &Value::Null, &json!("once"))
    );
    assert_eq!((&panel["start"], &panel["opportunityId"]), (&json!(world.at(0)), &json!(world.opportunity)));
    let shown = &panel["interviews"][0];
    assert_eq!((&shown["panelId"], &shown["durationMinutes"], &shown["feedbackTemplateId"]), (&panel["id"], &json!(45), &json!(template)));
    assert_eq!(shown["interviewers"][0]["name"], json!(world.people[0].name));
    assert_eq!(shown["interviewers"][0]["feedbackTemplateId"], json!(template));

    let there = world.only_panel();
    let application = &world.story.lever.opportunity(&world.account.id, &world.opportunity).expect("there")["applications"][0];
    assert_eq!((&there["id"], &there["note"], &there["applications"]), (&panel["id"], &json!("Onsite"), &json!([application])));
    assert!(text(&there["externalUrl"]).starts_with("https://app.modernloop.example/x?y=1#"), "{there}");
    assert_eq!(there["interviews"][0]["feedbackReminder"], "frequently");
    assert_eq!(there["interviews"][1]["feedbackTemplate"], "no-feedback");
    assert_eq!(world.writes(), ["POST panels"]);

    let read = world.panel(&panel["id"]).await.expect(200);
    assert_eq!((read.json(), read.header("etag")), (panel.clone(), answer.header("etag")));
    let (from, to) = (world.at(0), world.at(1));
    let (opportunity, interviewer) = (&world.opportunity, &world.people[1].id);
    for list in [
        world.path(),
        format!("/v1/panels?from={from}&to={to}"),
        format!("/v1/panels?opportunityId={opportunity}"),
        format!("/v1/panels?interviewerId={interviewer}&from={from}"),
        format!("/v1/panels?status=any&from={from}"),
    ] {
        assert_eq!(world.admin.get(&list).await.expect(200).json()["data"], json!([panel]), "{list}");
    }
    for empty in [format!("/v1/panels?from={}", world.at(9)), format!("/v1/panels?status=canceled&from={from}")] {
        assert_eq!(world.admin.get(&empty).await.expect(200).json()["data"], json!([]), "{empty}");
    }
    let interviews = world.admin.get(&format!("/v1/interviews?from={from}")).await.expect(200).json();
    assert_eq!(ids(&interviews["data"]), ids(&panel["interviews"]));
    let alone = world.admin.get(&interview_path(&panel["interviews"][0]["id"])).await.expect(200).json();
    assert_eq!((&alone["status"], &alone["opportunityId"]), (&json!("scheduled"), &json!(world.opportunity)));

    let operation = &world.operations().await[0];
    assert_eq!((&operation["kind"], &operation["status"], &operation["panelId"]), (&json!("schedule_panel"), &json!("succeeded"), &panel["id"]));
    world.story.end().await;
}

/// PUT replaces the whole object at Lever: what nobody touched, unknown fields included, is still there after an edit.
#[tokio::test]
async fn an_edit_loses_nothing_that_it_does_not_name() {
    let world = World::begin().await;
    let mut draft = world.draft(&[world.interview(0, 0), world.interview(1, 1)]);
    draft["note"] = json!("Onsite");
    draft["feedbackReminder"] = json!("none");
    draft["interviews"][0]["note"] = json!("Bring a pen");
    let panel = world.schedule(draft).await.expect(201).json();
    world.inside().set_panel_field(&world.opportunity, text(&panel["id"]), "newField", json!({"deep": [1]})).expect("set");
    let before = world.only_panel();

    let kept = &panel["interviews"][0]["id"];
    let patch = json!({"interviews": [{"id": kept, "location": "Room 4"}, world.interview(2, 2)]});
    let edited = world.admin.patch(&panel_path(&panel["id"]), patch).await.expect(200);
    let shown = edited.json();
    assert_eq!((&shown["interviews"][0]["id"], &shown["interviews"][0]["location"]), (kept, &json!("Room 4")));
    assert_eq!((&shown["start"], shown["interviews"].as_array().map(Vec::len)), (&json!(world.at(0)), Some(2)));
    assert_ne!(shown["interviews"][1]["id"], panel["interviews"][1]["id"]);
    assert_eq!(world.panel(&panel["id"]).await.expect(200).header("etag"), edited.header("etag"));

    let after = world.only_panel();
    for field in ["newField", "note", "externalUrl", "feedbackReminder", "applications", "timezone", "createdAt"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    let mut expected = before["interviews"][0].clone();
    expected["location"] = json!("Room 4");
    assert_eq!(after["interviews"][0], expected);
    assert_eq!(world.writes(), ["POST panels", "PUT panels"]);

    // The removed interview is nowhere any more; null takes a field away; the mark stays.
    world.admin.get(&interview_path(&panel["interviews"][1]["id"])).await.expect(404);
    let cleared = world.admin.patch(&panel_path(&panel["id"]), json!({"note": null, "externalUrl": null})).await.expect(200).json();
    assert_eq!(cleared["note"], Value::Null);
    assert_eq!((&world.only_panel()["note"], &world.only_panel()["newField"]), (&Value::Null, &json!({"deep": [1]})));
    assert_eq!(world.only_panel()["externalUrl"], before["externalUrl"]);
    world.story.end().await;
}

#[tokio::test]
async fn an_edit_of_nothing_sends_nothing() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let before = world.only_panel();
    assert_eq!(world.writes(), ["POST panels"]);
    let interview = &panel["interviews"][0];
    let same = json!({"timezone": panel["timezone"], "note": null, "interviews": [
        {"id": interview["id"], "start": interview["start"], "durationMinutes": 45, "interviewers": [{"id": world.people[0].id}]}]});
    for patch in [json!({}), same] {
        let answer = world.admin.patch(&panel_path(&panel["id"]), patch).await.expect(200);
        assert_eq!(answer.json()["interviews"], panel["interviews"]);
    }
    world.admin.patch(&interview_path(&interview["id"]), json!({"durationMinutes": 45})).await.expect(200);
    assert_eq!((world.writes(), world.only_panel()), (Vec::new(), before));
    assert_eq!(world.operations().await.len(), 1);
    world.story.end().await;
}

#[tokio::test]
async fn a_canceled_panel_stays_readable_and_cannot_be_changed() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let path = panel_path(&panel["id"]);
    let answer = world.admin.delete(&path).await.expect(204);
    assert!(answer.text.is_empty());
    assert!(world.only_panel()["canceledAt"].is_number());
    let shown = world.admin.get(&path).await.expect(200).json();
    assert_eq!((&shown["status"], &shown["editable"]), (&json!("canceled"), &json!(false)));
    assert!(shown["canceledAt"].is_string());
    assert_eq!(ids(&world.admin.get("/v1/panels?status=canceled").await.expect(200).json()["data"]), [text(&panel["id"])]);

    world.admin.delete(&path).await.expect(204);
    world.admin.delete(&interview_path(&panel["interviews"][0]["id"])).await.expect(204);
    assert_eq!(world.writes(), ["POST panels", "DELETE panels"]);
    for (method, body) in [(Method::PATCH, json!({"note": "x"})), (Method::POST, world.interview(1, 1))] {
        let path = if method == Method::POST { format!("{path}/interviews") } else { path.clone() };
        assert_eq!(world.call(method, &path, body, &[]).await.expect(409).code(), "panel_canceled");
    }
    assert_eq!(world.writes(), Vec::<String>::new());
    world.story.end().await;
}

/// Some stand-ins for Lever, and perhaps Lever, take a deleted panel off the list.
#[tokio::test]
async fn a_canceled_panel_that_vanishes_from_lever_is_still_known_as_canceled() {
    let mut setting = Setting::default();
    setting.lever.deleted_panels_vanish = true;
    let world = World::with(setting).await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let path = panel_path(&panel["id"]);
    world.admin.delete(&path).await.expect(204);
    assert_eq!(world.at_lever(), Vec::<Value>::new());
    world.pass(70).await;
    assert_eq!(world.admin.get(&path).await.expect(200).json()["status"], "canceled");
    world.admin.delete(&path).await.expect(204);
    world.story.end().await;
}

#[tokio::test]
async fn answers_in_the_form_of_the_documentation_are_understood() {
    let mut setting = Setting::default();
    setting.lever.documented_answers = true;
    let world = World::with(setting).await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let path = panel_path(&panel["id"]);
    world.admin.patch(&path, json!({"note": "Second thoughts"})).await.expect(200);
    let added = world.admin.post(&format!("{path}/interviews"), world.interview(1, 1)).await.expect(201).json();
    world.admin.patch(&interview_path(&added["id"]), json!({"subject": "Team fit"})).await.expect(200);
    assert_eq!(world.only_panel()["interviews"][1]["subject"], "Team fit");
    world.admin.delete(&interview_path(&added["id"])).await.expect(204);
    world.admin.delete(&path).await.expect(204);
    world.story.end().await;
}

#[tokio::test]
async fn a_panel_made_inside_lever_is_shown_and_never_changed() {
    let world = World::begin().await;
    let body = json!({"timezone": "Europe/Lisbon", "interviews": [
        {"date": world.day.timestamp_millis(), "duration": 30, "interviewers": [{"id": world.people[0].id}]}]});
    let id = world.story.lever.inside(&world.account.id).schedule_panel(&world.opportunity, &body).expect("scheduled");
    // Known to us once the sync or a webhook has brought it.
    world.story.clock.advance(Duration::from_secs(60));
    world.admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    world.story.work().await;
    world.story.lever.clear_ledger();
    let path = format!("/v1/panels/{id}");
    let shown = world.admin.get(&path).await.expect(200).json();
    assert_eq!((&shown["editable"], &shown["externallyManaged"]), (&json!(false), &json!(false)));
    let interview = interview_path(&shown["interviews"][0]["id"]);
    for (method, path, body) in [
        (Method::PATCH, path.clone(), json!({"note": "x"})),
        (Method::DELETE, path.clone(), Value::Null),
        (Method::POST, format!("{path}/interviews"), world.interview(1, 1)),
        (Method::PATCH, interview.clone(), json!({"note": "x"})),
        (Method::DELETE, interview.clone(), Value::Null),
    ] {
        let body = (!body.is_null()).then_some(body);
        let answer = world.admin.call(method.clone(), &path, body, &[]).await.expect(409);
        assert_eq!(answer.code(), "panel_not_externally_managed", "{method} {path}");
    }
    assert_eq!(world.writes(), Vec::<String>::new());
    assert!(world.operations().await.is_empty());
    world.story.end().await;
}
