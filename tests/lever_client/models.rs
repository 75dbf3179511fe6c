//! Reading: surprises cost a field and never a record, and what is not known is kept.

use lever_integration::lever::{OpportunityFilter, Paging};
use serde_json::json;
use wiremock::matchers::{any, path, query_param, query_param_is_missing};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::support::{account_at, received};

async fn answering(answer: serde_json::Value) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_json(answer)).mount(&server).await;
    server
}

#[tokio::test]
async fn a_surprising_record_does_not_take_its_neighbours_along() {
    let odd = json!({"id": "o-2", "name": 7, "tags": "none", "createdAt": "yesterday", "archived": [], "emails": [1, "a@b.example"], "brandNew": {"x": [1]}});
    let page = json!({"data": [{"id": "o-1", "name": "Ada Example"}, odd, {"name": "no id"}, "text", null, {"id": ""}, {"id": 5}], "hasNext": false});
    let server = answering(page).await;
    let page = account_at(&server.uri()).list_opportunities(&OpportunityFilter::default(), &Paging::first()).await.expect("a page");
    assert_eq!((page.records.len(), page.unreadable, &page.next), (2, 5, &None));
    let record = &page.records[1];
    assert_eq!((&record.name, record.tags.len(), record.created_at, record.archived.is_none()), (&None, 0, None, true));
    assert_eq!(record.emails, ["a@b.example"]);
    assert_eq!(record.raw, odd);
    assert!(!format!("{page:?}").contains("Ada"), "a record prints no content");
}

#[tokio::test]
async fn an_expanded_reference_carries_its_object() {
    let contact = json!({"id": "c-1", "name": "Ada Example", "location": {"name": "Utrecht"}, "future": 1});
    let application = json!({"id": "a-1", "posting": "p-1", "createdAt": 1_782_972_986_092_i64});
    let server =
        answering(json!({"data": {"id": "o-1", "contact": contact, "applications": [application], "stage": "lead-new", "owner": {"id": "u-1"}}}))
            .await;
    let opportunity = account_at(&server.uri()).get_opportunity("o-1").await.expect("read");
    let contact_ref = opportunity.contact.as_ref().expect("a contact");
    let read = contact_ref.object.as_deref().expect("expanded");
    assert_eq!((contact_ref.id.as_str(), &read.raw), ("c-1", &contact));
    assert_eq!(read.location.as_ref().and_then(|location| location.name.as_deref()), Some("Utrecht"));
    let application = opportunity.applications[0].object.as_deref().expect("expanded");
    assert_eq!(application.created_at.map(|at| at.to_rfc3339()).as_deref(), Some("2026-07-02T06:16:26.092+00:00"));
    assert_eq!(application.posting.as_ref().map(|posting| posting.id.as_str()), Some("p-1"));
    let stage = opportunity.stage.as_ref().expect("a stage");
    assert!(stage.id == "lead-new" && stage.object.is_none());
    assert_eq!(opportunity.owner.as_ref().map(|owner| owner.id.as_str()), Some("u-1"));
}

#[tokio::test]
async fn both_forms_of_the_archive_state_are_understood() {
    for raw in [json!({"id": "o", "archived": {"archivedAt": 5, "reason": "r"}}), json!({"id": "o", "archivedAt": 5, "archiveReason": "r"})] {
        let server = answering(json!({"data": raw})).await;
        let state = account_at(&server.uri()).get_opportunity("o").await.expect("read").archive_state().expect("archived");
        assert_eq!((state.archived_at.map(|at| at.timestamp_millis()), state.reason.as_deref()), (Some(5), Some("r")));
    }
    let server = answering(json!({"data": {"id": "o", "archived": null}})).await;
    assert!(account_at(&server.uri()).get_opportunity("o").await.expect("read").archive_state().is_none());
}

#[tokio::test]
async fn documented_envelopes_are_read_like_recorded_ones() {
    let panel = json!({"id": "p-1", "interviews": [{"id": "i-1", "date": 7, "interviewers": [{"id": "u-1"}]}]});
    for answer in [json!({"data": panel}), json!({"data": {"data": [panel], "hasNext": false}}), json!({"data": {"data": panel}}), panel.clone()] {
        let server = answering(answer).await;
        let read = account_at(&server.uri()).get_panel("o-1", "p-1").await.expect("read");
        assert_eq!(read.raw, panel);
        let interview = read.interviews[0].object.as_deref().expect("inside the panel");
        assert_eq!(interview.interviewers[0].id, "u-1");
    }
}

