//! Another replica of the service, in a runtime of its own, so that it can be made to end as a crash would: its tasks are dropped where
//! they stand, and its connections with them.

use std::time::Duration;

use http::Method;
use lever_integration::app::{App, Jobs};
use lever_integration::config::{Config, Variables};
use lever_integration::failpoint::Failpoints;
use lever_integration::worker;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use super::story::{Answer, Person, Setting, Story, variables};

/// See the module.
pub struct Replica {
    app: App,
    runtime: Runtime,
    base: String,
}

impl Replica {
    /// One whose jobs are done by hand.
    pub async fn start(story: &Story) -> Self {
        Self::with(story, Jobs::ByHand).await
    }

    /// One whose worker goes on beside whatever else happens.
    pub async fn working(story: &Story) -> Self {
        Self::with(story, Jobs::InBackground).await
    }

    async fn with(story: &Story, jobs: Jobs) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let variables = variables(&Setting::default(), &story.lever, &story.database.url, &story.base);
        let clock = story.clock.clone();
        let start = async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let config = Config::read(&Variables::from_pairs(variables)).expect("the configuration is complete");
            App::start_on(listener, config, clock, jobs).await.expect("the service starts")
        };
        let app = runtime.spawn(start).await.expect("no panic");
        let base = format!("http://{}", app.address());
        Self { app, runtime, base }
    }

    pub fn failpoints(&self) -> &Failpoints {
        &self.app.state.failpoints
    }

    /// Begins to do every due job here, beside whatever else happens.
    pub fn begin_to_work(&self) {
        let state = self.app.state.clone();
        self.runtime.spawn(async move { worker::run_until_idle(&state).await });
    }

    /// Does every due job here. Never comes back when it meets the armed failpoint.
    pub async fn work(&self) {
        let state = self.app.state.clone();
        self.runtime.spawn(async move { worker::run_until_idle(&state).await.expect("the database is there") }).await.expect("no panic");
    }

    /// A call of this replica; `None` when no answer came.
    pub async fn call(&self, person: &Person, method: Method, path: &str, body: Option<&Value>, key: Option<&str>) -> Option<Answer> {
        let mut request = person.http.request(method, format!("{}{path}", self.base)).bearer_auth(&person.token);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Some(Answer { status, headers, text: response.text().await.ok()? })
    }

    /// Ends it softly, once the jobs under way have reached their end.
    pub async fn stop(self) {
        let Self { app, runtime, .. } = self;
        runtime.spawn(app.stop()).await.expect("no panic");
        runtime.shutdown_background();
    }

    /// Ends it as a crash would.
    pub async fn crash(self) {
        let Self { app, runtime, .. } = self;
        tokio::task::spawn_blocking(move || runtime.shutdown_timeout(Duration::from_secs(10))).await.expect("no panic");
        drop(app);
    }
}
