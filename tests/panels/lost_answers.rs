//! Lever's answer never came: what happened is found out by reading, and nothing is done twice.

use std::time::Duration;

use lever_integration::fake_lever::{Event, FakeLever, Fault, FaultKind};
use serde_json::{Value, json};

use crate::support::story::Answer;
use crate::world::{World, ids, interview_path, panel_path, text};

const PANELS: &str = "/v1/opportunities/*/panels";
const PANEL: &str = "/v1/opportunities/*/panels/*";
const INTERVIEWS: &str = "/v1/opportunities/*/interviews";
const INTERVIEW: &str = "/v1/opportunities/*/interviews/*";

/// Sends a request, and lets the caller's patience end once the service has begun to look what became of it.
pub async fn impatient(world: &World, request: impl Future<Output = Answer>) -> Answer {
    let lever = &world.story.lever;
    let impatience = async {
        while !looks(lever) {
            tokio::task::yield_now().await;
        }
        world.story.clock.advance(Duration::from_secs(11));
    };
    tokio::join!(request, impatience).0
}

/// Whether a write is followed by a read of panels.
fn looks(lever: &FakeLever) -> bool {
    let ledger = lever.ledger();
    let sent = ledger.iter().position(|entry| entry.method != "GET");
    sent.is_some_and(|sent| ledger[sent..].iter().any(|entry| entry.method == "GET" && entry.status.is_some()))
}

/// The operation that a 202 names, which must not be settled yet.
pub async fn open(world: &World, answer: Answer) -> String {
    let answer = answer.expect(202);
    let path = answer.location();
    let shown = answer.json();
    assert_eq!((path.as_str(), &shown["panelId"]), (format!("/v1/operations/{}", text(&shown["id"])).as_str(), &shown["panelId"]));
    assert_eq!(shown["status"], "unknown");
    assert_eq!(world.admin.get(&path).await.expect(200).json()["status"], "unknown");
    path
}

pub async fn settled(world: &World, path: &str) -> Value {
    let operation = world.admin.get(path).await.expect(200).json();
    assert!(operation["settledAt"].is_string(), "{operation}");
    operation
}

/// Check 35.
#[tokio::test]
async fn a_booking_whose_answer_is_lost_is_found_and_answered_as_usual() {
    let kinds = [
        FaultKind::DropAfterCommit,
        FaultKind::StatusAfterCommit { code: 500 },
        FaultKind::StatusAfterCommit { code: 503 },
        FaultKind::Truncate,
        FaultKind::Garbage,
    ];
    let world = World::begin().await;
    for (at, kind) in kinds.into_iter().enumerate() {
        world.fault("POST", PANELS, kind);
        let answer = world.schedule(world.draft(&[world.interview(0, at as i64)])).await.expect(201);
        assert!(!answer.header("etag").is_empty());
        assert_eq!(world.at_lever()[at]["id"], answer.json()["id"]);
        assert_eq!(world.at_lever().len(), at + 1);
    }
    assert_eq!(world.writes().len(), 5);
    world.pass(120).await;
    assert_eq!((world.at_lever().len(), world.writes()), (5, Vec::new()));
    world.story.end().await;
}

/// Check 36: the write is done only after we have given up waiting for it.
#[tokio::test]
async fn a_booking_that_comes_through_late_is_one_panel() {
    let world = World::begin().await;
    world.fault("POST", PANELS, FaultKind::CommitHeld);
    let answer = impatient(&world, world.schedule(world.draft(&[world.interview(0, 0)]))).await;
    let path = open(&world, answer).await;
    world.pass(10).await;
    assert_eq!(world.admin.get(&path).await.expect(200).json()["status"], "unknown");
    // Its time is taken all the while, and whoever asks is told.
    let conflicts = format!("/v1/conflicts?from={}&to={}&interviewerId={}", world.at(0), world.at(1), world.people[0].id);
    let busy = world.admin.get(&conflicts).await.expect(200).json();
    assert_eq!((busy["data"].as_array().map(Vec::len), &busy["data"][0]["start"]), (Some(1), &json!(world.at(0))));
    assert_eq!(path, format!("/v1/operations/{}", text(&busy["data"][0]["operationId"])));
    assert_eq!(world.schedule(world.draft(&[world.interview(0, 0)])).await.expect(409).code(), "interviewer_conflict");

    world.story.lever.release().await;
    world.pass(10).await;
    let operation = settled(&world, &path).await;
    assert_eq!((&operation["status"], &operation["panelId"], &operation["attempts"]), (&json!("succeeded"), &world.only_panel()["id"], &json!(1)));
    assert_eq!(world.panel(&operation["panelId"]).await.expect(200).json()["status"], "scheduled");
    world.pass(120).await;
    assert_eq!(world.writes(), ["POST panels"]);
    world.story.end().await;
}

