//! Panels: the whole set of an opportunity replaced, single ones stored and canceled, and what callers read of them.

use lever_integration::db::TenantTx;
use lever_integration::lever::{Opportunity, Panel, User};
use lever_integration::mirror::{interviews, opportunities, panels, users};
use serde_json::{Value, json};

use crate::house::{House, OURS, at, interview, millis, opportunity, panel, record, rfc, with};

async fn replace(tx: &mut TenantTx, set: Vec<Value>, read_at: i64) {
    let records: Vec<_> = set.into_iter().map(record::<Panel>).collect();
    panels::replace_for_opportunity(tx, "o", &records, at(read_at)).await.expect("stored");
}

async fn there(tx: &mut TenantTx, interview: &str) -> bool {
    interviews::find(tx, interview).await.expect("read").is_some_and(|row| row.gone_at.is_none())
}

async fn begin(house: &House) -> TenantTx {
    let mut tx = house.tx(OURS).await;
    opportunities::upsert(&mut tx, &[record::<Opportunity>(opportunity("o"))], at(0)).await.expect("stored");
    tx
}

#[tokio::test]
async fn what_is_not_in_the_whole_set_is_gone_with_its_interviews() {
    let house = House::open().await;
    let mut tx = begin(&house).await;
    let interviews = |ids: &[&str]| Value::Array(ids.iter().map(|id| interview(id, 0, 30, &["u"])).collect());
    replace(&mut tx, vec![panel("p", interviews(&["i1", "i2"])), panel("q", interviews(&["i3"]))], 10).await;
    replace(&mut tx, vec![panel("p", interviews(&["i2"]))], 20).await;
    assert_eq!([there(&mut tx, "i1").await, there(&mut tx, "i2").await, there(&mut tx, "i3").await], [false, true, false]);
    assert!(panels::find(&mut tx, "q").await.expect("read").is_some_and(|panel| panel.gone_at == Some(at(20))));
    let synced = opportunities::find(&mut tx, "o").await.expect("read").and_then(|row| row.panels_synced_at);
    assert_eq!(synced, Some(at(20)));

    // An older read of the set, stored late, neither brings anything back nor adds what was gone before the newer one.
    replace(&mut tx, vec![panel("p", interviews(&["i1", "i2"])), panel("q", interviews(&["i3"])), panel("r", interviews(&["i4"]))], 15).await;
    assert_eq!([there(&mut tx, "i1").await, there(&mut tx, "i3").await, there(&mut tx, "i4").await], [false; 3]);
    // A newer one does.
    replace(&mut tx, vec![panel("q", interviews(&["i3"]))], 30).await;
    assert_eq!([there(&mut tx, "i2").await, there(&mut tx, "i3").await], [false, true]);
}

#[tokio::test]
async fn an_older_set_does_not_take_away_a_panel_that_was_just_scheduled() {
    let house = House::open().await;
    let mut tx = begin(&house).await;
    panels::upsert(&mut tx, "o", &[record::<Panel>(panel("new", json!([interview("i", 0, 30, &["u"])])))], at(20)).await.expect("stored");
    replace(&mut tx, vec![], 10).await;
    assert!(there(&mut tx, "i").await);
    replace(&mut tx, vec![], 30).await;
    assert!(!there(&mut tx, "i").await);
}

#[tokio::test]
async fn panels_of_an_opportunity_that_is_gone_stay_gone() {
    let house = House::open().await;
    let mut tx = begin(&house).await;
    opportunities::mark_gone(&mut tx, "o", at(20)).await.expect("marked");
    replace(&mut tx, vec![panel("p", json!([interview("i", 0, 30, &["u"])]))], 10).await;
    assert!(panels::find(&mut tx, "p").await.expect("read").is_none());
}

