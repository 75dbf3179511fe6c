//! kill -9 in the middle of a sync, with the real binary: the next start goes on where it was, and ends complete.

mod support;

use std::process::Stdio;
use std::time::Duration;

use lever_integration::fake_lever::{FakeLever, Options};
use serde_json::Value;
use support::database::TestDatabase;
use support::story::{Setting, token, variables};
use tokio::process::{Child, Command};
use uuid::Uuid;

const PATIENCE: u32 = 1200;
const LOOK: Duration = Duration::from_millis(50);

#[tokio::test]
async fn a_sync_that_was_killed_goes_on_where_it_was() {
    let database = TestDatabase::create().await;
    // Slow enough to be killed in the middle.
    let options = Options { opportunities: 300, requests_per_second: 0.0, ..Options::default() };
    let setting = Setting { lever: options.clone(), requests_per_second: 40.0, ..Setting::default() };
    let lever = FakeLever::start(options).await.expect("the stand-in starts");
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let base = format!("http://127.0.0.1:{port}");
    let mut service = start(&setting, &lever, &database, &base, port).await;

    let account = lever.accounts().swap_remove(0);
    let caller = Caller::new(&base);
    caller.connect(&lever, &account.id, &account.super_admin().id).await;
    let total = lever.counts(&account.id).expect("counts").active_opportunities as u64;
    caller.until("some panels were read", |run| requests(run) > 12).await;
    service.kill().await.expect("killed");
    let sent_before = lever.ledger().len();
    let before: Vec<(String, String)> = lever.ledger().iter().map(|entry| (entry.path.clone(), entry.query.clone())).collect();

    let mut service = start(&setting, &lever, &database, &base, port).await;
    let run = caller.until("the sync has ended", |run| run["status"] != "running" && run["status"] != "queued").await;
    assert_eq!(run["status"], "succeeded", "{run}");
    let counted = caller.count("/v1/opportunities?archived=any").await;
    let panels = caller.count("/v1/panels?status=any").await;
    service.kill().await.expect("killed");

    // Nothing that was stored is read again: at most what was under way when it was killed.
    let again: Vec<_> = lever.ledger()[sent_before..]
        .iter()
        .filter(|entry| entry.method == "GET" && !entry.path.ends_with("/webhooks") && before.contains(&(entry.path.clone(), entry.query.clone())))
        .map(|entry| format!("{}?{}", entry.path, entry.query))
        .collect();
    assert!(again.len() <= 9, "{} requests were repeated: {again:#?}", again.len());
    let there = lever.counts(&account.id).expect("counts");
    assert_eq!(counted, there.opportunities);
    assert_eq!(panels, there.panels_of_active);
    assert!(total > 20);
    assert!(lever.unexpected().is_empty(), "{:?}", lever.unexpected());
    lever.stop().await;
    drop(database);
}

fn requests(run: &Value) -> u64 {
    run["requests"].as_u64().unwrap_or_default()
}

async fn start(setting: &Setting, lever: &FakeLever, database: &TestDatabase, base: &str, port: u16) -> Child {
    let service = Command::new(env!("CARGO_BIN_EXE_lever-integration"))
        .arg("serve")
        .env_clear()
        .envs(variables(setting, lever, database, base))
        .env("LISTEN_ADDR", format!("127.0.0.1:{port}"))
        .env("RUST_LOG", "warn")
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .expect("the binary starts");
    for _ in 0..PATIENCE {
        if let Ok(answer) = reqwest::get(format!("{base}/readyz")).await
            && answer.status().is_success()
        {
            return service;
        }
        tokio::time::sleep(LOOK).await;
    }
    panic!("the service does not become ready");
}

struct Caller {
    base: String,
    http: reqwest::Client,
    token: String,
}

impl Caller {
    fn new(base: &str) -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let token = token(Uuid::from_u128(1), "admin", "admin@modernloop.example", chrono::Utc::now());
        Self { base: base.to_owned(), http, token }
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.token).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    }

    async fn connect(&self, lever: &FakeLever, account: &str, user: &str) {
        let session = self.http.post(format!("{}/auth/session", self.base)).bearer_auth(&self.token).send().await.expect("an answer");
        let cookie = session.headers()["set-cookie"].to_str().expect("text").split(';').next().expect("a cookie").to_owned();
        let begun = self.http.get(format!("{}/integrations/lever/connect", self.base)).header("cookie", &cookie).send().await.expect("an answer");
        let back = lever.approve(begun.headers()["location"].to_str().expect("text"), account, user, None).expect("in order");
        let answer = self.http.get(back).header("cookie", &cookie).send().await.expect("an answer");
        assert_eq!(answer.status(), 303);
    }

    /// Looks at the newest run until it is as wanted.
    async fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..PATIENCE {
            let run = self.get("/v1/lever/syncs").await["data"][0].clone();
            if wanted(&run) {
                return run;
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("waited in vain until {what}");
    }

    async fn count(&self, path: &str) -> usize {
        let mut seen = 0;
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}&limit=200{cursor}")).await;
            seen += page["data"].as_array().expect("a list").len();
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return seen,
            }
        }
    }
}
