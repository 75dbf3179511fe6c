//! The consent page: who is asking for what, and who answers.

use askama::Template;
use axum::Form;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;

use super::super::handle::FakeLever;
use super::super::oauth::{self, AuthorizeRequest, Decision};
use super::super::view::AccountView;
use super::render;

#[derive(Template)]
#[template(path = "lever/consent.html")]
struct Page {
    query: String,
    asking: String,
    scopes: Vec<String>,
    accounts: Vec<AccountView>,
}

#[derive(Template)]
#[template(path = "lever/problem.html")]
struct Problem {
    sentence: &'static str,
}

pub async fn show(State(lever): State<FakeLever>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let request = match parse(&lever, &query) {
        Ok(request) => request,
        Err(sentence) => return problem(sentence),
    };
    let mut accounts = lever.accounts();
    // The oldest user, a super admin, first.
    accounts.iter_mut().for_each(|account| account.users.reverse());
    render(&Page {
        query,
        asking: request.redirect_uri.host_str().unwrap_or("an application").to_owned(),
        scopes: request.scopes.names().iter().filter_map(|it| oauth::in_words(it)).collect(),
        accounts,
    })
}

#[derive(Deserialize)]
pub struct Answer {
    decision: String,
    /// Account and user, with a colon between.
    #[serde(default)]
    person: String,
}

pub async fn decide(State(lever): State<FakeLever>, RawQuery(query): RawQuery, Form(answer): Form<Answer>) -> Response {
    let request = match parse(&lever, &query.unwrap_or_default()) {
        Ok(request) => request,
        Err(sentence) => return problem(sentence),
    };
    let decision = match (answer.decision.as_str(), answer.person.split_once(':')) {
        ("accept", Some((account, user))) => Decision::Accept { account, user, scopes: None },
        _ => Decision::Deny,
    };
    let back = oauth::decide(&mut lever.state(), &request, &decision);
    Redirect::to(back.as_str()).into_response()
}

fn parse(lever: &FakeLever, query: &str) -> Result<AuthorizeRequest, &'static str> {
    AuthorizeRequest::parse(query, lever.client_id(), &lever.audience())
}

fn problem(sentence: &'static str) -> Response {
    (StatusCode::BAD_REQUEST, render(&Problem { sentence })).into_response()
}
