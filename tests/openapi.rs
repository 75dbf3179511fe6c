//! The OpenAPI document against the service: what is described is there, what is there is described, and both say the same.
#![cfg(feature = "fake-lever")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use http::Method;
use lever_integration::router;
use serde_json::{Value, json};
use uuid::Uuid;

use support::story::{Person, Story};

#[path = "support/mod.rs"]
mod support;

const METHODS: [&str; 4] = ["get", "post", "patch", "delete"];

/// Every operation with its path and method.
fn operations(document: &Value) -> Vec<(String, &'static str, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let of = |(path, item): (&String, &Value)| METHODS.map(|method| (path.clone(), method, item[method].clone()));
    paths.iter().flat_map(of).filter(|(_, _, operation)| operation.is_object()).collect()
}

#[tokio::test]
async fn what_is_described_is_there_with_exactly_its_methods() {
    let story = Story::begin().await;
    let admin = story.admin(Uuid::new_v4());
    let served = admin.get("/openapi.json").await.expect(200).json();
    assert_eq!(served, router::openapi(), "what is served is what is tested");
    let paths: BTreeSet<String> = operations(&served).into_iter().map(|(path, ..)| path).collect();
    assert!(paths.len() > 30, "{paths:?}");
    for path in paths {
        let described: BTreeSet<String> = operations(&served).iter().filter(|it| it.0 == path).map(|it| it.1.to_uppercase()).collect();
        let real = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect::<Vec<_>>().join("/");
        let refused = admin.call(Method::PUT, &real, None, &[]).await.expect(405);
        assert_eq!(refused.code(), "method_not_allowed");
        let allowed: BTreeSet<String> = refused.header("allow").split(',').map(|it| it.trim().to_owned()).filter(|it| it != "HEAD").collect();
        assert_eq!(allowed, described, "{path}");
    }
    story.end().await;
}

/// An endpoint that is routed without being described would be routed by `route`; pages and files are no part of the API.
#[test]
fn what_is_there_is_described() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
    let plain: Vec<PathBuf> = sources(root).into_iter().filter(|file| fs::read_to_string(file).expect("a source file").contains(".route(")).collect();
    let expected = ["health.rs", "pages/mod.rs"].map(|file| root.join(file));
    let found: Vec<&PathBuf> = plain.iter().filter(|file| !file.starts_with(root.join("fake_lever"))).collect();
    assert_eq!(found, expected.iter().collect::<Vec<_>>());
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect();
    files.retain(|file| file.extension().is_some_and(|it| it == "rs"));
    files.sort();
    files
}

#[test]
fn every_refusal_is_a_problem_and_every_operation_names_those_that_anything_can_meet() {
    let document = router::openapi();
    for (path, method, operation) in operations(&document) {
        assert!(operation.get("requestBody").is_none_or(|body| body["content"].is_object()), "{method} {path}");
        let responses = operation["responses"].as_object().expect("responses");
        for status in ["400", "408", "413", "500", "503", "504"] {
            assert!(responses.contains_key(status), "{method} {path}: {status}");
        }
        assert!(responses["431"].get("content").is_none(), "{method} {path}: there is no body");
        for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400" && status.as_str() != "431") {
            let content = response["content"].as_object().unwrap_or_else(|| panic!("{method} {path}: {status} has no body"));
            assert_eq!(content.keys().collect::<Vec<_>>(), ["application/problem+json"], "{method} {path}: {status}");
            let example = &content["application/problem+json"]["example"];
            assert_eq!(example["status"].to_string(), *status, "{method} {path}");
            assert!(response["description"].as_str().is_some_and(|said| !said.is_empty()), "{method} {path}: {status}");
        }
    }
}

#[test]
fn every_body_that_is_written_has_an_example_and_no_room_for_what_is_refused() {
    let document = router::openapi();
    let mut seen = 0;
    for (path, method, operation) in operations(&document).into_iter().filter(|(path, ..)| path.contains("panels") || path.contains("interviews")) {
        let Some(content) = operation["requestBody"]["content"].as_object() else { continue };
        assert_eq!(content.contains_key("application/merge-patch+json"), method == "patch", "{path}");
        let name = content["application/json"]["schema"]["$ref"].as_str().and_then(|name| name.rsplit('/').next()).expect("a named schema");
        let schema = &document["components"]["schemas"][name];
        assert_eq!((&schema["additionalProperties"], schema["example"].is_object()), (&json!(false), true), "{name}");
        assert!(schema["properties"]["performAs"].is_object(), "{name}");
        seen += 1;
    }
    assert_eq!(seen, 4);
    let new = &document["components"]["schemas"]["NewInterview"];
    assert_eq!(new["required"], json!(["start", "durationMinutes", "interviewers"]));
    assert!(document["components"]["schemas"]["KeptInterview"]["required"].as_array().is_some_and(Vec::is_empty));
    for member in ["leverStatus", "leverCode", "leverMessage", "conflicts", "current", "etag", "errors"] {
        assert!(document["components"]["schemas"]["Problem"]["properties"][member]["description"].is_string(), "{member}");
    }
}

