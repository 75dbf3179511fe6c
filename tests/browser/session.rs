//! A session that ends where people sign in on another site, and one that is there again.

use crate::stage::play_with;
use crate::support::story::SESSION_COOKIE;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_session_is_told_from_a_service_that_is_away() {
    let elsewhere = vec![("SIGN_IN_URL", "https://app.modernloop.example/login".to_owned())];
    play_with(0.0, elsewhere, async |stage| {
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