#[tokio::test]
async fn all_panels_are_gathered_over_their_pages() {
    let server = MockServer::start().await;
    let first = json!({"data": [{"id": "p-1", "interviews": []}, {}], "hasNext": true, "next": "%5B2%5D"});
    let last = json!({"data": [{"id": "p-2", "interviews": []}, 3]});
    Mock::given(query_param_is_missing("offset")).respond_with(ResponseTemplate::new(200).set_body_json(first)).mount(&server).await;
    Mock::given(query_param("offset", "%5B2%5D")).respond_with(ResponseTemplate::new(200).set_body_json(last)).mount(&server).await;
    let all = account_at(&server.uri()).all_panels("o-1").await.expect("all");
    assert_eq!(all.records.iter().map(|panel| panel.id.as_str()).collect::<Vec<_>>(), ["p-1", "p-2"]);
    assert_eq!((all.unreadable, all.next), (2, None));
    assert_eq!(received(&server).await.len(), 2);
}

#[tokio::test]
async fn interviews_that_a_panel_only_names_are_asked_for() {
    let server = MockServer::start().await;
    let named = json!({"data": [{"id": "p-1", "interviews": ["i-2", "i-1"]}, {"id": "p-2", "interviews": null}, {"id": "p-3", "interviews": []}]});
    let interview =
        |id: &str, panel: &str| json!({"id": id, "panel": panel, "date": 1_783_260_000_000_i64, "interviewers": [{"id": "u", "name": "Uma"}]});
    let interviews = json!({"data": [interview("i-1", "p-1"), interview("i-2", "p-1"), interview("i-3", "p-2"), interview("i-4", "p-4")]});
    Mock::given(path("/v1/opportunities/o-1/panels")).respond_with(ResponseTemplate::new(200).set_body_json(named)).mount(&server).await;
    Mock::given(path("/v1/opportunities/o-1/interviews")).respond_with(ResponseTemplate::new(200).set_body_json(interviews)).mount(&server).await;
    let all = account_at(&server.uri()).all_panels("o-1").await.expect("all");
    let shown: Vec<Vec<&str>> = all.records.iter().map(|panel| panel.interviews.iter().map(|it| it.id.as_str()).collect()).collect();
    assert_eq!(shown, [vec!["i-2", "i-1"], vec!["i-3"], vec![]]);
    assert!(all.records.iter().all(lever_integration::lever::Record::shows_its_interviews));
    assert_eq!(received(&server).await.len(), 2);
}

#[tokio::test]
async fn a_new_webhooks_key_is_given_once_and_printed_never() {
    let hook = json!({"id": "w-1", "event": "interviewDeleted", "configuration": {"conditions": {}, "signatureToken": "canary-signature"}});
    let server = answering(json!({"data": hook})).await;
    let created = account_at(&server.uri()).create_webhook("https://app.example/x", "interviewDeleted").await.expect("made");
    let key = created.signature_token.as_ref().map(secrecy::ExposeSecret::expose_secret);
    assert_eq!(key, Some("canary-signature"));
    assert!(!created.webhook.raw.to_string().contains("canary") && !format!("{created:?}").contains("canary"));
    assert_eq!(created.webhook.raw["configuration"], json!({"conditions": {}}));
}

#[tokio::test]
async fn a_new_note_is_known_by_its_id_in_either_answer() {
    for (answer, whole) in [(json!({"data": {"noteId": "n-1"}}), false), (json!({"data": {"id": "n-1", "noteId": "n-1", "secret": true}}), true)] {
        let server = answering(answer).await;
        let note = account_at(&server.uri()).create_note("o-1", None, &json!({"value": "x"})).await.expect("made");
        assert_eq!((note.id.as_str(), note.note.is_some()), ("n-1", whole));
    }
}

#[tokio::test]
async fn calls_can_be_made_from_any_thread() {
    let server = answering(json!({"data": [{"text": "senior", "count": 2}]})).await;
    let account = account_at(&server.uri());
    let page = tokio::spawn(async move { account.list_tags(&Paging::first()).await }).await.expect("no panic").expect("a page");
    assert_eq!((page.records[0].text.as_str(), page.records[0].count), ("senior", Some(2)));
}
