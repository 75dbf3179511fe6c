//! `POST /auth/session` and `DELETE /auth/session`.

use axum::extract::State;
use axum_extra::extract::CookieJar;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{COOKIE, Member, session};
use crate::error::{Error, Problem, Result};
use crate::state::AppState;

/// The session endpoints.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(begin, end))
}

/// Trade a bearer token for the browser session that the pages use
#[utoipa::path(post, path = "/auth/session", tag = "Session", security(("bearer" = [])),
    responses((status = 204, description = "The session has begun; its cookie is set"), (status = 401, body = Problem, content_type = "application/problem+json")))]
async fn begin(State(state): State<AppState>, headers: http::HeaderMap, Member(caller): Member, jar: CookieJar) -> Result<(StatusCode, CookieJar)> {
    // A session does not beget another: only a token shows that the web app vouches for the person now.
    if !headers.contains_key(http::header::AUTHORIZATION) {
        return Err(Error::unauthenticated("Send the bearer token of the person who signs in."));
    }
    let cookie = session::begin(&state, &caller).await?;
    Ok((StatusCode::NO_CONTENT, jar.add(cookie)))
}

/// End the browser session
#[utoipa::path(delete, path = "/auth/session", tag = "Session",
    responses((status = 204, description = "The session has ended; its cookie is taken back")))]
async fn end(State(state): State<AppState>, jar: CookieJar) -> Result<(StatusCode, CookieJar)> {
    let cookie = session::end(&state, jar.get(COOKIE).map(|cookie| cookie.value())).await?;
    Ok((StatusCode::NO_CONTENT, jar.add(cookie)))
}
