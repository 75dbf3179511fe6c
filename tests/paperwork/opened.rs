//! What a person opens before the sync got there is read at once, once, and stored.

use lever_integration::fake_lever::{Fault, FaultKind};
use serde_json::json;
use uuid::Uuid;

use crate::OURS;
use crate::support::story::Story;

/// Paths under `/v1` that reached Lever since the ledger was cleared.
fn asked(story: &Story) -> Vec<String> {
    let entries = story.lever.ledger();
    entries.into_iter().filter(|entry| entry.path.starts_with("/v1/")).map(|entry| entry.path.trim_start_matches("/v1").to_owned()).collect()
}

#[tokio::test]
async fn what_was_never_read_is_read_at_once_and_only_once() {
    let story = Story::begin().await;
    let mut admin = story.admin(OURS);
    story.connect(&mut admin, 0).await;
    let account = story.account(0);
    let id = account.active[0].as_str();
    story.lever.inside(&account.id).quietly().add_note(id, "Likes kites", false).expect("added");
    story.lever.inside(&account.id).quietly().add_resume(id, "Kites", true).expect("added");
    story.lever.clear_ledger();

    let shown = admin.get(&format!("/v1/opportunities/{id}")).await.expect(200).json();
    assert_eq!(shown["name"], story.lever.opportunity(&account.id, id).expect("there")["name"]);
    let contact = shown["contact"]["id"].as_str().expect("a contact").to_owned();
    let notes = admin.get(&format!("/v1/opportunities/{id}/notes")).await.expect(200).json();
    assert_eq!(notes["data"].as_array().map(Vec::len), Some(story.lever.notes_of(&account.id, id).expect("there").len()));
    let resumes = admin.get(&format!("/v1/opportunities/{id}/resumes")).await.expect(200).json();
    assert_eq!(resumes["data"].as_array().map(Vec::len), Some(story.lever.resumes_of(&account.id, id).expect("there").len()));
    // The first two are asked for at once, in whichever order they come.
    let mut sent = asked(&story);
    sent[..2].sort();
    assert_eq!(sent, ["", "/panels", "/notes", "/resumes"].map(|child| format!("/opportunities/{id}{child}")));

    story.lever.clear_ledger();
    for path in ["", "/panels", "/notes", "/resumes"] {
        admin.get(&format!("/v1/opportunities/{id}{path}")).await.expect(200);
    }
    admin.get(&format!("/v1/contacts/{contact}")).await.expect(200);
    assert_eq!(asked(&story), Vec::<String>::new(), "the copy has it all");
    story.work().await;
    story.end().await;
}

#[tokio::test]
async fn children_and_people_can_be_opened_first() {
    let story = Story::begin().await;
    let mut admin = story.admin(OURS);
    story.connect(&mut admin, 0).await;
    let account = story.account(0);
    let panels = admin.get(&format!("/v1/opportunities/{}/panels", account.active[0])).await.expect(200).json();
    let there = story.lever.panels_of(&account.id, &account.active[0]).expect("there");
    assert_eq!(panels["data"].as_array().map(Vec::len), Some(there.len()));

    let contact = story.lever.opportunity(&account.id, &account.active[1]).expect("there")["contact"].as_str().expect("an id").to_owned();
    let shown = admin.get(&format!("/v1/contacts/{contact}")).await.expect(200).json();
    assert_eq!((shown["id"].as_str(), &shown["opportunityIds"]), (Some(contact.as_str()), &json!([])));
    story.work().await;
    story.end().await;
}

#[tokio::test]
async fn what_nobody_has_is_not_found_and_not_asked_for_again() {
    let story = Story::begin().await;
    let mut admin = story.admin(OURS);
    story.connect_and_sync(&mut admin, 0).await;
    let nobody = Uuid::from_u128(99);
    for path in ["", "/panels", "/notes", "/resumes", "/resumes/r/file"] {
        assert_eq!(admin.get(&format!("/v1/opportunities/{nobody}{path}")).await.expect(404).code(), "not_found");
    }
    story.lever.clear_ledger();
    admin.get(&format!("/v1/opportunities/{nobody}")).await.expect(404);
    // What cannot be an id of Lever's is not even sent.
    for id in ["deleted", "a%00b", "a%0ab", &"x".repeat(300), &"x".repeat(600)] {
        assert_eq!(admin.get(&format!("/v1/opportunities/{id}/notes")).await.status, 404, "{id}");
        assert_eq!(admin.get(&format!("/v1/contacts/{id}")).await.status, 404, "{id}");
        assert_eq!(admin.get(&format!("/v1/opportunities/{id}/resumes/{id}/file")).await.status, 404, "{id}");
    }
    assert_eq!(asked(&story), Vec::<String>::new());
    story.end().await;
}

#[tokio::test]
async fn when_lever_is_away_nobody_is_told_that_there_is_nothing() {
    let story = Story::begin().await;
    let mut admin = story.admin(OURS);
    story.connect(&mut admin, 0).await;
    let account = story.account(0);
    let id = account.active[0].as_str();
    let away = FaultKind::Status { code: 503, retry_after_seconds: Some(7) };
    story.lever.fault(Fault::new("GET", "/v1/opportunities/**", away));
    for path in ["", "/notes"] {
        let answer = admin.get(&format!("/v1/opportunities/{id}{path}")).await.expect(503);
        assert_eq!((answer.code().as_str(), answer.header("retry-after").as_str()), ("lever_unavailable", "7"));
    }
    story.lever.clear_faults();
    admin.get(&format!("/v1/opportunities/{id}/notes")).await.expect(200);
    story.work().await;
    story.end().await;
}

/// Lever may refuse an id that is not this account's instead of not finding it. To whoever asks that is the same.
#[tokio::test]
async fn what_lever_refuses_to_show_is_not_found_and_not_remembered_as_gone() {
    let story = Story::begin().await;
    let mut admin = story.admin(OURS);
    story.connect(&mut admin, 0).await;
    let account = story.account(0);
    let id = account.active[0].as_str();
    let contact = story.lever.opportunity(&account.id, id).expect("there")["contact"].as_str().expect("an id").to_owned();
    for code in [400, 403, 404] {
        let refusal = FaultKind::Status { code, retry_after_seconds: None };
        story.lever.fault(Fault::new("GET", "/v1/contacts/*", refusal.clone()));
        assert_eq!(admin.get(&format!("/v1/contacts/{contact}")).await.expect(404).code(), "not_found", "{code}");
        if code != 404 {
            story.lever.fault(Fault::new("GET", "/v1/opportunities/**", refusal));
            for path in ["", "/panels", "/notes", "/resumes", "/resumes/r/file"] {
                assert_eq!(admin.get(&format!("/v1/opportunities/{id}{path}")).await.expect(404).code(), "not_found", "{code} {path}");
            }
        }
        story.lever.clear_faults();
    }
    // A set that is refused says nothing about its opportunity.
    story.lever.fault(Fault::new("GET", "/v1/opportunities/*/panels", FaultKind::Status { code: 403, retry_after_seconds: None }));
    assert_eq!(admin.get(&format!("/v1/opportunities/{id}")).await.expect(422).code(), "lever_rejected");
    story.lever.clear_faults();
    admin.get(&format!("/v1/opportunities/{id}")).await.expect(200);
    admin.get(&format!("/v1/contacts/{contact}")).await.expect(200);
    story.work().await;
    story.end().await;
}
