//! Answers recorded from Lever's production API, read by the client and stored: every object's JSON must read back from Postgres as
//! it was recorded, and every one must be listed. They are no part of the repository: the folder is looked for beside the checkout,
//! or where `LEVER_SAMPLES` says, and without it this test only says that it was skipped.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lever_integration::lever::{Account, OpportunityFilter, Page, Paging, PostingFilter, Resource};
use lever_integration::mirror::{archive_reasons, contacts, feedback_templates, opportunities, panels, postings, stages, tags, users};
use serde_json::Value;

use crate::house::{House, OURS, at};
use crate::lever::{Said, lever_that_says};

type Stored = BTreeMap<String, Value>;

fn recorded() -> Option<Vec<Said>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/lever-samples");
    let folder = std::env::var_os("LEVER_SAMPLES").map_or_else(beside, PathBuf::from);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: there are no recorded answers in {}; LEVER_SAMPLES may name another folder", folder.display());
        return None;
    };
    let files = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.extension().is_some_and(|it| it == "json"));
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let said = |call: &Value| -> Said {
        let (method, path) = (text(&call["method"]).expect("a method"), text(&call["path"]).expect("a path"));
        let status = call["status"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status");
        (method, path, text(&call["query"]["offset"]), status, call["response"].clone())
    };
    let calls = files.flat_map(|file| {
        let content: Value = serde_json::from_slice(&std::fs::read(file).expect("readable")).expect("JSON");
        content["calls"].as_array().expect("calls").iter().map(said).collect::<Vec<_>>()
    });
    Some(calls.collect())
}

/// The objects as they came, by their keys.
fn sent<T: Resource>(page: &Page<T>) -> Stored {
    assert_eq!(page.unreadable, 0);
    page.records.iter().map(|record| (record.key().to_owned(), record.raw.clone())).collect()
}

/// The objects as Postgres gives them back.
async fn kept(house: &House, statement: &'static str) -> Stored {
    let mut tx = house.tx(OURS).await;
    let rows: Vec<(String, Value)> = sqlx::query_as(statement).fetch_all(&mut *tx).await.expect("rows");
    rows.into_iter().collect()
}

/// The small lists, one page each.
async fn small_lists(house: &House, account: &Account) {
    let first = &Paging::first();
    let people = account.list_users(first).await.expect("read");
    let steps = account.list_stages(first).await.expect("read");
    let reasons = account.list_archive_reasons(first).await.expect("read");
    let labels = account.list_tags(first).await.expect("read");
    let forms = account.list_feedback_templates(first).await.expect("read");
    let jobs = account.list_postings(&PostingFilter::default(), first).await.expect("read");
    let mut tx = house.tx(OURS).await;
    let stored = [
        users::upsert(&mut tx, &people.records, at(0)).await,
        stages::upsert(&mut tx, &steps.records, 0, at(0)).await,
        archive_reasons::upsert(&mut tx, &reasons.records, at(0)).await,
        tags::upsert(&mut tx, &labels.records, at(0)).await,
        feedback_templates::upsert(&mut tx, &forms.records, at(0)).await,
        postings::upsert(&mut tx, &jobs.records, at(0)).await,
    ]
    .map(|stored| stored.expect("stored"));
    tx.commit().await.expect("committed");
    println!("users, stages, archive reasons, tags, feedback templates, postings: {stored:?}");

    let lists = [
        ("/v1/users", "id", sent(&people), kept(house, "SELECT id, raw FROM users").await),
        ("/v1/stages", "id", sent(&steps), kept(house, "SELECT id, raw FROM stages").await),
        ("/v1/archive-reasons", "id", sent(&reasons), kept(house, "SELECT id, raw FROM archive_reasons").await),
        ("/v1/tags", "text", sent(&labels), kept(house, "SELECT id, raw FROM tags").await),
        ("/v1/feedback-templates", "id", sent(&forms), kept(house, "SELECT id, raw FROM feedback_templates").await),
        ("/v1/postings", "id", sent(&jobs), kept(house, "SELECT id, raw FROM postings").await),
    ];
    for (path, key, sent, kept) in lists {
        assert!(!sent.is_empty() && sent == kept, "{path}: something was lost on the way");
        assert_eq!(house.walk(path, 7, key).await.len(), sent.len(), "{path}");
    }
    let pipeline: Vec<Value> = steps.records.iter().map(|stage| stage.id.as_str().into()).collect();
    assert_eq!(house.walk("/v1/stages", 200, "id").await, pipeline);
}

