//! An organization's copy against the stand-in's own state, field by field.

use std::collections::{BTreeMap, BTreeSet};

use lever_integration::fake_lever::FakeLever;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use crate::shown::assert_shown;
use crate::support::story::Story;

/// What is stored of one kind and not gone: id and Lever's JSON.
pub async fn stored(story: &Story, organization: Uuid, table: &str) -> BTreeMap<String, Value> {
    let statement = format!("SELECT id, raw FROM {table} WHERE tenant_id = $1 AND gone_at IS NULL");
    let rows: Vec<(String, Value)> =
        sqlx::query_as(AssertSqlSafe(statement)).bind(organization).fetch_all(&mut database(story).await).await.expect("the copy can be read");
    rows.into_iter().collect()
}

pub async fn ids(story: &Story, organization: Uuid, table: &str) -> BTreeSet<String> {
    stored(story, organization, table).await.into_keys().collect()
}

/// The database as its owner sees it.
pub async fn database(story: &Story) -> PgConnection {
    PgConnection::connect(&story.database.url).await.expect("the database is there")
}

/// Fails unless the copy holds what Lever holds, and nothing else: every object with every field, but for what hangs on candidates.
pub async fn assert_listed(story: &Story, organization: Uuid, account: usize) {
    let account = story.account(account);
    let mut lists = story.lever.lists(&account.id).expect("the stand-in knows its own");
    // Every candidate moves their counts: only a story in which nobody does can expect them to be equal.
    lists.remove("tags");
    for (kind, there) in lists {
        assert_same(kind, &stored(story, organization, kind).await, by_key(there, "id"));
    }
    let opportunities = account.active.iter().chain(&account.archived);
    let opportunities = opportunities.map(|id| story.lever.opportunity(&account.id, id).expect("the stand-in knows its own"));
    assert_same("opportunities", &stored(story, organization, "opportunities").await, by_key(opportunities.collect(), "id"));
}

/// As [`assert_listed`], with the panels, notes and resumes of every candidate; and with what callers see of interviews and applications.
pub async fn assert_whole(story: &Story, organization: Uuid, account: usize) {
    assert_listed(story, organization, account).await;
    let account = story.account(account);
    let all: Vec<String> = account.active.iter().chain(&account.archived).cloned().collect();
    let known = "the stand-in knows its own";
    let notes = all.iter().flat_map(|id| story.lever.notes_of(&account.id, id).expect(known));
    let resumes = all.iter().flat_map(|id| story.lever.resumes_of(&account.id, id).expect(known));
    assert_same("panels", &stored(story, organization, "panels").await, by_key(panels_of(&story.lever, &account.id, &all), "id"));
    assert_same("notes", &stored(story, organization, "notes").await, by_key(notes.collect(), "id"));
    assert_same("resumes", &stored(story, organization, "resumes").await, by_key(resumes.collect(), "id"));
    assert_shown(story, organization, &account, &all).await;
}

/// Fails unless the tags are as Lever has them, with their counts.
pub async fn assert_tags(story: &Story, organization: Uuid, account: usize) {
    let there = story.lever.lists(&story.account(account).id).expect("the stand-in knows its own").remove("tags").expect("tags");
    assert_same("tags", &stored(story, organization, "tags").await, by_key(there, "text"));
}

pub fn by_key(objects: Vec<Value>, key: &str) -> BTreeMap<String, Value> {
    objects.into_iter().map(|object| (object[key].as_str().expect("a key").to_owned(), object)).collect()
}

pub fn assert_same(kind: &str, here: &BTreeMap<String, Value>, there: BTreeMap<String, Value>) {
    let ids = |objects: &BTreeMap<String, Value>| objects.keys().cloned().collect::<BTreeSet<_>>();
    let (ids_here, ids_there) = (ids(here), ids(&there));
    let differ: Vec<&String> = ids_here.symmetric_difference(&ids_there).collect();
    assert!(differ.is_empty(), "{kind} on one side only: {differ:?}");
    for (id, object) in there {
        assert_eq!(here.get(&id), Some(&object), "{kind}");
    }
}

/// The panels of these opportunities as Lever has them.
pub fn panels_of(lever: &FakeLever, account: &str, opportunities: &[String]) -> Vec<Value> {
    opportunities.iter().flat_map(|id| lever.panels_of(account, id).expect("the stand-in knows its own")).collect()
}

/// How many of a kind the run says it has synced, and the total it knows.
pub fn counted(run: &Value, kind: &str) -> (u64, Option<u64>) {
    let object = run["objects"].as_array().expect("a list").iter().find(|object| object["kind"] == kind);
    let object = object.unwrap_or_else(|| panic!("no {kind} in {run}"));
    (object["synced"].as_u64().expect("a count"), object["total"].as_u64())
}
