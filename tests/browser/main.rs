//! What people do, in a real browser: sign in, connect, watch the sync, see a webhook arrive, disconnect; and what another
//! organization sees of it. Pictures of each page are kept in `target/screenshots`.

#[path = "../support/mod.rs"]
mod support;

mod chromium;

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::Duration;

use chromium::Chromium;
use futures_util::FutureExt;
use lever_integration::app::{App, Jobs};
use lever_integration::clock::Clock;
use lever_integration::config::{Config, Variables};
use lever_integration::fake_lever::{Event, FakeLever, Options};
use support::database::TestDatabase;
use support::story::{Setting, variables};
use tokio::net::TcpListener;

/// The service with its demo people, as `dev` runs it.
struct Stage {
    app: App,
    lever: FakeLever,
    _database: TestDatabase,
    base: String,
}

impl Stage {
    async fn set() -> Self {
        let lever =
            Options { opportunities: 300, requests_per_second: 0.0, delivery_waits: vec![Duration::from_millis(20); 5], ..Options::default() };
        // A budget that lets the sync be seen at work.
        let setting = Setting { lever, jobs: Jobs::InBackground, requests_per_second: 15.0, variables: Vec::new() };
        let lever = FakeLever::start(setting.lever.clone()).await.expect("the stand-in starts");
        let database = TestDatabase::create().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let variables = Variables::from_pairs(variables(&setting, &lever, &database.url, &base));
        let config = Config { demo_people: true, ..Config::read(&variables).expect("the configuration is complete") };
        let app = App::start_on(listener, config, Clock::system(), setting.jobs).await.expect("the service starts");
        Self { app, lever, _database: database, base }
    }

