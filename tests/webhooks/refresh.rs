//! What happens inside Lever and is delivered is seen here once the job is done; what is not delivered is not.

use std::time::Duration;

use lever_integration::connect;
use lever_integration::fake_lever::{Event, Fault, FaultKind, NewCandidate};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::delivery::{body, deliver, webhook};
use crate::rows::{connection, deliveries, jobs};
use crate::support::story::{Person, Story};

async fn opportunity(person: &Person, id: &str) -> Value {
    person.get(&format!("/v1/opportunities/{id}")).await.expect(200).json()
}

async fn arrive(story: &Story) {
    story.lever.wait_deliveries_idle().await;
    story.work().await;
}

#[tokio::test]
async fn a_candidate_archived_inside_lever_is_archived_here_once_the_switch_is_on() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::new_v4());
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    let (first, second, reason) = (&account.active[0], &account.active[1], &account.archive_reasons[0]);
    let status = |connection: Value| {
        connection["webhooks"].as_array().expect("a list").iter().find(|it| it["event"] == "candidateArchiveChange").cloned().expect("listed")
    };

    story.lever.inside(&account.id).archive(first, reason).expect("archived");
    arrive(&story).await;
    assert_eq!(opportunity(&admin, first).await["archived"], Value::Null, "switched off in Lever: nobody told us");
    let waiting = status(admin.get("/v1/lever/connection").await.expect(200).json());
    let expected = json!({
        "event": "candidateArchiveChange", "setting": "Candidate archive state change", "required": true, "registered": true,
        "firstDeliveryAt": null, "lastDeliveryAt": null, "missedAt": null, "state": "waiting",
    });
    assert_eq!(waiting, expected);

    story.lever.switch(&account.id, Event::CandidateArchiveChange, true).expect("switched on");
    story.lever.inside(&account.id).archive(second, reason).expect("archived");
    arrive(&story).await;
    assert_eq!(opportunity(&admin, second).await["archived"]["reasonId"], reason.as_str());
    let arriving = status(admin.get("/v1/lever/connection").await.expect(200).json());
    assert_eq!((&arriving["state"], arriving["lastDeliveryAt"].is_string()), (&json!("arriving"), true));
    story.end().await;
}

#[tokio::test]
async fn an_interview_deleted_inside_lever_is_gone_here() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::new_v4());
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    let interviewer = &account.super_admin().id;
    let opportunity = &account.active[0];
    let interview = |at: i64| json!({"date": 1_900_000_000_000_i64 + at * 3_600_000, "duration": 30, "interviewers": [{"id": interviewer}]});
    let inside = story.lever.inside(&account.id);
    for event in [Event::InterviewCreated, Event::InterviewDeleted] {
        story.lever.switch(&account.id, event, true).expect("switched on");
    }
    let panel =
        inside.schedule_panel(opportunity, &json!({"timezone": "Europe/Lisbon", "interviews": [interview(0), interview(1)]})).expect("scheduled");
    arrive(&story).await;
    let shown = admin.get(&format!("/v1/panels/{panel}")).await.expect(200).json();
    let ids: Vec<&str> = shown["interviews"].as_array().expect("interviews").iter().filter_map(|it| it["id"].as_str()).collect();
    assert_eq!((ids.len(), &shown["editable"]), (2, &json!(false)));

    inside.delete_interview(opportunity, ids[0]).expect("deleted");
    arrive(&story).await;
    let shown = admin.get(&format!("/v1/panels/{panel}")).await.expect(200).json();
    assert_eq!(shown["interviews"].as_array().map(Vec::len), Some(1));
    assert_eq!(shown["interviews"][0]["id"], ids[1]);

    inside.delete_interview(opportunity, ids[1]).expect("deleted");
    arrive(&story).await;
    assert_eq!(admin.get(&format!("/v1/panels/{panel}")).await.expect(200).json()["status"], "canceled");
    story.end().await;
}

#[tokio::test]
async fn a_person_renamed_inside_lever_is_renamed_wherever_they_are_shown() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::new_v4());
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    let id = &account.active[0];
    let contact = opportunity(&admin, id).await["contact"]["id"].as_str().expect("a contact").to_owned();
    story.lever.switch(&account.id, Event::ContactUpdated, true).expect("switched on");
    story.lever.inside(&account.id).edit_contact(&contact, Some("Invented Newname"), None).expect("renamed");
    arrive(&story).await;
    assert_eq!(admin.get(&format!("/v1/contacts/{contact}")).await.expect(200).json()["name"], "Invented Newname");
    assert_eq!(opportunity(&admin, id).await["name"], "Invented Newname");
    story.end().await;
}

