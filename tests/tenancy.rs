//! Nothing of one organization is visible to another: through any route with any id, and past our own code at the database.

mod support;

use std::collections::BTreeMap;

use chrono::{Days, SecondsFormat};
use http::Method;
use lever_integration::router;
use serde_json::{Value, json};
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};
use support::story::{Person, Story};
use uuid::Uuid;

/// Every route with an id in its path, called by one organization with every id of another and with a random id: the
/// answers are the same 404. Generated from the OpenAPI document, so a new route is covered the day it is made.
#[tokio::test]
async fn another_organizations_ids_answer_like_ids_that_do_not_exist() {
    let story = Story::begin().await;
    let mut owner = story.admin(Uuid::from_u128(1));
    let mut stranger = story.admin(Uuid::from_u128(2));
    story.connect_and_sync(&mut owner, 0).await;
    story.connect_and_sync(&mut stranger, 1).await;
    let ids = ids_of(&story, &owner).await;
    assert!(ids.len() >= 8, "{ids:?}");

    let mut called = 0;
    for (path, methods) in routes_with_ids() {
        for method in methods {
            for id in &ids {
                let foreign = call(&stranger, &method, &path, id, &story).await;
                let random = call(&stranger, &method, &path, &Uuid::new_v4().to_string(), &story).await;
                assert_eq!(foreign.0, 404, "{method} {path} with {id}: {}", foreign.1);
                assert_eq!(foreign, random, "{method} {path} with {id}");
                called += 1;
            }
        }
    }
    assert!(called > 80, "only {called} calls were made");
    story.end().await;
}

/// One id of every kind of thing the owner has.
async fn ids_of(story: &Story, owner: &Person) -> Vec<String> {
    let mut ids = Vec::new();
    for list in ["/v1/opportunities", "/v1/postings", "/v1/panels?status=any", "/v1/interviews", "/v1/users", "/v1/stages", "/v1/lever/syncs"] {
        let first = owner.get(list).await.expect(200).json()["data"][0].clone();
        ids.push(first["id"].as_str().unwrap_or_else(|| panic!("{list} is empty")).to_owned());
        if list == "/v1/opportunities" {
            ids.push(first["contact"]["id"].as_str().expect("a contact").to_owned());
            let draft = draft(story, owner).await;
            let panel = owner.post(&format!("/v1/opportunities/{}/panels", ids[0]), draft).await.expect(201).json();
            ids.push(panel["id"].as_str().expect("an id").to_owned());
            ids.push(panel["interviews"][0]["id"].as_str().expect("an id").to_owned());
            let operation = owner.get("/v1/operations").await.expect(200).json()["data"][0]["id"].clone();
            ids.push(operation.as_str().expect("an id").to_owned());
        }
    }
    ids
}

async fn draft(story: &Story, person: &Person) -> Value {
    let interviewer = person.get("/v1/users?active=true").await.json()["data"][0]["id"].clone();
    let start = (story.clock.now() + Days::new(200)).to_rfc3339_opts(SecondsFormat::Secs, true);
    json!({ "timezone": "Europe/Berlin", "interviews": [{ "start": start, "durationMinutes": 30, "interviewers": [{ "id": interviewer }] }] })
}

fn routes_with_ids() -> BTreeMap<String, Vec<Method>> {
    let document = serde_json::to_value(router::openapi()).expect("a document");
    let paths = document["paths"].as_object().expect("paths");
    let routes: BTreeMap<String, Vec<Method>> = paths
        .iter()
        // Lever's deliveries have no caller; their own tests cover foreign and random ids.
        .filter(|(path, _)| path.contains('{') && !path.starts_with("/webhooks/"))
        .map(|(path, item)| {
            let methods = item.as_object().expect("methods").keys().filter_map(|name| name.to_uppercase().parse().ok());
            (path.clone(), methods.filter(|method| [Method::GET, Method::POST, Method::PATCH, Method::DELETE].contains(method)).collect())
        })
        .collect();
    assert!(routes.len() >= 10, "{routes:?}");
    routes
}

