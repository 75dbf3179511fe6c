//! A story: the whole service over real HTTP, with a real Postgres, the stand-in Lever and a clock moved by hand.
//!
//! Jobs are done when the story says so ([`Story::work`]). [`Story::end`] fails the test for what is left over: jobs that are due,
//! calls that Lever does not have, and requests beyond Lever's limit.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::Method;
use jsonwebtoken::{EncodingKey, Header, encode};
use lever_integration::app::{App, Jobs};
use lever_integration::clock::Clock;
use lever_integration::config::{Config, Variables};
use lever_integration::fake_lever::{AccountView, FakeLever, Options};
use lever_integration::{lever, worker};
use reqwest::header::{AUTHORIZATION, COOKIE, LOCATION, SET_COOKIE};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;
use uuid::Uuid;

use super::database::TestDatabase;

/// Verifies the callers' tokens.
pub const JWT_SECRET: &str = "the secret of the stories, long enough";
/// The session cookie's name, as browsers see it.
pub const SESSION_COOKIE: &str = "lever_integration_session";

/// A reading that follows another closely rests for half a second; one that failed waits for longer.
const MOMENT: Duration = Duration::from_millis(500);

/// How a story begins.
pub struct Setting {
    pub lever: Options,
    pub jobs: Jobs,
    /// Our own budget towards Lever; 0 = none. The stand-in's limit is in `lever`.
    pub requests_per_second: f64,
    /// How long the service waits for Lever.
    pub patience: lever::Options,
    /// Variables beyond the usual, or instead of them.
    pub variables: Vec<(&'static str, String)>,
}

impl Default for Setting {
    /// A small Lever without a limit, so that a story is quick; jobs by hand.
    fn default() -> Self {
        Self {
            lever: Options { opportunities: 40, requests_per_second: 0.0, delivery_waits: vec![Duration::from_millis(20); 5], ..Options::default() },
            jobs: Jobs::ByHand,
            requests_per_second: 0.0,
            patience: lever::Options::default(),
            variables: Vec::new(),
        }
    }
}

/// See the module.
pub struct Story {
    pub app: App,
    pub lever: FakeLever,
    pub database: TestDatabase,
    pub clock: Clock,
    pub base: String,
}

impl Story {
    pub async fn begin() -> Self {
        Self::with(Setting::default()).await
    }

    pub async fn with(setting: Setting) -> Self {
        // The stand-in's tokens live on the wall clock: a story begins now and moves on from there. A worker in the background
        // needs a time that passes by itself.
        let clock = if setting.jobs == Jobs::ByHand { Clock::manual(Utc::now()) } else { Clock::system() };
        Self::on(setting, clock).await
    }

    /// A story on this clock.
    pub async fn on(setting: Setting, clock: Clock) -> Self {
        let lever = FakeLever::start(setting.lever.clone()).await.expect("the stand-in starts");
        let database = TestDatabase::create().await;
        let (app, base) = start_service(&setting, &lever, &database, clock.clone()).await;
        Self { app, lever, database, clock, base }
    }

    /// Another replica on the same database, Lever and clock.
    pub async fn replica(&self, setting: &Setting) -> (App, String) {
        self.replica_on(setting, self.clock.clone()).await
    }

    /// Another replica, on a machine whose clock shows another time.
    pub async fn replica_on(&self, setting: &Setting, clock: Clock) -> (App, String) {
        start_service(setting, &self.lever, &self.database, clock).await
    }

    pub fn admin(&self, organization: Uuid) -> Person {
        self.person(organization, "admin")
    }

    pub fn member(&self, organization: Uuid) -> Person {
        self.person(organization, "member")
    }

    fn person(&self, organization: Uuid, role: &'static str) -> Person {
        Person::new(&self.base, organization, role, self.clock.now())
    }

