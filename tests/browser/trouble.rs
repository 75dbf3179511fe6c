//! Broken states: Lever silent in the middle of a booking, Lever down, and a session that ends while somebody types.

use std::time::Duration;

use lever_integration::fake_lever::{Fault, FaultKind};

use crate::calendar::after_tuesday;
use crate::schedule::{fill_in, pick};
use crate::stage::{Scene, Stage, play};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trouble_is_told_and_nothing_typed_is_lost() {
    play(Scene::default(), async |stage| {
        stage.connected().await;
        an_answer_that_never_comes(stage).await;
        lever_that_is_down(stage).await;
        a_session_that_ends(stage).await;
        stage.sign_in("northwind-maya").await;
        a_grant_that_is_gone(stage).await;
    })
    .await;
}

async fn a_session_that_ends(stage: &Stage) {
    let browser = &stage.browser;
    stage.open("/candidates").await;
    browser.click(".people-list a").await;
    fill_in(browser, &after_tuesday(1), "10:00").await;
    pick(browser, 1, "a").await;
    browser.driver.delete_all_cookies().await.expect("cookies can go");
    browser.click("#save").await;
    browser.until("document.querySelector('#form-said').innerText.includes('Your session has ended')").await;
    assert_eq!(browser.ask("return document.querySelector('#interviews [name=subject]').value").await, "System design");
    stage.look("50-session-ended").await;
}

async fn an_answer_that_never_comes(stage: &Stage) {
    let browser = &stage.browser;
    stage.open(&format!("/candidates/{}", stage.account().active[2])).await;
    fill_in(browser, &after_tuesday(2), "10:00").await;
    pick(browser, 1, "a").await;
    stage.lever.fault(Fault::new("POST", "/v1/opportunities/*/panels", FaultKind::CommitLate { after: Duration::from_secs(20) }).times(1));
    browser.click("#save").await;
    browser.until("document.querySelector('#form-said').innerText.includes('Asking Lever')").await;
    stage.look("51-asking").await;
    browser.until("document.querySelector('#said').innerText.includes('Lever has not answered yet. We are finding out.')").await;
    // Whoever leaves and comes back is told as well.
    stage.open(&format!("/candidates/{}", stage.account().active[2])).await;
    browser.until("document.querySelector('#said').innerText.includes('Lever has not answered yet. We are finding out.')").await;
    stage.look("52-finding-out").await;
    browser.until("document.querySelector('#said').innerText.includes('Scheduled. It is in Lever now.')").await;
    browser.until("document.querySelector('#panels').innerText.includes('System design')").await;
    let panels = stage.lever.panels_of(&stage.account().id, &stage.account().active[2]).expect("the candidate");
    let ours = panels.iter().filter(|panel| {
        panel["interviews"][0]["subject"] == "System design" && panel["externalUrl"].as_str().is_some_and(|url| url.starts_with(&stage.base))
    });
    assert_eq!(ours.count(), 1, "one panel at Lever");
}

async fn lever_that_is_down(stage: &Stage) {
    let browser = &stage.browser;
    browser.click("[data-edit]").await;
    browser.until("document.querySelector('#schedule').open").await;
    browser.type_into("#interviews [name=location]", "Room Kettledrum").await;
    stage.lever.fault(Fault::new("GET", "/v1/**", FaultKind::Status { code: 503, retry_after_seconds: None }));
    browser.click("#save").await;
    browser.until("document.querySelector('#form-said').innerText.includes('Lever does not answer')").await;
    assert_eq!(browser.ask("return document.querySelector('#interviews [name=location]').value.includes('Kettledrum')").await, true);
    stage.look("53-lever-down").await;
    stage.lever.clear_faults();
}

async fn a_grant_that_is_gone(stage: &Stage) {
    let browser = &stage.browser;
    stage.lever.revoke_grant(&stage.account().id);
    stage.lever.expire_access_tokens();
    browser.click("#sync-now").await;
    browser.until("document.querySelector('#lever-status').innerText.includes('Reconnect needed')").await;
    stage.look("54-reauthorization").await;
    stage.open("/candidates").await;
    assert!(browser.text().await.contains("Lever must be connected again"));
    stage.open(&format!("/candidates/{}", stage.account().active[2])).await;
    assert!(browser.text().await.contains("Nothing can be scheduled until an admin has connected Lever again"));
    assert_eq!(browser.ask("return document.querySelectorAll('#schedule-button, #note-form, [data-edit]').length").await, 0);
    browser.audit("a candidate while Lever must be connected again").await;
    stage.open("/integrations").await;
    browser.click(".notice a.button").await;
    browser.click("button[value=accept]").await;
    browser.until("location.pathname === '/integrations' && document.body.innerText.includes('Lever is connected')").await;
}
