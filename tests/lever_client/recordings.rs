//! Answers recorded from Lever's production API, played back to the calls that ask for them. They are data to test with and no
//! part of the repository: the folder is looked for beside the checkout, or where `LEVER_SAMPLES` says, and without it these
//! tests only say that they were skipped.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use lever_integration::lever::{
    Account, Application, ArchiveReason, Error, Opportunity, OpportunityFilter, Options, Page, Paging, PostingFilter, Record, Resource, Window,
};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::support::{Tokens, account_with, requests};

/// Recorded calls that this product has no use for.
const NOT_OURS: [&str; 3] = ["/v1/applications/deleted", "/v1/disposition_stages", "feedback"];

struct Recording {
    file: String,
    calls: Vec<Call>,
}

#[derive(Clone, serde::Deserialize)]
struct Call {
    method: String,
    path: String,
    query: Option<serde_json::Map<String, Value>>,
    #[serde(default)]
    body: Value,
    status: u16,
    response: Value,
}

fn recordings() -> Option<Vec<Recording>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/lever-samples");
    let folder = std::env::var_os("LEVER_SAMPLES").map_or_else(beside, PathBuf::from);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: there are no recorded answers in {}; LEVER_SAMPLES may name another folder", folder.display());
        return None;
    };
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a folder entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let read = |file: &PathBuf| {
        let mut content: Value = serde_json::from_slice(&std::fs::read(file).expect("a readable file")).expect("JSON");
        let calls = serde_json::from_value(content["calls"].take()).expect("recorded calls");
        Recording { file: file.file_stem().expect("a name").to_string_lossy().into_owned(), calls }
    };
    Some(files.iter().map(read).collect())
}

/// Answers each request with the recorded call of the same offset.
struct Playback(Vec<Call>);

impl Respond for Playback {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let asked = request.url.query_pairs().find(|(name, _)| name == "offset").map(|(_, offset)| offset.into_owned());
        let recorded = |call: &&Call| call.query.as_ref().and_then(|query| query.get("offset")).and_then(Value::as_str) == asked.as_deref();
        match self.0.iter().find(recorded) {
            Some(call) if call.response == "" => ResponseTemplate::new(call.status),
            Some(call) => ResponseTemplate::new(call.status).set_body_json(&call.response),
            None => ResponseTemplate::new(400).set_body_json(json!({"code": "BadRequestError", "message": "Invalid offset token"})),
        }
    }
}

async fn play(calls: &[Call]) -> (MockServer, Account) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(Playback(calls.to_vec())).mount(&server).await;
    let account = account_with(&server.uri(), Arc::new(Tokens::default()), Options::default());
    (server, account)
}

fn raws<T: Resource>(page: Result<Page<T>, Error>) -> Result<Vec<Value>, Error> {
    page.map(|page| {
        assert_eq!((page.unreadable, page.next), (0, None));
        page.records.into_iter().map(|record| record.raw).collect()
    })
}

fn raw<T: Resource>(record: Result<Record<T>, Error>) -> Result<Vec<Value>, Error> {
    record.map(|record| vec![record.raw])
}

/// A kind of object that comes in lists or inside others only.
fn alone<T: Resource>(call: &Call) -> Result<Record<T>, Error> {
    Ok(Record::read(call.response["data"].clone()).expect("an object with a key"))
}

/// The whole list, over its pages.
async fn every_opportunity(account: &Account) -> Result<Page<Opportunity>, Error> {
    let filter = OpportunityFilter::default();
    let mut all = account.list_opportunities(&filter, &Paging::first()).await?;
    while let Some(offset) = all.next.take() {
        let page = account.list_opportunities(&filter, &Paging::from(offset)).await?;
        all.records.extend(page.records);
        all.unreadable += page.unreadable;
        all.next = page.next;
    }
    Ok(all)
}

/// What the calls answered, entry by entry, but for a signature key, which is handed out on its own.
fn recorded(calls: &[Call]) -> Vec<Value> {
    let mut entries = Vec::new();
    for call in calls {
        match call.response.get("data") {
            Some(Value::Array(list)) => entries.extend(list.iter().cloned()),
            Some(object) => entries.push(object.clone()),
            None => assert_eq!(call.status, 204),
        }
    }
    for entry in &mut entries {
        if let Some(configuration) = entry.get_mut("configuration").and_then(Value::as_object_mut) {
            configuration.remove("signatureToken");
        }
    }
    entries
}

