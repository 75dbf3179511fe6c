//! What Lever no longer has: hidden, forgotten, and not brought back by a read that is older than the proof.

use lever_integration::lever::{Note, Opportunity, Panel, Posting, Stage, Tag, User};
use lever_integration::mirror::children::{self, Kind};
use lever_integration::mirror::{self, contacts, notes, opportunities, panels, postings, stages, tags, users};
use serde_json::json;
use sqlx::AssertSqlSafe;

use crate::house::{House, OURS, THEIRS, at, interview, opportunity, panel, record, with};
use crate::lever::lever_that_says;

#[tokio::test]
async fn an_older_page_does_not_bring_back_what_is_gone_and_a_newer_one_does() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    let page = [record::<Opportunity>(opportunity("o"))];
    opportunities::upsert(&mut tx, &page, at(0)).await.expect("stored");
    opportunities::mark_gone(&mut tx, "o", at(20)).await.expect("marked");
    opportunities::mark_gone(&mut tx, "never seen", at(20)).await.expect("marked");
    assert_eq!(opportunities::upsert(&mut tx, &page, at(10)).await.expect("stored"), 0);
    let late = [record::<Opportunity>(opportunity("never seen"))];
    assert_eq!(opportunities::upsert(&mut tx, &late, at(10)).await.expect("stored"), 0);
    assert_eq!(opportunities::count(&mut tx).await.expect("counted"), 0);
    assert_eq!(opportunities::upsert(&mut tx, &page, at(30)).await.expect("stored"), 1);
    assert_eq!(opportunities::count(&mut tx).await.expect("counted"), 1);
}

#[tokio::test]
async fn a_deleted_candidate_is_forgotten_with_everything_about_them() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    opportunities::upsert(&mut tx, &[record::<Opportunity>(opportunity("o"))], at(0)).await.expect("stored");
    let canceled = with(panel("p", json!([interview("i", 0, 30, &["u"])])), json!({"canceledAt": 5}));
    panels::replace_for_opportunity(&mut tx, "o", &[record::<Panel>(canceled)], at(0)).await.expect("stored");
    opportunities::mark_gone(&mut tx, "o", at(10)).await.expect("marked");
    let named: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM opportunities o WHERE to_jsonb(o)::text LIKE '%Ada%') + (SELECT count(*) FROM contacts c WHERE to_jsonb(c)::text LIKE '%Ada%')",
    )
    .fetch_one(&mut *tx)
    .await
    .expect("counted");
    assert_eq!(named, 0);
    tx.commit().await.expect("committed");
    for path in ["/v1/opportunities/o", "/v1/contacts/contact-o", "/v1/opportunities/o/panels", "/v1/panels/p", "/v1/interviews/i"] {
        assert_eq!(house.get(path).await.status, 404, "{path}");
    }
}

/// What hangs on an anonymized person goes at once, a canceled panel's words too; a set that was read before and is stored after brings
/// nothing back, and one that was read after is believed.
#[tokio::test]
async fn a_late_set_brings_nothing_of_an_anonymized_person_back() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    let note = |id: &str, words: &str| record::<Note>(json!({"id": id, "fields": [{"type": "note", "value": words}], "createdAt": 5}));
    opportunities::upsert(&mut tx, &[record::<Opportunity>(opportunity("o"))], at(0)).await.expect("stored");
    notes::replace_for_opportunity(&mut tx, "o", &[note("first", "Ada was early.")], at(0)).await.expect("stored");
    let talk = with(interview("i", 0, 30, &["u"]), json!({"subject": "Ada and Rosa"}));
    let canceled = with(panel("p", json!([talk])), json!({"note": "For Ada.", "canceledAt": 5}));
    panels::replace_for_opportunity(&mut tx, "o", &[record::<Panel>(canceled)], at(0)).await.expect("stored");
    // Lever need not send the person along.
    let emptied = with(opportunity("o"), json!({"name": "", "emails": [], "isAnonymized": true, "contact": "contact-o", "applications": []}));
    opportunities::upsert(&mut tx, &[record::<Opportunity>(emptied)], at(20)).await.expect("stored");
    notes::replace_for_opportunity(&mut tx, "o", &[note("late", "Ada was late.")], at(10)).await.expect("no news");
    for table in ["opportunities", "contacts", "notes", "panels", "interviews"] {
        let statement = format!("SELECT count(*) FROM {table} t WHERE to_jsonb(t)::text LIKE '%Ada%'");
        let named: i64 = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(&mut *tx).await.expect("counted");
        assert_eq!(named, 0, "{table}");
    }
    notes::replace_for_opportunity(&mut tx, "o", &[note("new", "Asked again.")], at(30)).await.expect("stored");
    tx.commit().await.expect("committed");
    assert_eq!(house.get("/v1/panels/p").await.body["status"], "canceled");
    let shown = house.get("/v1/opportunities/o/notes").await.body;
    assert_eq!(shown["data"].as_array().map(Vec::len), Some(1), "{shown}");
}

