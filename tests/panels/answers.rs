//! What callers read after a write is what the write made of it, however Lever shows it.

use lever_integration::fake_lever::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::support::story::Answer;
use crate::world::{World, interview_path, panel_path, text};

const PANEL: &str = "/v1/opportunities/*/panels/*";

/// A write whose answer comes, while the panel cannot be read again after it.
async fn unread(world: &World, method: &str, pattern: &str, request: impl Future<Output = Answer>) -> Answer {
    let lever = &world.story.lever;
    world.fault(method, pattern, FaultKind::AnswerHeld);
    let trouble = async {
        lever.wait_held(1).await;
        lever.fault(Fault::new("GET", PANEL, FaultKind::Status { code: 500, retry_after_seconds: None }));
        lever.release().await;
    };
    let answer = tokio::join!(request, trouble).0;
    lever.clear_faults();
    answer
}

#[tokio::test]
async fn an_edited_interview_is_shown_as_edited_although_its_panel_could_not_be_read_again() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0), world.interview(1, 1)]).await;
    let path = interview_path(&panel["interviews"][1]["id"]);
    let edit = world.admin.patch(&path, json!({"subject": "Team fit", "start": world.at(2)}));
    let edited = unread(&world, "PUT", "/v1/opportunities/*/interviews/*", edit).await.expect(200).json();
    assert_eq!((&edited["subject"], &edited["start"]), (&json!("Team fit"), &json!(world.at(2))));
    let shown = world.panel(&panel["id"]).await.expect(200).json();
    assert_eq!((&shown["interviews"][1]["subject"], shown["interviews"][0].clone()), (&json!("Team fit"), panel["interviews"][0].clone()));
    // It is read again by itself.
    world.story.work().await;
    assert_eq!(world.panel(&panel["id"]).await.expect(200).json()["end"], edited["end"]);
    world.story.end().await;
}

#[tokio::test]
async fn an_added_interview_takes_its_time_although_its_panel_could_not_be_read_again() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let path = format!("{}/interviews", panel_path(&panel["id"]));
    let add = world.admin.post(&path, world.interview(1, 1));
    let added = unread(&world, "POST", "/v1/opportunities/*/interviews", add).await.expect(201).json();
    assert_eq!(added["id"], world.only_panel()["interviews"][1]["id"]);
    assert_eq!(world.schedule(world.draft(&[world.interview(1, 1)])).await.expect(409).code(), "interviewer_conflict");
    world.story.work().await;
    assert_eq!(world.admin.get(&interview_path(&added["id"])).await.expect(200).json()["start"], world.at(1));
    world.story.end().await;
}

#[tokio::test]
async fn an_external_url_reads_back_as_it_was_sent() {
    let world = World::begin().await;
    for (at, own) in
        ["https://app.example.com/loops/42", "https://app.example.com/loops/42#part", "https://app.example.com/a?b=c#"].into_iter().enumerate()
    {
        let mut draft = world.draft(&[world.interview(0, at as i64)]);
        draft["externalUrl"] = json!(own);
        let panel = world.schedule(draft).await.expect(201).json();
        let path = panel_path(&panel["id"]);
        assert_eq!((&panel["externalUrl"], &world.panel(&panel["id"]).await.json()["externalUrl"]), (&json!(own), &json!(own)));
        let marked = world.at_lever().swap_remove(at)["externalUrl"].clone();
        assert!(text(&marked).starts_with(own) && text(&marked).len() > own.len(), "it still carries the booking's mark: {marked}");
        world.writes();
        world.admin.patch(&path, json!({"externalUrl": own})).await.expect(200);
        assert_eq!(world.writes(), Vec::<String>::new(), "what is read may be sent back");
        let other = world.admin.patch(&path, json!({"externalUrl": "https://other.example.com/"})).await.expect(200).json();
        assert_eq!(other["externalUrl"], "https://other.example.com/");
        let mark = text(&marked).rsplit("ml-").next().expect("a mark").to_owned();
        assert!(text(&world.at_lever()[at]["externalUrl"]).ends_with(&mark), "the mark stays");
    }
    // Without one it is a link of ours, which is what Lever shows.
    let plain = world.scheduled(&[world.interview(1, 9)]).await;
    assert!(text(&plain["externalUrl"]).starts_with(&format!("{}/i/", world.story.base)), "{plain}");
    world.story.end().await;
}

/// The log names every attempt, and what Lever answered to it.
#[tokio::test]
async fn the_log_keeps_every_step_with_what_lever_answered() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let path = panel_path(&panel["id"]);
    world.admin.patch(&path, json!({"note": "x"})).await.expect(200);
    world.fault("POST", "/v1/opportunities/*/panels", FaultKind::Status { code: 422, retry_after_seconds: None });
    world.schedule(world.draft(&[world.interview(1, 1)])).await.expect(422);
    world.fault("DELETE", PANEL, FaultKind::DropAfterCommit);
    world.admin.delete(&path).await.expect(204);

    let operations = world.operations().await;
    let shown: Vec<Value> =
        operations.iter().map(|it| json!([it["kind"], it["leverStatus"], it["steps"][0]["outcome"], it["steps"][0]["leverStatus"]])).collect();
    assert_eq!(
        shown,
        [
            json!(["cancel_panel", null, "found", null]),
            json!(["schedule_panel", 422, "refused", 422]),
            json!(["edit_panel", 200, "done", 200]),
            json!(["schedule_panel", 201, "done", 201]),
        ]
    );
    let step = &operations[0]["steps"][0];
    assert_eq!((&step["opportunityId"], &step["performAs"]), (&json!(world.opportunity), &operations[0]["performAs"]));
    assert!(step["sentAt"].is_string() && step["endedAt"].is_string());
    world.story.work().await;
    world.story.end().await;
}
