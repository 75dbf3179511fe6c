//! A connection that is not well or not complete yet: permissions that are missing, a first sync under way, a sync that failed, a webhook
//! that stays silent. Each says what is true and what helps.

use lever_integration::fake_lever::{Fault, FaultKind};
use lever_integration::lever::scopes::SCOPES;
use sqlx::{Connection, PgConnection};

use crate::stage::{Scene, Stage, play};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_not_well_says_what_helps() {
    play(Scene::default(), async |stage| {
        stage.sign_in("northwind-maya").await;
        lever_grants_too_little(stage).await;
        what_is_here_while_the_rest_arrives(stage).await;
        a_sync_that_failed(stage).await;
        a_webhook_that_stays_silent(stage).await;
    })
    .await;
}

async fn lever_grants_too_little(stage: &Stage) {
    let (browser, account) = (&stage.browser, stage.account());
    browser.click("#connect").await;
    browser.until("location.pathname === '/authorize'").await;
    let asked = browser.ask("return location.href").await;
    let granted: Vec<&str> = SCOPES.into_iter().filter(|scope| !["panels:write:admin", "webhooks:write:admin"].contains(scope)).collect();
    let back = stage.lever.approve(asked.as_str().expect("an address"), &account.id, &account.super_admin().id, Some(&granted));
    browser.driver.goto(back.expect("in order").as_str()).await.expect("the page");
    browser.until("location.pathname === '/integrations'").await;
    let said = browser.text().await;
    assert!(said.contains("Lever granted 14 of the 16 permissions") && said.contains("Manage all webhooks"), "{said}");
    stage.look("70-permissions-missing").await;
    for (page, name) in [("/candidates", "71-candidates-permissions-missing"), ("/interviews", "72-interviews-permissions-missing")] {
        stage.open(page).await;
        let said = browser.text().await;
        assert!(said.contains("Nothing has been copied from Lever yet"), "nothing is on its way: {said}");
        stage.look(name).await;
    }
}

async fn what_is_here_while_the_rest_arrives(stage: &Stage) {
    let browser = &stage.browser;
    stage.lever.fault(Fault::new("GET", "/v1/opportunities", FaultKind::RequestHeld));
    stage.open("/integrations").await;
    browser.click(".notice a.button").await;
    browser.click("button[value=accept]").await;
    stage.lever.wait_held(1).await;
    stage.open("/candidates").await;
    assert!(browser.text().await.contains("Candidates are on their way"));
    stage.look("73-candidates-on-their-way").await;

    stage.lever.clear_faults();
    stage.lever.fault(Fault::new("GET", "/v1/opportunities/*/panels", FaultKind::RequestHeld));
    stage.lever.release().await;
    stage.lever.wait_held(1).await;
    browser.until("/\\d+ candidates are here already/.test(document.querySelector('#notice').innerText)").await;
    stage.look("74-candidates-arriving").await;
    stage.open("/interviews").await;
    assert!(browser.text().await.contains("Interviews are on their way"));
    stage.look("75-interviews-arriving").await;
    stage.lever.clear_faults();
    stage.lever.release().await;
    browser.until("document.querySelector('#notice').innerText === '' && document.querySelector('.entry')").await;
}

async fn a_sync_that_failed(stage: &Stage) {
    let browser = &stage.browser;
    stage.lever.fault(Fault::new("GET", "/v1/tags", FaultKind::Status { code: 403, retry_after_seconds: None }));
    stage.open("/integrations").await;
    browser.click("#sync-now").await;
    browser.until("document.querySelector('#progress').innerText.includes('Lever does not let us read its tags')").await;
    browser.until("document.querySelector('#history .dot.bad')").await;
    stage.look("76-sync-failed").await;
    stage.lever.clear_faults();
}

async fn a_webhook_that_stays_silent(stage: &Stage) {
    let browser = &stage.browser;
    // As the sync finds it ten minutes after a change of which nothing was told.
    let mut database = PgConnection::connect(&stage.database.url).await.expect("the database");
    sqlx::query("UPDATE webhooks SET missed_at = now() WHERE event = 'candidateArchiveChange'").execute(&mut database).await.expect("found out");
    stage.open("/integrations").await;
    let said = browser.text().await;
    assert!(said.contains("Needs attention") && said.contains("switch on “Candidate archive state change”"), "{said}");
    assert_eq!(browser.ask("return document.querySelector('[data-event=candidateArchiveChange] .dot').className").await, "dot warn");
    stage.look("77-webhook-silent").await;
    stage.open("/candidates").await;
    assert!(browser.text().await.contains("The connection to Lever needs attention"));
    browser.audit("candidates while a webhook is silent").await;
}
