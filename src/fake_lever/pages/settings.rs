//! Lever's webhook settings: a switch per event, the webhooks registered for it, recent deliveries.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::super::handle::FakeLever;
use super::super::model::{Delivery, Event};
use super::super::refusal::Refusal;
use super::{moment, render};

const RECENT: usize = 50;

#[derive(Template)]
#[template(path = "lever/settings.html")]
struct Page {
    account: String,
    account_name: String,
    switches: Vec<Switch>,
    deliveries: Vec<Row>,
}

struct Switch {
    event: &'static str,
    label: &'static str,
    on: bool,
    webhooks: Vec<Hook>,
}

struct Hook {
    id: String,
    url: String,
}

struct Row {
    id: String,
    label: &'static str,
    url: String,
    last: String,
    outcome: String,
    good: bool,
    tries: usize,
}

pub async fn show(State(lever): State<FakeLever>, Path(account): Path<String>) -> Result<Response, Refusal> {
    let state = lever.state();
    let account = state.account(&account)?;
    let hooks = |event: Event| {
        let registered = account.webhooks.iter().filter(move |it| it.event == event);
        registered.map(|it| Hook { id: it.id.clone(), url: it.url.clone() }).collect()
    };
    let switch =
        |event: Event| Switch { event: event.name(), label: event.switch_label(), on: account.switches.contains(&event), webhooks: hooks(event) };
    Ok(render(&Page {
        account: account.id.clone(),
        account_name: account.name.clone(),
        switches: Event::ALL.map(switch).into_iter().collect(),
        deliveries: account.deliveries.values().rev().take(RECENT).map(row).collect(),
    }))
}

fn row(delivery: &Delivery) -> Row {
    let outcome = match delivery.attempts.last().map(|it| &it.outcome) {
        None => "Not tried yet".to_owned(),
        Some(Ok(status)) => format!("Answered {status}"),
        Some(Err(problem)) => problem.clone(),
    };
    let waiting = if delivery.under_way { ", will be tried again" } else { "" };
    let good = delivery.succeeded();
    Row {
        id: delivery.id.clone(),
        label: delivery.event.switch_label(),
        url: delivery.url.clone(),
        last: delivery.attempts.last().map_or_else(String::new, |it| moment(it.at)),
        outcome: if good { outcome } else { outcome + waiting },
        good,
        tries: delivery.attempts.len(),
    }
}

fn back(account: &str) -> Response {
    Redirect::to(&format!("/lever/{account}/settings")).into_response()
}

#[derive(Deserialize)]
pub struct Thrown {
    on: bool,
}

pub async fn switch(
    State(lever): State<FakeLever>,
    Path((account, event)): Path<(String, String)>,
    Form(thrown): Form<Thrown>,
) -> Result<Response, Refusal> {
    let event = event.parse().map_err(|()| Refusal::missing("Event"))?;
    lever.switch(&account, event, thrown.on)?;
    Ok(back(&account))
}

pub async fn verify(State(lever): State<FakeLever>, Path((account, webhook)): Path<(String, String)>) -> Result<Response, Refusal> {
    lever.send_verify_delivery(&account, &webhook)?;
    Ok(back(&account))
}

pub async fn rerun(State(lever): State<FakeLever>, Path((account, delivery)): Path<(String, String)>) -> Result<Response, Refusal> {
    lever.state().account(&account)?;
    lever.rerun(&delivery)?;
    Ok(back(&account))
}
