//! What is tried again, what is not, and what a failed write is known to have done.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use lever_integration::lever::{Account, Budget, Error, Lane, Options, Outcome, Paging, Patience};
use serde_json::json;
use wiremock::matchers::{any, header, method, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::support::{NoTokens, Tokens, account_at, account_with, lever_at, nobody, options, raw_server, received};

async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

/// A server that answers so at first, `times` times, and then with an empty list or a panel.
async fn at_first(answer: ResponseTemplate, times: u64) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).up_to_n_times(times).mount(&server).await;
    let empty = ResponseTemplate::new(200).set_body_json(json!({"data": [], "hasNext": false}));
    Mock::given(method("GET")).respond_with(empty).mount(&server).await;
    let panel = ResponseTemplate::new(201).set_body_json(json!({"data": {"id": "p-1"}}));
    Mock::given(method("POST")).respond_with(panel).mount(&server).await;
    server
}

async fn read(account: &Account) -> Result<usize, Error> {
    account.list_tags(&Paging::first()).await.map(|page| page.records.len())
}

async fn write(account: &Account) -> Result<String, Error> {
    account.create_panel("o-1", "u-1", &json!({"timezone": "UTC"})).await.map(|panel| panel.id.clone())
}

#[tokio::test]
async fn a_failing_list_is_asked_for_in_smaller_pieces() {
    let server = at_first(ResponseTemplate::new(503), 2).await;
    read(&account_at(&server.uri())).await.expect("answered in the end");
    assert_eq!(received(&server).await, ["GET /v1/tags?limit=100", "GET /v1/tags?limit=25", "GET /v1/tags?limit=6"]);
}

#[tokio::test]
async fn patience_with_a_read_ends() {
    let server = answering(ResponseTemplate::new(503).insert_header("retry-after", "0")).await;
    let account = account_at(&server.uri());
    let error = read(&account).await.expect_err("never answered");
    assert!(matches!(error, Error::Unavailable { status: 503, retry_after: Some(Duration::ZERO) }), "{error:?}");
    assert_eq!((received(&server).await.len(), account.requests_sent()), (3, 3));
}

#[tokio::test]
async fn a_long_maintenance_is_not_waited_for() {
    let server = answering(ResponseTemplate::new(503).insert_header("retry-after", "600")).await;
    let error = read(&account_at(&server.uri())).await.expect_err("not now");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(600)));
    assert_eq!(received(&server).await.len(), 1);
}

#[tokio::test]
async fn a_refusal_stands() {
    for (status, not) in [
        (400, Outcome::DefinitelyNot),
        (403, Outcome::DefinitelyNot),
        (404, Outcome::DefinitelyNot),
        (422, Outcome::DefinitelyNot),
        (410, Outcome::Unknown),
    ] {
        let words = json!({"code": "ResourceNotFound", "message": "Ada Example was not found"});
        let server = answering(ResponseTemplate::new(status).set_body_json(words)).await;
        let account = account_at(&server.uri());
        let error = write(&account).await.expect_err("refused");
        assert_eq!((error.outcome(), error.lever_code()), (not, Some("ResourceNotFound")));
        assert_eq!(error.lever_message(), Some("Ada Example was not found"));
        assert!(!format!("{error} {error:?}").contains("Ada"));
        read(&account).await.expect_err("refused");
        assert_eq!(received(&server).await.len(), 2);
    }
}

#[tokio::test]
async fn a_write_whose_answer_is_no_answer_is_not_repeated() {
    for answer in [
        ResponseTemplate::new(500),
        ResponseTemplate::new(503).insert_header("retry-after", "0"),
        ResponseTemplate::new(201).set_body_string("<html>all good</html>"),
        ResponseTemplate::new(201).set_body_json(json!({"data": {"note": "no id"}})),
        ResponseTemplate::new(201).set_body_json(json!({"data": {"id": "p", "note": "x".repeat(70_000)}})),
    ] {
        let server = answering(answer).await;
        let error = write(&account_at(&server.uri())).await.expect_err("no answer");
        assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
        assert_eq!(received(&server).await.len(), 1);
    }
}

#[tokio::test]
async fn a_connection_cut_in_the_answer_leaves_a_write_unknown_and_a_read_to_be_repeated() {
    for answer in ["", "HTTP/1.1 201 Cre", "HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{\"data\": {\"id\": \"p\""] {
        let (origin, connections) = raw_server(answer).await;
        let error = write(&account_at(&origin)).await.expect_err("cut");
        assert!(matches!(error, Error::NoAnswer { .. }), "{error}");
        assert_eq!((error.outcome(), connections.load(Ordering::SeqCst)), (Outcome::Unknown, 1), "{answer:?}");
        read(&account_at(&origin)).await.expect_err("cut");
        assert_eq!(connections.load(Ordering::SeqCst), 4, "{answer:?}");
    }
}

#[tokio::test]
async fn a_write_that_never_left_is_known_not_to_have_happened() {
    let error = write(&account_at(&nobody().await)).await.expect_err("nobody there");
    assert!(matches!(error, Error::NotSent { .. }), "{error}");
    assert_eq!(error.outcome(), Outcome::DefinitelyNot);
}

