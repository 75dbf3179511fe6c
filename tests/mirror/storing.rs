//! What becomes of what Lever sends: twice, too late, with characters that Postgres refuses, expanded.

use lever_integration::lever::{Opportunity, Posting, User};
use lever_integration::mirror::{contacts, opportunities, postings, users};
use serde_json::{Value, json};

use crate::house::{House, OURS, at, opportunity, record, with};

async fn raw(house: &House, statement: &'static str, id: &str) -> Value {
    let mut tx = house.tx(OURS).await;
    sqlx::query_scalar(statement).bind(id).fetch_one(&mut *tx).await.expect("a row")
}

#[tokio::test]
async fn a_newer_read_overwrites_and_an_older_one_does_not() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    let named = |name: &str| [record::<User>(json!({"id": "u", "name": name, "email": "ROSA@example.com"}))];
    assert_eq!(users::upsert(&mut tx, &named("second"), at(20)).await.expect("stored"), 1);
    assert_eq!(users::upsert(&mut tx, &named("first"), at(10)).await.expect("stored"), 0, "an older read came too late");
    let name = |users: Vec<users::UserRow>| users[0].name.clone();
    assert_eq!(name(users::find(&mut tx, &["u".into()]).await.expect("read")).as_deref(), Some("second"));
    assert_eq!(users::upsert(&mut tx, &named("third"), at(30)).await.expect("stored"), 1);
    assert_eq!(name(users::find(&mut tx, &["u".into()]).await.expect("read")).as_deref(), Some("third"));
}

#[tokio::test]
async fn one_page_may_hold_an_object_twice_and_nothing_at_all() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    let records = [record::<Posting>(json!({"id": "p", "text": "first"})), record(json!({"id": "p", "text": "last"}))];
    assert_eq!(postings::upsert(&mut tx, &records, at(0)).await.expect("stored"), 1);
    assert_eq!(postings::upsert(&mut tx, &[], at(0)).await.expect("stored"), 0);
    assert_eq!(postings::count(&mut tx).await.expect("counted"), 1);
    tx.commit().await.expect("committed");
    assert_eq!(house.get("/v1/postings/p").await.body["title"], "last");
}

#[tokio::test]
async fn what_postgres_refuses_does_not_cost_the_record() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    let odd = with(
        opportunity("o"),
        json!({"name": "A\u{0}da", "createdAt": -8_000_000_000_000_000_i64, "stage": "s".repeat(9000), "new\u{0}": ["\u{0}"],
               "emails": ["a\u{0}@example.com"], "archived": {"archivedAt": null, "reason": "r"}}),
    );
    let no_id_can_be_that_long = with(opportunity("x"), json!({"id": "x".repeat(9000)}));
    let records = [record::<Opportunity>(odd), record(no_id_can_be_that_long)];
    assert_eq!(opportunities::upsert(&mut tx, &records, at(0)).await.expect("stored"), 1);
    let row = opportunities::find(&mut tx, "o").await.expect("read").expect("there");
    assert_eq!((row.name.as_deref(), row.stage_id), (Some("Ada"), None));
    assert!(row.archived_at.is_some(), "archived without a time is archived");
    tx.commit().await.expect("committed");
    let kept = raw(&house, "SELECT raw FROM opportunities WHERE id = $1", "o").await;
    assert_eq!((&kept["new"], &kept["emails"], kept["stage"].as_str().map(str::len)), (&json!([""]), &json!(["a@example.com"]), Some(9000)));
    let seen = house.get("/v1/opportunities/o").await;
    assert_eq!((seen.status, &seen.body["emails"]), (200, &json!(["a@example.com"])));
}

#[tokio::test]
async fn an_expanded_opportunity_is_taken_apart_and_nothing_of_it_is_lost() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    let sent = opportunity("o");
    opportunities::upsert(&mut tx, &[record::<Opportunity>(sent.clone())], at(0)).await.expect("stored");
    let row = opportunities::find(&mut tx, "o").await.expect("read").expect("there");
    let ids = (row.contact_id.as_deref(), row.application_id.as_deref(), row.posting_id.as_deref());
    assert_eq!(ids, (Some("contact-o"), Some("application-o"), Some("posting-1")));
    tx.commit().await.expect("committed");
    let plain = with(sent.clone(), json!({"contact": "contact-o", "applications": ["application-o"]}));
    assert_eq!(raw(&house, "SELECT raw FROM opportunities WHERE id = $1", "o").await, plain);
    assert_eq!(raw(&house, "SELECT application FROM opportunities WHERE id = $1", "o").await, sent["applications"][0]);
    assert_eq!(raw(&house, "SELECT raw FROM contacts WHERE id = $1", "contact-o").await, sent["contact"]);
}

#[tokio::test]
async fn an_anonymized_person_is_emptied_here_too() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    opportunities::upsert(&mut tx, &[record::<Opportunity>(opportunity("o"))], at(0)).await.expect("stored");
    let emptied = with(
        opportunity("o"),
        json!({"name": "", "emails": [], "isAnonymized": true, "contact": {"id": "contact-o", "name": "", "isAnonymized": true}, "applications": []}),
    );
    opportunities::upsert(&mut tx, &[record::<Opportunity>(emptied)], at(1)).await.expect("stored");
    let left: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM opportunities o WHERE to_jsonb(o)::text LIKE '%Ada%') + (SELECT count(*) FROM contacts c WHERE to_jsonb(c)::text LIKE '%Ada%')",
    )
    .fetch_one(&mut *tx)
    .await
    .expect("counted");
    assert_eq!(left, 0);
    tx.commit().await.expect("committed");
    let contact = house.get("/v1/contacts/contact-o").await;
    assert_eq!((&contact.body["anonymized"], &contact.body["name"]), (&json!(true), &Value::Null));
}

#[tokio::test]
async fn a_person_is_found_by_address_in_any_case_unless_deactivated() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    let people = [
        record::<User>(json!({"id": "a", "email": "Rosa@Example.com", "deactivatedAt": 5})),
        record(json!({"id": "b", "email": "rosa@example.com", "deactivatedAt": null})),
    ];
    users::upsert(&mut tx, &people, at(0)).await.expect("stored");
    let found = users::look_up(&mut tx, &[], Some("ROSA@example.com")).await.expect("read").by_email;
    assert_eq!(found.as_deref(), Some("b"));
    assert!(users::look_up(&mut tx, &[], Some("_osa@example.com")).await.expect("read").users.is_empty());
}

#[tokio::test]
async fn a_contact_read_alone_is_not_set_back_by_an_older_page() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    contacts::upsert(&mut tx, &[record(json!({"id": "contact-o", "name": "Renamed", "emails": ["new@example.com"]}))], at(10)).await.expect("stored");
    opportunities::upsert(&mut tx, &[record::<Opportunity>(opportunity("o"))], at(5)).await.expect("stored");
    tx.commit().await.expect("committed");
    let contact = house.get("/v1/contacts/contact-o").await.body;
    assert_eq!((&contact["name"], &contact["emails"], &contact["opportunityIds"]), (&json!("Renamed"), &json!(["new@example.com"]), &json!(["o"])));
}
