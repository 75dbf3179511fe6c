//! `GET /integrations/lever/callback`: Lever sends the browser back.
//!
//! The state is used up before anything else happens, so a code is exchanged at most once. Nothing in the request decides where
//! the browser goes next: it is always the Integrations page with one of our own outcomes.

use axum::extract::{Query, State};
use axum::response::Redirect;
use http::StatusCode;
use serde::Deserialize;
use url::Url;
use utoipa::IntoParams;

use super::store::{self, Redeemed};
use super::{Outcome, grantor, tend};
use crate::accounts::{self, NewGrant, Status};
use crate::auth::{Session, SessionAdmin};
use crate::error::{Error, Problem, Result};
use crate::jobs::{self, Job};
use crate::lever::scopes::{self, OFFLINE_ACCESS};
use crate::lever::{Endpoints, Grant};
use crate::state::AppState;

/// What Lever appends to the redirect address. Whatever else comes is ignored and never shown.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Answer {
    /// Ours, from the Connect click.
    state: Option<String>,
    /// To be exchanged for tokens, once.
    code: Option<String>,
    /// Why there is no code, such as `access_denied`.
    error: Option<String>,
}

/// End connecting Lever: the browser comes back from Lever's authorize page
#[utoipa::path(get, path = "/integrations/lever/callback", tag = "Connection", params(Answer),
    responses(
        (status = 303, description = "To the Integrations page, with the outcome"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "`invalid_state`: unknown, used or expired; `another_environment`"),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "No browser session"),
        (status = 403, body = Problem, content_type = "application/problem+json",
            description = "`another_session`: begun in another browser session; or `admin_required`")))]
pub(super) async fn callback(State(state): State<AppState>, SessionAdmin(session): SessionAdmin, Query(answer): Query<Answer>) -> Result<Redirect> {
    let ending = Ending::read(&answer)?;
    let redirect_uri = redeem(&state, &session, answer.state.as_deref().unwrap_or_default()).await?;
    let outcome = match ending {
        Ending::Code(code) => connect(&state, &session, code, &redirect_uri).await?,
        Ending::Error("access_denied") => Outcome::Denied,
        Ending::Error(_) => Outcome::Failed,
    };
    tracing::info!(tenant = %session.caller.tenant, outcome = outcome.as_str(), "a Connect flow ended");
    Ok(Redirect::to(&outcome.location()))
}

enum Ending<'a> {
    Code(&'a str),
    Error(&'a str),
}

impl<'a> Ending<'a> {
    fn read(answer: &'a Answer) -> Result<Self> {
        match (answer.error.as_deref(), answer.code.as_deref()) {
            (Some(error), _) => Ok(Self::Error(error)),
            (None, Some(code)) if !code.is_empty() => Ok(Self::Code(code)),
            _ => Err(Error::new(StatusCode::BAD_REQUEST, "invalid_callback", "Lever's answer has neither a code nor an error. Press Connect again.")),
        }
    }
}

/// Uses the state up; from here on this callback is the only one that acts on it.
async fn redeem(state: &AppState, session: &Session, csrf_state: &str) -> Result<Url> {
    let mut tx = state.db.begin(session.caller.tenant).await?;
    let environment = state.config.lever.environment.as_str();
    let redeemed = store::redeem(&mut tx, csrf_state, session, environment, state.clock.now()).await?;
    tx.commit().await?;
    match redeemed {
        Redeemed::Ours { redirect_uri } => Url::parse(&redirect_uri).map_err(Error::internal),
        Redeemed::AnotherEnvironment => Err(Error::new(
            StatusCode::BAD_REQUEST,
            "another_environment",
            "This was begun with another of Lever's environments than this service works with now. Press Connect again.",
        )),
        Redeemed::AnotherSession => Err(Error::new(
            StatusCode::FORBIDDEN,
            "another_session",
            "This was begun in another browser session. Press Connect again here, or finish it there.",
        )),
        Redeemed::Unusable => Err(Error::new(
            StatusCode::BAD_REQUEST,
            "invalid_state",
            "This authorization is unknown, was used already, or took longer than ten minutes. Press Connect again.",
        )),
    }
}

async fn connect(state: &AppState, session: &Session, code: &str, redirect_uri: &Url) -> Result<Outcome> {
    let grant = match state.lever.exchange_code(code, redirect_uri).await {
        Ok(grant) => complete_or_not(grant),
        Err(error) => {
            tracing::warn!(tenant = %session.caller.tenant, %error, "Lever did not exchange the code");
            return Ok(Outcome::Failed);
        }
    };
    if is_strange(state, &grant) {
        tracing::warn!(tenant = %session.caller.tenant, "the tokens of a callback are for Lever's other environment; they were thrown away");
        return Ok(Outcome::Failed);
    }
    let outcome = store_grant(state, session, &grant).await?;
    if outcome != Outcome::AnotherAccount {
        grantor::record(state, session.caller.tenant).await;
    }
    Ok(outcome)
}

/// Offline access is the refresh token: it was granted when there is one, whatever the answer's list of scopes says.
fn complete_or_not(mut grant: Grant) -> Grant {
    grant.scope.retain(|scope| scope != OFFLINE_ACCESS);
    if grant.refresh_token.is_some() {
        grant.scope.push(OFFLINE_ACCESS.to_owned());
    }
    grant
}

/// Whether the token was made for the API of Lever's other environment. What it does not say is no reason; nor is anything, where the
/// configured audience is of neither.
fn is_strange(state: &AppState, grant: &Grant) -> bool {
    let own = &state.config.lever.audience;
    let audiences = [Endpoints::production(), Endpoints::sandbox()].map(|endpoints| endpoints.audience);
    let names = |audience: &String| grant.audiences.contains(audience);
    audiences.contains(own) && !names(own) && audiences.iter().any(names)
}

/// Stores the tokens; when everything was granted, what follows from them (webhooks, the first sync) is asked for in the same
/// transaction.
async fn store_grant(state: &AppState, session: &Session, grant: &Grant) -> Result<Outcome> {
    let caller = &session.caller;
    let now = state.clock.now();
    let complete = scopes::missing(&grant.scope).is_empty();
    let new = NewGrant {
        grant,
        environment: state.config.lever.environment.as_str(),
        connected_by: &caller.user_id,
        status: if complete { Status::Connected } else { Status::Incomplete },
    };
    let mut tx = state.db.begin(caller.tenant).await?;
    if !accounts::store_grant(&mut tx, &state.config.keyring, new, now).await? {
        return Ok(Outcome::AnotherAccount);
    }
    if complete {
        accounts::drop_unreadable_keys(&mut tx, &state.config.keyring).await?;
        jobs::enqueue(&mut tx, &Job::RegisterWebhooks, now, now).await?;
        accounts::webhooks::follow_up(&mut tx, now, now).await?;
        jobs::enqueue(&mut tx, &Job::StartSync { requested_by: Some(caller.user_id.clone()) }, now, now).await?;
    }
    tend::judge(state, &mut tx).await?;
    tx.commit().await?;
    state.work.notify_one();
    Ok(if complete { Outcome::Connected } else { Outcome::Incomplete })
}
