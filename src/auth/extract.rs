//! The extractors. Under `/v1` a bearer token counts, or else the session cookie; pages know only the session.
//!
//! What a session writes is protected against other sites by the router's CSRF layer; a bearer token needs no such thing.

use axum::extract::FromRequestParts;
use axum_extra::extract::CookieJar;
use http::header;
use http::request::Parts;

use super::session::{self, Presented};
use super::{COOKIE, Caller, Role, Verifier, organizations};
use crate::error::{Error, Result};
use crate::state::AppState;

/// Anyone of the organization.
#[derive(Debug, Clone)]
pub struct Member(pub Caller);

/// An admin of the organization.
#[derive(Debug, Clone)]
pub struct Admin(pub Caller);

/// A person in a browser, with the hash that names the session.
#[derive(Debug, Clone)]
pub struct Session {
    pub caller: Caller,
    pub hash: Vec<u8>,
}

/// An admin in a browser.
#[derive(Debug, Clone)]
pub struct SessionAdmin(pub Session);

impl FromRequestParts<AppState> for Member {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        match bearer(parts)? {
            Some(token) => {
                let verifier = parts.extensions.get::<Verifier>().cloned().ok_or_else(|| Error::internal("the router carries no token verifier"))?;
                let caller = verifier.verify(&token).await?;
                organizations::ensure(state, caller.tenant).await?;
                Ok(Self(caller))
            }
            None => Session::from_request_parts(parts, state).await.map(|session| Self(session.caller)),
        }
    }
}

impl FromRequestParts<AppState> for Admin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let Member(caller) = Member::from_request_parts(parts, state).await?;
        admin(caller.role)?;
        Ok(Self(caller))
    }
}

impl FromRequestParts<AppState> for Session {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let cookies = CookieJar::from_headers(&parts.headers);
        let none = || Error::unauthenticated("Sign in first: send a bearer token, or begin a session with POST /auth/session.");
        let presented = cookies.get(COOKIE).and_then(|cookie| Presented::parse(cookie.value())).ok_or_else(none)?;
        let (caller, hash) =
            session::find(state, presented).await?.ok_or_else(|| Error::unauthenticated("Your session has ended. Sign in again."))?;
        Ok(Self { caller, hash })
    }
}

impl FromRequestParts<AppState> for SessionAdmin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let session = Session::from_request_parts(parts, state).await?;
        admin(session.caller.role)?;
        Ok(Self(session))
    }
}

fn admin(role: Role) -> Result<()> {
    if role == Role::Admin { Ok(()) } else { Err(Error::admin_required()) }
}

/// The bearer token; `None` without an `Authorization` header.
fn bearer(parts: &Parts) -> Result<Option<String>> {
    let Some(value) = parts.headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value.to_str().ok().and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    });
    token.map(Some).ok_or_else(|| Error::unauthenticated("The Authorization header must read: Bearer, a space, and the token."))
}