#[tokio::test]
async fn a_silent_lever_is_given_up() {
    let server = answering(ResponseTemplate::new(200).set_delay(Duration::from_secs(60))).await;
    let patience = Patience { token: Duration::from_secs(20), request: Duration::from_millis(500), total: Duration::from_secs(20), tries: 2 };
    let account = account_with(&server.uri(), Arc::new(Tokens::default()), Options { bulk: patience, ..options() });
    let error = write(&account).await.expect_err("silence");
    assert!(matches!(error, Error::NoAnswer { reason: "timed out" }), "{error}");
    assert_eq!(received(&server).await.len(), 1);
    read(&account).await.expect_err("silence");
    assert_eq!(received(&server).await.len(), 3);
}

#[tokio::test]
async fn the_rate_limit_is_waited_out_even_by_a_write() {
    let server = at_first(ResponseTemplate::new(429).insert_header("retry-after", "0"), 2).await;
    let id = write(&account_at(&server.uri())).await.expect("sent again");
    assert_eq!(id, "p-1");
    assert_eq!(received(&server).await.len(), 3);
}

#[tokio::test]
async fn somebody_waiting_is_told_at_once_when_lever_wants_a_long_pause() {
    let server = answering(ResponseTemplate::new(429).insert_header("retry-after", "120")).await;
    let account = Account::new(lever_at(&server.uri(), options()), Arc::new(Tokens::default()), Budget::new(10.0, 20.0));
    for _ in 0..2 {
        let error = write(&account).await.expect_err("not now");
        assert!(matches!(error, Error::RateLimited { retry_after: Some(wait) } if wait > Duration::from_secs(60)), "{error:?}");
        assert_eq!(error.outcome(), Outcome::DefinitelyNot);
    }
    assert_eq!(received(&server).await.len(), 1, "nothing is sent during the pause");
}

#[tokio::test]
async fn without_budget_nothing_is_sent() {
    let server = answering(ResponseTemplate::new(200)).await;
    let patience = Patience { token: Duration::from_secs(20), request: Duration::from_secs(20), total: Duration::from_millis(100), tries: 3 };
    let lever = lever_at(&server.uri(), Options { person: patience, ..options() });
    // One request in three hours, and the one saved up is spent.
    let budget = Budget::new(0.0001, 1.0);
    drop(budget.acquire(Lane::Person).await);
    let account = Account::new(lever, Arc::new(Tokens::default()), budget);
    let error = write(&account).await.expect_err("not within patience");
    assert!(matches!(error, Error::RateLimited { retry_after: None }), "{error:?}");
    assert!(received(&server).await.is_empty());
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_call_sent_again() {
    let server = MockServer::start().await;
    Mock::given(header("authorization", "Bearer canary-token-1")).respond_with(ResponseTemplate::new(401)).mount(&server).await;
    let panel = ResponseTemplate::new(201).set_body_json(json!({"data": {"id": "p-1"}}));
    Mock::given(header("authorization", "Bearer canary-token-2")).respond_with(panel).mount(&server).await;
    let tokens = Arc::new(Tokens::default());
    let account = account_with(&server.uri(), tokens.clone(), options());
    assert_eq!(write(&account).await.expect("sent again"), "p-1");
    assert_eq!(write(&account).await.expect("the new token serves"), "p-1");
    assert_eq!((tokens.renewals.load(Ordering::SeqCst), received(&server).await.len()), (1, 3));
}

#[tokio::test]
async fn a_connection_that_lever_refuses_twice_is_dead() {
    let server = answering(ResponseTemplate::new(401)).await;
    let tokens = Arc::new(Tokens::default());
    let account = account_with(&server.uri(), tokens.clone(), options());
    for _ in 0..2 {
        let error = read(&account).await.expect_err("dead");
        assert!(matches!(error, Error::ReauthorizationRequired), "{error}");
    }
    assert_eq!((tokens.renewals.load(Ordering::SeqCst), received(&server).await.len()), (2, 4));
}

#[tokio::test]
async fn a_401_after_a_failed_attempt_is_still_only_the_second_renewal_away_from_the_end() {
    let server = MockServer::start().await;
    Mock::given(header("authorization", "Bearer canary-token-1")).respond_with(ResponseTemplate::new(401)).mount(&server).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(500)).up_to_n_times(1).mount(&server).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(401)).mount(&server).await;
    let tokens = Arc::new(Tokens::default());
    let error = read(&account_with(&server.uri(), tokens.clone(), options())).await.expect_err("dead");
    assert!(matches!(error, Error::ReauthorizationRequired), "{error}");
    assert_eq!(tokens.renewals.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let server = answering(ResponseTemplate::new(200)).await;
    let wait = Some(Duration::from_secs(3));
    for reason in [Error::Unavailable { status: 503, retry_after: wait }, Error::NoToken { reason: "no database", retry_after: wait }] {
        let account = account_with(&server.uri(), Arc::new(NoTokens(reason)), options());
        let error = write(&account).await.expect_err("no token");
        assert!(matches!(error, Error::NoToken { .. }), "{error}");
        assert_eq!((error.outcome(), error.retry_after()), (Outcome::DefinitelyNot, wait));
    }
    let account = account_with(&server.uri(), Arc::new(NoTokens(Error::ReauthorizationRequired)), options());
    assert!(matches!(write(&account).await, Err(Error::ReauthorizationRequired)));
    assert!(received(&server).await.is_empty());
}

