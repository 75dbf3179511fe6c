//! What our copy shows to have happened, and of which no delivery came, makes its webhook silent; also when it was new, and when our
//! copy was last read before the webhook stood.

use std::time::Duration;

use lever_integration::connect;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::delivery::{body, deliver, webhook};
use crate::rows::connection;
use crate::support::story::{Person, Story};

const MINUTE: Duration = Duration::from_secs(60);

/// The stand-in's time goes with the story's.
async fn pass(story: &Story, span: Duration) {
    story.clock.advance(span);
    story.lever.set_now_ms(Some(story.clock.now().timestamp_millis()));
    connect::tend_due(&story.app.state).await.expect("the database is there");
    story.work().await;
}

async fn silent(admin: &Person) -> Vec<String> {
    let shown = admin.get("/v1/lever/connection").await.expect(200).json();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    shown["webhooks"].as_array().expect("a list").iter().filter(|it| it["state"] == "silent").map(|it| text(&it["event"])).collect()
}

async fn sync(story: &Story, admin: &Person) {
    pass(story, MINUTE).await;
    admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    story.work().await;
}

#[tokio::test]
async fn a_candidate_who_was_read_before_the_webhook_stood_is_judged_by_levers_own_time() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::new_v4());
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    let before = "UPDATE opportunities SET synced_at = synced_at - interval '1 hour'";
    sqlx::query(before).execute(&mut connection(&story).await).await.expect("read before");
    pass(&story, 5 * MINUTE).await;
    story.lever.inside(&account.id).archive(&account.active[0], &account.hired_reasons[0]).expect("hired");
    let now = story.lever.opportunity(&account.id, &account.active[1]).expect("a candidate")["stage"].clone();
    let other = account.stages.iter().find(|stage| now != stage.as_str()).expect("another stage");
    story.lever.inside(&account.id).change_stage(&account.active[1], other).expect("moved");
    sync(&story, &admin).await;
    pass(&story, 11 * MINUTE).await;
    assert_eq!(silent(&admin).await, ["candidateArchiveChange", "candidateStageChange", "candidateHired"]);
    story.end().await;
}

#[tokio::test]
async fn what_is_new_at_lever_is_expected_and_what_only_we_had_not_read_is_not() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::new_v4());
    story.connect_and_sync(&mut admin, 0).await;
    pass(&story, 5 * MINUTE).await;
    let account = story.account(0);
    sqlx::query("DELETE FROM interviews").execute(&mut connection(&story).await).await.expect("not read yet");
    sync(&story, &admin).await;
    pass(&story, 11 * MINUTE).await;
    assert_eq!(silent(&admin).await, Vec::<String>::new());

    let interview =
        json!({"date": story.clock.now().timestamp_millis() + 86_400_000, "duration": 30, "interviewers": [{"id": account.super_admin().id}]});
    let draft = json!({"timezone": "Europe/Lisbon", "interviews": [interview]});
    story.lever.inside(&account.id).schedule_panel(&account.active[0], &draft).expect("scheduled");
    sync(&story, &admin).await;
    pass(&story, 11 * MINUTE).await;
    assert_eq!(silent(&admin).await, ["interviewCreated"]);

    // A delivery that does not say what it is about ends it.
    let hook = webhook(&story, 0, "interviewCreated");
    assert_eq!(deliver(&hook.url, &body(&hook, json!({}))).await, 200);
    story.lever.inside(&account.id).schedule_panel(&account.active[1], &draft).expect("scheduled");
    sync(&story, &admin).await;
    assert_eq!(deliver(&hook.url, &body(&hook, json!({}))).await, 200);
    pass(&story, 11 * MINUTE).await;
    assert_eq!(silent(&admin).await, Vec::<String>::new());
    story.end().await;
}

#[tokio::test]
async fn a_candidate_deleted_without_a_word_makes_its_webhook_silent() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::new_v4());
    story.connect_and_sync(&mut admin, 0).await;
    pass(&story, 5 * MINUTE).await;
    let account = story.account(0);
    story.lever.inside(&account.id).delete_opportunity(&account.active[0]).expect("deleted");
    sync(&story, &admin).await;
    admin.get(&format!("/v1/opportunities/{}", account.active[0])).await.expect(404);
    assert_eq!(silent(&admin).await, Vec::<String>::new(), "it may still come");
    pass(&story, 11 * MINUTE).await;
    assert_eq!(silent(&admin).await, ["candidateDeleted"]);
    story.end().await;
}
