//! Every call against its production URL, byte for byte.

use chrono::{DateTime, Utc};
use lever_integration::lever::{Account, Endpoints, Error, OpportunityFilter, Paging, PostingFilter, Window};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::support::{account_at, header, line, requests};

struct Sent {
    line: String,
    body: Option<Value>,
}

/// What a call sends, as it would to production. Every answer is a refusal, so each call sends exactly one request.
async fn sent<T: std::fmt::Debug, F: Future<Output = Result<T, Error>>>(call: impl FnOnce(Account) -> F) -> Sent {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(404)).mount(&server).await;
    let refused = call(account_at(&server.uri())).await.expect_err("every answer is a refusal");
    assert!(refused.is_not_found(), "{refused}");
    let requests = requests(&server).await;
    let [request] = requests.as_slice() else { panic!("{} requests", requests.len()) };
    assert_eq!(header(request, "authorization"), "Bearer canary-token-1");
    assert_eq!(header(request, "accept"), "application/json");
    assert_eq!(header(request, "user-agent"), concat!("ModernLoop-Lever-Integration/", env!("CARGO_PKG_VERSION")));
    assert_eq!(header(request, "accept-encoding"), "gzip");
    let root = Endpoints::production().api;
    let line = line(request).replacen(" /v1/", &format!(" {root}/"), 1);
    Sent { line, body: serde_json::from_slice(&request.body).ok() }
}

macro_rules! assert_sends {
    ($line:expr, $account:ident => $call:expr) => {{
        let sent = sent(async |$account: Account| $call.await).await;
        assert_eq!(sent.line, $line);
        assert_eq!(sent.body, None);
    }};
    ($line:expr, $body:expr, $account:ident => $call:expr) => {{
        let sent = sent(async |$account: Account| $call.await).await;
        assert_eq!(sent.line, $line);
        assert_eq!(sent.body, Some($body));
    }};
}

fn time(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).expect("a time")
}

#[tokio::test]
async fn small_lists() {
    let first = &Paging::first();
    assert_sends!("GET https://api.lever.co/v1/users?includeDeactivated=true&limit=100", a => a.list_users(first));
    assert_sends!("GET https://api.lever.co/v1/users/u-1", a => a.get_user("u-1"));
    assert_sends!("GET https://api.lever.co/v1/stages?limit=100", a => a.list_stages(first));
    assert_sends!("GET https://api.lever.co/v1/archive_reasons?limit=100", a => a.list_archive_reasons(first));
    assert_sends!("GET https://api.lever.co/v1/tags?limit=100", a => a.list_tags(first));
    assert_sends!("GET https://api.lever.co/v1/feedback_templates?limit=100", a => a.list_feedback_templates(first));
    assert_sends!("GET https://api.lever.co/v1/feedback_templates/no-feedback", a => a.get_feedback_template("no-feedback"));
    assert_sends!("GET https://api.lever.co/v1/contacts/c-1", a => a.get_contact("c-1"));
}

#[tokio::test]
async fn postings() {
    let first = &Paging::first();
    let everything = PostingFilter::default();
    assert_sends!("GET https://api.lever.co/v1/postings?confidentiality=all&limit=100", a => a.list_postings(&everything, first));
    let open = PostingFilter {
        states: vec!["published".into()],
        distribution_channels: vec!["public".into(), "internal".into()],
        ..PostingFilter::default()
    };
    assert_sends!(
        "GET https://api.lever.co/v1/postings?confidentiality=all&state=published&distributionChannel=public&distributionChannel=internal&limit=100",
        a => a.list_postings(&open, first)
    );
    let changed = PostingFilter { updated_at: Window::since(time(1_782_000_000_001)), ..open };
    assert_sends!(
        "GET https://api.lever.co/v1/postings?confidentiality=all&updated_at_start=1782000000001&limit=100",
        a => a.list_postings(&changed, first)
    );
    assert_sends!("GET https://api.lever.co/v1/postings/p-1", a => a.get_posting("p-1"));
    let window = Window { start: Some(time(1)), end: Some(time(2)) };
    assert_sends!(
        "GET https://api.lever.co/v1/postings/deleted?deleted_at_start=1&deleted_at_end=2&limit=100",
        a => a.list_deleted_postings(&window, first)
    );
}

#[tokio::test]
async fn opportunities() {
    let all = OpportunityFilter::default();
    assert_sends!(
        "GET https://api.lever.co/v1/opportunities?expand=applications&expand=contact&confidentiality=all&limit=50&offset=%255B3%252C1%252C%2522x%2522%255D",
        a => a.list_opportunities(&all, &Paging::from("%5B3%2C1%2C%22x%22%5D").limit(50))
    );
    let filter = OpportunityFilter {
        archived: Some(false),
        snoozed: Some(true),
        stage_ids: vec!["lead-new".into(), "offer".into()],
        posting_ids: vec!["p-1".into()],
        contact_ids: vec!["c-1".into()],
        tags: vec!["R&D, senior".into()],
        created_at: Window { start: Some(time(1)), end: Some(time(2)) },
        updated_at: Window { start: Some(time(3)), end: Some(time(4)) },
        archived_at: Window { start: Some(time(5)), end: Some(time(6)) },
        advanced_at: Window { start: Some(time(7)), end: Some(time(8)) },
    };
    assert_sends!(
        "GET https://api.lever.co/v1/opportunities?expand=applications&expand=contact&confidentiality=all&archived=false&snoozed=true\
         &stage_id=lead-new&stage_id=offer&posting_id=p-1&contact_id=c-1&tag=R%26D%2C+senior&created_at_start=1&created_at_end=2\
         &updated_at_start=3&updated_at_end=4&archived_at_start=5&archived_at_end=6&advanced_at_start=7&advanced_at_end=8&limit=100",
        a => a.list_opportunities(&filter, &Paging::first())
    );
    assert_sends!("GET https://api.lever.co/v1/opportunities/o-1?expand=applications&expand=contact", a => a.get_opportunity("o-1"));
    assert_sends!(
        "GET https://api.lever.co/v1/opportunities/deleted?deleted_at_start=9&limit=100",
        a => a.list_deleted_opportunities(&Window::since(time(9)), &Paging::first())
    );
    assert_sends!("GET https://api.lever.co/v1/opportunities/o-1/applications?limit=100", a => a.list_applications("o-1", &Paging::first()));
}

