//! `ETag` and `If-Match`: an edit is for the version that the caller saw, or it is not made.

use http::Method;
use serde_json::json;

use crate::world::{World, interview_path, panel_path, text};

#[tokio::test]
async fn of_two_editors_the_slower_one_is_told_and_shown_what_is_there() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let path = panel_path(&panel["id"]);
    let seen = world.admin.get(&path).await.expect(200).header("etag");
    let first = world.call(Method::PATCH, &path, json!({"note": "first"}), &[("if-match", &seen)]).await.expect(200);
    assert_ne!(first.header("etag"), seen);
    world.writes();

    let interview = interview_path(&panel["interviews"][0]["id"]);
    for (method, path, body) in [
        (Method::PATCH, &path, Some(json!({"note": "second"}))),
        (Method::PATCH, &path, Some(panel.clone())),
        (Method::DELETE, &path, None),
        (Method::PATCH, &interview, Some(json!({"note": "second"}))),
        (Method::DELETE, &interview, None),
    ] {
        let answer = world.admin.call(method, path, body, &[("if-match", &seen)]).await.expect(412);
        assert_eq!(answer.code(), "panel_changed");
        let problem = answer.json();
        assert_eq!((&problem["current"]["note"], &problem["etag"]), (&json!("first"), &json!(first.header("etag"))));
    }
    assert_eq!(world.story.lever.ledger().len(), 0, "that our copy is newer is known without asking");
    assert_eq!(world.only_panel()["note"], "first");

    let current = first.header("etag");
    let several = format!("\"0000\", {current}");
    world.call(Method::PATCH, &path, json!({"note": "third"}), &[("if-match", &several)]).await.expect(200);
    world.call(Method::PATCH, &path, json!({"note": "fourth"}), &[("if-match", "*")]).await.expect(200);
    world.story.end().await;
}

/// Nobody told us of the change: the panel is read again before the edit, and the change is found.
#[tokio::test]
async fn a_change_inside_lever_that_nobody_told_us_of_is_noticed() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let path = panel_path(&panel["id"]);
    let seen = world.admin.get(&path).await.expect(200).header("etag");
    let mut there = world.only_panel();
    there["note"] = json!("written inside Lever");
    world.inside().replace_panel(&world.opportunity, text(&panel["id"]), &there).expect("replaced");
    world.writes();

    let refused = world.call(Method::PATCH, &path, json!({"feedbackReminder": "once"}), &[("if-match", &seen)]).await.expect(412).json();
    assert_eq!(refused["current"]["note"], "written inside Lever");
    assert_eq!(world.writes(), Vec::<String>::new());
    let refused = world.admin.call(Method::DELETE, &path, None, &[("if-match", &seen)]).await.expect(412);
    assert_eq!(refused.code(), "panel_changed");

    // Without a version the edit is merged into what is there.
    let edited = world.admin.patch(&path, json!({"feedbackReminder": "once"})).await.expect(200).json();
    assert_eq!((&edited["note"], &edited["feedbackReminder"]), (&json!("written inside Lever"), &json!("once")));
    assert_eq!(world.only_panel()["note"], "written inside Lever");
    world.story.end().await;
}

#[tokio::test]
async fn a_panel_that_was_canceled_or_moved_inside_lever_is_found_so() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let path = panel_path(&panel["id"]);
    world.inside().cancel_panel(&world.opportunity, text(&panel["id"])).expect("canceled");
    assert_eq!(world.admin.patch(&path, json!({"note": "x"})).await.expect(409).code(), "panel_canceled");
    world.admin.delete(&path).await.expect(204);
    world.story.end().await;
}

/// An interview has its panel's version, wherever it is answered alone.
#[tokio::test]
async fn an_interview_is_answered_with_the_version_of_its_panel() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let version = world.panel(&panel["id"]).await.header("etag");
    let path = interview_path(&panel["interviews"][0]["id"]);
    assert_eq!(world.admin.get(&path).await.expect(200).header("etag"), version);
    let edited = world.call(Method::PATCH, &path, json!({"note": "first"}), &[("if-match", &version)]).await.expect(200);
    assert_ne!(edited.header("etag"), version);
    let added = world.admin.post(&format!("{}/interviews", panel_path(&panel["id"])), world.interview(1, 1)).await.expect(201);
    let now = added.header("etag");
    assert_eq!(world.panel(&panel["id"]).await.header("etag"), now);
    world.call(Method::PATCH, &path, json!({"note": "second"}), &[("if-match", &now)]).await.expect(200);
    world.story.end().await;
}
