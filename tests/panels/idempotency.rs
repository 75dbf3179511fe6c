//! `Idempotency-Key`: the same request gets the same answer, whatever became of the first.

use futures_util::future::join_all;
use http::Method;
use lever_integration::fake_lever::FaultKind;
use serde_json::{Value, json};

use crate::support::story::{Answer, Person};
use crate::world::{World, interview_path, panel_path};

const KEY: (&str, &str) = ("idempotency-key", "order 66 – ünïcode");

async fn keyed(caller: &Person, path: &str, body: &Value, key: &str) -> Answer {
    // Header values beyond ASCII travel as UTF-8.
    caller.call(Method::POST, path, Some(body.clone()), &[("idempotency-key", key)]).await
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_byte_for_byte() {
    let world = World::begin().await;
    let draft = world.draft(&[world.interview(0, 0)]);
    let first = keyed(&world.admin, &world.path(), &draft, KEY.1).await.expect(201);
    // Changed since: the promised answer stays what it was.
    let id = first.json()["id"].clone();
    world.admin.patch(&panel_path(&id), json!({"note": "changed"})).await.expect(200);
    let again = keyed(&world.admin, &world.path(), &draft, KEY.1).await.expect(201);
    assert_eq!(
        (again.text, again.headers.get("etag"), again.headers.get("location")),
        (first.text, first.headers.get("etag"), first.headers.get("location"))
    );

    // The same request, written down in another order.
    let turned: serde_json::Map<String, Value> = draft.as_object().expect("a map").clone().into_iter().rev().collect();
    assert_ne!(json!(turned).to_string(), draft.to_string());
    assert_eq!(keyed(&world.admin, &world.path(), &json!(turned), KEY.1).await.expect(201).json()["id"], id);

    let mut other = draft.clone();
    other["note"] = json!("another request");
    let reused = keyed(&world.admin, &world.path(), &other, KEY.1).await.expect(422);
    assert_eq!((reused.code().as_str(), &reused.json()["errors"][0]["pointer"]), ("idempotency_key_reused", &json!("Idempotency-Key")));
    assert_eq!(world.at_lever().len(), 1);

    // An interview has the same care, and its route its own keys.
    let path = format!("{}/interviews", panel_path(&id));
    let added = keyed(&world.admin, &path, &world.interview(1, 1), KEY.1).await.expect(201);
    let again = keyed(&world.admin, &path, &world.interview(1, 1), KEY.1).await.expect(201);
    assert_eq!((added.text.clone(), added.header("location")), (again.text, interview_path(&added.json()["id"])));
    assert_eq!(world.writes(), ["POST panels", "PUT panels", "POST interviews"]);
    world.story.end().await;
}

#[tokio::test]
async fn a_key_belongs_to_one_caller_and_lives_for_a_day() {
    let world = World::begin().await;
    let draft = world.draft(&[world.interview(0, 0)]);
    keyed(&world.admin, &world.path(), &draft, "k").await.expect(201);
    let colleague = world.caller("colleague@modernloop.example");
    assert_eq!(keyed(&colleague, &world.path(), &draft, "k").await.expect(409).code(), "interviewer_conflict");

    // Another organization with the same key and its own Lever.
    let mut stranger = world.story.admin(uuid::Uuid::new_v4());
    world.story.connect_and_sync(&mut stranger, 1).await;
    let account = world.story.account(1);
    let theirs = json!({"timezone": "Europe/Lisbon", "interviews": [
        {"start": world.at(0), "durationMinutes": 45, "interviewers": [{"id": account.super_admin().id}]}]});
    keyed(&stranger, &format!("/v1/opportunities/{}/panels", account.active[0]), &theirs, "k").await.expect(201);

    world.story.clock.advance(std::time::Duration::from_secs(24 * 3600 + 1));
    world.story.work().await;
    let mut fresh = draft;
    fresh["allowConflicts"] = json!(true);
    keyed(&world.admin, &world.path(), &fresh, "k").await.expect(201);
    assert_eq!(world.at_lever().len(), 2);
    world.story.work().await;
    world.story.end().await;
}

#[tokio::test]
async fn a_refusal_is_kept_and_a_not_now_is_not() {
    let world = World::begin().await;
    let bad = json!({"timezone": "Mars/Olympus", "interviews": []});
    let refused = keyed(&world.admin, &world.path(), &bad, "a").await.expect(422);
    assert_eq!(keyed(&world.admin, &world.path(), &bad, "a").await.expect(422).text, refused.text);

    let draft = world.draft(&[world.interview(0, 0)]);
    world.fault("POST", "/v1/opportunities/*/panels", FaultKind::Status { code: 422, retry_after_seconds: None });
    let refused = keyed(&world.admin, &world.path(), &draft, "b").await.expect(422);
    assert_eq!(refused.code(), "lever_rejected");
    assert_eq!(refused.json()["errors"][0]["message"], refused.json()["detail"]);
    assert_eq!(keyed(&world.admin, &world.path(), &draft, "b").await.expect(422).text, refused.text);

    world.story.work().await;
    // Lever is shut: nothing was sent, and the same key may try again.
    world.fault("POST", "/v1/opportunities/*/panels", FaultKind::Status { code: 429, retry_after_seconds: Some(60) });
    let shut = keyed(&world.admin, &world.path(), &draft, "c").await.expect(503);
    assert_eq!((shut.code().as_str(), shut.header("retry-after").is_empty()), ("lever_rate_limited", false));
    for wrong in ["", &"x".repeat(256)] {
        assert_eq!(keyed(&world.admin, &world.path(), &draft, wrong).await.expect(400).code(), "invalid_parameter");
    }
    world.story.end().await;
}

#[tokio::test]
async fn of_requests_at_once_one_is_made_and_the_others_wait_their_turn() {
    let world = World::begin().await;
    let (path, draft) = (world.path(), world.draft(&[world.interview(0, 0)]));
    let answers = join_all((0..6).map(|_| keyed(&world.admin, &path, &draft, "k"))).await;
    let made: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert!(!made.is_empty());
    assert!(made.iter().all(|answer| answer.text == made[0].text));
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!((answer.status, answer.code().as_str()), (409, "request_in_progress"));
    }
    assert_eq!(keyed(&world.admin, &path, &draft, "k").await.expect(201).text, made[0].text);
    assert_eq!(world.writes(), ["POST panels"]);
    world.story.end().await;
}