#[tokio::test]
async fn a_canceled_panel_stays_readable_also_when_lever_no_longer_lists_it() {
    let house = House::open().await;
    let mut tx = begin(&house).await;
    replace(&mut tx, vec![panel("p", json!([interview("i", 0, 30, &["u"])]))], 10).await;
    let before = panels::find(&mut tx, "p").await.expect("read").expect("there");
    panels::mark_canceled(&mut tx, "p", at(12), at(9)).await.expect("an older write");
    assert_eq!(panels::find(&mut tx, "p").await.expect("read").expect("there").canceled_at, None);
    panels::mark_canceled(&mut tx, "p", at(12), at(12)).await.expect("canceled");
    panels::mark_canceled(&mut tx, "p", at(99), at(13)).await.expect("canceled again");
    replace(&mut tx, vec![], 20).await;
    let after = panels::find(&mut tx, "p").await.expect("read").expect("there");
    assert_eq!((after.canceled_at, after.gone_at), (Some(at(12)), None));
    assert_ne!(after.version, before.version);
    assert_eq!(after.version, panels::version(&after.raw));
    assert_eq!((&after.raw["canceledAt"], &after.raw["interviews"][0]["canceledAt"]), (&json!(millis(12)), &json!(millis(12))));
    tx.commit().await.expect("committed");

    let shown = house.get("/v1/panels/p").await.body;
    assert_eq!((&shown["status"], &shown["editable"], &shown["canceledAt"]), (&json!("canceled"), &json!(false), &json!(rfc(12))));
    let shown = house.get("/v1/interviews/i").await.body;
    assert_eq!((&shown["status"], &shown["editable"]), (&json!("canceled"), &json!(false)));
    for (query, found) in [("", 0), ("?status=scheduled", 0), ("?status=canceled", 1), ("?status=any", 1)] {
        assert_eq!(house.walk(&format!("/v1/panels{query}"), 5, "id").await.len(), found, "{query}");
    }
}

#[tokio::test]
async fn a_panel_is_shown_in_the_contracts_words_with_its_version() {
    let house = House::open().await;
    let mut tx = begin(&house).await;
    users::upsert(&mut tx, &[record::<User>(json!({"id": "u", "name": "Rosa Example", "email": "rosa@example.com"}))], at(0)).await.expect("stored");
    let sent = panel("p", json!([interview("i", 3600, 45, &["u", "stranger"])]));
    replace(&mut tx, vec![sent.clone()], 10).await;
    assert_eq!(panels::find(&mut tx, "p").await.expect("read").expect("there").raw, sent);
    tx.commit().await.expect("committed");
    let expected = json!({
        "id": "p", "opportunityId": "o", "applicationIds": ["application-o"], "status": "scheduled", "externallyManaged": true, "editable": true,
        "timezone": "Europe/Lisbon", "start": rfc(3600), "end": rfc(7200), "note": "Bring a laptop", "externalUrl": "https://example.com/i/1",
        "feedbackReminder": "daily", "stageId": "applicant-new", "createdBy": "u-owner", "canceledAt": null, "syncedAt": rfc(10),
        "interviews": [{
            "id": "i", "panelId": "p", "subject": "Subject of i", "note": null, "location": "Room 1", "start": rfc(3600), "end": rfc(3600 + 45 * 60),
            "durationMinutes": 45, "timezone": "Europe/Lisbon", "feedbackTemplateId": "no-feedback", "feedbackReminder": "daily",
            "interviewers": [
                {"id": "u", "name": "Rosa Example", "email": "rosa@example.com", "feedbackTemplateId": "no-feedback"},
                {"id": "stranger", "name": "stranger by Lever", "email": null, "feedbackTemplateId": "no-feedback"},
            ],
        }],
    });
    let answer = house.get("/v1/panels/p").await;
    assert_eq!(answer.body, expected);
    assert_eq!(answer.headers["etag"], format!("\"{}\"", panels::version(&sent)).as_str());
    assert_eq!(house.get("/v1/panels").await.body["data"][0], expected);
    assert_eq!(house.get("/v1/opportunities/o/panels").await.body["data"][0], expected);
}

