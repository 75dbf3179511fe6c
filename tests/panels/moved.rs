//! After candidates were merged inside Lever a panel sits on another opportunity of the same person. Nobody tells us, and on the old one
//! Lever answers 404, which must not be taken for "it is canceled".

use lever_integration::fake_lever::FaultKind;
use serde_json::{Value, json};

use crate::lost_answers::{impatient, open, settled};
use crate::support::story::Setting;
use crate::world::{World, ids, interview_path, panel_path, text};

/// A world whose candidate applied twice, and the other candidacy.
async fn applied_twice() -> (World, String) {
    let mut setting = Setting::default();
    setting.lever.opportunities = 120;
    setting.lever.active_share = 0.6;
    let world = World::with(setting).await;
    let (account, lever) = (&world.account, &world.story.lever);
    let contact = |id: &String| lever.opportunity(&account.id, id).expect("there")["contact"].clone();
    let all: Vec<&String> = account.active.iter().chain(&account.archived).collect();
    let others = |from: &String| all.iter().find(|to| **to != from && contact(to) == contact(from)).map(|to| (*to).clone());
    let (from, to) = account.active.iter().find_map(|from| Some((from.clone(), others(from)?))).expect("somebody applied twice");
    (World { opportunity: from, ..world }, to)
}

fn at_lever(world: &World, opportunity: &str, panel: &Value) -> Value {
    let there = world.story.lever.panels_of(&world.account.id, opportunity).expect("there");
    there.into_iter().find(|it| it["id"] == *panel).expect("the panel")
}

#[tokio::test]
async fn a_panel_that_moved_is_canceled_where_it_is() {
    let (world, to) = applied_twice().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    world.inside().move_panel(&world.opportunity, text(&panel["id"]), &to).expect("moved");
    let path = panel_path(&panel["id"]);
    world.admin.delete(&path).await.expect(204);
    assert!(at_lever(&world, &to, &panel["id"])["canceledAt"].is_number(), "it must not stay alive");
    let shown = world.admin.get(&path).await.expect(200).json();
    assert_eq!((&shown["status"], &shown["opportunityId"]), (&json!("canceled"), &json!(to)));
    let operation = &world.operations().await[0];
    assert_eq!((&operation["kind"], &operation["status"], &operation["opportunityId"]), (&json!("cancel_panel"), &json!("succeeded"), &json!(to)));
    world.story.end().await;
}

#[tokio::test]
async fn an_interview_of_a_panel_that_moved_is_canceled_where_it_is() {
    let (world, to) = applied_twice().await;
    let panel = world.scheduled(&[world.interview(0, 0), world.interview(1, 1)]).await;
    world.inside().move_panel(&world.opportunity, text(&panel["id"]), &to).expect("moved");
    world.admin.delete(&interview_path(&panel["interviews"][1]["id"])).await.expect(204);
    assert_eq!(ids(&at_lever(&world, &to, &panel["id"])["interviews"]), [text(&panel["interviews"][0]["id"])]);
    assert_eq!(world.panel(&panel["id"]).await.expect(200).json()["opportunityId"], to.as_str());
    world.admin.delete(&interview_path(&panel["interviews"][0]["id"])).await.expect(204);
    assert!(at_lever(&world, &to, &panel["id"])["canceledAt"].is_number());
    world.story.end().await;
}

/// The answer to the cancellation is lost as well, and nothing was done: the job finds the panel, and cancels it there.
#[tokio::test]
async fn a_lost_cancellation_of_a_panel_that_moved_is_made_where_it_is() {
    let (world, to) = applied_twice().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    world.inside().move_panel(&world.opportunity, text(&panel["id"]), &to).expect("moved");
    world.story.lever.clear_ledger();
    world.fault("DELETE", "/v1/opportunities/*/panels/*", FaultKind::DropBeforeCommit);
    let answer = impatient(&world, world.admin.delete(&panel_path(&panel["id"]))).await;
    let operation = open(&world, answer).await;
    world.pass(70).await;
    let operation = settled(&world, &operation).await;
    assert_eq!((&operation["status"], &operation["opportunityId"]), (&json!("succeeded"), &json!(to)));
    assert!(at_lever(&world, &to, &panel["id"])["canceledAt"].is_number());
    world.story.end().await;
}

/// Lever is asked where a panel is now; before it answers, everything is purged and somebody connects anew. What the old connection read is
/// not stored in the new one's copy.
#[tokio::test]
async fn what_was_read_before_a_purge_and_a_reconnect_is_not_stored_after_it() {
    let (world, to) = applied_twice().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    world.inside().move_panel(&world.opportunity, text(&panel["id"]), &to).expect("moved");
    let (lever, mut other, path) = (&world.story.lever, world.admin.clone(), panel_path(&panel["id"]));
    world.fault("GET", "/v1/opportunities", FaultKind::AnswerHeld);
    let meanwhile = async {
        lever.wait_held(1).await;
        other.delete("/v1/lever/connection?purge=true").await.expect(204);
        other.connect(lever, 0).await;
        lever.release().await;
    };
    let (edit, ()) = tokio::join!(world.admin.patch(&path, json!({"note": "x"})), meanwhile);
    edit.expect(404);
    assert_eq!(world.admin.get("/v1/opportunities?archived=any").await.expect(200).json()["data"], json!([]));
    world.story.work().await;
    assert_eq!(world.panel(&panel["id"]).await.expect(200).json()["opportunityId"], json!(to));
    world.story.end().await;
}