#[tokio::test]
async fn a_new_candidate_is_here_and_a_deleted_one_is_gone() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    let mut admin = story.admin(organization);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    for event in [Event::ApplicationCreated, Event::CandidateDeleted, Event::ContactCreated] {
        story.lever.switch(&account.id, event, true).expect("switched on");
    }
    let inside = story.lever.inside(&account.id);
    let new = NewCandidate { name: "Invented Candidate".into(), email: None, posting: None, confidential: false };
    let id = inside.add_candidate(new).expect("added");
    arrive(&story).await;
    assert_eq!(opportunity(&admin, &id).await["name"], "Invented Candidate");

    inside.delete_opportunity(&id).expect("deleted");
    arrive(&story).await;
    admin.get(&format!("/v1/opportunities/{id}")).await.expect(404);
    let (stored, open) = deliveries(&story, organization).await;
    assert!(stored >= 2, "both were delivered");
    assert_eq!(open, 0, "and settled");
    story.end().await;
}

/// Lever promises no order: three stage changes are told in the wrong one, each twice.
#[tokio::test]
async fn the_order_of_deliveries_does_not_matter() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    let mut admin = story.admin(organization);
    story.connect_and_sync(&mut admin, 0).await;
    let account = story.account(0);
    let id = &account.active[0];
    let hook = webhook(&story, 0, "candidateStageChange");
    let quietly = story.lever.inside(&account.id).quietly();
    for stage in &account.stages[1..4] {
        quietly.change_stage(id, stage).expect("moved");
    }
    for stage in [&account.stages[3], &account.stages[1], &account.stages[2]] {
        let told = body(&hook, json!({"opportunityId": id, "toStageId": stage}));
        assert_eq!(deliver(&hook.url, &told).await, 200);
        assert_eq!(deliver(&hook.url, &told).await, 200);
    }
    assert_eq!(jobs(&story, organization).await.len(), 1, "a burst is one job");
    story.work().await;
    assert_eq!(opportunity(&admin, id).await["stage"]["id"], account.stages[3].as_str());
    assert_eq!(deliveries(&story, organization).await, (3, 0));
    story.end().await;
}

/// An id that belongs to another organization's account: read with our own token, it is not there.
#[tokio::test]
async fn a_delivery_that_names_another_organizations_candidate_moves_nothing_across() {
    let story = Story::begin().await;
    let (ours, theirs) = (Uuid::new_v4(), Uuid::new_v4());
    let (mut us, mut them) = (story.admin(ours), story.admin(theirs));
    story.connect_and_sync(&mut us, 0).await;
    story.connect_and_sync(&mut them, 1).await;
    let their_candidate = story.account(1).active[0].clone();
    let before = opportunity(&them, &their_candidate).await;
    let hook = webhook(&story, 0, "candidateStageChange");
    story.lever.clear_ledger();
    assert_eq!(deliver(&hook.url, &body(&hook, json!({"opportunityId": their_candidate}))).await, 200);
    story.work().await;

    let our_account = story.account(0).id;
    assert!(story.lever.ledger().iter().all(|entry| entry.account.as_deref() == Some(our_account.as_str())), "only our own token was used");
    us.get(&format!("/v1/opportunities/{their_candidate}")).await.expect(404);
    assert_eq!(opportunity(&them, &their_candidate).await, before);
    assert_eq!(deliveries(&story, ours).await, (1, 0));
    assert_eq!(deliveries(&story, theirs).await, (0, 0));
    story.end().await;
}

#[tokio::test]
async fn after_a_disconnect_nothing_is_read_and_nothing_is_believed() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    let mut admin = story.admin(organization);
    story.connect_and_sync(&mut admin, 0).await;
    let hook = webhook(&story, 0, "candidateStageChange");
    let told = |story: &Story| body(&hook, json!({"opportunityId": story.account(0).active[0]}));
    assert_eq!(deliver(&hook.url, &told(&story)).await, 200);
    admin.delete("/v1/lever/connection").await.expect(204);
    assert!(story.lever.webhooks(&story.account(0).id).expect("the account").is_empty(), "removed at Lever");

    story.lever.clear_ledger();
    story.work().await;
    assert!(story.lever.ledger().is_empty(), "the job of before found no connection");
    assert_eq!(deliver(&hook.url, &told(&story)).await, 404);
    assert_eq!(deliveries(&story, organization).await.0, 1);
    story.end().await;
}

