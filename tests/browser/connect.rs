//! Connecting: sign in, accept at Lever, watch the sync, see a webhook arrive, disconnect; what others see of it, and a refusal.

use lever_integration::fake_lever::Event;
use thirtyfour::By;

use crate::stage::{Scene, Stage, play};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_connect_lever_and_watch_it_work() {
    // A budget that lets the sync be seen at work.
    play(Scene { opportunities: 300, requests_per_second: 60.0, ..Scene::default() }, async |stage| {
        connect(stage).await;
        watch_the_sync(stage).await;
        see_a_webhook_arrive(stage).await;
        stage.sign_out().await;
        another_organization_sees_nothing(stage).await;
        a_refusal_is_explained(stage).await;
        stage.sign_out().await;
        a_member_cannot_connect_anything(stage).await;
        stage.sign_out().await;
        disconnect(stage).await;
        a_stale_callback_is_refused(stage).await;
    })
    .await;
}

async fn connect(stage: &Stage) {
    let browser = &stage.browser;
    stage.open("/").await;
    browser.until("location.pathname === '/sign-in'").await;
    stage.look("01-sign-in").await;
    stage.sign_in("northwind-maya").await;
    assert!(browser.text().await.contains("Not connected"));
    browser.click("summary").await;
    stage.look("02-not-connected").await;
    for page in ["/candidates", "/interviews"] {
        stage.open(page).await;
        assert!(browser.text().await.contains("Lever is not connected yet"));
        stage.look(&format!("03-not-connected{}", page.replace('/', "-"))).await;
    }

    stage.open("/integrations").await;
    browser.click("#connect").await;
    browser.until("location.pathname === '/authorize'").await;
    browser.click("button[value=accept]").await;
    browser.until("location.pathname === '/integrations'").await;
    let said = browser.text().await;
    assert!(said.contains("Lever is connected") && said.contains("Super Admin in Lever"), "{said}");
    browser.until("location.search === ''").await;
}

async fn watch_the_sync(stage: &Stage) {
    let browser = &stage.browser;
    browser.until("document.querySelector('#progress').dataset.syncState === 'running'").await;
    browser.until("document.querySelector('[data-kind=users] progress')?.value === 100").await;
    browser.until("Number(document.querySelector('[data-kind=opportunities] output').textContent) > 0").await;
    browser.until("document.querySelector('#pace')?.hidden === false").await;
    browser.until("/ left/.test(document.querySelector('#pace figcaption').textContent)").await;
    assert!(
        browser.ask("return document.querySelector('#pace polyline').getAttribute('points')").await.as_str().is_some_and(|line| line.contains(' '))
    );
    stage.look("04-syncing").await;
    browser.until("document.querySelector('#progress').dataset.syncState === 'ended'").await;
    browser.until("document.querySelector('[data-kind=opportunities] output').textContent === '300'").await;
    browser.until("document.querySelector('#history').innerText.includes('Full sync')").await;
    assert!(browser.text().await.contains("Everything has been read from Lever."));
}

async fn see_a_webhook_arrive(stage: &Stage) {
    let browser = &stage.browser;
    browser.until("document.querySelector('[data-event=candidateArchiveChange]').innerText.includes('nothing has arrived yet')").await;
    assert!(browser.text().await.contains("Candidate archive state change"), "the switch to throw is named");
    stage.look("05-synced").await;

    let account = stage.account();
    stage.lever.switch(&account.id, Event::CandidateArchiveChange, true).expect("the account");
    stage.lever.inside(&account.id).archive(&account.active[0], &account.archive_reasons[0]).expect("an active candidate");
    browser.until("document.querySelector('[data-event=candidateArchiveChange]').innerText.includes('Arriving')").await;
    browser.until("document.querySelector('[data-event=candidateArchiveChange] .dot').textContent === '✓'").await;
    let hint = "document.querySelector('#webhooks .hint').innerText";
    browser.until(&format!("{hint}.includes('Interview deleted') && !{hint}.includes('Candidate archive state change')")).await;
    stage.look("06-webhook-arrived").await;
}

async fn another_organization_sees_nothing(stage: &Stage) {
    let browser = &stage.browser;
    stage.sign_in("blue-harbor-priya").await;
    let source = browser.driver.source().await.expect("the page");
    assert!(source.contains("Not connected") && !source.contains(&stage.account().id) && !source.contains("data-kind"), "{source}");
    stage.open(&format!("/candidates/{}", stage.account().active[1])).await;
    assert!(browser.text().await.contains("Nothing here"), "another organization's candidate is not there");
    stage.open("/integrations").await;
}

async fn a_refusal_is_explained(stage: &Stage) {
    let browser = &stage.browser;
    browser.click("#connect").await;
    browser.click("button[value=deny]").await;
    browser.until("location.pathname === '/integrations'").await;
    let said = browser.text().await;
    assert!(said.contains("Only a Lever Super Admin can accept it") && said.contains("Not connected"), "{said}");
    stage.look("07-denied").await;
}

async fn a_member_cannot_connect_anything(stage: &Stage) {
    let browser = &stage.browser;
    stage.sign_in("northwind-tom").await;
    assert!(browser.text().await.contains("Only an admin of your organization can change this connection"));
    assert_eq!(browser.ask("return document.querySelectorAll('#sync-now, [data-action=ask], a[href$=connect]').length").await, 0);
    stage.look("08-member").await;
    stage.open("/integrations/lever/connect").await;
    let said = browser.text().await;
    assert!(said.contains("Not allowed") && said.contains("Only an admin of your organization"), "{said}");
    stage.look("12-not-allowed").await;
    browser.click("main a.button").await;
    browser.until("location.pathname === '/integrations'").await;
}

async fn disconnect(stage: &Stage) {
    let (browser, account) = (&stage.browser, stage.account().id);
    stage.sign_in("northwind-maya").await;
    browser.click("[data-action=ask]").await;
    browser.until("document.querySelector('#question').open && document.querySelector('#confirm').disabled").await;
    browser.type_into("#word", "disconnect").await;
    browser.until("!document.querySelector('#confirm').disabled").await;
    stage.look("09-disconnecting").await;
    browser.click("#confirm").await;
    browser.until("document.body.innerText.includes('Not connected')").await;
    let said = browser.text().await;
    assert!(said.contains(&account) && said.contains("Delete the synced data"), "{said}");
    assert!(stage.lever.webhooks(&account).expect("the account").is_empty(), "nothing is left at Lever");
    stage.look("10-disconnected").await;
    stage.open("/candidates").await;
    assert!(browser.text().await.contains("Lever is disconnected"), "old data says that it is old");
    stage.open(&format!("/candidates/{}", stage.account().active[0])).await;
    assert!(browser.text().await.contains("Lever is not connected, so nothing can be scheduled"));
    assert_eq!(browser.ask("return document.querySelectorAll('#schedule-button, #note-form, [data-edit]').length").await, 0);
    browser.audit("a candidate while Lever is disconnected").await;

    stage.open("/integrations").await;
    browser.click("[data-action=ask]").await;
    browser.until("document.querySelector('#question').open && document.querySelector('#confirm').disabled").await;
    browser.driver.find(By::Id("word")).await.expect("the field").send_keys("delete").await.expect("it takes text");
    browser.click("#confirm").await;
    browser.until(&format!("document.querySelector('#connect') && !document.body.innerText.includes('{account}')")).await;
}

async fn a_stale_callback_is_refused(stage: &Stage) {
    stage.open("/integrations/lever/callback?state=x&code=y").await;
    assert!(stage.browser.text().await.contains("Press Connect again"));
    stage.look("11-refused").await;
}