    /// Does every due job, and what becomes due by it. What Lever tells about something that was read just now is read again a
    /// moment later: the clock moves on by that moment.
    pub async fn work(&self) {
        loop {
            worker::run_until_idle(&self.app.state).await.expect("the worker reaches the database");
            let now = self.clock.now();
            match resting(&self.app, now).await {
                Some(until) => self.clock.advance((until - now).to_std().expect("a time to come")),
                None => return,
            }
        }
    }

    /// The stand-in's accounts.
    pub fn account(&self, at: usize) -> AccountView {
        self.lever.accounts().swap_remove(at)
    }

    /// Connects the person's organization to the stand-in's account. Jobs are not done yet.
    pub async fn connect(&self, admin: &mut Person, account: usize) {
        admin.connect(&self.lever, account).await;
    }

    /// Connects and does the first full sync.
    pub async fn connect_and_sync(&self, admin: &mut Person, account: usize) {
        self.connect(admin, account).await;
        self.work().await;
        let syncs = admin.get("/v1/lever/syncs?kind=full").await.json();
        assert_eq!(syncs["data"][0]["status"], "succeeded", "{syncs}");
    }

    /// Ends the story; fails for whatever is left over.
    pub async fn end(self) {
        let due: Vec<(String, String)> = sqlx_due(&self.app, self.clock.now()).await;
        assert!(due.is_empty(), "jobs are left over: {due:?}");
        assert!(self.lever.unexpected().is_empty(), "calls that Lever does not have: {:?}", self.lever.unexpected());
        assert!(self.lever.violations().is_empty(), "requests beyond Lever's limit: {:?}", self.lever.violations());
        self.app.stop().await;
        self.lever.stop().await;
        drop(self.database);
    }
}

async fn start_service(setting: &Setting, lever: &FakeLever, database: &TestDatabase, clock: Clock) -> (App, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let config = config(setting, lever, database, &base);
    let app = App::start_with(listener, config, setting.patience, clock, setting.jobs).await.expect("the service starts");
    (app, base)
}

/// The configuration that a story's service has, as the environment would give it.
pub fn variables(setting: &Setting, lever: &FakeLever, database_url: &str, base: &str) -> Vec<(&'static str, String)> {
    let mut variables = vec![
        ("DATABASE_URL", database_url.to_owned()),
        ("PUBLIC_URL", base.to_owned()),
        ("LEVER_API_URL", lever.api_url()),
        ("LEVER_AUTHORIZE_URL", lever.authorize_url()),
        ("LEVER_TOKEN_URL", lever.token_url()),
        ("LEVER_AUDIENCE", lever.audience()),
        ("LEVER_CLIENT_ID", lever.client_id().to_owned()),
        ("LEVER_CLIENT_SECRET", lever.client_secret().to_owned()),
        ("LEVER_REQUESTS_PER_SECOND", setting.requests_per_second.to_string()),
        ("ENCRYPTION_KEYS", "story:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned()),
        ("AUTH_JWT_SECRET", JWT_SECRET.to_owned()),
        ("MIGRATE_ON_START", "false".to_owned()),
        // A bench is one caller, and asks as fast as it can.
        ("CALLER_REQUESTS_PER_SECOND", "0".to_owned()),
    ];
    for (name, value) in &setting.variables {
        variables.retain(|(known, _)| known != name);
        variables.push((name, value.clone()));
    }
    variables
}

fn config(setting: &Setting, lever: &FakeLever, database: &TestDatabase, base: &str) -> Config {
    Config::read(&Variables::from_pairs(variables(setting, lever, &database.url, base))).expect("the configuration is complete")
}

/// Until when the next reading rests that follows another closely.
async fn resting(app: &App, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    sqlx::query_scalar("SELECT min(run_at) FROM jobs WHERE kind IN ('refresh_opportunity', 'refresh_contact') AND run_at > $1 AND run_at <= $2")
        .bind(now)
        .bind(now + MOMENT)
        .fetch_one(app.state.db.dispatch())
        .await
        .expect("the jobs can be read")
}

/// Jobs that could be done now: (kind, key).
async fn sqlx_due(app: &App, now: DateTime<Utc>) -> Vec<(String, String)> {
    sqlx::query_as("SELECT kind, key FROM jobs WHERE run_at <= $1").bind(now).fetch_all(app.state.db.dispatch()).await.expect("the jobs can be read")
}

/// A caller's token, as ModernLoop's web app would get it.
pub fn token(organization: Uuid, role: &str, email: &str, now: DateTime<Utc>) -> String {
    let claims = json!({
        "sub": format!("user-of-{email}"), "org": organization, "role": role, "email": email, "exp": now.timestamp() + 100 * 24 * 3600,
    });
    encode(&Header::default(), &claims, &EncodingKey::from_secret(JWT_SECRET.as_bytes())).expect("claims can be signed")
}

/// Somebody who calls the service: with a bearer token, and in a browser once [`Person::sign_in`] was called.
#[derive(Clone)]
pub struct Person {
    pub base: String,
    pub http: reqwest::Client,
    pub token: String,
    pub cookie: Option<String>,
    pub email: String,
}

/// An answer, read whole.
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn location(&self) -> String {
        self.header(LOCATION.as_str())
    }

    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_str().expect("text").to_owned()).unwrap_or_default()
    }

    /// The problem's stable code.
    pub fn code(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        self.json()["code"].as_str().expect("every problem has a code").to_owned()
    }

    /// The answer, when its status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

