//! An organization's copy against the stand-in's own state, field by field.

use std::collections::{BTreeMap, BTreeSet};

use lever_integration::fake_lever::FakeLever;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

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

/// Fails unless the copy holds what Lever holds, and nothing else: every id, and every field of candidates and panels.
pub async fn assert_whole(story: &Story, organization: Uuid, account: usize) {
    let account = story.account(account);
    let set = |ids: Vec<String>| ids.into_iter().collect::<BTreeSet<_>>();
    assert_eq!(ids(story, organization, "users").await, set(account.users.iter().map(|user| user.id.clone()).collect()));
    assert_eq!(ids(story, organization, "stages").await, set(account.stages.clone()));
    assert_eq!(ids(story, organization, "archive_reasons").await, set(account.archive_reasons.clone()));
    assert_eq!(ids(story, organization, "feedback_templates").await, set(account.templates.clone()));
    assert_eq!(ids(story, organization, "postings").await, set(account.postings.clone()));

    let mut opportunities = stored(story, organization, "opportunities").await;
    for id in account.active.iter().chain(&account.archived) {
        let there = story.lever.opportunity(&account.id, id).expect("the stand-in knows its own");
        assert_eq!(opportunities.remove(id), Some(there));
    }
    assert!(opportunities.is_empty(), "Lever does not have {:?}", opportunities.keys());

    let panels = stored(story, organization, "panels").await;
    for panel in panels_of(&story.lever, &account.id, &account.active) {
        let id = panel["id"].as_str().expect("a panel has an id");
        assert_eq!(panels.get(id), Some(&panel));
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