#[tokio::test]
async fn one_panel_is_shown_as_in_the_list_whatever_is_known_of_its_people() {
    let house = House::open().await;
    let mut tx = begin(&house).await;
    let people =
        json!([{"id": "u", "name": "Rosa Example", "email": "rosa@example.com"}, {"id": "v", "email": "v@example.com"}, {"id": "w", "name": "Wim"}]);
    let people: Vec<_> = people.as_array().expect("a list").iter().cloned().map(record::<User>).collect();
    users::upsert(&mut tx, &people, at(0)).await.expect("stored");
    let nobody = with(interview("n", 10, 5, &[]), json!({"interviewers": null}));
    let set = vec![
        panel("many", json!([interview("i", 0, 30, &["w", "v", "stranger"]), interview("j", 60, 30, &["u", "w"])])),
        panel("odd", json!([nobody, "only an id", {"date": millis(5)}, interview("k", 0, 30, &["v"])])),
        panel("none", json!([])),
    ];
    replace(&mut tx, set, 10).await;
    tx.commit().await.expect("committed");
    let list = house.get("/v1/panels").await.body;
    let list = list["data"].as_array().expect("a list");
    assert_eq!(list.len(), 3);
    for shown in list {
        assert_eq!(&house.get(&format!("/v1/panels/{}", shown["id"].as_str().expect("an id"))).await.body, shown);
    }
    let of = |id: &str| list.iter().find(|panel| panel["id"] == id).expect("listed")["interviews"].as_array().expect("a list");
    let names: Vec<_> = of("many")[0]["interviewers"].as_array().expect("a list").iter().map(|it| [&it["name"], &it["email"]]).collect();
    assert_eq!(json!(names), json!([["Wim", null], ["v by Lever", "v@example.com"], ["stranger by Lever", null]]));
    assert_eq!(of("odd").iter().map(|it| &it["id"]).collect::<Vec<_>>(), ["n", "k"]);
}

#[tokio::test]
async fn panels_made_inside_lever_are_not_editable() {
    let house = House::open().await;
    let mut tx = begin(&house).await;
    replace(&mut tx, vec![with(panel("p", json!([interview("i", 0, 30, &[])])), json!({"externallyManaged": false}))], 0).await;
    tx.commit().await.expect("committed");
    assert_eq!(house.get("/v1/panels/p").await.body["editable"], false);
    assert_eq!(house.get("/v1/interviews/i").await.body["editable"], false);
}

#[tokio::test]
async fn panels_are_listed_by_their_beginning_and_filtered() {
    let house = House::open().await;
    let mut tx = begin(&house).await;
    let timed = |id: &str, start: Option<i64>, end: Option<i64>, who: &str| {
        let times = json!({"start": start.map(millis), "end": end.map(millis)});
        let interview = with(interview(&format!("i-{id}"), 0, 10, &[who]), json!({"date": start.map(millis)}));
        with(panel(id, json!([interview])), times)
    };
    let set = vec![
        timed("late", Some(300), Some(400), "u"),
        timed("no time", None, None, "u"),
        timed("early", Some(0), Some(100), "v"),
        timed("twin", Some(0), Some(100), "u"),
    ];
    replace(&mut tx, set, 0).await;
    let elsewhere = [record::<Panel>(timed("elsewhere", Some(50), Some(60), "w"))];
    opportunities::upsert(&mut tx, &[record::<Opportunity>(opportunity("another"))], at(0)).await.expect("stored");
    panels::replace_for_opportunity(&mut tx, "another", &elsewhere, at(0)).await.expect("stored");
    tx.commit().await.expect("committed");
    for limit in [1, 2, 50] {
        assert_eq!(house.walk("/v1/panels", limit, "id").await, ["early", "twin", "elsewhere", "late", "no time"]);
        assert_eq!(house.walk("/v1/opportunities/o/panels", limit, "id").await, ["early", "twin", "late", "no time"]);
    }
    for (query, found) in [
        (format!("from={}", rfc(100)), vec!["late"]),
        (format!("from={}&to={}", rfc(55), rfc(300)), vec!["early", "twin", "elsewhere"]),
        (format!("to={}", rfc(50)), vec!["early", "twin"]),
        ("interviewerId=v".into(), vec!["early"]),
        ("interviewerId=nobody".into(), vec![]),
        ("opportunityId=another".into(), vec!["elsewhere"]),
    ] {
        assert_eq!(house.walk(&format!("/v1/panels?{query}"), 10, "id").await, found, "{query}");
    }
}