impl Person {
    /// Somebody of an organization who calls the service at `base`.
    pub fn new(base: &str, organization: Uuid, role: &str, now: DateTime<Utc>) -> Self {
        let email = format!("{role}.{}@modernloop.example", &organization.simple().to_string()[..6]);
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().expect("a client");
        Self { base: base.to_owned(), http, token: token(organization, role, &email, now), cookie: None, email }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None, &[]).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, Some(body), &[]).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, Some(body), &[]).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None, &[]).await
    }

    /// A call with the bearer token and any further headers.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).header(AUTHORIZATION, format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        read(request).await
    }

    /// Begins a browser session.
    pub async fn sign_in(&mut self) {
        let answer = self.call(Method::POST, "/auth/session", None, &[]).await.expect(204);
        let cookie = answer.header(SET_COOKIE.as_str());
        self.cookie = Some(cookie.split(';').next().expect("a cookie").to_owned());
    }

    /// Opens an address as the browser of this person would, without following redirects.
    pub async fn browse(&self, address: &str) -> Answer {
        let address = if address.starts_with('/') { format!("{}{address}", self.base) } else { address.to_owned() };
        let mut request = self.http.get(address).header("accept", "text/html");
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        read(request).await
    }

    /// Clicks Connect; the address at Lever that the browser is sent to.
    pub async fn begin_connect(&mut self) -> String {
        if self.cookie.is_none() {
            self.sign_in().await;
        }
        let answer = self.browse("/integrations/lever/connect").await.expect(303);
        let location = answer.location();
        Url::parse(&location).expect("an absolute address");
        location
    }

    /// Connects the organization to one of the stand-in's accounts, as its first super admin.
    pub async fn connect(&mut self, lever: &FakeLever, account: usize) {
        let account = lever.accounts().swap_remove(account);
        let authorize = self.begin_connect().await;
        let back = lever.approve(&authorize, &account.id, &account.super_admin().id, None).expect("the authorize request is in order");
        let answer = self.browse(back.as_str()).await.expect(303);
        assert!(answer.location().ends_with("outcome=connected"), "{}", answer.location());
    }

    /// How many records a list holds, page by page.
    pub async fn count(&self, path: &str) -> usize {
        let and = if path.contains('?') { '&' } else { '?' };
        let (mut seen, mut cursor) = (0, String::new());
        loop {
            let page = self.get(&format!("{path}{and}limit=200{cursor}")).await.expect(200).json();
            seen += page["data"].as_array().expect("a list").len();
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return seen,
            }
        }
    }
}

async fn read(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("the service answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.expect("the answer is whole") }
}
