//! The service with its demo people, as `dev` runs it, and a browser in front of it.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::Duration;

use futures_util::FutureExt;
use lever_integration::app::{App, Jobs};
use lever_integration::clock::Clock;
use lever_integration::config::{Config, Variables};
use lever_integration::fake_lever::{AccountView, FakeLever, Options};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use crate::chromium::Chromium;
use crate::support::database::TestDatabase;
use crate::support::story::{Setting, variables};

/// One browser at a time: it wants the whole machine.
static TURN: Mutex<()> = Mutex::const_new(());

/// See the module.
pub struct Stage {
    pub browser: Chromium,
    pub lever: FakeLever,
    pub base: String,
    pub database: TestDatabase,
    app: App,
}

/// How a stage is set.
pub struct Scene {
    /// In each of the stand-in's accounts.
    pub opportunities: usize,
    /// Our own budget towards Lever; 0 = none.
    pub requests_per_second: f64,
    /// Variables beyond the usual.
    pub variables: Vec<(&'static str, String)>,
    /// There is nobody to sign in as: people come from the web app, as in production.
    pub without_demo_people: bool,
}

impl Default for Scene {
    /// Enough candidates for a second page of them, and few enough to be copied quickly.
    fn default() -> Self {
        Self { opportunities: 120, requests_per_second: 0.0, variables: Vec::new(), without_demo_people: false }
    }
}

/// Plays a story; without a browser it is skipped, which [`Chromium::start`] says.
pub async fn play(scene: Scene, story: impl AsyncFn(&Stage)) {
    let _turn = TURN.lock().await;
    let Some(browser) = Chromium::start().await else { return };
    let stage = Stage::set(browser, scene).await;
    let played = AssertUnwindSafe(story(&stage)).catch_unwind().await;
    stage.strike().await;
    if let Err(panic) = played {
        resume_unwind(panic);
    }
}

impl Stage {
    async fn set(browser: Chromium, scene: Scene) -> Self {
        let Scene { opportunities, requests_per_second, variables: extra, without_demo_people } = scene;
        let delivery_waits = vec![Duration::from_millis(20); 5];
        let lever = Options { opportunities, active_share: 0.4, requests_per_second: 0.0, delivery_waits, ..Options::default() };
        let setting = Setting { lever, jobs: Jobs::InBackground, requests_per_second, variables: extra, ..Setting::default() };
        let lever = FakeLever::start(setting.lever.clone()).await.expect("the stand-in starts");
        let database = TestDatabase::create().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let variables = Variables::from_pairs(variables(&setting, &lever, &database.url, &base));
        let config = Config { demo_people: !without_demo_people, ..Config::read(&variables).expect("the configuration is complete") };
        let app = App::start_on(listener, config, Clock::system(), setting.jobs).await.expect("the service starts");
        Self { browser, lever, base, database, app }
    }

    async fn strike(self) {
        self.browser.quit().await;
        self.app.stop().await;
        self.lever.stop().await;
    }

    /// The stand-in's first account.
    pub fn account(&self) -> AccountView {
        self.lever.accounts().swap_remove(0)
    }

    /// Opens a page of ours.
    pub async fn open(&self, path: &str) {
        self.browser.driver.goto(format!("{}{path}", self.base)).await.expect("the page");
    }

    pub async fn sign_in(&self, person: &str) {
        self.open("/sign-in").await;
        self.browser.click(&format!("button[value='{person}']")).await;
        self.browser.until("location.pathname === '/integrations'").await;
    }

    pub async fn sign_out(&self) {
        self.browser.click("[data-sign-out]").await;
        self.browser.until("location.pathname === '/sign-in'").await;
    }

    /// Signs in as the first organization's admin, connects, and waits for the first sync to end.
    pub async fn connected(&self) {
        self.sign_in("northwind-maya").await;
        self.connect(&self.account()).await;
    }

    /// Connects to this account as its first super admin, and waits for the first sync to end.
    pub async fn connect(&self, account: &AccountView) {
        self.browser.click("#connect").await;
        self.browser.until("document.querySelector('select[name=person]')").await;
        self.browser.set("select[name=person]", &format!("{}:{}", account.id, account.super_admin().id)).await;
        self.browser.click("button[value=accept]").await;
        self.browser.until("document.querySelector('#progress')?.dataset.syncState === 'ended'").await;
    }

    /// Sends this to the API in the name of whoever is signed in; fails unless it is done.
    pub async fn send(&self, method: &str, path: &str, body: &Value) {
        let script = "const done = arguments[arguments.length - 1];
            fetch(arguments[1], { method: arguments[0], headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(arguments[2]) })
                .then(async (answer) => done([answer.ok, await answer.text()]));";
        let answer =
            self.browser.driver.execute_async(script, vec![json!(method), json!(path), body.clone()]).await.expect("an answer").json().clone();
        assert_eq!(answer[0], true, "{}", answer[1]);
    }

    /// A picture of the page, and what axe-core says about it.
    pub async fn look(&self, name: &str) {
        self.browser.picture(name).await;
        self.browser.audit(name).await;
    }
}
