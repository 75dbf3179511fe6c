//! Nothing that is secret, and nobody's name, shows in the logs at their most talkative, in errors, in the figures, or in any column
//! that is not sealed.

use chrono::Utc;
use lever_integration::fake_lever::{Event, FakeLever, Fault, FaultKind, Options};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use crate::support::database::TestDatabase;
use crate::support::process::{Service, free_port, run_until};
use crate::support::story::{JWT_SECRET, Person, Setting};

#[tokio::test]
async fn no_secret_and_no_name_shows_anywhere() {
    let database = TestDatabase::create().await;
    let options = Options { opportunities: 60, requests_per_second: 0.0, ..Options::default() };
    let setting = Setting { lever: options.clone(), variables: vec![("RUST_LOG", "trace".to_owned())], ..Setting::default() };
    let lever = FakeLever::start(options).await.expect("the stand-in starts");
    let service = Service::start(&setting, &lever, &database.url, free_port()).await;
    let mut admin = Person::new(&service.base, Uuid::from_u128(1), "admin", Utc::now());
    let mut errors = Vec::new();

    // Every kind of trouble, at Lever and with callers.
    admin.connect(&lever, 0).await;
    let account = lever.accounts().swap_remove(0);
    let opportunity = &account.active[0];
    lever.fault(Fault::new("GET", "/v1/opportunities", FaultKind::Garbage).times(1));
    lever.fault(Fault::new("GET", "/v1/opportunities/*/panels", FaultKind::Truncate).times(1));
    run_until(&admin, "the sync has ended", |run| run["status"] == "succeeded").await;
    for event in [Event::CandidateArchiveChange, Event::InterviewDeleted] {
        lever.switch(&account.id, event, true).expect("an event");
    }
    lever.inside(&account.id).archive(opportunity, &account.archive_reasons[0]).expect("archived");
    lever.wait_deliveries_idle().await;
    let draft = json!({
        "timezone": "Europe/Berlin", "allowConflicts": true,
        "interviews": [{ "start": "2030-01-07T10:00:00Z", "durationMinutes": 30, "interviewers": [{ "id": account.super_admin().id }] }],
    });
    errors.push(admin.post(&format!("/v1/opportunities/{opportunity}/panels"), draft.clone()).await.text);
    let path = format!("/v1/opportunities/{}/panels", account.active[1]);
    lever.fault(Fault::new("POST", "/v1/opportunities/*/panels", FaultKind::StatusAfterCommit { code: 500 }).times(1));
    errors.push(admin.post(&path, draft).await.text);
    errors.push(admin.post(&path, json!({ "timezone": "Nowhere/Land" })).await.text);
    errors.push(Person { token: "no.token.of-ours".into(), ..admin.clone() }.get("/v1/users").await.text);
    lever.revoke_grant(&account.id);
    lever.expire_access_tokens();
    errors.push(admin.post(&path, json!({})).await.text);
    let metrics = admin.get("/metrics").await.expect(200).text;

    let mut secrets = lever.secrets();
    assert!(secrets.len() > 3, "tokens and keys were given out");
    secrets.extend([JWT_SECRET.to_owned(), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned(), admin.token.clone()]);
    secrets.push(admin.cookie.clone().expect("signed in").split_once('=').expect("a cookie").1.to_owned());
    let names = names(&lever, &account.id, &account.active);
    assert!(names.len() > 10, "candidates have names");

    let log = service.log();
    assert!(log.len() > 100_000, "it logs at TRACE");
    for (what, text) in [("log", &log), ("figures", &metrics), ("errors", &errors.concat())] {
        for hidden in secrets.iter().chain(&names) {
            if let Some(at) = text.find(hidden.as_str()) {
                panic!("the {what} show what must not be seen: …{}…", &text[text.floor_char_boundary(at.saturating_sub(200))..at]);
            }
        }
    }
    for (table, text) in every_row(&database).await {
        for secret in &secrets {
            // Bytes are shown in hex.
            let shown = [secret.clone(), hex::encode(secret)];
            assert!(!shown.iter().any(|secret| text.contains(secret)), "table {table} holds a secret in the open");
        }
    }
    assert!(!log.contains("panicked"));
    service.kill().await;
    lever.stop().await;
}

/// Names and addresses of the candidates, long enough to be nobody else's word.
fn names(lever: &FakeLever, account: &str, opportunities: &[String]) -> Vec<String> {
    let people = opportunities.iter().map(|id| lever.opportunity(account, id).expect("it exists"));
    let said = people.flat_map(|person| [person["name"].clone(), person["emails"][0].clone()]);
    said.filter_map(|value| value.as_str().map(str::to_owned)).filter(|text| text.len() > 8).collect()
}

/// Every row of every table as text, sealed columns as they are.
async fn every_row(database: &TestDatabase) -> Vec<(String, String)> {
    let mut connection = PgConnection::connect(&database.url).await.expect("the database");
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')")
            .fetch_all(&mut connection)
            .await
            .expect("the catalogue");
    let mut rows = Vec::new();
    for table in tables {
        let statement = format!("SELECT coalesce(string_agg(row_to_json(t)::text, E'\\n'), '') FROM \"{table}\" t");
        let text: String = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(&mut connection).await.expect("its rows");
        rows.push((table, text));
    }
    rows
}