/// The same, but it comes through only when it has been sent again: the younger of the two is taken away.
#[tokio::test]
async fn a_booking_that_comes_through_after_its_repeat_is_taken_away() {
    let world = World::begin().await;
    world.fault("POST", PANELS, FaultKind::CommitHeld);
    let answer = impatient(&world, world.schedule(world.draft(&[world.interview(0, 0)]))).await;
    let path = open(&world, answer).await;
    world.pass(65).await;
    assert_eq!(settled(&world, &path).await["attempts"], 2);
    let first = world.only_panel()["id"].clone();

    world.story.lever.release().await;
    assert_eq!(world.at_lever().len(), 2);
    world.pass(70).await;
    let on: Vec<Value> = world.at_lever().into_iter().filter(|panel| panel["canceledAt"].is_null()).collect();
    assert_eq!((on.len(), &on[0]["id"]), (1, &first));
    assert_eq!(world.writes(), ["POST panels", "POST panels", "DELETE panels"]);
    let kinds: Vec<Value> = world.operations().await.iter().map(|it| json!([it["kind"], it["status"], it["panelId"] == first])).collect();
    assert_eq!(kinds, [json!(["remove_double", "succeeded", false]), json!(["schedule_panel", "succeeded", true])]);
    world.story.end().await;
}

/// Check 37: Lever did nothing, and the service must not stop at that, nor say that it is done.
#[tokio::test]
async fn a_booking_that_lever_never_saw_is_made_once_in_the_end() {
    let kinds = [
        FaultKind::DropBeforeCommit,
        FaultKind::Status { code: 502, retry_after_seconds: None },
        FaultKind::Status { code: 503, retry_after_seconds: Some(1) },
        FaultKind::Status { code: 504, retry_after_seconds: None },
    ];
    let world = World::begin().await;
    for (at, kind) in kinds.into_iter().enumerate() {
        world.story.lever.clear_ledger();
        world.fault("POST", PANELS, kind);
        let answer = impatient(&world, world.schedule(world.draft(&[world.interview(0, at as i64)]))).await;
        let path = open(&world, answer).await;
        world.pass(45).await;
        assert_eq!(world.at_lever().len(), at, "it may still be on its way: not sent again yet");
        world.pass(20).await;
        let operation = settled(&world, &path).await;
        assert_eq!((&operation["status"], &operation["attempts"], &operation["error"]), (&json!("succeeded"), &json!(2), &Value::Null));
        let steps: Vec<Value> = operation["steps"].as_array().expect("a list").iter().map(|it| json!([it["outcome"], it["leverStatus"]])).collect();
        assert_eq!(steps, [json!(["unknown", null]), json!(["done", 201])]);
        assert_eq!((world.at_lever().len(), &world.at_lever()[at]["id"]), (at + 1, &operation["panelId"]));
        world.pass(70).await;
        assert_eq!(world.writes(), ["POST panels", "POST panels"]);
    }
    world.story.end().await;
}

/// Lever takes nothing for an hour: that is told, and no panel appears when nobody expects it any more.
#[tokio::test]
async fn a_booking_that_lever_does_not_take_at_all_is_told_to_have_failed() {
    let world = World::begin().await;
    world.story.lever.fault(Fault::new("POST", PANELS, FaultKind::Status { code: 503, retry_after_seconds: None }));
    let answer = impatient(&world, world.schedule(world.draft(&[world.interview(0, 0)]))).await;
    let path = open(&world, answer).await;
    world.pass(3700).await;
    let operation = settled(&world, &path).await;
    assert_eq!((&operation["status"], &operation["error"]["code"]), (&json!("failed"), &json!("lever_unavailable")));
    world.story.lever.clear_faults();
    world.pass(600).await;
    assert!(world.at_lever().is_empty());
    world.schedule(world.draft(&[world.interview(0, 0)])).await.expect(201);
    world.story.end().await;
}

