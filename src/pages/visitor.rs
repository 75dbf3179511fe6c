//! Who looks at a page, and in which time zone. The extractor is the permission; without a session it leads to where people sign in.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use chrono_tz::Tz;
use http::StatusCode;
use http::request::Parts;

use super::sign_in;
use crate::auth::{Caller, Role, Session};
use crate::error::Error;
use crate::state::AppState;

/// Set by the pages' own script; it is no secret and decides nothing but how times look.
const ZONE_COOKIE: &str = "time_zone";

/// A person in a browser.
pub(super) struct Visitor {
    pub(super) caller: Caller,
    /// The browser's zone; UTC until the browser has told it.
    pub(super) zone: Tz,
}

impl Visitor {
    pub(super) fn is_admin(&self) -> bool {
        self.caller.role == Role::Admin
    }
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let session = Session::from_request_parts(parts, state).await.map_err(|refused| to_sign_in(state, refused))?;
        let told = CookieJar::from_headers(&parts.headers).get(ZONE_COOKIE).and_then(|cookie| cookie.value().parse().ok());
        Ok(Self { caller: session.caller, zone: told.unwrap_or(Tz::UTC) })
    }
}

/// Where people without a session go; with nowhere to go, they are told so.
fn to_sign_in(state: &AppState, refused: Error) -> Response {
    if refused.status() != StatusCode::UNAUTHORIZED {
        return refused.into_response();
    }
    match &state.config.http.sign_in_url {
        Some(url) => Redirect::to(url.as_str()).into_response(),
        None if state.config.demo_people => Redirect::to(sign_in::PATH).into_response(),
        None => Error::unauthenticated("Sign in to ModernLoop, then open this page again.").into_response(),
    }
}
