//! What Lever no longer has: hidden, forgotten, and not brought back by a read that is older than the proof.

use lever_integration::db::TenantTx;
use lever_integration::lever::{Note, Opportunity, Panel, Posting, Record, Resume, Stage, Tag, User};
use lever_integration::mirror::children::{self, Kind};
use lever_integration::mirror::compare::{self, Standing};
use lever_integration::mirror::{self, contacts, notes, opportunities, panels, postings, resumes, stages, tags, users};
use serde_json::{Value, json};
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

/// How many rows of these tables name the person.
async fn naming_ada(tx: &mut TenantTx) -> Vec<(&'static str, i64)> {
    let mut named = Vec::new();
    for table in ["opportunities", "contacts", "notes", "resumes", "panels", "interviews"] {
        let statement = format!("SELECT count(*) FROM {table} t WHERE to_jsonb(t)::text LIKE '%Ada%'");
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(&mut **tx).await.expect("counted");
        if rows > 0 {
            named.push((table, rows));
        }
    }
    named
}

fn note(id: &str, words: &str) -> Record<Note> {
    record(json!({"id": id, "fields": [{"type": "note", "value": words}], "createdAt": 5}))
}

fn resume(id: &str) -> Record<Resume> {
    record(json!({"id": id, "file": {"name": "Ada.pdf"}, "parsedData": {"positions": [{"org": "Ada & Sons"}]}}))
}

fn canceled_panel() -> Record<Panel> {
    let talk = with(interview("i", 0, 30, &["u"]), json!({"subject": "Ada and Rosa"}));
    record(with(panel("p", json!([talk])), json!({"note": "For Ada.", "canceledAt": 5})))
}

/// The person is anonymized, and Lever serves everything about them all the same.
fn half_forgotten() -> Record<Opportunity> {
    let application = json!({"id": "application-o", "type": "posting", "posting": "posting-1", "createdAt": 5, "name": "Ada", "email": "ada@example.com",
                             "customQuestions": [{"fields": [{"value": "Ada Example"}]}], "new": "Ada"});
    let personal = json!({"isAnonymized": true, "headline": "Ada, engineer", "location": "Adaville", "links": ["https://ada.example/Ada"],
                          "applications": [application], "unknown": {"said": "Ada"}});
    record(with(opportunity("o"), personal))
}

/// Whatever Lever still serves of an anonymized person, and in whichever order it is read and stored: what is about nobody stays.
#[tokio::test]
async fn nothing_that_lever_still_serves_of_an_anonymized_person_is_kept() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    opportunities::upsert(&mut tx, &[record::<Opportunity>(opportunity("o"))], at(0)).await.expect("stored");
    notes::replace_for_opportunity(&mut tx, "o", &[note("early", "Ada was early.")], at(0)).await.expect("stored");
    // Read after the news and stored before it.
    resumes::replace_for_opportunity(&mut tx, "o", &[resume("r")], at(30)).await.expect("stored");
    panels::replace_for_opportunity(&mut tx, "o", &[canceled_panel()], at(30)).await.expect("stored");
    assert_eq!(naming_ada(&mut tx).await.len(), 6, "it is all there to be forgotten");
    opportunities::upsert(&mut tx, &[half_forgotten()], at(20)).await.expect("stored");
    assert_eq!(naming_ada(&mut tx).await, []);
    // Read and stored after it: whole sets, single notes, the person alone.
    notes::replace_for_opportunity(&mut tx, "o", &[note("early", "Ada was early.")], at(40)).await.expect("stored");
    notes::upsert(&mut tx, "o", &[note("single", "Ada called.")], at(40)).await.expect("stored");
    resumes::replace_for_opportunity(&mut tx, "o", &[resume("r")], at(40)).await.expect("stored");
    panels::replace_for_opportunity(&mut tx, "o", &[canceled_panel()], at(40)).await.expect("stored");
    opportunities::upsert(&mut tx, &[half_forgotten()], at(40)).await.expect("stored");
    contacts::upsert(&mut tx, &[record(opportunity("o")["contact"].clone())], at(40)).await.expect("stored");
    assert_eq!(naming_ada(&mut tx).await, []);
    // Nor is it a change that a comparison would find over and over.
    let standing = compare::opportunities(&mut tx, &[half_forgotten()]).await.expect("compared");
    assert_eq!(standing, [("o".to_owned(), Standing::Same)]);
    tx.commit().await.expect("committed");

    let shown = house.get("/v1/opportunities/o").await.body;
    assert_eq!((&shown["anonymized"], &shown["name"], &shown["emails"]), (&json!(true), &Value::Null, &json!([])));
    let application = json!({"id": "application-o", "type": "posting", "postingId": "posting-1", "createdAt": "1970-01-01T00:00:00.005Z"});
    assert_eq!(shown["application"], application);
    assert_eq!((&shown["stage"]["id"], &shown["tags"], &shown["sources"]), (&json!("applicant-new"), &json!(["Engineering"]), &json!(["Referral"])));
    let person = house.get("/v1/contacts/contact-o").await.body;
    assert_eq!((&person["anonymized"], &person["name"], &person["opportunityIds"]), (&json!(true), &Value::Null, &json!(["o"])));
    let noted = house.get("/v1/opportunities/o/notes").await.body;
    assert_eq!((&noted["data"][0]["id"], &noted["data"][0]["value"]), (&json!("early"), &Value::Null), "{noted}");
    let filed = house.get("/v1/opportunities/o/resumes").await.body;
    assert_eq!((&filed["data"][0]["id"], &filed["data"][0]["file"], &filed["data"][0]["positions"]), (&json!("r"), &Value::Null, &json!([])));
    assert_eq!(house.get("/v1/panels/p").await.body["status"], "canceled");
}

