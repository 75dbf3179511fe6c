//! The one way out to Lever's API. Every call of every resource passes [`Account::request`]: budget, token, redirects, time
//! limits and repeats are decided here and nowhere else.

use std::future::Future;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Response, StatusCode};
use secrecy::ExposeSecret;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::budget::Permit;
use super::call::Call;
use super::circuit::Probe;
use super::redirect::{self, Onward};
use super::retry::{self, Tries};
use super::{AccessToken, Account, Error, Lane, Paging, Patience, answer};

impl Account {
    /// Sends a call, again where that is safe, until it is answered or patience ends. `receive` reads a successful answer.
    pub(super) async fn request<T, F, R>(&self, mut call: Call, receive: F) -> Result<T, Error>
    where
        F: Fn(Response) -> R,
        R: Future<Output = Result<T, Error>>,
    {
        let options = self.lever.options();
        let patience = options.patience(self.lane);
        if self.lane == Lane::Person && !call.is_read() && self.circuit.is_worth_a_look() {
            self.look().await;
        }
        let mut tries = Tries::new(call.is_read(), call.limit().is_some(), patience.tries, options.backoff);
        let mut journey = Journey { deadline: Instant::now() + patience.total, patience, cut_off: call.is_read(), renewed: false, probe: None };
        loop {
            let attempt = self.attempt(&call, &mut journey, &receive).await;
            journey.probe = None;
            let error = match attempt {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let pause = tries.pause_after(&error, rand::random());
            let Some(pause) = pause.filter(|pause| !journey.is_over(*pause)) else {
                tracing::debug!(method = %call.method, route = call.route, lane = ?self.lane, %error, "call to Lever failed");
                return Err(error);
            };
            tracing::debug!(method = %call.method, route = call.route, lane = ?self.lane, %error, ?pause, "call to Lever is repeated");
            if retry::smaller_may_help(&error) {
                call.ask_for_less();
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Finds out whether Lever is there, by the smallest read there is: a write must not be what is lost in an outage, and must not be
    /// refused for one that is none. What comes of it, the circuit knows.
    fn look(&self) -> BoxFuture<'_, ()> {
        async { self.list_stages(&Paging::first().limit(1)).await.map_or((), drop) }.boxed()
    }

    /// One attempt: the answer of a sent call, with one new token if Lever refuses the first.
    async fn attempt<T, F, R>(&self, call: &Call, journey: &mut Journey, receive: F) -> Result<T, Error>
    where
        F: Fn(Response) -> R,
        R: Future<Output = Result<T, Error>>,
    {
        let token = journey.token(self.tokens.current()).await?;
        let mut answered = self.send(call, &token, journey).await?;
        if answered.response.status() == StatusCode::UNAUTHORIZED {
            self.circuit.answered(answered.sent).await;
            if std::mem::replace(&mut journey.renewed, true) {
                return Err(Error::ReauthorizationRequired);
            }
            let token = journey.token(self.tokens.renew(&token)).await?;
            answered = self.send(call, &token, journey).await?;
            if answered.response.status() == StatusCode::UNAUTHORIZED {
                self.tokens.refused(&token).await;
                return Err(Error::ReauthorizationRequired);
            }
        }
        let Answered { response, sent, until, permit: _permit } = answered;
        let read = async {
            let answer = answer::success(response).await.inspect_err(|error| {
                if let Error::RateLimited { retry_after } = error {
                    self.budget.penalize(sent, *retry_after);
                }
            });
            receive(answer?).await
        };
        let outcome = timeout_at(until, read).await.unwrap_or(Err(Error::NoAnswer { reason: "timed out" }));
        match &outcome {
            // What cannot be read need not be Lever's: a page of something that answers in its place says nothing of Lever being there.
            Err(Error::NoAnswer { .. } | Error::Unavailable { .. } | Error::Unreadable { .. }) => {
                self.circuit.failed(self.lane, call, sent, journey.probe.is_some()).await
            }
            _ => self.circuit.answered(sent).await,
        }
        outcome
    }

    /// Sends a call and follows Lever's redirects.
    async fn send(&self, call: &Call, token: &AccessToken, journey: &mut Journey) -> Result<Answered, Error> {
        let own = &self.lever.endpoints().api;
        let root = self.api_root();
        let asked = call.url(&root)?;
        let (mut url, mut status) = (asked.clone(), 0);
        for _ in 0..=redirect::MAX_HOPS {
            let answered = self.send_to(&url, call, token, journey).await?;
            let answer = &answered.response;
            status = answer.status().as_u16();
            match redirect::onward(&url, answer.status(), answer.headers(), own) {
                Onward::To(next) => url = next,
                Onward::Refused => {
                    return Err(Error::Redirected { status });
                }
                Onward::Stay => {
                    let moved = url != asked && answer.status().is_success();
                    if let Some(root) = moved.then(|| redirect::root_shown(&root, &asked, &url)).flatten() {
                        self.remember_root(root);
                    }
                    return Ok(answered);
                }
            }
        }
        Err(Error::Redirected { status })
    }

    /// One HTTP request, as soon as the budget allows it.
    async fn send_to(&self, url: &Url, call: &Call, token: &AccessToken, journey: &mut Journey) -> Result<Answered, Error> {
        let mut request = self.lever.http().request(call.method.clone(), url.clone()).header(AUTHORIZATION, bearer(token)?);
        request = request.header(ACCEPT, "application/json");
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        let permit = self.way(call, journey).await?;
        self.count_request();
        let sent = Instant::now();
        let until = journey.until(sent);
        let answer = match timeout_at(until, request.send()).await {
            Ok(answer) => answer.map_err(|error| failure(&error)),
            Err(_) => Err(Error::NoAnswer { reason: "timed out" }),
        };
        if let Ok(answer) = &answer {
            self.remember_status(answer.status().as_u16());
        }
        let status = answer.as_ref().map_or_else(|_| "none".to_owned(), |answer| answer.status().as_str().to_owned());
        metrics::counter!("lever_requests_total", "lane" => self.lane.as_str(), "status" => status.clone()).increment(1);
        metrics::histogram!("lever_request_duration_seconds", "method" => call.method.to_string(), "route" => call.route, "status" => status)
            .record(sent.elapsed());
        if answer.is_err() {
            self.circuit.failed(self.lane, call, sent, journey.probe.is_some()).await;
        }
        Ok(Answered { response: answer?, sent, until, permit })
    }

    /// Waits for the right to send: Lever is there, as far as anybody knows, and the budget allows it.
    async fn way(&self, call: &Call, journey: &mut Journey) -> Result<Permit, Error> {
        loop {
            if journey.probe.is_none() {
                journey.probe = self.circuit.enter(self.lane, call, journey.deadline).await?;
            }
            let permit = self.permit(journey).await?;
            // The budget may have taken its time.
            if journey.probe.is_some() || self.circuit.is_free_for(self.lane) {
                return Ok(permit);
            }
        }
    }

    /// Waits for the budget, unless that is already known to take too long.
    async fn permit(&self, journey: &Journey) -> Result<Permit, Error> {
        let shut = self.budget.shut_for();
        if shut.is_some_and(|shut| journey.is_over(shut)) {
            return Err(Error::RateLimited { retry_after: shut });
        }
        let late = |_| match self.budget.is_cut_off() {
            true => Error::NotSent { reason: "the budget's store is away" },
            false => Error::RateLimited { retry_after: self.budget.shut_for() },
        };
        timeout_at(journey.deadline, self.budget.acquire(self.lane)).await.map_err(late)
    }
}

/// A request that was answered, its body not read yet.
struct Answered {
    response: Response,
    sent: Instant,
    /// How long the body may take.
    until: Instant,
    /// Kept until the body is read.
    permit: Permit,
}

/// What one call may still do.
struct Journey {
    /// Nothing begins after it.
    deadline: Instant,
    patience: Patience,
    /// Whether the deadline also ends what has begun. A write once sent gets its whole time: an answer not waited for is an
    /// outcome that somebody must find out.
    cut_off: bool,
    renewed: bool,
    /// Set while this call finds out whether Lever is back.
    probe: Option<Probe>,
}

impl Journey {
    /// Whether nothing can begin any more after a pause of that length.
    fn is_over(&self, pause: Duration) -> bool {
        Instant::now() + pause >= self.deadline
    }

    /// Until when an attempt that begins now may take.
    fn until(&self, now: Instant) -> Instant {
        let until = now + self.patience.request;
        if self.cut_off { until.min(self.deadline) } else { until }
    }

    /// A token from the source. Whatever goes wrong there, nothing was done at Lever.
    async fn token(&self, source: impl Future<Output = Result<AccessToken, Error>>) -> Result<AccessToken, Error> {
        let until = self.deadline.min(Instant::now() + self.patience.token);
        match timeout_at(until, source).await {
            Err(_) => Err(Error::NoToken { reason: "it took too long", retry_after: Some(self.patience.token) }),
            Ok(Err(error @ (Error::ReauthorizationRequired | Error::NoToken { .. }))) => Err(error),
            Ok(Err(error)) => Err(Error::NoToken { reason: "it could not be refreshed", retry_after: error.retry_after() }),
            Ok(Ok(token)) => Ok(token),
        }
    }
}

fn bearer(token: &AccessToken) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.secret.expose_secret()))
        .map_err(|_| Error::NoToken { reason: "it is not a token", retry_after: None })?;
    value.set_sensitive(true);
    Ok(value)
}

/// What a failed sending means. Only a connection that never stood proves that nothing was sent.
pub(super) fn failure(error: &reqwest::Error) -> Error {
    if error.is_builder() {
        Error::Invalid { reason: "not an HTTP request" }
    } else if error.is_connect() {
        Error::NotSent { reason: if error.is_timeout() { "connecting timed out" } else { "no connection" } }
    } else if error.is_timeout() {
        Error::NoAnswer { reason: "timed out" }
    } else {
        Error::NoAnswer { reason: "the connection broke" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lever::Options;

    #[test]
    fn the_deadline_ends_a_read_and_lets_a_write_that_was_sent_have_its_time() {
        let (now, seconds) = (Instant::now(), Duration::from_secs);
        let patience = Options::default().person;
        let journey = |cut_off| Journey { deadline: now + seconds(10), patience, cut_off, renewed: false, probe: None };
        assert_eq!(journey(true).until(now + seconds(1)), now + seconds(9));
        assert_eq!(journey(true).until(now + seconds(5)), now + seconds(10));
        assert_eq!(journey(false).until(now + seconds(5)), now + seconds(13));
    }
}
