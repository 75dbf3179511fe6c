//! Opportunities as callers read them: the whole object, the filters, the pages, and what is refused.

use lever_integration::lever::{Opportunity, Posting, Stage, User};
use lever_integration::mirror::{archive_reasons, opportunities, postings, stages, users};
use serde_json::{Value, json};

use crate::house::{House, OURS, at, millis, opportunity, record, rfc, with};

async fn store(house: &House, all: Vec<Value>) {
    let mut tx = house.tx(OURS).await;
    let records: Vec<_> = all.into_iter().map(record::<Opportunity>).collect();
    opportunities::upsert(&mut tx, &records, at(0)).await.expect("stored");
    tx.commit().await.expect("committed");
}

#[tokio::test]
async fn an_opportunity_is_shown_with_what_its_references_are_called() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    users::upsert(&mut tx, &[record::<User>(json!({"id": "u-owner", "name": "Rosa Example"}))], at(0)).await.expect("stored");
    stages::upsert(&mut tx, &[record::<Stage>(json!({"id": "applicant-new", "text": "New applicant"}))], 0, at(0)).await.expect("stored");
    postings::upsert(&mut tx, &[record::<Posting>(json!({"id": "posting-1", "text": "Backend engineer"}))], at(0)).await.expect("stored");
    archive_reasons::upsert(&mut tx, &[record(json!({"id": "r", "text": "Withdrew"}))], at(0)).await.expect("stored");
    tx.commit().await.expect("committed");
    let archived = json!({"archived": {"archivedAt": millis(50), "reason": "r"}, "confidentiality": "confidential", "snoozedUntil": millis(60)});
    store(&house, vec![with(opportunity("o"), archived)]).await;
    let expected = json!({
        "id": "o", "name": "Ada o", "headline": null, "emails": ["o@example.com"], "phones": [],
        "contact": {"id": "contact-o", "name": "Ada o", "headline": "Engineer", "location": "Lisbon", "emails": ["o@example.com"],
                    "phones": [{"type": "mobile", "value": "555"}]},
        "stage": {"id": "applicant-new", "text": "New applicant"}, "owner": {"id": "u-owner", "name": "Rosa Example"},
        "application": {"id": "application-o", "type": "posting", "postingId": "posting-1", "createdAt": rfc(0)},
        "posting": {"id": "posting-1", "title": "Backend engineer"}, "tags": ["Engineering"], "sources": ["Referral"], "origin": "applied",
        "confidential": true, "anonymized": false, "archived": {"archivedAt": rfc(50), "reasonId": "r", "reason": "Withdrew"},
        "snoozedUntil": rfc(60), "urls": {"list": "https://hire.example.com", "show": "https://hire.example.com/o"},
        "createdAt": rfc(0), "updatedAt": null, "lastInteractionAt": rfc(0), "syncedAt": rfc(0),
    });
    assert_eq!(house.get("/v1/opportunities/o").await.body, expected);
    assert_eq!(house.get("/v1/opportunities?archived=true").await.body["data"][0], expected);
}

#[tokio::test]
async fn a_reference_that_nothing_is_known_about_still_shows_its_id() {
    let house = House::open().await;
    let plain = json!({"contact": "c", "applications": ["a"], "stage": "nowhere", "owner": "nobody"});
    store(&house, vec![with(opportunity("o"), plain), json!({"id": "bare"})]).await;
    let shown = house.get("/v1/opportunities/o").await.body;
    assert_eq!(shown["stage"], json!({"id": "nowhere", "text": null}));
    assert_eq!(shown["owner"], json!({"id": "nobody", "name": null}));
    // Of a contact that was not read yet the candidacy tells.
    let told = json!({"id": "c", "name": "Ada o", "headline": null, "location": null, "emails": ["o@example.com"], "phones": []});
    assert_eq!(shown["contact"], told);
    assert_eq!(shown["application"], json!({"id": "a", "type": null, "postingId": null, "createdAt": null}));
    assert_eq!(shown["posting"], Value::Null);
    let bare = house.get("/v1/opportunities/bare").await.body;
    for absent in ["name", "contact", "stage", "owner", "application", "posting", "archived", "createdAt"] {
        assert_eq!(bare[absent], Value::Null, "{absent}");
    }
}

