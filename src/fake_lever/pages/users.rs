//! Lever's list of users, where one is deactivated and brought back.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::super::handle::FakeLever;
use super::super::refusal::Refusal;
use super::super::view::{AccountView, UserView};
use super::render;

#[derive(Template)]
#[template(path = "lever/users.html")]
struct Page {
    account: String,
    account_name: String,
    users: Vec<UserView>,
}

pub async fn show(State(lever): State<FakeLever>, Path(account): Path<String>) -> Result<Response, Refusal> {
    let view = AccountView::of(lever.state().account(&account)?);
    Ok(render(&Page { account: view.id, account_name: view.name, users: view.users }))
}

pub async fn deactivate(State(lever): State<FakeLever>, Path((account, user)): Path<(String, String)>) -> Result<Response, Refusal> {
    lever.inside(&account).deactivate_user(&user)?;
    Ok(Redirect::to(&format!("/lever/{account}/users")).into_response())
}

pub async fn reactivate(State(lever): State<FakeLever>, Path((account, user)): Path<(String, String)>) -> Result<Response, Refusal> {
    lever.inside(&account).reactivate_user(&user)?;
    Ok(Redirect::to(&format!("/lever/{account}/users")).into_response())
}