/// Check 39, with a lost answer: the repeat of the request is answered with what the first one became.
#[tokio::test]
async fn a_repeated_request_is_told_what_the_first_one_became() {
    let world = World::begin().await;
    let draft = world.draft(&[world.interview(0, 0)]);
    let path = world.path();
    let send = || world.admin.call(http::Method::POST, &path, Some(draft.clone()), &[("idempotency-key", "k")]);
    world.fault("POST", PANELS, FaultKind::CommitHeld);
    let first = impatient(&world, send()).await.expect(202);
    let again = send().await.expect(202);
    assert_eq!((again.location(), again.json()["id"].clone()), (first.location(), first.json()["id"].clone()));
    world.story.lever.release().await;
    world.pass(10).await;
    let made = send().await.expect(201);
    assert_eq!((made.location(), made.json()["id"].clone()), (panel_path(&world.only_panel()["id"]), world.only_panel()["id"].clone()));
    assert_eq!(send().await.expect(201).text, made.text);
    world.story.end().await;
}

/// Check 40: something between us and Lever sends the booking twice.
#[tokio::test]
async fn a_booking_that_was_made_twice_is_undone_once() {
    let world = World::begin().await;
    world.fault("POST", PANELS, FaultKind::CommitTwice);
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    assert_eq!(world.at_lever().len(), 2);
    world.pass(70).await;
    let (on, off): (Vec<Value>, Vec<Value>) = world.at_lever().into_iter().partition(|panel| panel["canceledAt"].is_null());
    assert_eq!((on.len(), off.len(), &on[0]["id"]), (1, 1, &panel["id"]));
    let removal = &world.operations().await[0];
    assert_eq!((&removal["kind"], &removal["status"], &removal["panelId"]), (&json!("remove_double"), &json!("succeeded"), &off[0]["id"]));
    assert_eq!(removal["caller"], world.operations().await[1]["caller"]);
    let here = world.admin.get(&world.path()).await.expect(200).json();
    let states: Vec<(&Value, &Value)> = here["data"].as_array().expect("a list").iter().map(|it| (&it["id"], &it["status"])).collect();
    assert!(states.contains(&(&panel["id"], &json!("scheduled"))) && states.contains(&(&off[0]["id"], &json!("canceled"))), "{here}");
    world.story.end().await;
}

/// Check 41: the answer to a PUT that adds an interview is lost, before or after it was done.
#[tokio::test]
async fn an_edit_whose_answer_is_lost_adds_its_interview_once() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let path = panel_path(&panel["id"]);
    let before = world.only_panel();
    let kept = &panel["interviews"][0]["id"];
    let patch = json!({"note": "Onsite", "interviews": [{"id": kept}, world.interview(1, 1)]});
    world.fault("PUT", PANEL, FaultKind::DropAfterCommit);
    let edited = world.admin.patch(&path, patch).await.expect(200).json();
    assert_eq!((edited["interviews"].as_array().map(Vec::len), &edited["note"]), (Some(2), &json!("Onsite")));
    assert_eq!(world.writes(), ["POST panels", "PUT panels"]);

    world.fault("PUT", PANEL, FaultKind::DropBeforeCommit);
    let all = ids(&edited["interviews"]);
    let patch = json!({"interviews": [{"id": all[0]}, {"id": all[1]}, world.interview(2, 2)]});
    let answer = impatient(&world, world.admin.patch(&path, patch)).await;
    let operation = open(&world, answer).await;
    assert_eq!(world.admin.patch(&path, json!({"note": "x"})).await.expect(409).code(), "panel_busy");
    world.pass(70).await;
    assert_eq!(settled(&world, &operation).await["status"], "succeeded");
    let after = world.only_panel();
    assert_eq!(ids(&after["interviews"])[..2], all[..]);
    assert_eq!(after["interviews"].as_array().map(Vec::len), Some(3));
    for field in ["externalUrl", "feedbackReminder", "applications"] {
        assert_eq!(after[field], before[field], "{field}");
    }
    assert_eq!(after["note"], "Onsite");
    world.story.end().await;
}

