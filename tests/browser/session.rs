//! A session that ends where people sign in on another site, and one that is there again.

use crate::stage::{Scene, play};
use crate::support::story::SESSION_COOKIE;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_session_is_told_from_a_service_that_is_away() {
    let elsewhere = vec![("SIGN_IN_URL", "https://app.modernloop.example/login".to_owned())];
    play(Scene { variables: elsewhere, ..Scene::default() }, async |stage| {
        let browser = &stage.browser;
        stage.connected().await;
        stage.open("/candidates").await;
        let cookie = browser.driver.get_named_cookie(SESSION_COOKIE).await.expect("signed in");
        browser.driver.delete_all_cookies().await.expect("cookies can go");
        browser.set("input[name=q]", "a").await;
        browser.until("!document.querySelector('#session-ended').hidden").await;
        assert_eq!(browser.ask("return document.querySelector('#unreachable').hidden").await, true);
        stage.look("33-session-ended").await;

        browser.driver.add_cookie(cookie).await.expect("signed in again");
        browser.set("input[name=q]", "e").await;
        browser.until("document.querySelector('#session-ended').hidden").await;
        // What is said when the service is away, and no longer once it answers.
        browser.ask("window.real = fetch; window.fetch = () => Promise.reject(new TypeError('no network'))").await;
        browser.set("input[name=q]", "a").await;
        browser.until("!document.querySelector('#unreachable').hidden && document.querySelector('#session-ended').hidden").await;
        browser.audit("the service is away").await;
        browser.ask("window.fetch = window.real").await;
        browser.set("input[name=q]", "e").await;
        browser.until("document.querySelector('#unreachable').hidden").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_session_and_a_place_to_get_one_a_page_says_so() {
    play(Scene { without_demo_people: true, ..Scene::default() }, async |stage| {
        stage.open("/candidates").await;
        let said = stage.browser.text().await;
        assert!(said.contains("Please sign in") && said.contains("Sign in to ModernLoop"), "{said}");
        assert_eq!(stage.browser.ask("return document.querySelectorAll('main a').length").await, 0, "no link leads to the same page");
        stage.look("36-please-sign-in").await;
    })
    .await;
}
