//! Single interviews: added, edited, canceled; the last one cancels the panel.

use http::Method;
use serde_json::json;

use crate::world::{World, ids, interview_path, panel_path, text};

#[tokio::test]
async fn an_interview_is_added_edited_and_canceled_and_the_others_are_not_touched() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let path = panel_path(&panel["id"]);
    let before = world.only_panel();

    let mut new = world.interview(1, 2);
    new["subject"] = json!("Team fit");
    let answer = world.admin.post(&format!("{path}/interviews"), new).await.expect(201);
    let added = answer.json();
    assert_eq!(answer.location(), interview_path(&added["id"]));
    assert_eq!((&added["panelId"], &added["subject"], &added["editable"]), (&panel["id"], &json!("Team fit"), &json!(true)));
    assert_eq!(world.only_panel()["interviews"][0], before["interviews"][0]);
    assert_eq!(world.panel(&panel["id"]).await.json()["interviews"].as_array().map(Vec::len), Some(2));

    let moved = world.admin.patch(&interview_path(&added["id"]), json!({"start": world.at(4), "location": "Room 4"})).await.expect(200).json();
    assert_eq!((&moved["start"], &moved["location"], &moved["subject"]), (&json!(world.at(4)), &json!("Room 4"), &json!("Team fit")));
    let there = world.only_panel();
    assert_eq!(ids(&there["interviews"]), [text(&before["interviews"][0]["id"]), text(&added["id"])]);
    assert_eq!(there["interviews"][1]["feedbackTemplate"], "no-feedback", "not sent, and not lost");

    world.admin.delete(&interview_path(&added["id"])).await.expect(204);
    assert_eq!(world.only_panel()["interviews"], before["interviews"]);
    world.admin.get(&interview_path(&added["id"])).await.expect(404);
    world.admin.delete(&interview_path(&added["id"])).await.expect(204);
    assert_eq!(world.panel(&panel["id"]).await.json()["status"], "scheduled");
    assert_eq!(world.writes(), ["POST panels", "POST interviews", "PUT interviews", "DELETE interviews"]);
    let kinds: Vec<_> = world.operations().await.iter().map(|it| text(&it["kind"]).to_owned()).collect();
    assert_eq!(kinds, ["cancel_interview", "edit_interview", "add_interview", "schedule_panel"]);
    world.story.end().await;
}

#[tokio::test]
async fn the_last_interview_cancels_the_panel_softly() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    world.admin.delete(&interview_path(&panel["interviews"][0]["id"])).await.expect(204);
    assert!(world.only_panel()["canceledAt"].is_number());
    let shown = world.panel(&panel["id"]).await.expect(200).json();
    assert_eq!((&shown["status"], ids(&shown["interviews"])), (&json!("canceled"), ids(&panel["interviews"])));
    let interview = world.admin.get(&interview_path(&panel["interviews"][0]["id"])).await.expect(200).json();
    assert_eq!((&interview["status"], &interview["editable"]), (&json!("canceled"), &json!(false)));
    world.story.end().await;
}

#[tokio::test]
async fn what_is_not_there_or_somebody_elses_is_not_found() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let stranger = world.story.admin(uuid::Uuid::new_v4());
    let (own, interview) = (panel_path(&panel["id"]), interview_path(&panel["interviews"][0]["id"]));
    for (caller, panel, interview) in [(&world.admin, "/v1/panels/none", "/v1/interviews/none"), (&stranger, own.as_str(), interview.as_str())] {
        for (method, path, body) in [
            (Method::GET, panel.to_owned(), None),
            (Method::PATCH, panel.to_owned(), Some(json!({}))),
            (Method::DELETE, panel.to_owned(), None),
            (Method::POST, format!("{panel}/interviews"), Some(world.interview(1, 1))),
            (Method::GET, interview.to_owned(), None),
            (Method::PATCH, interview.to_owned(), Some(json!({}))),
            (Method::DELETE, interview.to_owned(), None),
        ] {
            let answer = caller.call(method.clone(), &path, body, &[]).await.expect(404);
            assert_eq!(answer.code(), "not_found", "{method} {path}");
        }
    }
    assert_eq!(world.writes(), ["POST panels"]);
    world.story.end().await;
}
