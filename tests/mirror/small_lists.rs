//! Users, stages, tags, archive reasons, feedback templates and postings as callers read them.

use lever_integration::lever::{Posting, Stage, User};
use lever_integration::mirror::{archive_reasons, feedback_templates, postings, stages, tags, users};
use serde_json::{Value, json};

use crate::house::{House, OURS, at, millis, record, rfc};

#[tokio::test]
async fn users_are_listed_by_name_and_found_by_any_part_of_it() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    let people = [
        json!({"id": "3", "name": "Zoë Ångström", "email": "zoe@example.com", "accessRole": "interviewer", "photo": null, "jobTitle": "CTO"}),
        json!({"id": "1", "name": "Rosa 100%", "email": "rosa@example.com"}),
        json!({"id": "2", "name": "rosa Example", "email": null, "deactivatedAt": 5}),
        json!({"id": "4", "name": null, "email": "nobody_@example.com"}),
    ];
    users::upsert(&mut tx, &people.map(record::<User>), at(7)).await.expect("stored");
    tx.commit().await.expect("committed");
    for limit in [1, 2, 50] {
        assert_eq!(house.walk("/v1/users", limit, "id").await, ["4", "1", "2", "3"]);
    }
    for (query, found) in [
        ("q=ROSA", vec!["1", "2"]),
        ("q=ROSA&active=true", vec!["1"]),
        ("active=false", vec!["2"]),
        ("q=%C3%85NGSTR%C3%96M", vec!["3"]),
        ("q=%25", vec!["1"]),
        ("q=_", vec!["4"]),
        ("q=zoe@", vec!["3"]),
        ("q=%20", vec!["4", "1", "2", "3"]),
    ] {
        assert_eq!(house.walk(&format!("/v1/users?{query}"), 10, "id").await, found, "{query}");
    }
    let zoe = house.get("/v1/users?q=zo%C3%AB").await.body["data"][0].clone();
    assert_eq!(
        zoe,
        json!({"id": "3", "name": "Zoë Ångström", "email": "zoe@example.com", "accessRole": "interviewer", "active": true, "photo": null,
               "jobTitle": "CTO", "syncedAt": rfc(7)})
    );
}

#[tokio::test]
async fn stages_come_in_pipeline_order() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    let page = |ids: [&str; 2]| ids.map(|id| record::<Stage>(json!({"id": id, "text": format!("Stage {id}")})));
    stages::upsert(&mut tx, &page(["z", "m"]), 0, at(0)).await.expect("stored");
    stages::upsert(&mut tx, &page(["a", "b"]), 2, at(0)).await.expect("stored");
    tx.commit().await.expect("committed");
    assert_eq!(house.walk("/v1/stages", 3, "id").await, ["z", "m", "a", "b"]);
    assert_eq!(house.get("/v1/stages?limit=1").await.body["data"][0], json!({"id": "z", "text": "Stage z", "syncedAt": rfc(0)}));
}

