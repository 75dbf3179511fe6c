//! Redirects: followed to Lever, never elsewhere.

use std::sync::atomic::Ordering;

use lever_integration::lever::{Error, Outcome, Paging};
use serde_json::json;
use url::Url;
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::support::{account_at, header, raw_server, received, requests};

#[tokio::test]
async fn a_write_is_sent_on_whole_and_its_new_home_is_remembered() {
    let server = MockServer::start().await;
    for status in [301, 302, 303, 307, 308] {
        server.reset().await;
        let onward = ResponseTemplate::new(status).insert_header("location", "/eu/v1/opportunities/o-1/panels?perform_as=u-1");
        Mock::given(path("/v1/opportunities/o-1/panels")).respond_with(onward).mount(&server).await;
        let panel = ResponseTemplate::new(201).set_body_json(json!({"data": {"id": "p-1"}}));
        Mock::given(method("POST")).and(path("/eu/v1/opportunities/o-1/panels")).respond_with(panel).mount(&server).await;
        let tags = ResponseTemplate::new(200).set_body_json(json!({"data": []}));
        Mock::given(path("/eu/v1/tags")).respond_with(tags).mount(&server).await;

        let account = account_at(&server.uri());
        let panel = account.create_panel("o-1", "u-1", &json!({"timezone": "UTC"})).await.expect("created");
        assert_eq!(panel.id, "p-1");
        let requests = requests(&server).await;
        assert_eq!(requests[1].body, br#"{"timezone":"UTC"}"#);
        assert_eq!(header(&requests[1], "authorization"), "Bearer canary-token-1");

        assert_eq!(account.api_root().path(), "/eu/v1");
        account.list_tags(&Paging::first()).await.expect("asked at the new home at once");
        assert_eq!(received(&server).await.last().map(String::as_str), Some("GET /eu/v1/tags?limit=100"));
    }
}

#[tokio::test]
async fn nothing_is_sent_to_a_foreign_host() {
    let (trap, caught) = raw_server("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"data\":[]}").await;
    let server = MockServer::start().await;
    for place in [format!("{trap}/v1/users"), trap.replacen("http:", "", 1), trap.replace("127.0.0.1", "localhost")] {
        server.reset().await;
        let onward = ResponseTemplate::new(307).insert_header("location", place.as_str());
        Mock::given(any()).respond_with(onward).mount(&server).await;
        let account = account_at(&server.uri());
        let read = account.list_users(&Paging::first()).await.expect_err("refused");
        assert!(matches!(read, Error::Redirected { status: 307 }), "{read}");
        let write = account.create_panel("o-1", "u-1", &json!({})).await.expect_err("refused");
        assert_eq!(write.outcome(), Outcome::Unknown);
        assert_eq!(received(&server).await.len(), 2, "a refused redirect is not tried again");
        assert_eq!(account.api_root().as_str(), format!("{}/v1", server.uri()));
    }
    let stored = Url::parse(&format!("{trap}/v1")).expect("a URL");
    let account = account_at(&server.uri()).at_api_root(Some(stored));
    let _ = account.get_user("u-1").await;
    assert_eq!(caught.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn going_in_circles_ends() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(302).insert_header("location", "/v1/users")).mount(&server).await;
    let lost = account_at(&server.uri()).list_users(&Paging::first()).await.expect_err("no end");
    assert!(matches!(lost, Error::Redirected { status: 302 }), "{lost}");
    assert_eq!(received(&server).await.len(), 4);
}

#[tokio::test]
async fn a_stored_home_is_used_from_the_start() {
    let server = MockServer::start().await;
    Mock::given(path("/eu/v1/users/u-1")).respond_with(ResponseTemplate::new(200).set_body_json(json!({"data": {"id": "u-1"}}))).mount(&server).await;
    let home = Url::parse(&format!("{}/eu/v1", server.uri())).expect("a URL");
    let account = account_at(&server.uri()).at_api_root(Some(home));
    assert_eq!(account.get_user("u-1").await.expect("found there").id, "u-1");
}