/// The answer of a reading that began before a disconnect comes after it, and after the purge.
#[tokio::test]
async fn a_reading_that_a_disconnect_overtakes_is_not_stored() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    let mut admin = story.admin(organization);
    story.connect_and_sync(&mut admin, 0).await;
    let hook = webhook(&story, 0, "candidateStageChange");
    let id = story.account(0).active[0].clone();
    assert_eq!(deliver(&hook.url, &body(&hook, json!({"opportunityId": id}))).await, 200);
    let path = format!("/v1/opportunities/{id}");
    story.lever.fault(Fault::new("GET", &path, FaultKind::Delay { by: Duration::from_millis(800) }).times(1));
    story.lever.clear_ledger();
    let purge = async {
        while !story.lever.ledger().iter().any(|entry| entry.path == path) {
            tokio::task::yield_now().await;
        }
        admin.delete("/v1/lever/connection?purge=true").await.expect(204);
    };
    tokio::join!(story.work(), purge);

    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM opportunities WHERE tenant_id = $1")
        .bind(organization)
        .fetch_one(&mut connection(&story).await)
        .await
        .expect("the copy can be read");
    assert_eq!(left, 0);
    story.end().await;
}

/// A reading that failed is put off for longer and longer; a new delivery means that somebody waits for it now.
#[tokio::test]
async fn a_new_delivery_ends_the_pause_after_a_failure() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    let mut admin = story.admin(organization);
    story.connect_and_sync(&mut admin, 0).await;
    let hook = webhook(&story, 0, "candidateStageChange");
    let account = story.account(0);
    let id = &account.active[0];
    let told = || body(&hook, json!({"opportunityId": id}));
    story.clock.advance(Duration::from_secs(60));
    story.lever.fault(Fault::new("GET", &format!("/v1/opportunities/{id}"), FaultKind::Garbage));
    assert_eq!(deliver(&hook.url, &told()).await, 200);
    for pause in [0, 2, 4, 8, 16, 32, 64] {
        story.clock.advance(Duration::from_secs(pause));
        story.work().await;
    }
    assert_eq!(jobs(&story, organization).await, [], "put off");
    story.lever.clear_faults();
    story.lever.inside(&account.id).quietly().change_stage(id, &account.stages[2]).expect("moved");
    assert_eq!(deliver(&hook.url, &told()).await, 200);
    story.work().await;
    assert_eq!(opportunity(&admin, id).await["stage"]["id"], account.stages[2].as_str());
    assert_eq!(deliveries(&story, organization).await, (2, 0));
    story.end().await;
}

/// What Lever refuses is over, and its deliveries with it: they do not make every later one look like a straggler.
#[tokio::test]
async fn what_lever_refuses_to_show_settles_its_deliveries() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    let mut admin = story.admin(organization);
    story.connect_and_sync(&mut admin, 0).await;
    let hook = webhook(&story, 0, "candidateStageChange");
    let id = story.account(0).active[0].clone();
    let refusal = FaultKind::Status { code: 403, retry_after_seconds: None };
    story.lever.fault(Fault::new("GET", &format!("/v1/opportunities/{id}"), refusal));
    story.clock.advance(Duration::from_secs(60));
    assert_eq!(deliver(&hook.url, &body(&hook, json!({"opportunityId": id}))).await, 200);
    story.work().await;
    assert_eq!(deliveries(&story, organization).await, (1, 0));
    assert_eq!(admin.get(&format!("/v1/opportunities/{id}")).await.expect(200).json()["id"], id.as_str());
    story.end().await;
}

/// A process died between its job's end and its last look: the deliveries are found when the connection is looked after.
#[tokio::test]
async fn a_delivery_without_a_job_is_read_in_the_end() {
    let story = Story::begin().await;
    let organization = Uuid::new_v4();
    let mut admin = story.admin(organization);
    story.connect_and_sync(&mut admin, 0).await;
    let hook = webhook(&story, 0, "candidateStageChange");
    let account = story.account(0);
    let id = &account.active[0];
    story.lever.inside(&account.id).quietly().change_stage(id, &account.stages[2]).expect("moved");
    assert_eq!(deliver(&hook.url, &body(&hook, json!({"opportunityId": id}))).await, 200);
    let contact = webhook(&story, 0, "contactUpdated");
    let person = opportunity(&admin, id).await["contact"]["id"].clone();
    assert_eq!(deliver(&contact.url, &body(&contact, json!({"contactId": person}))).await, 200);
    sqlx::query("DELETE FROM jobs WHERE kind LIKE 'refresh%'").execute(&mut connection(&story).await).await.expect("lost");
    story.clock.advance(Duration::from_secs(6 * 60));
    connect::tend_due(&story.app.state).await.expect("the database is there");
    story.work().await;
    assert_eq!(deliveries(&story, organization).await, (2, 0));
    assert_eq!(opportunity(&admin, id).await["stage"]["id"], account.stages[2].as_str());
    story.end().await;
}