/// Makes the call that was recorded, or reads a recorded kind of object through the call that reads such objects. `None` for what
/// is not ours. The flag says whether the request itself is ours, and so must equal the recorded one.
async fn repeat(account: &Account, call: &Call) -> Option<(bool, Result<Vec<Value>, Error>)> {
    let first = &Paging::first();
    let segments: Vec<_> = call.path.trim_start_matches("/v1/").split('/').collect();
    let perform_as = call.query.as_ref().and_then(|query| query.get("perform_as")).and_then(Value::as_str);
    let acting = perform_as.unwrap_or_default();
    let answer = match (call.method.as_str(), segments.as_slice()) {
        ("GET", ["users"]) => raws(account.list_users(first).await),
        ("GET", ["users", id]) => raw(account.get_user(id).await),
        ("GET", ["stages"]) => raws(account.list_stages(first).await),
        ("GET", ["archive_reasons"]) => raws(account.list_archive_reasons(first).await),
        ("GET", ["tags"]) => raws(account.list_tags(first).await),
        ("GET", ["feedback_templates"]) => raws(account.list_feedback_templates(first).await),
        ("GET", ["feedback_templates", id]) => raw(account.get_feedback_template(id).await),
        ("GET", ["postings"]) => raws(account.list_postings(&PostingFilter::default(), first).await),
        ("GET", ["postings", "deleted"]) => raws(account.list_deleted_postings(&Window::default(), first).await),
        ("GET", ["postings", id]) => raw(account.get_posting(id).await),
        ("GET", ["opportunities"]) => raws(every_opportunity(account).await),
        ("GET", ["opportunities", "deleted"]) => raws(account.list_deleted_opportunities(&Window::default(), first).await),
        ("GET", ["opportunities", id]) => raw(account.get_opportunity(id).await),
        ("GET", ["contacts", id]) => raw(account.get_contact(id).await),
        ("GET", ["opportunities", o, "panels"]) => raws(account.all_panels(o).await),
        ("POST", ["opportunities", o, "panels"]) => raw(account.create_panel(o, acting, &call.body).await),
        ("GET", ["opportunities", o, "interviews", i]) => raw(account.get_interview(o, i).await),
        ("PUT", ["opportunities", o, "interviews", i]) => raw(account.replace_interview(o, i, acting, &call.body).await),
        ("DELETE", ["opportunities", o, "interviews", i]) => account.delete_interview(o, i, acting).await.map(|()| vec![]),
        ("GET", ["opportunities", o, "notes", n]) => raw(account.get_note(o, n).await),
        ("POST", ["opportunities", o, "notes"]) => {
            let created = account.create_note(o, perform_as, &call.body).await;
            raw(created.map(|created| created.note.expect("the recorded answer holds the whole note")))
        }
        ("DELETE", ["opportunities", o, "notes", n]) => account.delete_note(o, n).await.map(|()| vec![]),
        ("GET", ["opportunities", o, "resumes"]) => raws(account.list_resumes(o, &Window::default(), first).await),
        ("GET", ["webhooks"]) => raws(account.all_webhooks().await),
        ("POST", ["webhooks"]) => {
            let text = |name: &str| call.body[name].as_str().unwrap_or_default();
            let created = account.create_webhook(text("url"), text("event")).await;
            raw(created.map(|created| {
                assert!(created.signature_token.is_some(), "the key is in this answer and in no other");
                created.webhook
            }))
        }
        ("DELETE", ["webhooks", id]) => account.delete_webhook(id).await.map(|()| vec![]),
        (_, ["users", ..]) => return Some((false, raw(account.get_user("any").await))),
        (_, ["postings", ..]) => return Some((false, raw(account.get_posting("any").await))),
        (_, ["contacts", ..]) => return Some((false, raw(account.get_contact("any").await))),
        ("GET", ["archive_reasons", _]) => return Some((false, raw(alone::<ArchiveReason>(call)))),
        ("GET", ["opportunities", _, "applications", _]) => return Some((false, raw(alone::<Application>(call)))),
        ("PUT" | "POST", ["opportunities", ..]) => return Some((false, raw(account.get_opportunity("any").await))),
        _ => return None,
    };
    Some((true, answer))
}

