//! A reconciliation: asked without consequences, on request, and by itself once a day.

use std::time::Duration;

use lever_integration::fake_lever::{Fault, FaultKind};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::copy::{assert_whole, database, stored};
use crate::fresh::pass;
use crate::support::story::{Person, Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);

/// Makes the copy differ from Lever in every way there is: one missing, one changed, one too many.
async fn spoil(story: &Story) -> [String; 3] {
    let account = story.account(0);
    let (missing, changed, gone) = (account.active[0].clone(), account.archived[0].clone(), "not-at-lever".to_owned());
    let mut database = database(story).await;
    for (statement, id) in [
        ("DELETE FROM opportunities WHERE id = $1", &missing),
        ("UPDATE opportunities SET raw = raw || '{\"tags\": [\"made up\"]}', tags = '{}' WHERE id = $1", &changed),
        (
            "INSERT INTO opportunities SELECT (jsonb_populate_record(o, jsonb_build_object('id', $1::text, 'raw', jsonb_build_object('id', $1::text)))).*
             FROM opportunities o LIMIT 1",
            &gone,
        ),
    ] {
        sqlx::query(statement).bind(id).execute(&mut database).await.expect("spoiled");
    }
    [missing, changed, gone]
}

async fn reconcile(story: &Story, admin: &Person, dry_run: bool) -> Value {
    let started = admin.post("/v1/lever/syncs", json!({"kind": "reconcile", "dryRun": dry_run})).await.expect(202);
    story.work().await;
    admin.get(&started.location()).await.expect(200).json()
}

fn opportunities(run: &Value) -> &Value {
    run["differences"].as_array().expect("differences").iter().find(|it| it["kind"] == "opportunities").expect("some differ")
}

#[tokio::test]
async fn a_dry_run_says_what_differs_and_a_real_one_mends_it() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    story.clock.advance(Duration::from_secs(30));
    let whole = reconcile(&story, &admin, false).await;
    assert_eq!((&whole["status"], &whole["kind"], &whole["differences"]), (&json!("succeeded"), &json!("reconcile"), &json!([])), "{whole}");

    let [missing, changed, gone] = spoil(&story).await;
    let before = stored(&story, ORGANIZATION, "opportunities").await;
    story.clock.advance(Duration::from_secs(30));
    let asked = reconcile(&story, &admin, true).await;
    assert_eq!((&asked["status"], &asked["dryRun"]), (&json!("succeeded"), &json!(true)), "{asked}");
    let expected = json!({
        "kind": "opportunities", "missing": {"count": 1, "ids": [missing]}, "changed": {"count": 1, "ids": [changed]}, "gone": {"count": 1, "ids": [gone]},
        "unknown": {"count": 0, "ids": []},
    });
    assert_eq!(opportunities(&asked), &expected);
    assert_eq!(stored(&story, ORGANIZATION, "opportunities").await, before, "a question changes nothing");

    story.clock.advance(Duration::from_secs(30));
    let mended = reconcile(&story, &admin, false).await;
    assert_eq!(opportunities(&mended), &expected);
    // What hangs on the one that was missing comes with the next incremental sync.
    pass(&story, Duration::from_secs(132)).await;
    assert_whole(&story, ORGANIZATION, 0).await;
    assert_eq!(reconcile(&story, &admin, true).await["differences"], json!([]));
    story.end().await;
}

/// No list shows a candidate, and Lever does not say whether there is one: that is neither there nor gone, and is asked again later.
#[tokio::test]
async fn of_whom_lever_gives_no_answer_nobody_knows() {
    for refusal in [
        FaultKind::Status { code: 500, retry_after_seconds: None },
        FaultKind::Status { code: 422, retry_after_seconds: None },
        FaultKind::Answer { code: 200, body: "<html>".into() },
    ] {
        let story = Story::begin().await;
        let mut admin = story.admin(ORGANIZATION);
        story.connect_and_sync(&mut admin, 0).await;
        let [missing, changed, vanished] = spoil(&story).await;
        story.lever.fault(Fault::new("GET", &format!("/v1/opportunities/{vanished}"), refusal.clone()));
        for dry_run in [true, false] {
            story.clock.advance(Duration::from_secs(30));
            let run = reconcile(&story, &admin, dry_run).await;
            let expected = json!({
                "kind": "opportunities", "missing": {"count": 1, "ids": [missing]}, "changed": {"count": 1, "ids": [changed]},
                "gone": {"count": 0, "ids": []}, "unknown": {"count": 1, "ids": [vanished]},
            });
            assert_eq!((opportunities(&run), &run["status"]), (&expected, &json!("succeeded")), "{refusal:?}, dry: {dry_run}");
            let warnings: Vec<&Value> = run["warnings"].as_array().expect("warnings").iter().map(|it| &it["code"]).collect();
            assert_eq!(warnings, ["candidates_unasked"], "{run}");
            assert!(stored(&story, ORGANIZATION, "opportunities").await.contains_key(&vanished), "kept");
        }
        story.lever.clear_faults();
        story.lever.clear_ledger();
        pass(&story, Duration::from_secs(2_200)).await;
        assert_whole(&story, ORGANIZATION, 0).await;
        let asked = story.lever.ledger().iter().filter(|entry| entry.path.ends_with(&vanished)).count();
        assert_eq!(asked, 1, "asked for once more, and known to be gone");
        assert_eq!(reconcile(&story, &admin, true).await["differences"], json!([]));
        story.end().await;
    }
}

