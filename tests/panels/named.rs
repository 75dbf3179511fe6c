//! Lever may name the interviews of a panel and show them in no list. One that is named is there: it is read alone, and while Lever does not
//! show it even so, nothing is concluded from that, nothing is sent a second time, and nothing is forgotten here.

use http::Method;
use lever_integration::fake_lever::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::lost_answers::{impatient, open, settled};
use crate::world::{World, ids, interview_path, panel_path, text};

const PANELS: &str = "/v1/opportunities/*/panels";
const PANEL: &str = "/v1/opportunities/*/panels/*";
const INTERVIEWS: &str = "/v1/opportunities/*/interviews";
const INTERVIEW: &str = "/v1/opportunities/*/interviews/*";

/// From now on panels only name their interviews, and the list of them is empty.
fn name_only(world: &World) {
    let name = |panel: &mut Value| panel["interviews"] = ids(&panel["interviews"]).into();
    world.story.lever.fault(Fault::new("GET", PANEL, FaultKind::altered(move |_, body| name(&mut body["data"]))));
    let name_all = move |_: &mut u16, body: &mut Value| body["data"].as_array_mut().into_iter().flatten().for_each(name);
    world.story.lever.fault(Fault::new("GET", PANELS, FaultKind::altered(name_all)));
    world.story.lever.fault(Fault::new("GET", INTERVIEWS, FaultKind::altered(|_, body| body["data"] = json!([]))));
}

/// As [`name_only`], and Lever does not find an interview that is asked for alone.
fn hide(world: &World) {
    name_only(world);
    let missing = json!({"code": "ResourceNotFound", "message": "Interview was not found"}).to_string();
    world.story.lever.fault(Fault::new("GET", INTERVIEW, FaultKind::Answer { code: 404, body: missing }));
}

/// What an edit reads before it is sent is shown as usual; then as [`hide`] says.
fn hide_after_one_reading(world: &World) {
    for pattern in [PANEL, INTERVIEWS, INTERVIEW] {
        world.fault("GET", pattern, FaultKind::altered(|_, _| {}));
    }
    hide(world);
}

/// Nothing can be said of the write while Lever hides what it was about; once Lever shows it, it has taken so many attempts.
async fn waits_until_it_is_shown(world: &World, operation: &str, write: &str, attempts: usize) {
    world.pass(90).await;
    assert_eq!(world.admin.get(operation).await.expect(200).json()["status"], "unknown");
    assert_eq!(world.writes(), [write]);
    world.story.lever.clear_faults();
    world.pass(10).await;
    let operation = settled(world, operation).await;
    assert_eq!((&operation["status"], &operation["attempts"]), (&json!("succeeded"), &json!(attempts)));
    world.pass(90).await;
    assert_eq!(world.writes().len(), attempts - 1);
}

#[tokio::test]
async fn an_interview_that_no_list_shows_is_read_alone() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0), world.interview(1, 1)]).await;
    let path = panel_path(&panel["id"]);
    name_only(&world);
    world.fault("POST", INTERVIEWS, FaultKind::DropAfterCommit);
    let added = world.admin.post(&format!("{path}/interviews"), world.interview(2, 2)).await.expect(201).json();
    assert_eq!(ids(&world.only_panel()["interviews"])[2], text(&added["id"]));
    world.pass(90).await;
    assert_eq!(world.writes(), ["POST panels", "POST interviews"]);

    let before = world.only_panel();
    let edited = world.admin.patch(&path, json!({"note": "Onsite"})).await.expect(200).json();
    assert_eq!((ids(&edited["interviews"]), &world.only_panel()["interviews"]), (ids(&before["interviews"]), &before["interviews"]));
    let first = interview_path(&panel["interviews"][0]["id"]);
    let moved = world.admin.patch(&first, json!({"location": "Room 4"})).await.expect(200).json();
    assert_eq!((&moved["location"], &moved["start"]), (&json!("Room 4"), &json!(world.at(0))));
    world.admin.delete(&first).await.expect(204);
    assert_eq!(ids(&world.only_panel()["interviews"]), ids(&before["interviews"])[1..]);
    world.story.end().await;
}

