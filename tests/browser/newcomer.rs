//! A newcomer's first minutes: by what the pages offer, without typing anything, from sign-in to a panel in the week.

use crate::stage::{Scene, Stage, play};

/// Few enough for two minutes, also for somebody who looks at each page first.
const MOST_CLICKS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_books_a_panel_within_a_few_clicks() {
    // At Lever's own pace: one need not wait for the whole copy.
    play(Scene { requests_per_second: 10.0, ..Scene::default() }, async |stage| {
        let browser = &stage.browser;
        stage.open("/").await;
        let way = [
            ("80-sign-in", "button[value='northwind-maya']", "the person to sign in as"),
            ("81-integrations", "#connect", "Connect"),
            ("", "button[value=accept]", "Lever's own page"),
            ("82-connected", "main > .message.good a", "where to go on"),
            ("83-candidates", ".people-list a", "a candidate"),
            ("84-candidate", "#schedule-button", "the form"),
            ("85-form", "#interviews [role=combobox]", "who interviews"),
            ("86-people", "#interviews [role=option]:has(.at-ease)", "somebody who is free"),
            ("87-ready", "#save", "the button that schedules"),
            ("88-scheduled", "#said a", "the week"),
        ];
        assert!(way.len() <= MOST_CLICKS);
        for (picture, next, what) in way {
            step(stage, picture, next, what).await;
        }
        browser.until("location.pathname === '/interviews' && document.querySelector('.entry.ours')").await;
        assert_eq!(browser.ask("return document.querySelector('.entry.ours strong').textContent").await, "Interview");
        stage.look("89-in-the-week").await;
    })
    .await;
}

/// Looks at the page as it offers the next step, and takes it.
async fn step(stage: &Stage, picture: &str, next: &str, what: &str) {
    let shown = format!("document.querySelector(\"{next}\")?.getClientRects().length");
    stage.browser.until(&format!("{shown} /* {what} */")).await;
    if !picture.is_empty() {
        stage.browser.picture(picture).await;
    }
    stage.browser.click(next).await;
}
