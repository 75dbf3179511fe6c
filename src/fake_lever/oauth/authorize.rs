//! The authorize request, and what follows from a person's decision about it.

use url::{Url, form_urlencoded};

use super::super::dice::fresh_token;
use super::super::state::State;
use super::{Access, Scopes};

/// An app may ask for this many scopes at most.
const MAX_SCOPES: usize = 20;

/// A well-formed authorize request.
pub struct AuthorizeRequest {
    pub redirect_uri: Url,
    redirect_uri_as_sent: String,
    client: String,
    state: String,
    /// What the consent page offers.
    pub scopes: Scopes,
}

/// What a person answered on the consent page.
pub enum Decision<'a> {
    /// `scopes` limits what is granted; `None` grants all that was offered.
    Accept {
        account: &'a str,
        user: &'a str,
        scopes: Option<&'a [&'a str]>,
    },
    Deny,
}

impl AuthorizeRequest {
    /// Reads the query of an authorize address.
    ///
    /// # Errors
    /// One sentence for the person in front of the browser: such a request cannot be sent back.
    pub fn parse(query: &str, client_id: &str, audience: &str) -> Result<Self, &'static str> {
        let values: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let value = |name: &str| values.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
        if value("client_id") != client_id {
            return Err("Unknown client: client_id is not a registered application.");
        }
        let redirect_uri = (Url::parse(value("redirect_uri")).ok())
            .filter(|url| matches!(url.scheme(), "http" | "https"))
            .ok_or("redirect_uri is missing or not an address of the web.")?;
        if value("response_type") != "code" {
            return Err("response_type must be code.");
        }
        if value("state").is_empty() {
            return Err("state is required.");
        }
        let asked = Scopes::parse(value("scope"));
        if asked.names().len() > MAX_SCOPES {
            return Err("An application may ask for 20 scopes at most.");
        }
        // Without the exact audience Lever's page has nothing of Lever's to offer.
        let knows_audience = value("audience") == audience;
        let scopes = if knows_audience { asked } else { asked.only(&["offline_access"]) };
        Ok(Self {
            redirect_uri_as_sent: value("redirect_uri").to_owned(),
            redirect_uri,
            client: client_id.to_owned(),
            state: value("state").to_owned(),
            scopes,
        })
    }
}

/// The address that the browser is sent to after the decision.
pub fn decide(state: &mut State, request: &AuthorizeRequest, decision: &Decision) -> Url {
    let mut back = request.redirect_uri.clone();
    match code(state, request, decision) {
        Ok(code) => {
            back.query_pairs_mut().append_pair("code", &code);
        }
        Err(description) => {
            back.query_pairs_mut().append_pair("error", "access_denied").append_pair("error_description", description);
        }
    }
    back.query_pairs_mut().append_pair("state", &request.state);
    back
}

fn code(state: &mut State, request: &AuthorizeRequest, decision: &Decision) -> Result<String, &'static str> {
    let Decision::Accept { account, user, scopes } = decision else {
        return Err("The request was denied.");
    };
    let role =
        (state.account(account).ok()).and_then(|account| account.user(user)).filter(|user| user.is_active()).map(|user| user.access_role.as_str());
    if role != Some("super admin") {
        return Err("Only a Super Admin can connect an application.");
    }
    let access = Access {
        account: (*account).to_owned(),
        user: (*user).to_owned(),
        client: request.client.clone(),
        scopes: scopes.map_or_else(|| request.scopes.clone(), |names| request.scopes.only(names)),
        family: state.grants.begin_family(),
    };
    let code = fresh_token();
    let now = state.now();
    let redirect_uri = request.redirect_uri_as_sent.clone();
    state.grants.add_code(code.clone(), access, redirect_uri, now);
    Ok(code)
}
