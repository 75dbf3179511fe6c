//! The consent, codes, rotation of refresh tokens, and what ends a grant.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lever_integration::fake_lever::{Event, FakeLever, Options};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use url::Url;

use super::connected::{ALL_SCOPES, Connected, REDIRECT, ask_for_token, authorize_url, http, small, value_of};

async fn refresh(it: &Connected, token: &str) -> (StatusCode, Value) {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    ask_for_token(&it.lever, &it.http, &form).await
}

#[tokio::test]
async fn an_access_token_says_who_connected_which_account() {
    let it = Connected::new(small()).await;
    let payload = URL_SAFE_NO_PAD.decode(it.token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(claims["https://oauth.lever.co/accountId"], json!(it.account.id));
    assert_eq!(claims["https://oauth.lever.co/userId"], json!(it.account.super_admin().id));
    assert_eq!(claims["aud"], json!(it.lever.audience()));
    assert_eq!(claims["scope"], json!(ALL_SCOPES));
}

#[tokio::test]
async fn every_refresh_gives_a_new_pair_and_a_spent_token_ends_it_all() {
    let it = Connected::new(small()).await;
    let (status, second) = refresh(&it, &it.refresh_token).await;
    assert_eq!((status.as_u16(), &second["expires_in"]), (200, &json!(3600)));
    let newest = second["refresh_token"].as_str().unwrap();
    assert_ne!(newest, it.refresh_token);
    let (status, refused) = refresh(&it, &it.refresh_token).await;
    assert_eq!((status.as_u16(), &refused["error"]), (403, &json!("invalid_grant")));
    assert_eq!(refresh(&it, newest).await.0, 403);
    assert_eq!(it.get("/users").await.0, 401);
    let calls = it.lever.token_calls();
    assert_eq!((calls.authorization_code, calls.refresh_token, calls.refused), (1, 3, 2));
}

#[tokio::test]
async fn within_the_overlap_the_previous_token_still_works() {
    let overlap = std::time::Duration::from_secs(30);
    let now = 1_790_000_000_000;
    let options = Options { refresh_overlap: overlap, now_ms: Some(now), ..small() };
    let it = Connected::new(options).await;
    assert_eq!(refresh(&it, &it.refresh_token).await.0, 200);
    it.lever.set_now_ms(Some(now + 29_999));
    assert_eq!(refresh(&it, &it.refresh_token).await.0, 200);
    it.lever.set_now_ms(Some(now + 30_000));
    assert_eq!(refresh(&it, &it.refresh_token).await.0, 403);
}

#[tokio::test]
async fn access_tokens_run_out_and_refresh_tokens_do_not() {
    let now = 1_790_000_000_000;
    let it = Connected::new(Options { now_ms: Some(now), ..small() }).await;
    it.lever.set_now_ms(Some(now + 3_599_999));
    assert_eq!(it.get("/users").await.0, 200);
    it.lever.set_now_ms(Some(now + 3_600_000));
    assert_eq!(it.get("/users").await.0, 401);
    let (_, pair) = refresh(&it, &it.refresh_token).await;
    let fresh = Connected { token: pair["access_token"].as_str().unwrap().to_owned(), ..it };
    assert_eq!(fresh.get("/users").await.0, 200);
    fresh.lever.expire_access_tokens();
    assert_eq!(fresh.get("/users").await.0, 401);
}

#[tokio::test]
async fn a_grant_ends_when_revoked_and_when_its_user_is_deactivated() {
    let it = Connected::new(small()).await;
    let inside = it.lever.inside(&it.account.id);
    inside.deactivate_user(&it.account.super_admin().id).unwrap();
    assert_eq!(refresh(&it, &it.refresh_token).await.0, 403);
    let it = Connected::new(small()).await;
    it.lever.revoke_grant(&it.account.id);
    assert_eq!(it.get("/users").await.0, 401);
    assert_eq!(refresh(&it, &it.refresh_token).await.0, 403);
}

#[tokio::test]
async fn a_code_is_good_once_for_its_own_address_and_client() {
    let lever = FakeLever::start(small()).await.unwrap();
    let account = lever.accounts().remove(0);
    let code = || {
        let url = authorize_url(&lever, ALL_SCOPES);
        let back = lever.approve(&url, &account.id, &account.super_admin().id, None).unwrap();
        assert_eq!(value_of(&back, "state").as_deref(), Some("state-of-the-story"));
        value_of(&back, "code").unwrap()
    };
    let exchange = async |code: &str, redirect: &str| {
        let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect)];
        ask_for_token(&lever, &http(), &form).await.0
    };
    let once = code();
    assert_eq!(exchange(&once, REDIRECT).await, 200);
    assert_eq!(exchange(&once, REDIRECT).await, 403);
    assert_eq!(exchange(&code(), "http://localhost:9/elsewhere").await, 403);
    let form = [("client_id", lever.client_id()), ("client_secret", "wrong")];
    let wrong = http().post(lever.token_url()).form(&form).send().await.unwrap();
    assert_eq!(wrong.status(), 401);
}

