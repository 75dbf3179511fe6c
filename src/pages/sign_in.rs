//! `GET` and `POST /sign-in`: in `dev` only, a button for each invented person. Everywhere else people sign in to the web app,
//! and this page does not exist.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{Redirect, Response};
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use super::demo_people::{self, ORGANIZATIONS, Organization};
use super::integrations;
use super::shell::{Shell, render};
use crate::auth;
use crate::error::{Error, Result};
use crate::state::AppState;

pub(super) const PATH: &str = "/sign-in";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    shell: Shell,
    organizations: &'static [Organization],
}

/// Who was picked.
#[derive(Deserialize)]
pub(super) struct Choice {
    person: String,
}

pub(super) async fn show(State(state): State<AppState>) -> Result<Response> {
    only_in_dev(&state)?;
    Ok(render(&SignInPage { shell: Shell::new("Sign in"), organizations: &ORGANIZATIONS }))
}

pub(super) async fn sign_in(
    State(state): State<AppState>,
    jar: CookieJar,
    choice: Result<Form<Choice>, FormRejection>,
) -> Result<(CookieJar, Redirect)> {
    only_in_dev(&state)?;
    let picked = choice.ok().and_then(|Form(choice)| demo_people::find(&choice.person));
    let caller = picked.ok_or_else(|| Error::invalid_body("Pick one of the people on the sign-in page."))?;
    let cookie = auth::begin_session(&state, &caller).await?;
    Ok((jar.add(cookie), Redirect::to(integrations::PATH)))
}

fn only_in_dev(state: &AppState) -> Result<()> {
    if state.config.demo_people { Ok(()) } else { Err(Error::not_found()) }
}