    async fn strike(self) {
        self.app.stop().await;
        self.lever.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_connect_lever_and_watch_it_work() {
    let Some(browser) = Chromium::start().await else { return };
    let stage = Stage::set().await;
    let story = AssertUnwindSafe(story(&browser, &stage)).catch_unwind().await;
    browser.quit().await;
    stage.strike().await;
    if let Err(panic) = story {
        resume_unwind(panic);
    }
}

async fn story(browser: &Chromium, stage: &Stage) {
    let account = stage.lever.accounts().swap_remove(0);
    connect(browser, stage).await;
    watch_the_sync(browser).await;
    see_a_webhook_arrive(browser, stage).await;

    sign_out(browser).await;
    another_organization_sees_nothing(browser, &account.id).await;
    a_refusal_is_explained(browser).await;

    sign_out(browser).await;
    sign_in(browser, "northwind-tom").await;
    assert!(browser.text().await.contains("Only an admin of your organization can change this connection"));
    sign_out(browser).await;
    disconnect(browser, stage, &account.id).await;
}

async fn sign_in(browser: &Chromium, person: &str) {
    browser.click(&format!("button[value='{person}']")).await;
    browser.until("location.pathname === '/integrations'").await;
}

async fn sign_out(browser: &Chromium) {
    browser.click("[data-action=signOut]").await;
    browser.until("location.pathname === '/sign-in'").await;
}

async fn connect(browser: &Chromium, stage: &Stage) {
    browser.driver.goto(format!("{}/", stage.base)).await.expect("the page");
    browser.until("location.pathname === '/sign-in'").await;
    browser.picture("1-sign-in").await;
    sign_in(browser, "northwind-maya").await;
    assert!(browser.text().await.contains("Not connected"));
    browser.picture("2-not-connected").await;

    browser.click("#connect").await;
    browser.until("location.pathname === '/authorize'").await;
    browser.click("button[value=accept]").await;
    browser.until("location.pathname === '/integrations'").await;
    let said = browser.text().await;
    assert!(said.contains("Lever is connected") && said.contains("Super Admin in Lever"), "{said}");
    browser.until("location.search === ''").await;
}

async fn watch_the_sync(browser: &Chromium) {
    browser.until("document.querySelector('#progress').dataset.syncState === 'running'").await;
    browser.until("document.querySelector('[data-kind=users] progress')?.value === 100").await;
    browser.until("Number(document.querySelector('[data-kind=opportunities] output').textContent) > 0").await;
    browser.picture("3-syncing").await;
    browser.until("document.querySelector('#progress').dataset.syncState === 'ended'").await;
    browser.until("document.querySelector('[data-kind=opportunities] output').textContent === '300'").await;
    let said = browser.text().await;
    assert!(said.contains("Everything has been read from Lever."), "{said}");
    browser.until("[...document.querySelectorAll('progress')].every((bar) => bar.value === 100)").await;
}

async fn see_a_webhook_arrive(browser: &Chromium, stage: &Stage) {
    browser.until("document.querySelector('[data-event=candidateArchiveChange]').innerText.includes('nothing has arrived yet')").await;
    assert!(browser.text().await.contains("Candidate archive state change"), "the switch to throw is named");
    browser.picture("4-synced").await;

    let account = stage.lever.accounts().swap_remove(0);
    stage.lever.switch(&account.id, Event::CandidateArchiveChange, true).expect("the account");
    stage.lever.inside(&account.id).archive(&account.active[0], &account.archive_reasons[0]).expect("an active candidate");
    browser.until("document.querySelector('[data-event=candidateArchiveChange]').innerText.includes('Arriving')").await;
    let hint = "document.querySelector('#webhooks .hint').innerText";
    browser.until(&format!("{hint}.includes('Interview deleted') && !{hint}.includes('Candidate archive state change')")).await;
    browser.picture("5-webhook-arrived").await;
}

async fn another_organization_sees_nothing(browser: &Chromium, account: &str) {
    sign_in(browser, "blue-harbor-priya").await;
    let source = browser.driver.source().await.expect("the page");
    assert!(source.contains("Not connected") && !source.contains(account) && !source.contains("data-kind"), "{source}");
}

async fn a_refusal_is_explained(browser: &Chromium) {
    browser.click("#connect").await;
    browser.click("button[value=deny]").await;
    browser.until("location.pathname === '/integrations'").await;
    let said = browser.text().await;
    assert!(said.contains("Only a Lever Super Admin can accept it") && said.contains("Not connected"), "{said}");
    browser.picture("6-denied").await;
}

async fn disconnect(browser: &Chromium, stage: &Stage, account: &str) {
    sign_in(browser, "northwind-maya").await;
    browser.click("[data-action=ask]").await;
    browser.until("document.querySelector('#question').open && document.querySelector('#confirm').disabled").await;
    let word = browser.driver.find(thirtyfour::By::Id("word")).await.expect("the field");
    word.send_keys("disconnect").await.expect("it takes text");
    browser.until("!document.querySelector('#confirm').disabled").await;
    browser.picture("7-disconnecting").await;
    browser.click("#confirm").await;
    browser.until("document.body.innerText.includes('Not connected')").await;
    let said = browser.text().await;
    assert!(said.contains(account) && said.contains("Delete the synced data"), "{said}");
    assert!(stage.lever.webhooks(account).expect("the account").is_empty(), "nothing is left at Lever");
    browser.picture("8-disconnected").await;

    browser.click("[data-action=ask]").await;
    browser.until("document.querySelector('#question').open && document.querySelector('#confirm').disabled").await;
    browser.driver.find(thirtyfour::By::Id("word")).await.expect("the field").send_keys("delete").await.expect("it takes text");
    browser.click("#confirm").await;
    browser.until(&format!("document.querySelector('#connect') && !document.body.innerText.includes('{account}')")).await;

    browser.driver.goto(format!("{}/integrations/lever/callback?state=x&code=y", stage.base)).await.expect("a page");
    assert!(browser.text().await.contains("Press Connect again"));
    browser.picture("9-refused").await;
}