/// All opportunities, page by page as a sync does, and one person with their panels.
async fn people(house: &House, account: &Account) {
    let (filter, mut paging, mut all, mut pages) = (OpportunityFilter::default(), Paging::first(), Stored::new(), 0);
    loop {
        let page = account.list_opportunities(&filter, &paging).await.expect("read");
        let mut tx = house.tx(OURS).await;
        let stored = opportunities::upsert(&mut tx, &page.records, at(0)).await.expect("stored");
        tx.commit().await.expect("committed");
        assert_eq!(stored as usize, page.records.len());
        all.extend(sent(&page));
        pages += 1;
        match page.next {
            Some(offset) => paging = Paging::from(offset),
            None => break,
        }
    }
    assert_eq!((pages, all.len()), (11, 1_004));
    assert!(kept(house, "SELECT id, raw FROM opportunities").await == all, "something was lost on the way");
    assert_eq!(house.walk("/v1/opportunities?archived=any", 200, "id").await.len(), 1_004);
    let archived = all.values().filter(|raw| raw["archived"].is_object()).count();
    assert_eq!(house.walk("/v1/opportunities?archived=true", 200, "id").await.len(), archived);
    assert_eq!(house.walk("/v1/opportunities", 200, "id").await.len(), 1_004 - archived);
}

async fn panels_and_contact(house: &House, account: &Account, answers: &[Said]) {
    let (_, path, ..) = answers.iter().find(|said| said.0 == "GET" && said.1.ends_with("/panels")).expect("a recorded list of panels");
    let candidate = path.split('/').nth(3).expect("an id");
    let set = account.all_panels(candidate).await.expect("read");
    let created = account.create_panel(candidate, "somebody", &Value::Null).await.expect("the recorded answer");
    let person = answers.iter().find(|said| said.0 == "GET" && said.1.starts_with("/v1/contacts/")).expect("a recorded contact");
    let contact = account.get_contact(person.1.rsplit('/').next().expect("an id")).await.expect("read");
    let mut tx = house.tx(OURS).await;
    panels::replace_for_opportunity(&mut tx, candidate, &set.records, at(0)).await.expect("stored");
    panels::upsert(&mut tx, candidate, std::slice::from_ref(&created), at(0)).await.expect("stored");
    contacts::upsert(&mut tx, std::slice::from_ref(&contact), at(0)).await.expect("stored");
    tx.commit().await.expect("committed");

    let mut panels_sent = sent(&set);
    panels_sent.insert(created.id.clone(), created.raw.clone());
    assert!(kept(house, "SELECT id, raw FROM panels").await == panels_sent, "something was lost on the way");
    let interviews = panels_sent.values().flat_map(|panel| panel["interviews"].as_array().cloned().unwrap_or_default());
    let interviews: Stored = interviews.map(|interview| (interview["id"].as_str().unwrap_or_default().to_owned(), interview)).collect();
    assert!(kept(house, "SELECT id, raw FROM interviews").await == interviews, "something was lost on the way");
    assert!(kept(house, "SELECT id, raw FROM contacts").await == Stored::from([(contact.id.clone(), contact.raw.clone())]));
    println!("panels: {}, interviews: {}", panels_sent.len(), interviews.len());
    assert_eq!(house.walk("/v1/panels?status=any", 1, "id").await.len(), panels_sent.len());
    assert_eq!(house.walk("/v1/interviews", 1, "id").await.len(), interviews.len());
    assert_eq!(house.get(&format!("/v1/contacts/{}", contact.id)).await.body["name"], contact.raw["name"]);
}

#[tokio::test]
async fn every_recorded_object_reads_back_from_postgres_as_lever_sent_it() {
    let Some(answers) = recorded() else { return };
    let house = House::open().await;
    let (_server, account) = lever_that_says(answers.clone()).await;
    small_lists(&house, &account).await;
    people(&house, &account).await;
    panels_and_contact(&house, &account, &answers).await;
}
