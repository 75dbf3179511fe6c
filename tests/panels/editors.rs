//! Several people edit one panel at once and none of them names a version: whatever each of them changed is there in the end, and nothing
//! else has changed.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use lever_integration::fake_lever::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::support::story::Answer;
use crate::world::{World, interview_path, panel_path, text};

const PANEL: &str = "/v1/opportunities/*/panels/*";
const INTERVIEWS: &str = "/v1/opportunities/*/interviews";
const INTERVIEW: &str = "/v1/opportunities/*/interviews/*";

/// Holds what so many edits read until all of them have read it: each knows the panel as it was before any of them.
async fn at_once(world: &World, edits: Vec<(Method, String, Value)>) {
    let many = edits.len();
    world.story.lever.fault(Fault::new("GET", PANEL, FaultKind::AnswerHeld).times(many));
    let edits = join_all(edits.into_iter().map(|(method, path, body)| async move { world.call(method, &path, body, &[]).await }));
    let others = async {
        world.story.lever.wait_held(many).await;
        world.story.clock.advance(Duration::from_secs(1));
        world.story.lever.release().await;
    };
    for answer in tokio::join!(edits, others).0 {
        assert!([200, 201].contains(&answer.status), "{}", answer.text);
    }
}

/// An edit whose reading of an interview is held while somebody else clears something.
async fn while_it_reads(world: &World, read: &str, edit: impl Future<Output = Answer>, clear: (&str, Value)) {
    world.fault("GET", read, FaultKind::AnswerHeld);
    let meanwhile = async {
        world.story.lever.wait_held(1).await;
        world.story.clock.advance(Duration::from_secs(1));
        world.admin.patch(clear.0, clear.1).await.expect(200);
        world.story.lever.release().await;
    };
    tokio::join!(edit, meanwhile).0.expect(200);
}

#[tokio::test]
async fn whoever_edits_one_panel_at_once_loses_nothing_of_the_others() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0), world.interview(1, 1), world.interview(2, 2)]).await;
    let (path, list) = (panel_path(&panel["id"]), &panel["interviews"]);
    let interview = |at: usize| interview_path(&list[at]["id"]);
    let mut expected = world.only_panel();
    at_once(
        &world,
        vec![
            (Method::PATCH, path.clone(), json!({"note": "Onsite"})),
            (Method::PATCH, path.clone(), json!({"feedbackReminder": "once"})),
            (Method::PATCH, interview(0), json!({"location": "Room 4"})),
            (Method::PATCH, interview(0), json!({"subject": "Coding"})),
            (Method::PATCH, interview(1), json!({"start": world.at(5)})),
            (Method::POST, format!("{path}/interviews"), world.interview(3, 3)),
        ],
    )
    .await;
    let there = world.only_panel();
    (expected["note"], expected["feedbackReminder"]) = (json!("Onsite"), json!("once"));
    (expected["interviews"][0]["location"], expected["interviews"][0]["subject"]) = (json!("Room 4"), json!("Coding"));
    expected["interviews"][1]["date"] = json!((world.day + chrono::TimeDelta::hours(5)).timestamp_millis());
    expected["interviews"].as_array_mut().expect("a list").push(there["interviews"][3].clone());
    expected["end"] = there["end"].clone();
    assert_eq!((&there, &there["interviews"][3]["interviewers"][0]["id"]), (&expected, &json!(world.people[3].id)));

    // The whole list of one, and two of its interviews of others.
    let kept: Value = there["interviews"].as_array().expect("a list").iter().map(|it| json!({"id": it["id"]})).collect();
    let mut moved = kept.clone();
    moved[2]["location"] = json!("Room 5");
    at_once(
        &world,
        vec![
            (Method::PATCH, path.clone(), json!({"interviews": moved})),
            (Method::PATCH, interview(2), json!({"subject": "Team fit"})),
            (Method::PATCH, interview(0), json!({"subject": null})),
        ],
    )
    .await;
    (expected["interviews"][2]["location"], expected["interviews"][2]["subject"]) = (json!("Room 5"), json!("Team fit"));
    expected["interviews"][0]["subject"] = Value::Null;
    assert_eq!(world.only_panel(), expected);
    let shown = world.panel(&panel["id"]).await.expect(200).json();
    assert_eq!((&shown["interviews"][2]["location"], &shown["interviews"][0]["subject"]), (&json!("Room 5"), &Value::Null));
    world.story.work().await;
    world.story.end().await;
}

/// What an edit read of an interview on its own is older than the panel by then: it must not bring back what the panel no longer has.
#[tokio::test]
async fn what_somebody_clears_while_another_reads_stays_cleared() {
    let world = World::begin().await;
    let mut first = world.interview(0, 0);
    (first["note"], first["subject"]) = (json!("Bring a pen"), json!("Coding"));
    let panel = world.scheduled(&[first, world.interview(1, 1)]).await;
    let (path, interview) = (panel_path(&panel["id"]), interview_path(&panel["interviews"][0]["id"]));
    world.inside().set_interview_field(&world.opportunity, text(&panel["interviews"][0]["id"]), "guide", json!("g"), true).expect("set");

    let edit = world.admin.patch(&interview, json!({"location": "Room 4"}));
    while_it_reads(&world, INTERVIEW, edit, (&interview, json!({"note": null}))).await;
    let there = world.only_panel()["interviews"][0].clone();
    assert_eq!((&there["location"], &there["note"], &there["subject"]), (&json!("Room 4"), &Value::Null, &json!("Coding")));

    let edit = world.admin.patch(&path, json!({"note": "Onsite"}));
    while_it_reads(&world, INTERVIEWS, edit, (&interview, json!({"subject": null}))).await;
    let there = world.only_panel();
    assert_eq!((&there["note"], &there["interviews"][0]["location"]), (&json!("Onsite"), &json!("Room 4")));
    assert_eq!(there["interviews"][0]["subject"], Value::Null);
    let alone = world.story.lever.interview_of(&world.account.id, &world.opportunity, text(&panel["interviews"][0]["id"])).expect("there");
    assert_eq!(alone["guide"], "g", "what the panel never showed is there all the same");
    world.story.work().await;
    world.story.end().await;
}