/// Status and body without the request's id.
async fn call(caller: &Person, method: &Method, path: &str, id: &str, story: &Story) -> (u16, Value) {
    let path: String = path.split('/').map(|part| if part.starts_with('{') { id } else { part }).collect::<Vec<_>>().join("/");
    let body = match (method.as_str(), path.rsplit('/').next()) {
        ("POST", Some("panels")) => Some(draft(story, caller).await),
        ("POST", Some("interviews")) => Some(draft(story, caller).await["interviews"][0].clone()),
        ("POST", Some("notes")) => Some(json!({ "value": "A note" })),
        ("PATCH", _) => Some(json!({ "note": "Changed" })),
        _ => None,
    };
    let answer = caller.call(method.clone(), &path, body, &[]).await;
    let mut problem = answer.json();
    problem.as_object_mut().expect("a problem").remove("requestId");
    (answer.status, problem)
}

/// The second wall: even with our code out of the way, the application role sees and writes one organization's rows alone.
#[tokio::test]
async fn the_database_itself_keeps_organizations_apart() {
    let story = Story::begin().await;
    let mut owner = story.admin(Uuid::from_u128(1));
    story.connect_and_sync(&mut owner, 0).await;
    let mut connection = PgConnection::connect(&story.database.url).await.expect("the login role connects");

    let (superuser, bypasses, owned): (bool, bool, i64) = sqlx::query_as(
        "SELECT bool_or(rolsuper), bool_or(rolbypassrls), (SELECT count(*) FROM pg_class c WHERE c.relowner IN (SELECT oid FROM pg_roles WHERE rolname LIKE 'lever\\_integration\\_%'))
         FROM pg_roles WHERE rolname LIKE 'lever\\_integration\\_%'",
    )
    .fetch_one(&mut connection)
    .await
    .expect("the catalogue");
    assert!(!superuser && !bypasses && owned == 0, "superuser {superuser}, bypasses {bypasses}, owns {owned}");

    // What is of no organization is not for the application's role at all.
    let tables: Vec<(String, bool)> = sqlx::query_as(
        "SELECT c.relname::text, c.relrowsecurity AND c.relforcerowsecurity FROM pg_class c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> '_sqlx_migrations'
           AND (EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')
                OR has_table_privilege('lever_integration_app', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE'))
         ORDER BY 1",
    )
    .fetch_all(&mut connection)
    .await
    .expect("the catalogue");
    assert!(tables.len() >= 18, "{tables:?}");
    let filled: Vec<&str> =
        vec!["organizations", "connections", "users", "opportunities", "contacts", "panels", "interviews", "sync_runs", "sync_steps"];
    connection.execute("SET ROLE lever_integration_app").await.expect("the login role may take the application's");
    for (table, protected) in &tables {
        assert!(protected, "{table} is not forced behind row-level security");
        for tenant in ["", &Uuid::from_u128(2).to_string()] {
            assert_eq!(visible(&mut connection, table, tenant).await, 0, "{table} shows rows to {tenant:?}");
        }
        let own = visible(&mut connection, table, &Uuid::from_u128(1).to_string()).await;
        assert!(own > 0 || !filled.contains(&table.as_str()), "{table} hides its organization's own rows");
        // Nothing of another can be written, taken over or removed.
        connection.execute(sqlx::AssertSqlSafe(format!("SET app.tenant = '{}'", Uuid::from_u128(2)))).await.expect("set");
        let removed = connection.execute(sqlx::AssertSqlSafe(format!("DELETE FROM {table}"))).await.expect("nothing to delete");
        assert_eq!(removed.rows_affected(), 0, "{table} lets others delete");
    }
    let smuggled = connection
        .execute(sqlx::AssertSqlSafe(format!("INSERT INTO organizations (tenant_id, created_at) VALUES ('{}', 'epoch')", Uuid::from_u128(3))))
        .await
        .expect_err("a row of another organization");
    assert!(smuggled.to_string().contains("row-level security"), "{smuggled}");
    connection.close().await.expect("closed");
    story.end().await;
}

async fn visible(connection: &mut PgConnection, table: &str, tenant: &str) -> i64 {
    connection.execute(sqlx::AssertSqlSafe(format!("SET app.tenant = '{tenant}'"))).await.expect("set");
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"))).fetch_one(connection).await.expect("readable")
}