#[tokio::test]
async fn panels() {
    let panel = json!({"timezone": "Europe/Paris", "interviews": []});
    assert_sends!("GET https://api.lever.co/v1/opportunities/o-1/panels?limit=100", a => a.list_panels("o-1", &Paging::first()));
    assert_sends!("GET https://api.lever.co/v1/opportunities/o-1/panels?limit=100", a => a.all_panels("o-1"));
    assert_sends!("GET https://api.lever.co/v1/opportunities/o-1/panels/p-1", a => a.get_panel("o-1", "p-1"));
    assert_sends!(
        "POST https://api.lever.co/v1/opportunities/o-1/panels?perform_as=u-1", panel.clone(),
        a => a.create_panel("o-1", "u-1", &panel)
    );
    assert_sends!(
        "PUT https://api.lever.co/v1/opportunities/o-1/panels/p-1?perform_as=u-1", panel.clone(),
        a => a.replace_panel("o-1", "p-1", "u-1", &panel)
    );
    assert_sends!("DELETE https://api.lever.co/v1/opportunities/o-1/panels/p-1?perform_as=u-1", a => a.delete_panel("o-1", "p-1", "u-1"));
}

#[tokio::test]
async fn interviews() {
    let interview = json!({"panel": "p-1", "duration": 45});
    assert_sends!("GET https://api.lever.co/v1/opportunities/o-1/interviews?limit=100", a => a.list_interviews("o-1", &Paging::first()));
    assert_sends!("GET https://api.lever.co/v1/opportunities/o-1/interviews/i-1", a => a.get_interview("o-1", "i-1"));
    assert_sends!(
        "POST https://api.lever.co/v1/opportunities/o-1/interviews?perform_as=u-1", interview.clone(),
        a => a.create_interview("o-1", "u-1", &interview)
    );
    assert_sends!(
        "PUT https://api.lever.co/v1/opportunities/o-1/interviews/i-1?perform_as=u-1", interview.clone(),
        a => a.replace_interview("o-1", "i-1", "u-1", &interview)
    );
    assert_sends!(
        "DELETE https://api.lever.co/v1/opportunities/o-1/interviews/i-1?perform_as=u-1",
        a => a.delete_interview("o-1", "i-1", "u-1")
    );
}

#[tokio::test]
async fn notes_resumes_and_webhooks() {
    let first = &Paging::first();
    let note = json!({"value": "a note", "secret": true});
    assert_sends!("GET https://api.lever.co/v1/opportunities/o-1/notes?limit=100", a => a.list_notes("o-1", first));
    assert_sends!("GET https://api.lever.co/v1/opportunities/o-1/notes/n-1", a => a.get_note("o-1", "n-1"));
    assert_sends!(
        "POST https://api.lever.co/v1/opportunities/o-1/notes?perform_as=u-1", note.clone(),
        a => a.create_note("o-1", Some("u-1"), &note)
    );
    assert_sends!("POST https://api.lever.co/v1/opportunities/o-1/notes", note.clone(), a => a.create_note("o-1", None, &note));
    assert_sends!("DELETE https://api.lever.co/v1/opportunities/o-1/notes/n-1", a => a.delete_note("o-1", "n-1"));
    let window = Window { start: None, end: Some(time(5)) };
    assert_sends!(
        "GET https://api.lever.co/v1/opportunities/o-1/resumes?uploaded_at_end=5&limit=100",
        a => a.list_resumes("o-1", &window, first)
    );
    assert_sends!("GET https://api.lever.co/v1/opportunities/o-1/resumes/r-1/download", a => a.download_resume("o-1", "r-1"));
    assert_sends!("GET https://api.lever.co/v1/webhooks?limit=100", a => a.all_webhooks());
    let hook = json!({"url": "https://app.example/webhooks/lever/x", "event": "interviewDeleted"});
    assert_sends!(
        "POST https://api.lever.co/v1/webhooks", hook,
        a => a.create_webhook("https://app.example/webhooks/lever/x", "interviewDeleted")
    );
    assert_sends!("DELETE https://api.lever.co/v1/webhooks/w-1", a => a.delete_webhook("w-1"));
}

#[tokio::test]
async fn an_id_from_outside_stays_an_id() {
    assert_sends!("GET https://api.lever.co/v1/users/..%2Fwebhooks%3Flimit=1", a => a.get_user("../webhooks?limit=1"));
    let server = MockServer::start().await;
    let account = account_at(&server.uri());
    for id in ["", "..", "a\nb"] {
        let refused = account.get_user(id).await.expect_err("no id");
        assert!(matches!(refused, Error::Invalid { .. }), "{refused}");
    }
    let nobody = account.delete_panel("o-1", "p-1", "").await.expect_err("nobody to act as");
    assert!(matches!(nobody, Error::Invalid { .. }), "{nobody}");
    assert!(requests(&server).await.is_empty());
}
