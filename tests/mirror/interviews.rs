//! Interviews listed alone, and what people already have.

use lever_integration::lever::{Opportunity, Panel, User};
use lever_integration::mirror::{interviews, opportunities, panels, users};
use serde_json::{Value, json};

use crate::house::{House, OURS, at, interview, opportunity, panel, record, rfc, with};

/// Four interviews in three panels of one candidate; one is canceled.
async fn week(house: &House) {
    let mut tx = house.tx(OURS).await;
    opportunities::upsert(&mut tx, &[record::<Opportunity>(opportunity("o"))], at(0)).await.expect("stored");
    users::upsert(&mut tx, &[record::<User>(json!({"id": "u", "name": "Rosa Example"}))], at(0)).await.expect("stored");
    let set = [
        record::<Panel>(panel("p", json!([interview("nine", 0, 60, &["u", "v"]), interview("ten", 3600, 60, &["v"])]))),
        record(panel("q", json!([interview("nine too", 0, 30, &["u"])]))),
        record(with(panel("r", json!([interview("off", 0, 60, &["u"])])), json!({"canceledAt": 1, "timezone": "Asia/Tokyo"}))),
    ];
    panels::replace_for_opportunity(&mut tx, "o", &set, at(0)).await.expect("stored");
    tx.commit().await.expect("committed");
}

#[tokio::test]
async fn an_interview_alone_says_what_its_panel_and_candidate_say() {
    let house = House::open().await;
    week(&house).await;
    let expected = json!({
        "id": "nine too", "panelId": "q", "opportunityId": "o", "candidateName": "Ada o", "status": "scheduled", "editable": true,
        "subject": "Subject of nine too", "note": null, "location": "Room 1", "start": rfc(0), "end": rfc(1800), "durationMinutes": 30,
        "timezone": "Europe/Lisbon", "feedbackTemplateId": "no-feedback", "feedbackReminder": "daily", "syncedAt": rfc(0),
        "interviewers": [{"id": "u", "name": "Rosa Example", "email": null, "feedbackTemplateId": "no-feedback"}],
    });
    assert_eq!(house.get("/v1/interviews/nine%20too").await.body, expected);
    assert_eq!(house.get("/v1/interviews").await.body["data"][1], expected);
    let off = house.get("/v1/interviews/off").await.body;
    assert_eq!((&off["status"], &off["timezone"], &off["editable"]), (&json!("canceled"), &json!("Asia/Tokyo"), &json!(false)));
}

#[tokio::test]
async fn interviews_are_listed_by_their_beginning_and_filtered() {
    let house = House::open().await;
    week(&house).await;
    for limit in [1, 3, 50] {
        assert_eq!(house.walk("/v1/interviews", limit, "id").await, ["nine", "nine too", "off", "ten"]);
    }
    for (query, found) in [
        ("interviewerId=v".to_owned(), vec!["nine", "ten"]),
        (format!("from={}", rfc(3600)), vec!["ten"]),
        (format!("from={}", rfc(3599)), vec!["nine", "off", "ten"]),
        ("status=scheduled".to_owned(), vec!["nine", "nine too", "ten"]),
        ("status=canceled".to_owned(), vec!["off"]),
        (format!("to={}", rfc(3600)), vec!["nine", "nine too", "off"]),
        (format!("from={}&to={}&interviewerId=u", rfc(1000), rfc(2000)), vec!["nine", "nine too", "off"]),
    ] {
        assert_eq!(house.walk(&format!("/v1/interviews?{query}"), 10, "id").await, found, "{query}");
    }
}

#[tokio::test]
async fn people_are_busy_with_what_overlaps_and_takes_place() {
    let house = House::open().await;
    week(&house).await;
    let mut tx = house.tx(OURS).await;
    let people = ["u".to_owned(), "v".to_owned(), "free".to_owned()];
    let busy = |found: Vec<interviews::Booked>| -> Vec<(String, String)> {
        found.into_iter().map(|booked| (booked.interviewer_id, booked.interview_id)).collect()
    };
    let pairs =
        |pairs: &[(&str, &str)]| -> Vec<(String, String)> { pairs.iter().map(|(who, what)| ((*who).to_owned(), (*what).to_owned())).collect() };
    let found = interviews::booked(&mut tx, &people, at(1800), at(3601), None).await.expect("read");
    assert_eq!(busy(found), pairs(&[("u", "nine"), ("v", "nine"), ("v", "ten")]));
    let found = interviews::booked(&mut tx, &people, at(0), at(3600), Some("p")).await.expect("read");
    assert_eq!(busy(found), pairs(&[("u", "nine too")]), "the panel that moves is in nobody's way");
    let found = interviews::booked(&mut tx, &people, at(7200), at(9000), None).await.expect("read");
    assert_eq!(busy(found), pairs(&[]), "what ends when the span begins does not overlap it");
    let found = interviews::booked(&mut tx, &people[2..], at(0), at(9000), None).await.expect("read");
    assert_eq!(busy(found), pairs(&[]));
}

#[tokio::test]
async fn conflicts_are_listed_for_several_people_page_by_page() {
    let house = House::open().await;
    week(&house).await;
    let path = format!("/v1/conflicts?interviewerId=u&interviewerId=v&interviewerId=u&from={}&to={}", rfc(0), rfc(7200));
    for limit in [1, 2, 50] {
        assert_eq!(house.walk(&path, limit, "interviewId").await, ["nine", "nine", "nine too", "ten"]);
    }
    let first = house.get(&path).await.body["data"][0].clone();
    assert_eq!(
        first,
        json!({"interviewerId": "u", "interviewerName": "Rosa Example", "interviewId": "nine", "panelId": "p", "opportunityId": "o",
               "candidateName": "Ada o", "subject": "Subject of nine", "start": rfc(0), "end": rfc(3600), "syncedAt": rfc(0)})
    );
    let nobody = house.get(&format!("/v1/conflicts?interviewerId=x&from={}&to={}", rfc(0), rfc(7200))).await.body;
    assert_eq!(nobody["data"], Value::Array(vec![]));
}