/// A resume comes in the type that Lever says, and that is one of those that are described.
#[tokio::test]
async fn a_resume_comes_in_a_type_that_is_described() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::new_v4());
    let account = story.account(0);
    let opportunity = &account.active[0];
    let resume = story.lever.inside(&account.id).add_resume(opportunity, "Ten years of everything", true).expect("added");
    story.connect_and_sync(&mut admin, 0).await;
    let file = admin.get(&format!("/v1/opportunities/{opportunity}/resumes/{resume}/file")).await.expect(200);
    let described = &router::openapi()["paths"]["/v1/opportunities/{id}/resumes/{resumeId}/file"]["get"]["responses"]["200"]["content"];
    assert!(described[file.header("content-type")].is_object(), "{}: {described}", file.header("content-type"));
    story.end().await;
}

/// Requests made up from the document by schemathesis (a Python program, `pip install schemathesis`), with ids that are there and ids that
/// are not: nothing is answered that is not described, and nothing is our own fault.
/// `SCHEMATHESIS=/path/to/schemathesis cargo test --test openapi -- --ignored --nocapture`; `EXAMPLES=<n>` asks for more of them.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs schemathesis, which is not installed everywhere"]
async fn made_up_requests_are_answered_as_described() {
    let program = std::env::var_os("SCHEMATHESIS").expect("SCHEMATHESIS names the program");
    let examples = std::env::var("EXAMPLES").unwrap_or_else(|_| "20".to_owned());
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::new_v4());
    let account = story.account(0);
    let inside = story.lever.inside(&account.id);
    for opportunity in account.active.iter().chain(&account.archived) {
        inside.add_resume(opportunity, "Ten years of everything", true).expect("added");
    }
    story.connect_and_sync(&mut admin, 0).await;
    let folder = tempfile::tempdir().expect("a folder");
    let known = folder.path().join("known.toml");
    fs::write(&known, known_ids(&admin).await).expect("a file");
    for config in [None, Some(&known)] {
        let mut command = tokio::process::Command::new(&program);
        if let Some(config) = config {
            command.arg("--config-file").arg(config);
        }
        command.args(["run", &format!("{}/openapi.json", story.base), "--header", &format!("Authorization: Bearer {}", admin.token)]);
        command.args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"]);
        // Streams that do not end, and the ends of session and connection.
        command.args(["--exclude-path-regex", "events$|^/auth/", "--exclude-operation-id", "disconnect"]);
        command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", &examples, "--seed", "1", "--continue-on-failure", "--no-shrink"]);
        command.kill_on_drop(true);
        let passed = command.current_dir(folder.path()).status().await.expect("schemathesis runs").success();
        assert!(passed, "see above");
    }
    story.work().await;
    story.end().await;
}

/// For every path with an id, one that is there, as schemathesis reads it.
async fn known_ids(admin: &Person) -> String {
    let first = async |list: &str| admin.get(list).await.expect(200).json()["data"][0].clone();
    let panel = first("/v1/panels").await;
    let opportunity = format!("/v1/opportunities/{}", panel["opportunityId"].as_str().expect("an id"));
    let contact = admin.get(&opportunity).await.expect(200).json()["contact"].clone();
    let resume = first(&format!("{opportunity}/resumes")).await;
    let mut lines = "[parameters]\n".to_owned();
    for (name, object) in [("panelId", &panel), ("interviewId", &panel["interviews"][0]), ("resumeId", &resume)] {
        lines += &format!("\"path.{name}\" = {}\n", object["id"]);
    }
    let (posting, sync, operation) = (first("/v1/postings").await, first("/v1/lever/syncs").await, first("/v1/operations").await);
    let opportunity = json!({"id": panel["opportunityId"]});
    let of_path = [
        ("^/v1/opportunities/", &opportunity),
        ("^/v1/contacts/", &contact),
        ("^/v1/postings/", &posting),
        ("^/v1/lever/syncs/", &sync),
        ("^/v1/operations/", &operation),
    ];
    for (path, object) in of_path {
        lines += &format!("[[operations]]\ninclude-path-regex = \"{path}\"\nparameters = {{ \"path.id\" = {} }}\n", object["id"]);
    }
    lines
}