/// The edit comes through twice: late, and by its repeat. Nothing is there twice.
#[tokio::test]
async fn an_edit_that_comes_through_late_makes_nothing_twice() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let path = panel_path(&panel["id"]);
    world.writes();
    world.fault("PUT", PANEL, FaultKind::CommitHeld);
    let patch = json!({"interviews": [{"id": panel["interviews"][0]["id"]}, world.interview(1, 1)]});
    let answer = impatient(&world, world.admin.patch(&path, patch)).await;
    let operation = open(&world, answer).await;
    world.story.lever.release().await;
    world.pass(70).await;
    assert_eq!(settled(&world, &operation).await["status"], "succeeded");
    assert_eq!(world.only_panel()["interviews"].as_array().map(Vec::len), Some(2));
    assert_eq!(world.writes(), ["PUT panels"]);
    world.story.end().await;
}

#[tokio::test]
async fn an_interview_whose_answer_is_lost_is_added_once() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let path = format!("{}/interviews", panel_path(&panel["id"]));
    world.writes();
    world.fault("POST", INTERVIEWS, FaultKind::DropAfterCommit);
    let added = world.admin.post(&path, world.interview(1, 1)).await.expect(201).json();
    assert_eq!(ids(&world.only_panel()["interviews"])[1], text(&added["id"]));

    world.fault("POST", INTERVIEWS, FaultKind::DropBeforeCommit);
    world.story.lever.clear_ledger();
    let answer = impatient(&world, world.admin.post(&path, world.interview(2, 2))).await;
    let operation = open(&world, answer).await;
    world.pass(70).await;
    let operation = settled(&world, &operation).await;
    assert_eq!((&operation["status"], &operation["attempts"]), (&json!("succeeded"), &json!(2)));
    assert_eq!(ids(&world.only_panel()["interviews"])[2], text(&operation["interviewId"]));
    world.pass(70).await;
    assert_eq!(world.only_panel()["interviews"].as_array().map(Vec::len), Some(3));

    // The first attempt comes through after its repeat: the surplus goes.
    world.fault("POST", INTERVIEWS, FaultKind::CommitHeld);
    world.story.lever.clear_ledger();
    let answer = impatient(&world, world.admin.post(&path, world.interview(3, 3))).await;
    let operation = open(&world, answer).await;
    world.pass(65).await;
    assert_eq!(world.only_panel()["interviews"].as_array().map(Vec::len), Some(4));
    world.story.lever.release().await;
    assert_eq!(world.only_panel()["interviews"].as_array().map(Vec::len), Some(5));
    world.pass(75).await;
    let there = world.only_panel();
    assert_eq!(there["interviews"].as_array().map(Vec::len), Some(4));
    assert_eq!(ids(&there["interviews"])[3], text(&settled(&world, &operation).await["interviewId"]));
    assert_eq!(ids(&world.panel(&panel["id"]).await.json()["interviews"]), ids(&there["interviews"]));
    world.story.end().await;
}

/// Check 44.
#[tokio::test]
async fn a_cancellation_whose_answer_is_lost_is_a_cancellation() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0), world.interview(1, 1)]).await;
    let interview = interview_path(&panel["interviews"][1]["id"]);
    world.fault("DELETE", INTERVIEW, FaultKind::DropAfterCommit);
    world.admin.delete(&interview).await.expect(204);
    world.fault("DELETE", PANEL, FaultKind::DropAfterCommit);
    world.admin.delete(&panel_path(&panel["id"])).await.expect(204);
    assert!(world.only_panel()["canceledAt"].is_number());
    assert_eq!(world.panel(&panel["id"]).await.json()["status"], "canceled");
    assert_eq!(world.writes(), ["POST panels", "DELETE interviews", "DELETE panels"]);

    let second = world.scheduled(&[world.interview(0, 0)]).await;
    let path = panel_path(&second["id"]);
    world.writes();
    world.fault("DELETE", PANEL, FaultKind::DropBeforeCommit);
    let answer = impatient(&world, world.admin.delete(&path)).await;
    let operation = open(&world, answer).await;
    world.pass(70).await;
    assert_eq!(settled(&world, &operation).await["status"], "succeeded");
    assert_eq!(world.writes(), ["DELETE panels", "DELETE panels"]);
    assert_eq!(world.admin.get(&path).await.json()["status"], "canceled");
    world.story.end().await;
}