/// Lever says that it was a mistake: a later read brings all of it back.
#[tokio::test]
async fn who_is_not_anonymized_any_more_is_here_again() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    opportunities::upsert(&mut tx, &[half_forgotten()], at(0)).await.expect("stored");
    notes::replace_for_opportunity(&mut tx, "o", &[note("n", "Ada called.")], at(10)).await.expect("stored");
    opportunities::upsert(&mut tx, &[record::<Opportunity>(opportunity("o"))], at(20)).await.expect("stored");
    notes::replace_for_opportunity(&mut tx, "o", &[note("n", "Ada called.")], at(30)).await.expect("stored");
    tx.commit().await.expect("committed");
    let shown = house.get("/v1/opportunities/o").await.body;
    assert_eq!((&shown["anonymized"], &shown["name"], &shown["contact"]["name"]), (&json!(false), &json!("Ada o"), &json!("Ada o")));
    assert_eq!(house.get("/v1/opportunities/o/notes").await.body["data"][0]["value"], "Ada called.");
}

/// A panel that is canceled only after the person was anonymized.
#[tokio::test]
async fn the_words_of_a_panel_go_when_it_is_canceled_later() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    opportunities::upsert(&mut tx, &[half_forgotten()], at(0)).await.expect("stored");
    let talk = with(interview("i", 0, 30, &["u"]), json!({"subject": "Ada and Rosa"}));
    let scheduled = record::<Panel>(with(panel("p", json!([talk])), json!({"note": "For Ada."})));
    panels::replace_for_opportunity(&mut tx, "o", &[scheduled], at(10)).await.expect("stored");
    // As long as it takes place it may be edited, and an edit hands back what Lever has.
    assert_eq!(naming_ada(&mut tx).await, [("panels", 1), ("interviews", 1)]);
    panels::mark_canceled(&mut tx, "p", at(20), at(20)).await.expect("marked");
    assert_eq!(naming_ada(&mut tx).await, []);
    tx.commit().await.expect("committed");
    assert_eq!(house.get("/v1/panels/p").await.body["status"], "canceled");
}

/// A person whom Lever calls anonymized when asked about them alone, and names all the same.
#[tokio::test]
async fn a_contact_that_is_anonymized_is_empty() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    let person = with(opportunity("o")["contact"].clone(), json!({"isAnonymized": true, "new": "Ada"}));
    contacts::upsert(&mut tx, &[record(person)], at(0)).await.expect("stored");
    assert_eq!(naming_ada(&mut tx).await, []);
    tx.commit().await.expect("committed");
    let shown = house.get("/v1/contacts/contact-o").await.body;
    assert_eq!((&shown["anonymized"], &shown["emails"], &shown["phones"]), (&json!(true), &json!([]), &json!([])));
}

/// What hangs on an anonymized person goes at once, a canceled panel's words too; a set that was read before and is stored after brings
/// nothing back, and one that was read after says what is there, and no more.
#[tokio::test]
async fn a_late_set_brings_nothing_of_an_anonymized_person_back() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    opportunities::upsert(&mut tx, &[record::<Opportunity>(opportunity("o"))], at(0)).await.expect("stored");
    notes::replace_for_opportunity(&mut tx, "o", &[note("first", "Ada was early.")], at(0)).await.expect("stored");
    panels::replace_for_opportunity(&mut tx, "o", &[canceled_panel()], at(0)).await.expect("stored");
    // Lever need not send the person along.
    let emptied = with(opportunity("o"), json!({"name": "", "emails": [], "isAnonymized": true, "contact": "contact-o", "applications": []}));
    opportunities::upsert(&mut tx, &[record::<Opportunity>(emptied)], at(20)).await.expect("stored");
    notes::replace_for_opportunity(&mut tx, "o", &[note("late", "Ada was late.")], at(10)).await.expect("no news");
    assert_eq!(naming_ada(&mut tx).await, []);
    notes::replace_for_opportunity(&mut tx, "o", &[note("new", "Asked again.")], at(30)).await.expect("stored");
    tx.commit().await.expect("committed");
    assert_eq!(house.get("/v1/panels/p").await.body["status"], "canceled");
    let shown = house.get("/v1/opportunities/o/notes").await.body;
    assert_eq!((shown["data"].as_array().map(Vec::len), &shown["data"][0]["value"]), (Some(1), &Value::Null), "{shown}");
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
    for (read_at, kept) in [(at(10), 0), (at(30), 1)] {
        for kind in [Kind::Panels, Kind::Notes, Kind::Resumes] {
            let set = children::read(read_at, &account, "o", kind).await.expect("read");
            assert_eq!((set.found(), set.unreadable()), (1, 1));
            set.store(&mut tx).await.expect("stored, or no news");
        }
        assert_eq!(naming_ada(&mut tx).await, []);
        for table in ["panels", "notes", "resumes"] {
            let rows: i64 = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {table}"))).fetch_one(&mut *tx).await.expect("counted");
            assert_eq!(rows, kept, "{table}");
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