/// What was sent holds everything that was recorded; a wider filter of ours may stand in for a narrower one.
fn assert_same_request(sent: &Request, recorded: &Call, file: &str) {
    assert_eq!((sent.method.as_str(), sent.url.path()), (recorded.method.as_str(), recorded.path.as_str()), "{file}");
    let body: Value = serde_json::from_slice(&sent.body).unwrap_or_default();
    assert_eq!(body, recorded.body, "{file}");
    let query: BTreeSet<(String, String)> = sent.url.query_pairs().into_owned().collect();
    for (name, value) in recorded.query.iter().flatten().filter(|(name, _)| *name != "confidentiality") {
        let value = value.as_str().expect("a recorded parameter is text");
        assert!(query.contains(&(name.clone(), value.to_owned())), "{file}: {name}={value} is missing");
    }
}

#[tokio::test]
async fn every_recorded_answer_is_read_whole() {
    let Some(recordings) = recordings() else { return };
    let (mut read, mut entries) = (0, 0);
    for Recording { file, calls } in &recordings {
        // The pages of one list are one read; other recordings are calls of their own.
        let list = calls.iter().all(|call| call.path == "/v1/opportunities" && call.method == "GET");
        for calls in calls.chunks(if list { calls.len() } else { 1 }) {
            let (server, account) = play(calls).await;
            let Some((ours, answer)) = repeat(&account, &calls[0]).await else {
                assert!(NOT_OURS.iter().any(|path| calls[0].path.contains(path)), "{file}: nothing reads {}", calls[0].path);
                continue;
            };
            let answer = answer.unwrap_or_else(|error| panic!("{file}: {error}"));
            assert!(answer == recorded(calls), "{file}: something was lost on the way");
            if ours {
                let requests = requests(&server).await;
                assert_eq!(requests.len(), calls.len(), "{file}");
                for (sent, call) in requests.iter().zip(calls) {
                    assert_same_request(sent, call, file);
                }
            }
            read += calls.len();
            entries += answer.len();
        }
    }
    println!("{read} recorded answers with {entries} records were read whole");
    assert!(read >= 50 && entries >= 1_004, "only {read} answers with {entries} records");
}

#[tokio::test]
async fn the_recorded_opportunities_fill_their_typed_view() {
    let Some(recordings) = recordings() else { return };
    let list = recordings.iter().find(|recording| recording.file == "opportunities").expect("the recorded list");
    assert_eq!(list.calls.len(), 11);
    let (_server, account) = play(&list.calls).await;
    let all = every_opportunity(&account).await.expect("read").records;
    let ids: BTreeSet<_> = all.iter().map(|opportunity| opportunity.id.as_str()).collect();
    assert_eq!((all.len(), ids.len()), (1_004, 1_004));
    for opportunity in &all {
        let times = [opportunity.created_at, opportunity.last_interaction_at, opportunity.last_advanced_at];
        assert!(times.iter().all(Option::is_some), "{opportunity:?}");
        assert!(opportunity.contact.is_some() && opportunity.stage.is_some() && opportunity.owner.is_some(), "{opportunity:?}");
        assert!(opportunity.name.is_some() && opportunity.urls.is_some() && opportunity.is_anonymized.is_some(), "{opportunity:?}");
        assert_eq!(opportunity.archive_state().is_some(), opportunity.raw["archived"].is_object(), "{opportunity:?}");
        assert_eq!(opportunity.updated_at.map(|at| at.timestamp_millis()), opportunity.raw["updatedAt"].as_i64(), "{opportunity:?}");
        let count = |name: &str| opportunity.raw[name].as_array().map_or(0, Vec::len);
        let lists = [opportunity.tags.len(), opportunity.emails.len(), opportunity.phones.len(), opportunity.applications.len()];
        assert_eq!(lists, [count("tags"), count("emails"), count("phones"), count("applications")], "{opportunity:?}");
    }
    assert_eq!(all.iter().filter(|opportunity| opportunity.updated_at.is_none()).count(), 964);
}