/// A dry run asks too: who was only left out of a list is not gone.
#[tokio::test]
async fn a_dry_run_does_not_take_a_lists_word_that_a_candidate_is_gone() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    story.clock.advance(Duration::from_secs(30));
    let here = stored(&story, ORGANIZATION, "opportunities").await;
    let left_out = |entry: &Value| entry["id"] != json!(account.archived[0]);
    let list: Vec<Value> = account.archived.iter().map(|id| story.lever.opportunity(&account.id, id).expect("known")).filter(left_out).collect();
    let body = json!({ "data": list, "hasNext": false }).to_string();
    story.lever.fault(Fault::new("GET", "/v1/opportunities", FaultKind::Answer { code: 200, body }).with_query("archived=true"));
    let run = reconcile(&story, &admin, true).await;
    let gone: Vec<&Value> = run["differences"].as_array().expect("differences").iter().map(|it| &it["gone"]["count"]).collect();
    assert!(gone.iter().all(|count| **count == json!(0)), "{run}");
    assert_eq!(stored(&story, ORGANIZATION, "opportunities").await, here);
    story.lever.clear_faults();
    story.end().await;
}

#[tokio::test]
async fn it_comes_by_itself_once_a_day() {
    let variables = vec![("RECONCILE_INTERVAL_SECONDS", "7200".to_owned()), ("SYNC_INTERVAL_SECONDS", "600".to_owned())];
    let story = Story::with(Setting { variables, ..Setting::default() }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    spoil(&story).await;
    pass(&story, Duration::from_secs(3000)).await;
    let runs = |answer: Value| answer["data"].as_array().expect("runs").len();
    assert_eq!(runs(admin.get("/v1/lever/syncs?kind=reconcile").await.json()), 0);
    pass(&story, Duration::from_secs(6600)).await;
    admin.token = story.admin(ORGANIZATION).token;
    assert_eq!(runs(admin.get("/v1/lever/syncs?kind=reconcile").await.json()), 1);
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

/// A failed comparison was none: it is tried again soon, and then ever later.
#[tokio::test]
async fn one_that_failed_is_tried_again_before_the_next_day() {
    // A day of two hours, or a tenth less: the first pause is five minutes or a little less.
    let variables = vec![("RECONCILE_INTERVAL_SECONDS", "7200".to_owned()), ("SYNC_INTERVAL_SECONDS", "60".to_owned())];
    let story = Story::with(Setting { variables, ..Setting::default() }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    spoil(&story).await;
    let mut ended = Vec::new();
    story.lever.fault(Fault::new("GET", "/v1/tags", FaultKind::Status { code: 403, retry_after_seconds: None }));
    for _ in 0..240 {
        pass(&story, Duration::from_secs(60)).await;
        admin.token = story.admin(ORGANIZATION).token;
        let runs = admin.get("/v1/lever/syncs?kind=reconcile").await.json();
        let runs = runs["data"].as_array().expect("runs");
        if runs.len() > ended.len() {
            ended.push(story.clock.now());
            assert_eq!(runs[0]["status"], if ended.len() < 4 { "failed" } else { "succeeded" });
        }
        match ended.len() {
            3 => story.lever.clear_faults(),
            4 => break,
            _ => {}
        }
    }
    let pauses: Vec<i64> = ended.windows(2).map(|two| (two[1] - two[0]).num_seconds()).collect();
    // A minute more may pass until somebody looks.
    let is_right = |(pause, most): (&i64, i64)| (most * 9 / 10..=most + 60).contains(pause);
    assert!(pauses.len() == 3 && pauses.iter().zip([300, 600, 1200]).all(is_right), "{pauses:?}");
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_refused_by_name() {
    let story = Story::begin().await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect_and_sync(&mut admin, 0).await;
    for (body, pointer) in [
        (json!({"kind": "incremental"}), "/kind"),
        (json!({"kind": 3}), "/kind"),
        (json!({"dryRun": true}), "/dryRun"),
        (json!({"kind": "reconcile", "dryRun": "yes"}), "/dryRun"),
        (json!({"force": true}), "/force"),
    ] {
        let answer = admin.post("/v1/lever/syncs", body).await.expect(422);
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer);
    }
    assert_eq!(admin.post("/v1/lever/syncs", json!([1])).await.expect(400).code(), "invalid_body");
    // Nothing at all is a full sync, and a reconciliation may run beside it.
    admin.call(http::Method::POST, "/v1/lever/syncs", None, &[]).await.expect(202);
    admin.post("/v1/lever/syncs", json!({"kind": "reconcile"})).await.expect(202);
    assert_eq!(admin.post("/v1/lever/syncs", json!({"kind": "reconcile"})).await.expect(409).code(), "sync_in_progress");
    story.work().await;
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}
