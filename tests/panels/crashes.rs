//! Check 38: the service ends between any two steps of a write, and another replica finishes what was begun, once.

use std::time::Duration;

use http::Method;
use lever_integration::failpoint::Step;
use lever_integration::fake_lever::FaultKind;
use serde_json::{Value, json};

use crate::support::replica::Replica;
use crate::support::story::Answer;
use crate::world::{World, ids, interview_path, panel_path, text};

const PANELS: &str = "/v1/opportunities/*/panels";

/// Sends a request to a replica that ends after this step. The request gets no answer.
async fn crash(world: &World, step: Step, method: Method, path: &str, body: Option<&Value>, key: Option<&str>) {
    let replica = Replica::start(&world.story).await;
    replica.failpoints().arm(step);
    {
        let call = replica.call(&world.admin, method, path, body, key);
        tokio::select! {
            answer = call => panic!("answered without coming to {step:?}: {:?}", answer.map(|answer| answer.status)),
            () = replica.failpoints().reached() => {}
        }
    }
    replica.crash().await;
}

async fn keyed(world: &World, path: &str, body: &Value, key: &str) -> Answer {
    world.call(Method::POST, path, body.clone(), &[("idempotency-key", key)]).await
}

fn on(panels: Vec<Value>) -> Vec<Value> {
    panels.into_iter().filter(|panel| panel["canceledAt"].is_null()).collect()
}

#[tokio::test]
async fn a_booking_survives_a_crash_after_every_step() {
    let world = World::begin().await;
    let steps = [Step::KeyClaimed, Step::Recorded, Step::Answered, Step::Stored, Step::KeyKept];
    for (at, step) in steps.into_iter().enumerate() {
        let (path, draft, key) = (world.path(), world.draft(&[world.interview(0, at as i64)]), format!("{step:?}"));
        crash(&world, step, Method::POST, &path, Some(&draft), Some(&key)).await;
        if matches!(step, Step::KeyClaimed | Step::Recorded | Step::Answered) {
            assert_eq!(keyed(&world, &path, &draft, &key).await.expect(409).code(), "request_in_progress", "{step:?}");
        }
        world.pass(130).await;
        let answer = keyed(&world, &path, &draft, &key).await.expect(201);
        let panels = world.at_lever();
        assert_eq!(panels.len(), at + 1, "after {step:?}");
        assert_eq!(panels[at]["id"], answer.json()["id"]);
        assert_eq!(keyed(&world, &path, &draft, &key).await.expect(201).text, answer.text);
        let operation = &world.operations().await[0];
        let attempts = if step == Step::Recorded { 2 } else { 1 };
        let steps: Vec<&Value> = operation["steps"].as_array().expect("a list").iter().map(|it| &it["outcome"]).collect();
        let expected = match step {
            Step::Recorded => vec!["unknown", "done"],
            Step::Answered => vec!["found"],
            _ => vec!["done"],
        };
        assert_eq!(steps, expected, "after {step:?}");
        assert_eq!((&operation["status"], &operation["panelId"], &operation["attempts"]), (&json!("succeeded"), &panels[at]["id"], &json!(attempts)));
    }
    world.pass(130).await;
    assert_eq!(on(world.at_lever()).len(), 5);
    world.story.end().await;
}

#[tokio::test]
async fn edits_and_cancellations_survive_a_crash_after_every_step() {
    let world = World::begin().await;
    for (at, step) in [Step::Recorded, Step::Answered, Step::Stored].into_iter().enumerate() {
        let hour = 10 * at as i64;
        let panel = world.scheduled(&[world.interview(0, hour), world.interview(1, hour + 1)]).await;
        let (path, first, second) = (panel_path(&panel["id"]), &panel["interviews"][0]["id"], &panel["interviews"][1]["id"]);
        let there = || world.at_lever().swap_remove(at);

        let patch = json!({"note": "Onsite", "interviews": [{"id": first}, {"id": second}, world.interview(2, hour + 2)]});
        crash(&world, step, Method::PATCH, &path, Some(&patch), None).await;
        world.pass(130).await;
        assert_eq!((&there()["note"], ids(&there()["interviews"])[..2].to_vec()), (&json!("Onsite"), vec![text(first), text(second)]));
        assert_eq!(there()["interviews"].as_array().map(Vec::len), Some(3), "after {step:?}");

        crash(&world, step, Method::POST, &format!("{path}/interviews"), Some(&world.interview(3, hour + 3)), None).await;
        world.pass(130).await;
        assert_eq!(there()["interviews"].as_array().map(Vec::len), Some(4), "after {step:?}");

        crash(&world, step, Method::PATCH, &interview_path(first), Some(&json!({"location": "Room 4"})), None).await;
        world.pass(130).await;
        assert_eq!(there()["interviews"][0]["location"], "Room 4");

        crash(&world, step, Method::DELETE, &interview_path(second), None, None).await;
        world.pass(130).await;
        assert_eq!((there()["interviews"].as_array().map(Vec::len), &there()["canceledAt"]), (Some(3), &Value::Null));
        assert_eq!(ids(&world.panel(&panel["id"]).await.json()["interviews"]), ids(&there()["interviews"]));

        crash(&world, step, Method::DELETE, &path, None, None).await;
        world.pass(130).await;
        assert!(there()["canceledAt"].is_number());
        assert_eq!(world.panel(&panel["id"]).await.json()["status"], "canceled");
    }
    assert!(world.operations().await.iter().all(|it| it["status"] == "succeeded"));
    world.story.end().await;
}

/// The replica that repeats a write ends as well, before or after Lever has done it.
#[tokio::test]
async fn a_repeat_survives_a_crash_too() {
    let world = World::begin().await;
    for (at, step) in [Step::RecordedAgain, Step::AnsweredAgain].into_iter().enumerate() {
        let draft = world.draft(&[world.interview(0, at as i64)]);
        crash(&world, Step::Recorded, Method::POST, &world.path(), Some(&draft), None).await;
        world.story.clock.advance(Duration::from_secs(61));
        let replica = Replica::start(&world.story).await;
        replica.failpoints().arm(step);
        tokio::select! {
            () = replica.work() => panic!("the worker did not come to {step:?}"),
            () = replica.failpoints().reached() => {}
        }
        replica.crash().await;
        world.pass(200).await;
        let operation = &world.operations().await[0];
        assert_eq!((&operation["status"], world.at_lever().len()), (&json!("succeeded"), at + 1), "after {step:?}");
    }
    world.story.end().await;
}

/// The replica ends while it takes away a double.
#[tokio::test]
async fn undoing_a_double_survives_a_crash() {
    let world = World::begin().await;
    for (at, step) in [Step::Recorded, Step::Answered, Step::Stored].into_iter().enumerate() {
        world.fault("POST", PANELS, FaultKind::CommitTwice);
        let panel = world.scheduled(&[world.interview(0, at as i64)]).await;
        world.story.clock.advance(Duration::from_secs(11));
        let replica = Replica::start(&world.story).await;
        replica.failpoints().arm(step);
        tokio::select! {
            () = replica.work() => panic!("the worker did not come to {step:?}"),
            () = replica.failpoints().reached() => {}
        }
        replica.crash().await;
        world.pass(200).await;
        let there = on(world.at_lever());
        assert_eq!((there.len(), &there[at]["id"]), (at + 1, &panel["id"]), "after {step:?}");
        assert!(world.operations().await.iter().all(|it| it["status"] == "succeeded"));
    }
    world.story.end().await;
}