#[tokio::test]
async fn fewer_scopes_can_be_granted_and_no_refresh_token_without_offline_access() {
    let lever = FakeLever::start(small()).await.unwrap();
    let account = lever.accounts().remove(0);
    let url = authorize_url(&lever, ALL_SCOPES);
    let user = &account.super_admin().id;
    let back = lever.approve(&url, &account.id, user, Some(&["users:read:admin"])).unwrap();
    let code = value_of(&back, "code").unwrap();
    let form = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", REDIRECT)];
    let (_, tokens) = ask_for_token(&lever, &http(), &form).await;
    assert_eq!(tokens["scope"], "users:read:admin");
    assert_eq!(tokens.get("refresh_token"), None);
}

#[tokio::test]
async fn the_consent_page_asks_in_words_and_sends_the_browser_back() {
    let lever = FakeLever::start(small()).await.unwrap();
    let account = lever.accounts().remove(0);
    let url = authorize_url(&lever, ALL_SCOPES);
    let page = http().get(&url).send().await.unwrap().text().await.unwrap();
    assert_eq!(page.matches("<li>").count(), 16);
    assert!(page.contains("View, create, change and delete interview panels"));
    assert!(page.contains("Stand-in Lever — invented people"));
    let decide = async |decision: &str, user: &str| {
        let person = format!("{}:{user}", account.id);
        let form = [("decision", decision), ("person", person.as_str())];
        let answer = http().post(&url).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), 303);
        Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap()
    };
    let super_admin = &account.super_admin().id;
    assert!(value_of(&decide("accept", super_admin).await, "code").is_some());
    let admin = &account.users_of_role("admin")[0].id;
    for back in [decide("deny", super_admin).await, decide("accept", admin).await] {
        assert_eq!(value_of(&back, "error").as_deref(), Some("access_denied"));
        assert_eq!(value_of(&back, "state").as_deref(), Some("state-of-the-story"));
    }
    assert_eq!(lever.deny(&url).unwrap().path(), "/callback");
}

#[tokio::test]
async fn without_the_exact_audience_only_offline_access_is_offered() {
    let lever = FakeLever::start(small()).await.unwrap();
    let url = authorize_url(&lever, ALL_SCOPES).replace("v1%2F", "v1");
    let page = http().get(&url).send().await.unwrap().text().await.unwrap();
    assert_eq!(page.matches("<li>").count(), 1);
    assert!(page.contains("Keep this access while you are away"));
}

#[tokio::test]
async fn a_malformed_request_stays_on_the_page() {
    let lever = FakeLever::start(small()).await.unwrap();
    let url = authorize_url(&lever, ALL_SCOPES);
    for (good, bad) in [
        ("response_type=code", "response_type=token"),
        ("state=state-of-the-story", "state="),
        ("client_id=stand-in-client", "client_id=somebody"),
        ("redirect_uri=http", "redirect_uri=nowhere"),
    ] {
        let url = url.replace(good, bad);
        assert_eq!(http().get(&url).send().await.unwrap().status(), 400, "{bad}");
        assert!(lever.deny(&url).is_err());
    }
}

#[tokio::test]
async fn accounts_see_nothing_of_each_other() {
    let it = Connected::new(small()).await;
    let other = it.lever.accounts().remove(1);
    assert_eq!(it.get(&format!("/opportunities/{}", other.active[0])).await.0, 404);
    assert_eq!(it.get(&format!("/users/{}", other.super_admin().id)).await.0, 404);
    let hook = json!({"event": Event::CandidateHired.name(), "url": "https://hooks.example/a"});
    assert_eq!(it.send(Method::POST, "/webhooks", &hook).await.0, 201);
    assert!(it.lever.webhooks(&other.id).unwrap().is_empty());
}

#[tokio::test]
async fn a_demoted_person_can_no_longer_consent_and_others_work_on() {
    let lever = FakeLever::start(small()).await.unwrap();
    let account = lever.accounts().remove(0);
    let first = account.user_by_email("avery.stone@acme.example").unwrap();
    assert_eq!(first.id, account.super_admin().id);
    let inside = lever.inside(&account.id);
    inside.set_access_role(&first.id, "admin").unwrap();
    let url = authorize_url(&lever, ALL_SCOPES);
    let back = lever.approve(&url, &account.id, &first.id, None).unwrap();
    assert_eq!(value_of(&back, "error").as_deref(), Some("access_denied"));
    let next = lever.accounts().remove(0).super_admin().id.clone();
    inside.set_access_role(&next, "admin").unwrap();
    assert!(inside.unarchive(&account.archived[0]).is_err(), "nobody is left to do it");
}
