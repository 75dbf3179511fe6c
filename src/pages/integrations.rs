//! `GET /integrations`: the Integrations page with Lever's card.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::activity::{self, Deed};
use super::activity_log;
use super::card::Card;
use super::history::{self, PastSync};
use super::outcome::{self, Message};
use super::permissions::{self, Permission};
use super::progress::{self, Progress};
use super::shell::{Section, Shell, render};
use super::visitor::Visitor;
use super::webhooks::{self, Webhooks};
use crate::connect::{self, CONNECT_PATH, ConnectionView, Outcome};
use crate::error::Result;
use crate::ids::TenantId;
use crate::page::Paging;
use crate::state::AppState;
use crate::sync::{self, SyncView};

pub(super) const PATH: &str = "/integrations";
/// The rest is in the API, and of deeds on a page of their own.
const SYNCS_SHOWN: u32 = 6;
const DEEDS_SHOWN: usize = 10;
/// Several may be one line.
const DEEDS_READ: u32 = 30;

#[derive(Template)]
#[template(path = "integrations.html")]
struct IntegrationsPage {
    shell: Shell,
    is_admin: bool,
    connect_path: &'static str,
    message: Option<Message>,
    card: Card,
    progress: Progress,
    /// Requests a second that Lever allows; 0 when nothing limits them.
    limit: f64,
    webhooks: Webhooks,
    permissions: Vec<Permission>,
    history: Vec<PastSync>,
    deeds: Vec<Deed>,
    /// There is more to read than is shown.
    older_deeds: bool,
}

/// How a Connect flow ended, when the browser comes from one.
#[derive(Deserialize)]
pub(super) struct Arrival {
    outcome: Option<String>,
}

pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, Query(arrival): Query<Arrival>) -> Result<Response> {
    let tenant = visitor.caller.tenant;
    let (connection, log) = tokio::try_join!(connection(&state, tenant), read(&state, tenant))?;
    Ok(render(&IntegrationsPage {
        shell: Shell::of("Integrations", Section::Integrations, &visitor.caller),
        is_admin: visitor.is_admin(),
        connect_path: CONNECT_PATH,
        message: arrival.outcome.as_deref().and_then(Outcome::parse).map(outcome::message),
        card: Card::of(&connection),
        progress: progress::describe(log.newest.as_ref(), connection.connected_at),
        limit: state.config.lever.requests_per_second,
        webhooks: webhooks::describe(&connection.webhooks),
        permissions: permissions::all(),
        history: history::describe(&log.syncs),
        deeds: log.deeds,
        older_deeds: log.older_deeds,
    }))
}

async fn connection(state: &AppState, tenant: TenantId) -> Result<ConnectionView> {
    let mut tx = state.db.look(tenant).await?;
    connect::view(state, &mut tx).await
}

/// What was done lately.
struct Log {
    newest: Option<SyncView>,
    syncs: Vec<SyncView>,
    deeds: Vec<Deed>,
    older_deeds: bool,
}

async fn read(state: &AppState, tenant: TenantId) -> Result<Log> {
    let mut tx = state.db.look(tenant).await?;
    let newest = sync::latest(&mut tx).await?;
    let syncs = sync::page(&mut tx, &Paging::first(SYNCS_SHOWN)).await?.data;
    let (operations, candidates) = activity_log::read(&mut tx, &Paging::first(DEEDS_READ)).await?;
    let mut deeds = activity::summarize(&operations.data, &candidates);
    deeds.truncate(DEEDS_SHOWN);
    Ok(Log { newest, syncs, older_deeds: operations.next_cursor.is_some() || deeds.len() < operations.data.len(), deeds })
}