#[tokio::test]
async fn every_filter_finds_its_own() {
    let house = House::open().await;
    let archived = json!({"archivedAt": millis(900), "reason": "r"});
    store(
        &house,
        vec![
            opportunity("plain"),
            with(opportunity("staged"), json!({"stage": "offer"})),
            with(opportunity("owned"), json!({"owner": "u-2"})),
            with(opportunity("tagged"), json!({"tags": ["Other", "Tag, with \"signs\""]})),
            with(opportunity("applied"), json!({"applications": [{"id": "x", "posting": "posting-2"}]})),
            with(opportunity("archived"), json!({"archived": archived})),
            with(opportunity("moved"), json!({"lastInteractionAt": millis(500)})),
            with(opportunity("updated"), json!({"updatedAt": millis(600), "name": "Éva 50%_\\ off"})),
        ],
    )
    .await;
    let active = vec!["applied", "moved", "owned", "plain", "staged", "tagged", "updated"];
    for (query, found) in [
        ("", active.clone()),
        ("archived=false", active.clone()),
        ("archived=true", vec!["archived"]),
        ("archived=any&stageId=applicant-new", vec!["applied", "archived", "moved", "owned", "plain", "tagged", "updated"]),
        ("stageId=offer", vec!["staged"]),
        ("ownerId=u-2", vec!["owned"]),
        ("tag=Other", vec!["tagged"]),
        ("tag=Tag,%20with%20%22signs%22", vec!["tagged"]),
        ("tag=other", vec![]),
        ("postingId=posting-2", vec!["applied"]),
        ("postingId=posting-2&stageId=offer", vec![]),
        ("q=TAGGED@EXAMPLE", vec!["tagged"]),
        ("q=%C3%89VA", vec!["updated"]),
        ("q=50%25_%5C%20off", vec!["updated"]),
        ("q=%25", vec!["updated"]),
        (&format!("updatedSince={}", rfc(500)), vec!["moved", "updated"]),
        (&format!("updatedSince={}&archived=any", rfc(501)), vec!["archived", "updated"]),
    ] {
        assert_eq!(house.walk(&format!("/v1/opportunities?{query}"), 50, "id").await, found, "{query}");
    }
}

#[tokio::test]
async fn pages_show_every_candidate_once_newest_first() {
    let house = House::open().await;
    let created = |i: i64| with(opportunity(&format!("o{i}")), json!({"createdAt": millis(i / 3)}));
    store(&house, (0..10).map(created).collect()).await;
    let expected = ["o9", "o6", "o7", "o8", "o3", "o4", "o5", "o0", "o1", "o2"];
    for limit in [1, 2, 3, 10, 200] {
        assert_eq!(house.walk("/v1/opportunities", limit, "id").await, expected);
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_by_name_and_never_breaks() {
    let house = House::open().await;
    for (path, parameter) in [
        ("/v1/opportunities?archived=maybe", "archived"),
        ("/v1/opportunities?updatedSince=x", "updatedSince"),
        ("/v1/opportunities?q=%00", "q"),
        ("/v1/opportunities?tag=a%00b", "tag"),
        ("/v1/opportunities?limit=0", "limit"),
        ("/v1/opportunities?limit=201", "limit"),
        ("/v1/opportunities?cursor=x", "cursor"),
        ("/v1/users?active=perhaps", "active"),
        ("/v1/panels?from=tomorrow", "from"),
        ("/v1/panels?status=all", "status"),
        ("/v1/interviews?from=2026-12-02T00:00:00Z&to=2026-12-01T00:00:00Z", "to"),
        ("/v1/conflicts?from=2026-12-01T00:00:00Z&to=2026-12-02T00:00:00Z", "interviewerId"),
        ("/v1/conflicts?interviewerId=u&to=2026-12-02T00:00:00Z", "from"),
        ("/v1/conflicts?interviewerId=u&from=2026-12-02T00:00:00Z", "to"),
    ] {
        let answer = house.get(path).await;
        let said = (answer.status, answer.body["code"].as_str(), answer.body["errors"][0]["pointer"].as_str());
        assert_eq!(said, (400, Some("invalid_parameter"), Some(parameter)), "{path}: {}", answer.body);
    }
    for id in ["%00", "a%00b", "%FF", &"x".repeat(600), "..%2F..", "unknown"] {
        for path in ["opportunities/ID", "opportunities/ID/panels", "postings/ID", "contacts/ID", "panels/ID", "interviews/ID"] {
            let answer = house.get(&format!("/v1/{}", path.replace("ID", id))).await;
            assert_eq!((answer.status, answer.body["code"].as_str()), (404, Some("not_found")), "{path} {id}");
        }
    }
}