#[tokio::test]
async fn tags_reasons_and_templates_show_their_fields() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    tags::upsert(&mut tx, &[record(json!({"text": "b", "count": 2})), record(json!({"text": "a"}))], at(0)).await.expect("stored");
    let reason = json!({"id": "r", "text": "Position filled", "type": "non-hired", "status": "active"});
    archive_reasons::upsert(&mut tx, &[record(reason.clone()), record(json!({"id": "s"}))], at(0)).await.expect("stored");
    let template = json!({"id": "f", "text": "On-site", "group": {"id": "g", "name": "Engineering"}, "stage": {"id": "s", "text": "S"},
                          "instructions": "Be kind", "fields": [{"id": "q", "type": "score"}]});
    let bare = json!({"id": "g", "text": "Bare", "group": "", "stage": ""});
    feedback_templates::upsert(&mut tx, &[record(template), record(bare)], at(0)).await.expect("stored");
    tx.commit().await.expect("committed");

    assert_eq!(house.walk("/v1/tags", 1, "text").await, ["a", "b"]);
    assert_eq!(house.get("/v1/tags").await.body["data"][1], json!({"text": "b", "count": 2, "syncedAt": rfc(0)}));
    assert_eq!(house.walk("/v1/archive-reasons", 1, "id").await, ["r", "s"]);
    let shown = house.get("/v1/archive-reasons").await.body["data"][0].clone();
    assert_eq!(shown, json!({"id": "r", "text": "Position filled", "type": "non-hired", "status": "active", "syncedAt": rfc(0)}));
    assert_eq!(house.walk("/v1/feedback-templates", 1, "id").await, ["f", "g"]);
    let shown = house.get("/v1/feedback-templates").await.body["data"].clone();
    assert_eq!(
        shown[0],
        json!({"id": "f", "text": "On-site", "groupName": "Engineering", "stageId": "s", "instructions": "Be kind",
               "fields": [{"id": "q", "type": "score"}], "syncedAt": rfc(0)})
    );
    assert_eq!((&shown[1]["groupName"], &shown[1]["stageId"], &shown[1]["fields"]), (&Value::Null, &Value::Null, &json!([])));
}

#[tokio::test]
async fn postings_come_newest_first_with_the_people_who_answer_for_them() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    users::upsert(&mut tx, &[record::<User>(json!({"id": "u", "name": "Rosa Example"}))], at(0)).await.expect("stored");
    let whole = json!({
        "id": "p2", "text": "Backend engineer", "state": "published", "confidentiality": "confidential", "owner": "u", "hiringManager": "unknown",
        "categories": {"team": "Platform", "department": "R&D", "location": "Lisbon", "allLocations": ["Lisbon", "Porto"], "commitment": "Full-time"},
        "tags": ["t"], "requisitionCodes": ["REQ-7"], "workplaceType": "hybrid", "createdAt": millis(10), "updatedAt": millis(20),
        "urls": {"list": "https://jobs.example.com", "show": "https://jobs.example.com/p2", "apply": "https://jobs.example.com/p2/apply"},
    });
    let others = [json!({"id": "p1", "text": "Designer", "state": "closed", "createdAt": millis(10)}), json!({"id": "p0"})];
    let records: Vec<_> = others.into_iter().chain([whole]).map(record::<Posting>).collect();
    postings::upsert(&mut tx, &records, at(0)).await.expect("stored");
    tx.commit().await.expect("committed");

    for limit in [1, 2, 10] {
        assert_eq!(house.walk("/v1/postings", limit, "id").await, ["p1", "p2", "p0"]);
    }
    for (query, found) in [("state=closed", vec!["p1"]), ("q=PLATFORM", vec!["p2"]), ("q=req-7", vec!["p2"]), ("q=designer&state=published", vec![])]
    {
        assert_eq!(house.walk(&format!("/v1/postings?{query}"), 10, "id").await, found, "{query}");
    }
    let expected = json!({
        "id": "p2", "title": "Backend engineer", "state": "published", "confidential": true, "team": "Platform", "department": "R&D",
        "location": "Lisbon", "locations": ["Lisbon", "Porto"], "commitment": "Full-time", "workplaceType": "hybrid",
        "owner": {"id": "u", "name": "Rosa Example"}, "hiringManager": {"id": "unknown", "name": null}, "requisitionCodes": ["REQ-7"], "tags": ["t"],
        "urls": {"list": "https://jobs.example.com", "show": "https://jobs.example.com/p2", "apply": "https://jobs.example.com/p2/apply"},
        "createdAt": rfc(10), "updatedAt": rfc(20), "syncedAt": rfc(0),
    });
    assert_eq!(house.get("/v1/postings/p2").await.body, expected);
    let bare = house.get("/v1/postings/p0").await.body;
    assert_eq!((&bare["title"], &bare["owner"], &bare["createdAt"], &bare["urls"]["show"]), (&Value::Null, &Value::Null, &Value::Null, &Value::Null));
}
