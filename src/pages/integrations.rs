//! `GET /integrations`: the Integrations page with Lever's card.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

use super::card::Card;
use super::outcome::{self, Message};
use super::progress::{self, Progress};
use super::shell::{Shell, render};
use super::webhooks::{self, Webhooks};
use super::{permissions, sign_in};
use crate::auth::{Role, Session};
use crate::connect::{self, CONNECT_PATH, Outcome};
use crate::error::{Error, Result};
use crate::state::AppState;
use crate::sync;

pub(super) const PATH: &str = "/integrations";

#[derive(Template)]
#[template(path = "integrations.html")]
struct IntegrationsPage {
    shell: Shell,
    is_admin: bool,
    connect_path: &'static str,
    message: Option<Message>,
    card: Card,
    progress: Progress,
    webhooks: Webhooks,
    permissions: Vec<&'static str>,
}

/// How a Connect flow ended, when the browser comes from one.
#[derive(Deserialize)]
pub(super) struct Arrival {
    outcome: Option<String>,
}

pub(super) async fn show(State(state): State<AppState>, session: Result<Session>, Query(arrival): Query<Arrival>) -> Result<Response> {
    let caller = match session {
        Ok(session) => session.caller,
        Err(refused) => return to_sign_in(&state, refused),
    };
    let connection = connect::view(&state, caller.tenant).await?;
    let mut tx = state.db.begin(caller.tenant).await?;
    let newest = sync::latest(&mut tx).await?;
    tx.commit().await?;
    Ok(render(&IntegrationsPage {
        shell: Shell::of("Integrations", &caller),
        is_admin: caller.role == Role::Admin,
        connect_path: CONNECT_PATH,
        message: arrival.outcome.as_deref().and_then(Outcome::parse).map(outcome::message),
        card: Card::of(&connection),
        progress: progress::describe(newest.as_ref(), connection.connected_at),
        webhooks: webhooks::describe(&connection.webhooks),
        permissions: permissions::all(),
    }))
}

/// Where people without a session go; with nowhere to go, they are told so.
fn to_sign_in(state: &AppState, refused: Error) -> Result<Response> {
    if refused.status() != StatusCode::UNAUTHORIZED {
        return Err(refused);
    }
    match &state.config.http.sign_in_url {
        Some(url) => Ok(Redirect::to(url.as_str()).into_response()),
        None if state.config.demo_people => Ok(Redirect::to(sign_in::PATH).into_response()),
        None => Err(refused),
    }
}
