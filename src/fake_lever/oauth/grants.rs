//! Codes, access tokens and refresh tokens that have been given out.
//!
//! A refresh token is spent by its use. A spent one used again revokes its whole family: every
//! token that goes back to the same consent.

use std::collections::HashMap;

use serde::Serialize;

use super::Scopes;

const CODE_LIFE_MS: i64 = 10 * 60_000;
/// Seconds an access token lives.
pub const ACCESS_LIFE_S: i64 = 3_600;
const DAY_MS: i64 = 86_400_000;
const REFRESH_IDLE_MS: i64 = 90 * DAY_MS;
const REFRESH_LIFE_MS: i64 = 365 * DAY_MS;

/// What a consent allowed.
#[derive(Clone)]
pub struct Access {
    pub account: String,
    pub user: String,
    pub client: String,
    pub scopes: Scopes,
    /// The consent it all goes back to.
    pub family: u64,
}

struct Code {
    access: Access,
    redirect_uri: String,
    expires_at: i64,
}

struct AccessToken {
    access: Access,
    expires_at: i64,
}

struct RefreshToken {
    access: Access,
    family_began_at: i64,
    given_at: i64,
    spent_at: Option<i64>,
}

/// How often the token endpoint was called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenCalls {
    /// Calls with `grant_type=authorization_code`.
    pub authorization_code: usize,
    /// Calls with `grant_type=refresh_token`.
    pub refresh_token: usize,
    /// How many of all calls were refused.
    pub refused: usize,
}

#[derive(Default)]
pub struct Grants {
    codes: HashMap<String, Code>,
    access_tokens: HashMap<String, AccessToken>,
    refresh_tokens: HashMap<String, RefreshToken>,
    families: u64,
    pub calls: TokenCalls,
}

impl Grants {
    pub fn begin_family(&mut self) -> u64 {
        self.families += 1;
        self.families
    }

    /// Every token given out so far, good or not.
    pub fn tokens(&self) -> impl Iterator<Item = &String> {
        self.access_tokens.keys().chain(self.refresh_tokens.keys())
    }

    pub fn add_code(&mut self, code: String, access: Access, redirect_uri: String, now: i64) {
        self.codes.insert(code, Code { access, redirect_uri, expires_at: now + CODE_LIFE_MS });
    }

    /// What a code stands for; it works once, and only with the address it was asked for with.
    pub fn take_code(&mut self, code: &str, redirect_uri: &str, client: &str, now: i64) -> Option<Access> {
        let code = self.codes.remove(code)?;
        let fits = code.redirect_uri == redirect_uri && code.access.client == client && now < code.expires_at;
        fits.then_some(code.access)
    }

    pub fn add_access_token(&mut self, token: String, access: Access, now: i64) {
        let expires_at = now + ACCESS_LIFE_S * 1_000;
        self.access_tokens.insert(token, AccessToken { access, expires_at });
    }

    pub fn add_refresh_token(&mut self, token: String, access: Access, family_began_at: i64, now: i64) {
        let token_state = RefreshToken { access, family_began_at, given_at: now, spent_at: None };
        self.refresh_tokens.insert(token, token_state);
    }

    /// Spends a refresh token: what it allows, and when its family began. `overlap_ms` is for how
    /// long a spent one is still taken.
    pub fn spend(&mut self, token: &str, client: &str, overlap_ms: i64, now: i64) -> Option<(Access, i64)> {
        let found = self.refresh_tokens.get_mut(token)?;
        if found.access.client != client || now - found.given_at > REFRESH_IDLE_MS || now - found.family_began_at > REFRESH_LIFE_MS {
            return None;
        }
        let (access, began_at) = (found.access.clone(), found.family_began_at);
        match found.spent_at {
            None => found.spent_at = Some(now),
            Some(spent_at) if now - spent_at < overlap_ms => {}
            Some(_) => {
                self.revoke(|it| it.family == access.family);
                return None;
            }
        }
        Some((access, began_at))
    }

    /// What an unexpired access token allows.
    pub fn access(&self, token: &str, now: i64) -> Option<&Access> {
        self.access_tokens.get(token).filter(|it| now < it.expires_at).map(|it| &it.access)
    }

    /// Whose token it is or was, for the ledger and the rate limit.
    pub fn owner(&self, token: &str) -> Option<&str> {
        self.access_tokens.get(token).map(|it| it.access.account.as_str())
    }

    /// Lets every access token given so far be over.
    pub fn expire_access_tokens(&mut self) {
        for token in self.access_tokens.values_mut() {
            token.expires_at = i64::MIN;
        }
    }

    /// Takes back everything given for these consents; access tokens answer 401 from now on.
    pub fn revoke(&mut self, which: impl Fn(&Access) -> bool) {
        self.codes.retain(|_, it| !which(&it.access));
        self.refresh_tokens.retain(|_, it| !which(&it.access));
        for token in self.access_tokens.values_mut().filter(|it| which(&it.access)) {
            token.expires_at = i64::MIN;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(family: u64) -> Access {
        Access { account: "a".to_owned(), user: "u".to_owned(), client: "c".to_owned(), scopes: Scopes::default(), family }
    }

    #[test]
    fn a_spent_token_used_again_kills_its_family_and_no_other() {
        let mut grants = Grants::default();
        grants.add_refresh_token("one".to_owned(), access(1), 0, 0);
        grants.add_refresh_token("other".to_owned(), access(2), 0, 0);
        assert!(grants.spend("one", "c", 0, 10).is_some());
        grants.add_refresh_token("two".to_owned(), access(1), 0, 10);
        assert!(grants.spend("one", "c", 0, 20).is_none());
        assert!(grants.spend("two", "c", 0, 30).is_none());
        assert!(grants.spend("other", "c", 0, 30).is_some());
    }

    #[test]
    fn within_the_overlap_a_spent_token_still_works() {
        let mut grants = Grants::default();
        grants.add_refresh_token("one".to_owned(), access(1), 0, 0);
        assert!(grants.spend("one", "c", 30_000, 1_000).is_some());
        assert!(grants.spend("one", "c", 30_000, 30_000).is_some());
        assert!(grants.spend("one", "c", 30_000, 31_000).is_none());
    }

    #[test]
    fn a_refresh_token_dies_of_idleness_and_of_age() {
        let mut grants = Grants::default();
        grants.add_refresh_token("idle".to_owned(), access(1), 0, 0);
        assert!(grants.spend("idle", "c", 0, 91 * DAY_MS).is_none());
        grants.add_refresh_token("old".to_owned(), access(2), 0, 360 * DAY_MS);
        assert!(grants.spend("old", "c", 0, 366 * DAY_MS).is_none());
    }

    #[test]
    fn a_code_works_once_and_only_with_its_address() {
        let mut grants = Grants::default();
        grants.add_code("x".to_owned(), access(1), "http://here".to_owned(), 0);
        assert!(grants.take_code("x", "http://there", "c", 1).is_none());
        grants.add_code("y".to_owned(), access(1), "http://here".to_owned(), 0);
        assert!(grants.take_code("y", "http://here", "c", 1).is_some());
        assert!(grants.take_code("y", "http://here", "c", 1).is_none());
    }
}
