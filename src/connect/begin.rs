//! `GET /integrations/lever/connect`: the Connect click.

use axum::extract::State;
use axum::response::Redirect;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::Url;

use super::store;
use crate::auth::SessionAdmin;
use crate::crypto;
use crate::error::{Error, Problem, Result};
use crate::state::AppState;

/// Where the click goes; a plain link leads there.
pub const CONNECT_PATH: &str = "/integrations/lever/connect";
/// Registered at Lever as `{PUBLIC_URL}` + this.
pub(super) const CALLBACK_PATH: &str = "/integrations/lever/callback";
const STATE_BYTES: usize = 32;

/// Begin connecting Lever: off to Lever's authorize page
#[utoipa::path(get, path = "/integrations/lever/connect", tag = "Connection",
    responses(
        (status = 303, description = "To Lever's authorize page, with a state that this browser session can use once within ten minutes"),
        (status = 401, body = Problem, content_type = "application/problem+json", description = "No browser session"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "`admin_required`")))]
pub(super) async fn begin(State(state): State<AppState>, SessionAdmin(session): SessionAdmin) -> Result<Redirect> {
    let csrf_state = URL_SAFE_NO_PAD.encode(crypto::random::<STATE_BYTES>());
    let redirect_uri = Url::parse(&state.config.http.public(CALLBACK_PATH)).map_err(Error::internal)?;
    let mut tx = state.db.begin(session.caller.tenant).await?;
    let flow = store::Flow { redirect_uri: redirect_uri.as_str(), environment: state.config.lever.environment.as_str() };
    store::begin(&mut tx, &csrf_state, &session, flow, state.clock.now()).await?;
    tx.commit().await?;
    Ok(Redirect::to(state.lever.authorize_url(&redirect_uri, &csrf_state).as_str()))
}
