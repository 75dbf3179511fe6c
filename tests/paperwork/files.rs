//! Resumes and their files, streamed from Lever.

use std::time::Duration;

use lever_integration::fake_lever::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::support::story::{Answer, Person};
use crate::{OURS, connected};

async fn resumes(person: &Person, opportunity: &str) -> Vec<Value> {
    let list = person.get(&format!("/v1/opportunities/{opportunity}/resumes")).await.expect(200).json();
    list["data"].as_array().expect("a list").clone()
}

async fn file(person: &Person, opportunity: &str, resume: &str) -> Answer {
    person.get(&format!("/v1/opportunities/{opportunity}/resumes/{resume}/file")).await
}

#[tokio::test]
async fn a_resume_is_shown_as_lever_read_it_and_its_file_is_streamed() {
    let (story, _, account) = connected().await;
    let member = story.member(OURS);
    let id = &account.active[0];
    let resume = story.lever.inside(&account.id).quietly().add_resume(id, "Kites of Ada Example", true).expect("added");
    story.work().await;
    let there = story.lever.resumes_of(&account.id, id).expect("there");
    let raw = there.iter().find(|raw| raw["id"] == resume.as_str()).expect("the resume");
    let shown = resumes(&member, id).await.into_iter().find(|shown| shown["id"] == resume.as_str()).expect("the resume");
    assert_eq!((&shown["positions"], &shown["schools"]), (&raw["parsedData"]["positions"], &raw["parsedData"]["schools"]));
    assert!(!shown["positions"].as_array().expect("a list").is_empty());
    assert_eq!(shown["file"]["size"], raw["file"]["size"]);
    assert_eq!((&shown["file"]["name"], &shown["file"]["status"]), (&json!("resume.pdf"), &json!("processed")));
    assert!(!shown.to_string().contains("downloadUrl"), "Lever's own address is for people signed in there");

    let answer = file(&member, id, &resume).await.expect(200);
    assert!(answer.text.starts_with("%PDF") && answer.text.contains("Kites of Ada Example"));
    assert_eq!(json!(answer.text.len()), raw["file"]["size"]);
    assert_eq!(answer.header("content-type"), "application/pdf");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"resume.pdf\"; filename*=UTF-8''resume.pdf");
    assert_eq!((answer.header("x-content-type-options").as_str(), answer.header("cache-control").as_str()), ("nosniff", "private, no-store"));
    assert!(answer.header("content-security-policy").contains("sandbox"));
    story.end().await;
}

#[tokio::test]
async fn what_lever_refuses_is_passed_on_in_our_words() {
    let (story, admin, account) = connected().await;
    let id = &account.active[0];
    let inside = story.lever.inside(&account.id).quietly();
    let broken = inside.add_resume(id, "Broken", false).expect("added");
    let whole = inside.add_resume(id, "Whole", true).expect("added");
    story.work().await;
    assert_eq!(resumes(&admin, id).await.iter().find(|shown| shown["id"] == broken.as_str()).expect("it")["file"]["status"], "error");
    let refused = file(&admin, id, &broken).await.expect(422);
    assert_eq!((refused.code().as_str(), &refused.json()["leverStatus"]), ("lever_rejected", &json!(422)));
    assert_eq!(file(&admin, id, "unknown").await.expect(404).code(), "not_found");
    // A resume of somebody else is not there either, under whatever name it is asked for.
    assert_eq!(file(&admin, &account.active[1], &whole).await.expect(404).code(), "not_found");

    let path = "/v1/opportunities/*/resumes/*/download";
    for (kind, status, code) in [
        (FaultKind::Status { code: 404, retry_after_seconds: None }, 404, "not_found"),
        (FaultKind::Status { code: 503, retry_after_seconds: None }, 503, "lever_unavailable"),
        (FaultKind::DropBeforeCommit, 503, "lever_unavailable"),
        // A file is fetched from Lever and from nowhere else.
        (FaultKind::Redirect { url: "http://169.254.169.254/latest/meta-data".into() }, 503, "lever_unavailable"),
        (FaultKind::Redirect { url: "https://lever.co.example.com/file".into() }, 503, "lever_unavailable"),
    ] {
        story.lever.fault(Fault::new("GET", path, kind));
        assert_eq!(file(&admin, id, &whole).await.expect(status).code(), code);
        story.lever.clear_faults();
    }
    file(&admin, id, &whole).await.expect(200);
    story.end().await;
}

/// A file is never held as a whole: forty megabytes pass while nothing else waits, and the first come before the last are sent.
#[tokio::test]
async fn a_large_file_flows_through() {
    const SIZE: usize = 40 << 20;
    let (story, admin, account) = connected().await;
    let id = &account.active[0];
    let resume = story.lever.inside(&account.id).quietly().add_resume(id, "Whole", true).expect("added");
    story.work().await;
    story.lever.fault(Fault::new("GET", "/v1/opportunities/*/resumes/*/download", FaultKind::Huge { bytes: SIZE }));
    resumes(&admin, id).await;
    let url = format!("{}/v1/opportunities/{id}/resumes/{resume}/file", story.base);
    let mut response = admin.http.get(url).bearer_auth(&admin.token).send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/octet-stream", "a type that is no resume's is only bytes");
    let mut size = 0;
    while let Some(piece) = response.chunk().await.expect("the file goes on") {
        size += piece.len();
    }
    assert!(size >= SIZE, "{size}");
    story.end().await;
}

/// While a file drips, no connection to the database is held: more downloads than there are connections, and reads go on.
#[tokio::test]
async fn slow_files_hold_no_database_connection() {
    let (story, admin, account) = connected().await;
    let id = &account.active[0];
    let resume = story.lever.inside(&account.id).quietly().add_resume(id, "Whole", true).expect("added");
    story.work().await;
    resumes(&admin, id).await;
    story.lever.fault(Fault::new("GET", "/v1/opportunities/*/resumes/*/download", FaultKind::Drip { every: Duration::from_secs(3600) }));
    let url = format!("{}/v1/opportunities/{id}/resumes/{resume}/file", story.base);
    let mut dripping = Vec::new();
    for _ in 0..40 {
        let response = admin.http.get(&url).bearer_auth(&admin.token).send().await.expect("the answer begins");
        assert_eq!(response.status(), 200);
        dripping.push(response);
    }
    admin.get("/v1/opportunities").await.expect(200);
    drop(dripping);
    story.end().await;
}

#[tokio::test]
async fn a_file_that_breaks_off_is_not_taken_for_whole() {
    let (story, admin, account) = connected().await;
    let id = &account.active[0];
    let resume = story.lever.inside(&account.id).quietly().add_resume(id, "Whole", true).expect("added");
    story.work().await;
    resumes(&admin, id).await;
    story.lever.fault(Fault::new("GET", "/v1/opportunities/*/resumes/*/download", FaultKind::Truncate));
    let url = format!("{}/v1/opportunities/{id}/resumes/{resume}/file", story.base);
    let response = admin.http.get(url).bearer_auth(&admin.token).send().await.expect("the answer begins");
    assert_eq!(response.status(), 200);
    assert!(response.bytes().await.is_err(), "the end is missing");
    story.end().await;
}