#[tokio::test]
async fn an_interview_that_is_only_named_is_not_added_a_second_time() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    world.writes();
    hide(&world);
    world.fault("POST", INTERVIEWS, FaultKind::DropAfterCommit);
    let path = format!("{}/interviews", panel_path(&panel["id"]));
    let answer = impatient(&world, world.admin.post(&path, world.interview(1, 1))).await;
    waits_until_it_is_shown(&world, &open(&world, answer).await, "POST interviews", 1).await;

    // Shown, but for its people: it may be the one.
    for (pattern, at) in [(PANEL, "/data/interviews"), (INTERVIEWS, "/data")] {
        let without_people = move |_: &mut u16, body: &mut Value| {
            let list = body.pointer_mut(at).and_then(Value::as_array_mut);
            list.into_iter().flatten().for_each(|interview| interview["interviewers"] = Value::Null);
        };
        world.story.lever.fault(Fault::new("GET", pattern, FaultKind::altered(without_people)));
    }
    world.fault("POST", INTERVIEWS, FaultKind::DropAfterCommit);
    let answer = impatient(&world, world.admin.post(&path, world.interview(2, 2))).await;
    waits_until_it_is_shown(&world, &open(&world, answer).await, "POST interviews", 1).await;
    assert_eq!(world.only_panel()["interviews"].as_array().map(Vec::len), Some(3));
    world.story.end().await;
}

#[tokio::test]
async fn an_edit_of_what_is_only_named_is_not_judged_until_it_is_shown() {
    let world = World::begin().await;
    let mut first = world.interview(0, 0);
    first["note"] = json!("Bring a pen");
    let panel = world.scheduled(&[first]).await;
    let (path, kept) = (panel_path(&panel["id"]), &panel["interviews"][0]["id"]);
    world.writes();
    hide_after_one_reading(&world);
    world.fault("PUT", PANEL, FaultKind::DropAfterCommit);
    let patch = json!({"interviews": [{"id": kept}, world.interview(1, 1)]});
    let answer = impatient(&world, world.admin.patch(&path, patch)).await;
    waits_until_it_is_shown(&world, &open(&world, answer).await, "PUT panels", 1).await;
    assert_eq!(world.only_panel()["interviews"].as_array().map(Vec::len), Some(2));

    // What is not shown is not taken away either.
    hide_after_one_reading(&world);
    world.fault("PUT", INTERVIEW, FaultKind::DropBeforeCommit);
    let answer = impatient(&world, world.admin.patch(&interview_path(kept), json!({"note": null}))).await;
    waits_until_it_is_shown(&world, &open(&world, answer).await, "PUT interviews", 2).await;
    assert_eq!(world.only_panel()["interviews"][0]["note"], Value::Null);
    world.story.end().await;
}

#[tokio::test]
async fn an_interview_that_is_only_named_is_kept_here_and_can_be_canceled() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0), world.interview(1, 1)]).await;
    let (path, list) = (panel_path(&panel["id"]), &panel["interviews"]);
    let [first, second] = [0, 1].map(|at| interview_path(&list[at]["id"]));
    world.writes();
    hide(&world);
    // Sent back as it is shown, it would be lost.
    assert_eq!(world.admin.patch(&path, json!({"note": "Onsite"})).await.expect(422).json()["errors"][0]["pointer"], "/interviews");
    world.admin.patch(&first, json!({"location": "Room 4"})).await.expect(503);
    for (interview, hour) in [(&first, 0), (&second, 1)] {
        assert_eq!(world.admin.get(interview).await.expect(200).json()["start"], world.at(hour));
    }
    let taken = world.call(Method::POST, &world.path(), world.draft(&[world.interview(1, 1)]), &[]).await.expect(409);
    assert_eq!((taken.code(), world.writes()), ("interviewer_conflict".to_owned(), Vec::new()));

    world.fault("DELETE", INTERVIEW, FaultKind::DropBeforeCommit);
    let answer = impatient(&world, world.admin.delete(&second)).await;
    let operation = open(&world, answer).await;
    world.pass(70).await;
    assert_eq!(settled(&world, &operation).await["status"], "succeeded");
    assert_eq!((ids(&world.only_panel()["interviews"]), world.writes()), (vec![text(&list[0]["id"])], vec!["DELETE interviews".to_owned(); 2]));
    world.story.end().await;
}
