//! Lever may show more than this product knows, anywhere. PUT replaces whole objects there, so what is not sent back is lost.

use lever_integration::fake_lever::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::lost_answers::{impatient, open, settled};
use crate::world::{World, interview_path, panel_path, text};

/// The interview as Lever shows it on its own.
fn alone(world: &World, interview: &Value) -> Value {
    world.story.lever.interview_of(&world.account.id, &world.opportunity, text(interview)).expect("there")
}

#[tokio::test]
async fn unknown_fields_of_interviews_and_interviewers_survive_every_edit() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0), world.interview(1, 1)]).await;
    let (first, inside) = (&panel["interviews"][0]["id"], world.inside());
    inside.set_interview_field(&world.opportunity, text(first), "newField", json!({"deep": [1]}), false).expect("set");
    inside.set_seat_field(&world.opportunity, text(first), "newSeatField", json!("kept")).expect("set");

    world.admin.patch(&panel_path(&panel["id"]), json!({"note": "Onsite"})).await.expect(200);
    world.admin.patch(&interview_path(first), json!({"location": "Room 4"})).await.expect(200);
    let kept =
        json!({"interviews": [{"id": first, "subject": "Second round", "interviewers": [{"id": world.people[0].id}, {"id": world.people[2].id}]}]});
    world.admin.patch(&panel_path(&panel["id"]), kept).await.expect(200);

    let there = world.only_panel()["interviews"][0].clone();
    assert_eq!((&there["location"], &there["subject"], &there["newField"]), (&json!("Room 4"), &json!("Second round"), &json!({"deep": [1]})));
    assert_eq!((&there["interviewers"][0]["newSeatField"], there["interviewers"].as_array().map(Vec::len)), (&json!("kept"), Some(2)));
    world.story.end().await;
}

/// What the panel does not show of its interviews is not lost when the panel is edited, nor when that is done once more.
#[tokio::test]
async fn what_only_the_interview_itself_shows_survives_an_edit_of_its_panel() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0), world.interview(1, 1), world.interview(2, 2)]).await;
    let (path, list) = (panel_path(&panel["id"]), &panel["interviews"]);
    for (interview, guide) in [(&list[0], "g0"), (&list[1], "g1")] {
        world.inside().set_interview_field(&world.opportunity, text(&interview["id"]), "guide", json!({"id": guide}), true).expect("set");
    }
    let guides = || [0, 1].map(|at| alone(&world, &list[at]["id"])["guide"]["id"].clone());

    world.admin.patch(&path, json!({"note": "Onsite"})).await.expect(200);
    assert_eq!(guides(), ["g0", "g1"], "only a field of the panel was edited");
    let edit = json!({"interviews": [{"id": list[0]["id"], "subject": "Coding"}, {"id": list[1]["id"]}, world.interview(2, 3)]});
    world.admin.patch(&path, edit).await.expect(200);
    assert_eq!(guides(), ["g0", "g1"], "other interviews were edited, removed and added");
    world.admin.patch(&interview_path(&list[1]["id"]), json!({"subject": "Team fit"})).await.expect(200);
    assert_eq!(guides(), ["g0", "g1"]);

    // Sent again, when nobody waits any more.
    world.fault("PUT", "/v1/opportunities/*/panels/*", FaultKind::DropBeforeCommit);
    impatient(&world, world.admin.patch(&path, json!({"note": "Virtual onsite"}))).await.expect(202);
    world.pass(90).await;
    assert_eq!((&world.only_panel()["note"], guides()), (&json!("Virtual onsite"), ["g0", "g1"].map(|guide| json!(guide))));
    // Seen to have happened, although the panel does not show all that was sent.
    world.fault("PUT", "/v1/opportunities/*/panels/*", FaultKind::DropAfterCommit);
    world.admin.patch(&path, json!({"note": "Onsite after all"})).await.expect(200);
    assert_eq!(guides(), ["g0", "g1"]);
    world.story.end().await;
}

/// Where Lever does not give the list of the interviews, nothing is known to be hidden, and that stops nobody.
#[tokio::test]
async fn a_panel_is_edited_although_the_list_of_its_interviews_is_refused() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let refusal = FaultKind::Answer { code: 403, body: json!({"code": "Forbidden", "message": "Not allowed"}).to_string() };
    world.fault("GET", "/v1/opportunities/*/interviews", refusal);
    let edited = world.admin.patch(&panel_path(&panel["id"]), json!({"note": "Onsite"})).await.expect(200).json();
    assert_eq!((&edited["note"], &world.only_panel()["note"]), (&json!("Onsite"), &json!("Onsite")));
    world.story.end().await;
}

/// What the panel does not show of an interview is not lost when the interview alone is edited.
#[tokio::test]
async fn what_only_the_interview_itself_shows_survives_its_edit() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let id = &panel["interviews"][0]["id"];
    world.inside().set_interview_field(&world.opportunity, text(id), "guide", json!({"id": "g1"}), true).expect("set");
    assert_eq!(world.only_panel()["interviews"][0]["guide"], Value::Null);
    world.admin.patch(&interview_path(id), json!({"subject": "Team fit"})).await.expect(200);
    let there = alone(&world, id);
    assert_eq!((&there["subject"], &there["guide"]), (&json!("Team fit"), &json!({"id": "g1"})));
    world.story.end().await;
}

/// What the panel does not show is looked for where it is shown, when the answer to its edit never came.
#[tokio::test]
async fn an_edit_of_what_only_the_interview_itself_shows_is_seen_to_have_happened_or_not() {
    let world = World::begin().await;
    let mut first = world.interview(0, 0);
    first["note"] = json!("Bring a pen");
    let panel = world.scheduled(&[first, world.interview(1, 1)]).await;
    let (path, id) = (panel_path(&panel["id"]), &panel["interviews"][0]["id"]);
    let without_notes = |_: &mut u16, body: &mut Value| {
        let interviews = body["data"]["interviews"].as_array_mut();
        interviews.into_iter().flatten().for_each(|interview| interview["note"] = Value::Null);
    };
    world.story.lever.fault(Fault::new("GET", "/v1/opportunities/*/panels/*", FaultKind::altered(without_notes)));
    world.writes();

    world.fault("PUT", "/v1/opportunities/*/panels/*", FaultKind::DropAfterCommit);
    let list = json!([{"id": id, "note": "Bring a marker"}, {"id": panel["interviews"][1]["id"], "note": "Bring nothing"}]);
    world.admin.patch(&path, json!({"interviews": list})).await.expect(200);
    world.fault("PUT", "/v1/opportunities/*/interviews/*", FaultKind::DropAfterCommit);
    world.admin.patch(&interview_path(id), json!({"note": "Bring chalk"})).await.expect(200);
    assert_eq!((&alone(&world, id)["note"], world.writes()), (&json!("Bring chalk"), vec!["PUT panels".to_owned(), "PUT interviews".to_owned()]));

    // Taken away, and not only out of sight.
    world.fault("PUT", "/v1/opportunities/*/interviews/*", FaultKind::DropBeforeCommit);
    let answer = impatient(&world, world.admin.patch(&interview_path(id), json!({"note": null}))).await;
    let operation = open(&world, answer).await;
    world.pass(70).await;
    let operation = settled(&world, &operation).await;
    assert_eq!((&operation["status"], &operation["attempts"], &alone(&world, id)["note"]), (&json!("succeeded"), &json!(2), &Value::Null));
    assert_eq!(alone(&world, &panel["interviews"][1]["id"])["note"], "Bring nothing");
    world.story.end().await;
}
