//! A caller is answered within ten seconds, whatever Lever takes its time for; and what comes after that is not lost.

use std::time::Duration;

use lever_integration::fake_lever::FaultKind;
use serde_json::{Value, json};

use crate::support::story::Answer;
use crate::world::{World, panel_path};

const PANELS: &str = "/v1/opportunities/*/panels";
const PANEL: &str = "/v1/opportunities/*/panels/*";

/// Sends a request that meets a held request of ours at Lever, and lets ten seconds pass.
async fn impatient(world: &World, request: impl Future<Output = Answer>) -> Answer {
    let impatience = async {
        world.story.lever.wait_held(1).await;
        world.story.clock.advance(Duration::from_secs(10));
    };
    let answer = tokio::join!(request, impatience).0;
    assert_eq!(world.story.lever.held(), 1, "answered while Lever still keeps us waiting");
    answer
}

/// Asks until the operation is settled, as a caller would.
async fn settled(world: &World, answer: &Answer) -> Value {
    loop {
        let operation = world.admin.get(&answer.location()).await.expect(200).json();
        if operation["settledAt"].is_string() {
            return operation;
        }
    }
}

#[tokio::test]
async fn a_write_that_lever_does_not_answer_in_time_is_accepted_and_its_answer_is_used() {
    let world = World::begin().await;
    world.fault("POST", PANELS, FaultKind::RequestHeld);
    let answer = impatient(&world, world.schedule(world.draft(&[world.interview(0, 0)]))).await.expect(202);
    assert_eq!(answer.json()["status"], "sending");
    world.story.lever.release().await;
    let operation = settled(&world, &answer).await;
    assert_eq!((&operation["status"], &operation["attempts"]), (&json!("succeeded"), &json!(1)));
    assert_eq!(operation["panelId"], world.only_panel()["id"]);
    assert!(world.story.lever.ledger().iter().all(|entry| entry.method != "GET"), "nothing had to be looked for");

    world.fault("DELETE", PANEL, FaultKind::RequestHeld);
    let answer = impatient(&world, world.admin.delete(&panel_path(&operation["panelId"]))).await.expect(202);
    world.story.lever.release().await;
    assert_eq!(settled(&world, &answer).await["status"], "succeeded");
    world.pass(15).await;
    world.story.end().await;
}

#[tokio::test]
async fn a_look_that_lever_does_not_answer_keeps_nobody_waiting() {
    let world = World::begin().await;
    world.fault("POST", PANELS, FaultKind::DropBeforeCommit);
    world.fault("GET", PANELS, FaultKind::RequestHeld);
    let answer = impatient(&world, world.schedule(world.draft(&[world.interview(0, 0)]))).await.expect(202);
    assert_eq!(answer.json()["status"], "unknown");
    world.story.lever.release().await;
    world.pass(70).await;
    let operation = settled(&world, &answer).await;
    assert_eq!((&operation["status"], &operation["panelId"]), (&json!("succeeded"), &world.only_panel()["id"]));
    world.story.end().await;
}

/// Nothing was sent yet: that is no 202, and nothing will be sent.
#[tokio::test]
async fn a_reading_before_the_write_that_takes_too_long_is_told_and_nothing_is_sent() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    world.writes();
    world.fault("GET", PANEL, FaultKind::RequestHeld);
    let late = impatient(&world, world.admin.patch(&panel_path(&panel["id"]), json!({"note": "x"}))).await;
    assert_eq!(late.expect(503).code(), "lever_unavailable");
    world.story.lever.release().await;

    world.story.clock.advance(Duration::from_secs(61));
    world.fault("GET", PANELS, FaultKind::RequestHeld);
    let late = impatient(&world, world.schedule(world.draft(&[world.interview(1, 1)]))).await;
    assert_eq!(late.expect(503).code(), "lever_unavailable");
    world.story.lever.release().await;
    assert_eq!((world.writes(), world.operations().await.len()), (Vec::new(), 1));
    world.story.work().await;
    world.story.end().await;
}
