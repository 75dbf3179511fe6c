//! Lever may show more than this product knows, anywhere. PUT replaces whole objects there, so what is not sent back is lost.

use serde_json::{Value, json};

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