/// Check 44: somebody inside Lever was faster, and Lever answers 404.
#[tokio::test]
async fn what_is_gone_already_is_as_good_as_canceled() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0), world.interview(1, 1)]).await;
    let (first, second) = (&panel["interviews"][0]["id"], &panel["interviews"][1]["id"]);
    world.inside().delete_interview(&world.opportunity, text(second)).expect("deleted");
    world.admin.delete(&interview_path(second)).await.expect(204);
    world.inside().delete_interview(&world.opportunity, text(first)).expect("deleted");
    world.admin.delete(&panel_path(&panel["id"])).await.expect(204);
    assert_eq!(world.panel(&panel["id"]).await.json()["status"], "canceled");
    world.story.end().await;
}

/// Check 44: Lever's webhook about our own write is here before its answer.
#[tokio::test]
async fn a_webhook_that_overtakes_our_own_answer_changes_nothing() {
    let world = World::begin().await;
    for event in [Event::InterviewCreated, Event::InterviewUpdated, Event::InterviewDeleted] {
        world.story.lever.switch(&world.account.id, event, true).expect("switched on");
    }
    let overtaken = async |method: &str, pattern: &str, request: std::pin::Pin<Box<dyn Future<Output = Answer> + '_>>| {
        world.fault(method, pattern, FaultKind::AnswerHeld);
        let webhook = async {
            world.story.lever.wait_held(1).await;
            world.story.lever.wait_deliveries_idle().await;
            world.story.work().await;
            world.story.lever.release().await;
        };
        tokio::join!(request, webhook).0
    };
    let schedule = world.schedule(world.draft(&[world.interview(0, 0), world.interview(1, 1)]));
    let panel = overtaken("POST", PANELS, Box::pin(schedule)).await.expect(201).json();
    let path = panel_path(&panel["id"]);
    overtaken("PUT", PANEL, Box::pin(world.admin.patch(&path, json!({"note": "x"})))).await.expect(200);
    let interview = interview_path(&panel["interviews"][1]["id"]);
    overtaken("DELETE", INTERVIEW, Box::pin(world.admin.delete(&interview))).await.expect(204);
    assert_eq!(world.panel(&panel["id"]).await.json()["interviews"].as_array().map(Vec::len), Some(1));
    overtaken("DELETE", PANEL, Box::pin(world.admin.delete(&path))).await.expect(204);
    assert_eq!(world.panel(&panel["id"]).await.json()["status"], "canceled");
    assert!(world.operations().await.iter().all(|it| it["status"] == "succeeded" && it["attempts"] == 1));
    world.story.lever.wait_deliveries_idle().await;
    world.story.work().await;
    world.story.end().await;
}

/// The candidate is deleted inside Lever before anybody knows what became of the booking: then nothing can be booked any more.
#[tokio::test]
async fn a_booking_for_a_candidate_who_was_deleted_meanwhile_has_failed() {
    let world = World::begin().await;
    world.fault("POST", PANELS, FaultKind::DropBeforeCommit);
    let answer = impatient(&world, world.schedule(world.draft(&[world.interview(0, 0)]))).await;
    let path = open(&world, answer).await;
    world.inside().delete_opportunity(&world.opportunity).expect("deleted");
    world.pass(15).await;
    let operation = settled(&world, &path).await;
    assert_eq!((&operation["status"], &operation["error"]["code"]), (&json!("failed"), &json!("panel_gone")));
    world.pass(120).await;
    assert_eq!(world.writes(), ["POST panels"]);
    world.story.end().await;
}

/// Lever does not let the surplus go: it is tried a few times, and then left to people.
#[tokio::test]
async fn a_double_that_lever_does_not_let_go_is_not_tried_for_ever() {
    let world = World::begin().await;
    world.fault("POST", PANELS, FaultKind::CommitTwice);
    world.story.lever.fault(Fault::new("DELETE", PANEL, FaultKind::Status { code: 403, retry_after_seconds: None }));
    world.scheduled(&[world.interview(0, 0)]).await;
    world.pass(900).await;
    let removals: Vec<Value> = world.operations().await.into_iter().filter(|it| it["kind"] == "remove_double").collect();
    assert_eq!(removals.len(), 3);
    assert!(removals.iter().all(|it| it["status"] == "failed" && it["leverStatus"] == 403), "{removals:?}");
    world.story.end().await;
}