/// The same for a set of which not every entry could be read: it is stored entry by entry.
#[tokio::test]
async fn a_late_set_with_holes_brings_nothing_of_an_anonymized_person_back() {
    let note = json!({"id": "n", "createdAt": 5, "fields": [{"type": "note", "value": "Ada was late."}]});
    let resume = json!({"id": "r", "file": {"name": "Ada.pdf"}});
    let canceled = with(panel("p", json!([interview("i", 0, 30, &["u"])])), json!({"note": "For Ada.", "canceledAt": 5}));
    let said = [("notes", note), ("resumes", resume), ("panels", canceled)].map(|(kind, entry)| {
        let list = json!({"data": [entry, {"no": "key"}], "hasNext": false});
        ("GET".to_owned(), format!("/v1/opportunities/o/{kind}"), None, 200, list)
    });
    let (_lever, account) = lever_that_says(said.into()).await;
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    opportunities::upsert(&mut tx, &[record::<Opportunity>(opportunity("o"))], at(0)).await.expect("stored");
    let emptied = with(opportunity("o"), json!({"name": "", "emails": [], "isAnonymized": true, "contact": "contact-o", "applications": []}));
    opportunities::upsert(&mut tx, &[record::<Opportunity>(emptied)], at(20)).await.expect("stored");
    for (read_at, expected) in [(at(10), 0), (at(30), 1)] {
        for kind in [Kind::Panels, Kind::Notes, Kind::Resumes] {
            let set = children::read(read_at, &account, "o", kind).await.expect("read");
            assert_eq!((set.found(), set.unreadable()), (1, 1));
            set.store(&mut tx).await.expect("stored, or no news");
        }
        for table in ["panels", "notes", "resumes"] {
            let statement = format!("SELECT count(*) FROM {table} t WHERE to_jsonb(t)::text LIKE '%Ada%'");
            let named: i64 = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(&mut *tx).await.expect("counted");
            assert_eq!(named, expected, "{table}");
        }
    }
}

#[tokio::test]
async fn a_person_with_another_candidacy_stays() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    let shared = json!({"contact": {"id": "shared", "name": "Ada Example"}});
    let both = [record::<Opportunity>(with(opportunity("a"), shared.clone())), record(with(opportunity("b"), shared))];
    opportunities::upsert(&mut tx, &both, at(0)).await.expect("stored");
    opportunities::mark_gone(&mut tx, "a", at(1)).await.expect("marked");
    tx.commit().await.expect("committed");
    assert_eq!(house.get("/v1/contacts/shared").await.body["opportunityIds"], json!(["b"]));
    let mut tx = house.tx(OURS).await;
    contacts::mark_gone(&mut tx, "shared", at(2)).await.expect("marked");
    tx.commit().await.expect("committed");
    assert_eq!(house.get("/v1/contacts/shared").await.status, 404);
}

