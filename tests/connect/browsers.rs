//! What protects people in browsers: cookies, other sites, headers, and where those go who are not signed in.

use http::Method;
use http::header::{COOKIE, ORIGIN, SET_COOKIE};

use super::support::story::{Answer, Person, Setting, Story};
use super::{NORTH, connection};

#[tokio::test]
async fn the_session_cookie_is_for_our_pages_alone() {
    let story = Story::begin().await;
    let begun = story.admin(NORTH).call(Method::POST, "/auth/session", None, &[]).await.expect(204);
    let cookie = begun.header(SET_COOKIE.as_str());
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{cookie}");
    assert!(!cookie.contains("Secure"), "the story runs on plain http: {cookie}");
    story.end().await;
}

#[tokio::test]
async fn over_https_the_cookie_is_secure() {
    let setting = Setting { variables: vec![("PUBLIC_URL", "https://lever.modernloop.example".to_owned())], ..Setting::default() };
    let story = Story::with(setting).await;
    let begun = story.admin(NORTH).call(Method::POST, "/auth/session", None, &[]).await.expect(204);
    assert!(begun.header(SET_COOKIE.as_str()).contains("Secure"));
    story.end().await;
}

#[tokio::test]
async fn another_site_cannot_write_with_a_persons_cookie() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    story.connect_and_sync(&mut admin, 0).await;
    let evil = [(ORIGIN.as_str(), "https://evil.example"), ("sec-fetch-site", "cross-site")];
    let writes = [(Method::DELETE, "/v1/lever/connection"), (Method::POST, "/v1/lever/syncs"), (Method::DELETE, "/auth/session")];
    for (method, path) in &writes {
        let answer = with_cookie(&admin, method, path, &evil).await.expect(403);
        assert_eq!(answer.code(), "cross_site_request", "{path}");
        let answer = with_cookie(&admin, method, path, &evil[..1]).await.expect(403);
        assert_eq!(answer.code(), "cross_site_request", "an old browser tells by Origin alone: {path}");
    }
    assert_eq!(connection(&admin).await["status"], "connected");
    let own = [(ORIGIN.as_str(), story.base.as_str()), ("sec-fetch-site", "same-origin")];
    with_cookie(&admin, &Method::DELETE, "/v1/lever/connection", &own).await.expect(204);
    story.end().await;
}

#[tokio::test]
async fn pages_carry_a_strict_policy_and_no_inline_script_or_style() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    admin.sign_in().await;
    let page = admin.browse("/integrations").await.expect(200);
    let policy = page.header("content-security-policy");
    for rule in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("referrer-policy"), "same-origin");
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(!page.text.contains("style=\"") && !page.text.contains("<style") && !page.text.contains(" onclick"));

    // The stylesheet, the script of every page and this page's own; and what those import.
    let mut files = files(&page.text);
    assert_eq!(files.iter().map(|file| file.rsplit('.').next().unwrap_or_default()).collect::<Vec<_>>(), ["css", "js", "js"], "{files:?}");
    let mut read = 0;
    while let Some(path) = files.get(read).cloned() {
        let file = admin.browse(&path).await.expect(200);
        assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable");
        files.extend(self::files(&file.text).into_iter().filter(|path| !files.contains(path)).collect::<Vec<_>>());
        read += 1;
    }
    assert!(read > 5, "the scripts import others: {files:?}");
    admin.browse("/assets/other.css").await.expect(404);
    story.end().await;
}

#[tokio::test]
async fn a_member_sees_how_things_stand_and_why_there_is_no_button() {
    let story = Story::begin().await;
    let mut member = story.member(NORTH);
    member.sign_in().await;
    let page = member.browse("/integrations").await.expect(200).text;
    assert!(page.contains("Only an admin of your organization can connect Lever"), "{page}");
    assert!(!page.contains("href=\"/integrations/lever/connect\""));
    story.end().await;
}

#[tokio::test]
async fn people_who_are_not_signed_in_are_sent_to_sign_in_or_told_so() {
    let story = Story::begin().await;
    let stranger = story.admin(NORTH);
    assert_eq!(stranger.browse("/").await.expect(303).location(), "/integrations");
    let told = stranger.browse("/integrations").await.expect(401);
    assert!(told.text.contains("Sign in to ModernLoop"), "{}", told.text);
    assert_eq!(stranger.browse("/sign-in").await.expect(404).header("content-type"), "text/html; charset=utf-8", "demo people exist in dev alone");
    let program = stranger.http.get(format!("{}/integrations", story.base)).send().await.expect("an answer");
    assert_eq!(program.headers()["content-type"], "application/problem+json");
    story.end().await;

    let setting = Setting { variables: vec![("SIGN_IN_URL", "https://app.modernloop.example/login".to_owned())], ..Setting::default() };
    let story = Story::with(setting).await;
    let sent = story.admin(NORTH).browse("/integrations").await.expect(303);
    assert_eq!(sent.location(), "https://app.modernloop.example/login");
    story.end().await;
}

/// Addresses of files, as a page or a script names them.
fn files(text: &str) -> Vec<String> {
    text.match_indices("/assets/").map(|(at, _)| text[at..].split_once('"').expect("in quotes").0.to_owned()).collect()
}

#[tokio::test]
async fn a_link_that_leads_nowhere_is_explained_to_people() {
    let story = Story::begin().await;
    let mut admin = story.admin(NORTH);
    let told = admin.browse("/i/0123456789abcdef").await.expect(401);
    assert_eq!(told.header("content-type"), "text/html; charset=utf-8");
    admin.sign_in().await;
    let told = admin.browse("/i/0123456789abcdef").await.expect(404);
    assert!(told.text.contains("Nothing here") && told.header("content-type").starts_with("text/html"), "{}", told.text);
    let program = story.admin(NORTH).get("/i/0123456789abcdef").await;
    assert_eq!(program.header("content-type"), "application/problem+json");
    story.end().await;
}

async fn with_cookie(person: &Person, method: &Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = person.http.request(method.clone(), format!("{}{path}", person.base));
    request = request.header(COOKIE, person.cookie.clone().expect("signed in"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.expect("text") }
}