#[tokio::test]
async fn a_deletion_succeeds_on_levers_word_only() {
    let deleted = answering(ResponseTemplate::new(204)).await;
    account_at(&deleted.uri()).delete_panel("o-1", "p-1", "u-1").await.expect("deleted");
    let page = answering(ResponseTemplate::new(200).set_body_string("<html>sign in to the network</html>")).await;
    let error = account_at(&page.uri()).delete_panel("o-1", "p-1", "u-1").await.expect_err("no word of Lever");
    assert_eq!(error.outcome(), Outcome::Unknown);
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_bound_also_when_packed() {
    let bomb = answering(ResponseTemplate::new(200).set_body_json(json!({"data": {"id": "u", "name": "x".repeat(70_000)}}))).await;
    let error = account_at(&bomb.uri()).get_user("u").await.expect_err("too large");
    assert!(matches!(error, Error::Unreadable { status: 200, reason: "too large" }), "{error}");
    assert_eq!(received(&bomb).await.len(), 1, "a single object would only come again as large");
    let html = answering(ResponseTemplate::new(200).set_body_string("<html>maintenance</html>")).await;
    assert!(matches!(read(&account_at(&html.uri())).await, Err(Error::Unreadable { reason: "not JSON", .. })));
}

#[tokio::test]
async fn a_page_that_points_to_itself_ends_the_list() {
    let server = answering(ResponseTemplate::new(200).set_body_json(json!({"data": [{"id": "a"}], "hasNext": true, "next": "same"}))).await;
    let account = account_at(&server.uri());
    let page = account.list_tags(&Paging::from("same")).await.expect("whoever reads page by page sees where it leads");
    assert_eq!(page.next.as_deref(), Some("same"));
    let error = account.all_panels("o-1").await.expect_err("no end");
    assert!(matches!(error, Error::Unreadable { reason: "a list without an end", .. }), "{error}");
    let webhooks = account.all_webhooks().await.expect("what it shows");
    assert_eq!((webhooks.records.len(), webhooks.next.as_deref()), (1, Some("same")));
    assert_eq!(received(&server).await.len(), 1 + 2 + 2);
}

#[tokio::test]
async fn a_set_whose_offset_dies_is_begun_again_once() {
    for (deaths, panels, asked) in [(1, Some(2), 4), (2, None, 4)] {
        let server = MockServer::start().await;
        let dead = ResponseTemplate::new(400).set_body_json(json!({"code": "BadRequestError", "message": "Invalid offset token"}));
        Mock::given(query_param("offset", "a")).respond_with(dead).up_to_n_times(deaths).with_priority(1).mount(&server).await;
        let page = |body| ResponseTemplate::new(200).set_body_json(body);
        let last = page(json!({"data": [{"id": "p-2", "interviews": []}], "hasNext": false}));
        Mock::given(query_param("offset", "a")).respond_with(last).with_priority(2).mount(&server).await;
        let first = page(json!({"data": [{"id": "p-1", "interviews": []}], "hasNext": true, "next": "a"}));
        Mock::given(any()).respond_with(first).with_priority(3).mount(&server).await;
        let all = account_at(&server.uri()).all_panels("o-1").await;
        assert_eq!(all.as_ref().ok().map(|all| all.records.len()), panels, "{all:?}");
        assert_eq!(received(&server).await.len(), asked);
    }
}

#[tokio::test]
async fn a_file_is_handed_on_as_it_comes() {
    let pdf = "%PDF-1.4 ".repeat(20_000);
    let server = answering(ResponseTemplate::new(200).set_body_raw(pdf.clone(), "application/pdf")).await;
    let mut file = account_at(&server.uri()).download_resume("o-1", "r-1").await.expect("a file");
    assert_eq!((file.content_type.as_deref(), file.content_length), (Some("application/pdf"), Some(pdf.len() as u64)));
    let mut bytes = Vec::new();
    while let Some(piece) = file.bytes.next().await {
        bytes.extend_from_slice(&piece.expect("a piece"));
    }
    assert_eq!(bytes, pdf.as_bytes());

    let (origin, _) = raw_server("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n%PDF").await;
    let cut = account_at(&origin).download_resume("o-1", "r-1").await.expect("a file");
    let pieces: Vec<_> = cut.bytes.collect().await;
    assert!(matches!(pieces.last(), Some(Err(Error::NoAnswer { .. }))), "a cut file does not end like a whole one");
}

#[tokio::test]
async fn each_lane_handle_counts_its_own_requests() {
    let server = answering(ResponseTemplate::new(200).set_body_json(json!({"data": []}))).await;
    let account = account_at(&server.uri());
    let run = account.in_lane(Lane::FirstSync);
    read(&run.clone()).await.expect("a page");
    assert_eq!((run.requests_sent(), account.requests_sent()), (1, 0));
}