#[tokio::test]
async fn what_a_whole_list_did_not_hold_is_gone() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    for (id, read_at) in [("old", at(0)), ("new", at(10))] {
        users::upsert(&mut tx, &[record::<User>(json!({"id": id}))], read_at).await.expect("stored");
        stages::upsert(&mut tx, &[record::<Stage>(json!({"id": id}))], 0, read_at).await.expect("stored");
        tags::upsert(&mut tx, &[record::<Tag>(json!({"text": id}))], read_at).await.expect("stored");
        postings::upsert(&mut tx, &[record::<Posting>(json!({"id": id}))], read_at).await.expect("stored");
        opportunities::upsert(&mut tx, &[record::<Opportunity>(opportunity(id))], read_at).await.expect("stored");
        mirror::archive_reasons::upsert(&mut tx, &[record(json!({"id": id}))], read_at).await.expect("stored");
        mirror::feedback_templates::upsert(&mut tx, &[record(json!({"id": id}))], read_at).await.expect("stored");
    }
    let bound = at(10);
    for marked in [
        users::mark_unseen_gone(&mut tx, bound).await,
        stages::mark_unseen_gone(&mut tx, bound).await,
        tags::mark_unseen_gone(&mut tx, bound).await,
        postings::mark_unseen_gone(&mut tx, bound).await,
        mirror::archive_reasons::mark_unseen_gone(&mut tx, bound).await,
        mirror::feedback_templates::mark_unseen_gone(&mut tx, bound).await,
    ] {
        assert_eq!(marked.expect("marked"), 1);
    }
    // A candidate is asked for by id first.
    assert_eq!(opportunities::unseen_since(&mut tx, bound).await.expect("read"), ["old"]);
    opportunities::mark_gone(&mut tx, "old", bound).await.expect("marked");
    assert!(opportunities::unseen_since(&mut tx, bound).await.expect("read").is_empty());
    assert_eq!(users::upsert(&mut tx, &[record::<User>(json!({"id": "old"}))], at(9)).await.expect("stored"), 0, "a tombstone is newer");
    let known = mirror::feedback_templates::exists(&mut tx, &["old".into(), "new".into(), "no-feedback".into(), "x".into()]).await.expect("read");
    assert_eq!(known, ["new", "no-feedback"]);
    tx.commit().await.expect("committed");
    for path in ["/v1/users", "/v1/stages", "/v1/postings", "/v1/opportunities", "/v1/archive-reasons", "/v1/feedback-templates"] {
        assert_eq!(house.walk(path, 10, "id").await, ["new"], "{path}");
    }
    assert_eq!(house.walk("/v1/tags", 10, "text").await, ["new"]);
}

#[tokio::test]
async fn one_posting_can_be_gone() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    postings::upsert(&mut tx, &[record::<Posting>(json!({"id": "p"}))], at(5)).await.expect("stored");
    postings::mark_gone(&mut tx, "p", at(4)).await.expect("an older proof");
    assert_eq!(postings::count(&mut tx).await.expect("counted"), 1);
    postings::mark_gone(&mut tx, "p", at(6)).await.expect("marked");
    tx.commit().await.expect("committed");
    assert_eq!(house.get("/v1/postings/p").await.status, 404);
}

#[tokio::test]
async fn purging_deletes_our_copy_and_nobody_elses() {
    let house = House::open().await;
    for organization in [OURS, THEIRS] {
        let mut tx = house.tx(organization).await;
        opportunities::upsert(&mut tx, &[record::<Opportunity>(opportunity("o"))], at(0)).await.expect("stored");
        users::upsert(&mut tx, &[record::<User>(json!({"id": "u"}))], at(0)).await.expect("stored");
        let set = [record::<Panel>(panel("p", json!([interview("i", 0, 30, &["u"])])))];
        panels::replace_for_opportunity(&mut tx, "o", &set, at(0)).await.expect("stored");
        tx.commit().await.expect("committed");
    }
    let mut tx = house.tx(OURS).await;
    mirror::purge(&mut tx).await.expect("purged");
    tx.commit().await.expect("committed");
    for (organization, left) in [(OURS, 0), (THEIRS, 5)] {
        let mut tx = house.tx(organization).await;
        let rows: i64 = sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM opportunities) + (SELECT count(*) FROM contacts) + (SELECT count(*) FROM users)
                    + (SELECT count(*) FROM panels) + (SELECT count(*) FROM interviews)",
        )
        .fetch_one(&mut *tx)
        .await
        .expect("counted");
        assert_eq!(rows, left);
    }
}
