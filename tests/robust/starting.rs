//! What a person reads who has made a mistake in the settings: one line that names the variable, and an exit code. The doctor finds
//! what only a look at the database and the network can tell.

use std::fs;
use std::path::Path;

use lever_integration::fake_lever::FakeLever;
use sqlx::{Connection, Executor, PgConnection};
use url::Url;
use uuid::Uuid;

use crate::support::database::TestDatabase;
use crate::support::process::run_to_end;
use crate::support::story::{Setting, Story, variables};

const NOWHERE: &str = "http://127.0.0.1:9";

async fn told(command: &str, folder: &Path, variables: &[(&str, String)]) -> String {
    let (code, said) = run_to_end(command, folder, variables).await;
    assert_eq!(code, Some(1), "{said}");
    said
}

fn with<'a>(usual: &[(&'a str, String)], name: &'a str, value: &str) -> Vec<(&'a str, String)> {
    usual.iter().filter(|(known, _)| *known != name).cloned().chain([(name, value.to_owned())]).collect()
}

/// The same database, and a role that the server does not have.
fn as_a_stranger(url: &str) -> String {
    let mut url = Url::parse(url).expect("a url");
    url.set_username("nobody-we-know").expect("a name");
    url.into()
}

/// With `MIGRATE_ON_START=false` the service may be there before the tables are.
#[tokio::test]
async fn an_empty_database_is_said_to_be_not_migrated() {
    let story = Story::begin().await;
    let mut owner = PgConnection::connect(&story.database.url).await.expect("the database is there");
    owner.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC").await.expect("emptied");
    let admin = story.admin(Uuid::from_u128(1));
    for path in ["/v1/lever/connection", "/v1/opportunities", "/v1/lever/syncs", "/readyz"] {
        let refused = admin.get(path).await.expect(503);
        assert_eq!(refused.code(), "not_migrated", "{path}");
        assert!(!refused.header("retry-after").is_empty(), "{path}");
    }
    story.app.stop().await;
    story.lever.stop().await;
}

#[tokio::test]
async fn a_mistake_stops_the_start_with_one_line_that_names_it() {
    let database = TestDatabase::create().await;
    let setting = Setting { variables: vec![("MIGRATE_ON_START", "true".to_owned())], ..Setting::default() };
    let lever = FakeLever::start(setting.lever.clone()).await.expect("the stand-in starts");
    let usual = with(&variables(&setting, &lever, &database.url, NOWHERE), "LISTEN_ADDR", "127.0.0.1:0");
    let folder = tempfile::tempdir().expect("a folder");
    let wrong_user = as_a_stranger(&database.url);
    for (name, value) in [
        ("DATABASE_URL", ""),
        ("DATABASE_URL", "postgres://user:pass@127.0.0.1:9/lever"),
        ("DATABASE_URL", wrong_user.as_str()),
        ("ENCRYPTION_KEYS", "k:c2hvcnQ="),
        ("LISTEN_ADDR", "nowhere"),
        ("LISTEN_ADDR", "192.0.2.1:80"),
        ("RUST_LOG", "info,lever=[[["),
        ("LOG_FORMAT", "xml"),
    ] {
        let said = told("serve", folder.path(), &with(&usual, name, value)).await;
        assert!(said.starts_with("lever-integration: ") && said.contains(name), "{name}={value}: {said}");
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        assert!(!said.contains("pass@"), "{said}");
    }
    fs::write(folder.path().join(".env"), "LOG_FORMAT=json\nAUTH_JWT_SECRET='a secret without an end\n").expect("written");
    let said = told("serve", folder.path(), &usual).await;
    assert!(said.contains(".env") && said.contains("AUTH_JWT_SECRET") && !said.contains("without an end"), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    lever.stop().await;
}

#[tokio::test]
async fn migrate_makes_the_schema_and_does_nothing_the_second_time() {
    let database = TestDatabase::create().await;
    let folder = tempfile::tempdir().expect("a folder");
    for _ in 0..2 {
        let (code, said) = run_to_end("migrate", folder.path(), &[("DATABASE_URL", database.url.clone())]).await;
        assert_eq!(code, Some(0), "{said}");
    }
    let said = told("migrate", folder.path(), &[("DATABASE_URL", format!("{}x", database.url))]).await;
    assert!(said.contains("DATABASE_URL"), "{said}");
}

#[tokio::test]
async fn the_doctor_names_each_illness_and_is_content_without() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::from_u128(1));
    story.connect_and_sync(&mut admin, 0).await;
    let folder = tempfile::tempdir().expect("a folder");
    let url = &story.database.url;
    let usual = variables(&Setting::default(), &story.lever, url, "http://127.0.0.1:8080");
    let (code, said) = run_to_end("doctor", folder.path(), &usual).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("ok     stored secrets: the stored secrets open"), "{said}");

    let name = Url::parse(url).expect("a url").path().to_owned();
    let other_key = "story:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    for (variable, value, finding) in [
        ("DATABASE_URL", as_a_stranger(url), "Check user and password"),
        ("DATABASE_URL", url.replacen(&name, "/no_such_database", 1), "Make that database"),
        ("DATABASE_URL", url.replacen(&name, "/postgres", 1), "nothing is in it. Run `lever-integration migrate`"),
        ("DATABASE_URL", "postgres://user:pass@127.0.0.1:9/lever".to_owned(), "Check DATABASE_URL"),
        ("ENCRYPTION_KEYS", other_key.to_owned(), "is not the one that was used here under that id"),
        ("LEVER_TOKEN_URL", NOWHERE.to_owned(), "Check the network and LEVER_TOKEN_URL"),
        ("ENCRYPTION_KEYS", String::new(), "ENCRYPTION_KEYS is missing"),
    ] {
        let said = told("doctor", folder.path(), &with(&usual, variable, &value)).await;
        let wrong: Vec<&str> = said.lines().filter(|line| line.starts_with("WRONG")).collect();
        assert!(wrong.len() == 1 && wrong[0].contains(finding), "{variable}: {said}");
        assert!(!said.contains("pass@"), "{said}");
    }
    // What `serve` takes is no illness.
    for (variable, value, finding) in
        [("AUTH_JWT_SECRET", "short", "openssl rand"), ("PUBLIC_URL", "http://lever.example.com", "PUBLIC_URL is not https")]
    {
        let (code, said) = run_to_end("doctor", folder.path(), &with(&usual, variable, value)).await;
        let warned: Vec<&str> = said.lines().filter(|line| !line.starts_with("ok ")).collect();
        assert!(code == Some(0) && warned.len() == 1 && warned[0].starts_with("warn ") && warned[0].contains(finding), "{variable}: {said}");
    }
    for (published, finding) in [(NOWHERE.to_owned(), "cannot be read"), (story.lever.base_url().to_owned(), "AUTH_JWKS_URL")] {
        let keys = with(&with(&usual, "AUTH_JWT_SECRET", ""), "AUTH_JWKS_URL", &published);
        let said = told("doctor", folder.path(), &keys).await;
        assert!(said.lines().any(|line| line.starts_with("WRONG  callers' tokens") && line.contains(finding)), "{said}");
    }
    // Not by `end`: that the doctor knocks at the token endpoint is no call that Lever has.
    story.app.stop().await;
    story.lever.stop().await;
}
