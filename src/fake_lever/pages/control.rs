//! `/_fake`: the handle's methods over HTTP, for processes that have no handle.

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::fault::Fault;
use super::super::handle::FakeLever;
use super::super::ledger::LedgerEntry;
use super::super::refusal::Refusal;
use super::super::view::{AccountView, DeliveryView, WebhookView};
use super::changes;

type Lever = State<FakeLever>;

pub fn router() -> Router<FakeLever> {
    let opportunity = "/accounts/{account}/opportunities/{id}";
    Router::new()
        .route("/state", get(summary))
        .route("/accounts", get(async |State(it): Lever| Json(it.accounts())))
        .route("/accounts/{account}/webhooks", get(webhooks))
        .route("/accounts/{account}/webhooks/{id}/verify", post(verify))
        .route("/accounts/{account}/deliveries", get(deliveries))
        .route("/accounts/{account}/revoke", post(revoke))
        .route("/accounts/{account}/changes", post(changes::make))
        .route(opportunity, get(one_opportunity))
        .route(&format!("{opportunity}/panels"), get(panels))
        .route("/deliveries/{id}/rerun", post(rerun))
        .route("/deliveries/{id}/again", post(again))
        .route("/ledger", get(ledger).delete(async |State(it): Lever| it.clear_ledger()))
        .route("/faults", post(fault).delete(async |State(it): Lever| it.clear_faults()))
        .route("/release", post(async |State(it): Lever| it.release().await))
        .route("/switches", post(switch))
        .route("/expire-tokens", post(async |State(it): Lever| it.expire_access_tokens()))
        .route("/clock", post(clock))
        .route("/approve", post(approve))
        .route("/deny", post(deny))
}

/// Totals at a glance; no token and no person.
async fn summary(State(lever): Lever) -> Json<Value> {
    let accounts = lever.accounts();
    let account = |it: &AccountView| json!({"id": it.id, "name": it.name, "counts": lever.counts(&it.id).ok()});
    Json(json!({
        "accounts": accounts.iter().map(account).collect::<Vec<_>>(),
        "tokenCalls": lever.token_calls(),
        "requests": lever.ledger().len(),
        "unexpected": lever.unexpected().len(),
        "violations": lever.violations().len(),
    }))
}

async fn webhooks(State(lever): Lever, Path(account): Path<String>) -> Result<Json<Vec<WebhookView>>, Refusal> {
    lever.webhooks(&account).map(Json)
}

async fn verify(State(lever): Lever, Path((account, webhook)): Path<(String, String)>) -> Result<Json<Value>, Refusal> {
    Ok(Json(json!({"delivery": lever.send_verify_delivery(&account, &webhook)?})))
}

async fn deliveries(State(lever): Lever, Path(account): Path<String>) -> Result<Json<Vec<DeliveryView>>, Refusal> {
    lever.deliveries(&account).map(Json)
}

async fn revoke(State(lever): Lever, Path(account): Path<String>) {
    lever.revoke_grant(&account);
}

async fn one_opportunity(State(lever): Lever, Path((account, id)): Path<(String, String)>) -> Result<Json<Value>, Refusal> {
    lever.opportunity(&account, &id).map(Json)
}

async fn panels(State(lever): Lever, Path((account, id)): Path<(String, String)>) -> Result<Json<Vec<Value>>, Refusal> {
    lever.panels_of(&account, &id).map(Json)
}

async fn rerun(State(lever): Lever, Path(delivery): Path<String>) -> Result<(), Refusal> {
    lever.rerun(&delivery)
}

/// The body is the other data.
async fn again(State(lever): Lever, Path(delivery): Path<String>, Json(data): Json<Value>) -> Result<(), Refusal> {
    lever.deliver_again(&delivery, data)
}

async fn ledger(State(lever): Lever) -> Json<Vec<LedgerEntry>> {
    Json(lever.ledger())
}

async fn fault(State(lever): Lever, Json(fault): Json<Fault>) {
    lever.fault(fault);
}

#[derive(Deserialize)]
struct Switch {
    account: String,
    event: String,
    on: bool,
}

async fn switch(State(lever): Lever, Json(it): Json<Switch>) -> Result<(), Refusal> {
    let event = it.event.parse().map_err(|()| Refusal::missing("Event"))?;
    lever.switch(&it.account, event, it.on)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Clock {
    now_ms: Option<i64>,
}

async fn clock(State(lever): Lever, Json(it): Json<Clock>) {
    lever.set_now_ms(it.now_ms);
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Approval {
    authorize_url: String,
    account: String,
    user: String,
    scopes: Option<Vec<String>>,
}

async fn approve(State(lever): Lever, Json(it): Json<Approval>) -> Result<Json<Value>, Refusal> {
    let scopes: Option<Vec<&str>> = it.scopes.as_ref().map(|names| names.iter().map(String::as_str).collect());
    let back = lever.approve(&it.authorize_url, &it.account, &it.user, scopes.as_deref());
    Ok(Json(json!({"location": back.map_err(Refusal::bad)?})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Denial {
    authorize_url: String,
}

async fn deny(State(lever): Lever, Json(it): Json<Denial>) -> Result<Json<Value>, Refusal> {
    let back = lever.deny(&it.authorize_url).map_err(Refusal::bad)?;
    Ok(Json(json!({"location": back})))
}
