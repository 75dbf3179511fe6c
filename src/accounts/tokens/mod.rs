//! An organization's tokens as the Lever client wants them: read, opened, and refreshed by one holder at a time.
//!
//! Lever rotates refresh tokens, and a spent one used again kills the whole family. So a refresh needs a lease on the row, the new
//! pair is stored before anyone uses it, and every store and every verdict names the `token_version` it is about: a
//! replica that comes late adopts what the other stored instead of judging by its own stale answer.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `refresh` | who may refresh, and what follows from Lever's answer |
//! | `row` | the columns that hold the tokens, and what they say about now |
//! | `pause` | how long nobody asks after a failure (pure) |

mod pause;
mod refresh;
mod row;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::SecretString;

pub(super) use self::row::SealedAccess;
use super::connection::access_place;
use crate::crypto::Place;
use crate::ids::TenantId;
use crate::lever::{self, AccessToken, TokenSource};
use crate::state::AppState;

/// A refresh token that nobody has exchanged for so long is exchanged without need: Lever lets unused ones die.
const UNUSED: TimeDelta = TimeDelta::days(6);

/// See the module.
pub(super) struct StoredTokens(Arc<Tokens>);

struct Tokens {
    state: AppState,
    tenant: TenantId,
    /// The last token read, and when to look again.
    cached: Mutex<Option<(AccessToken, DateTime<Utc>)>>,
}

/// Whoever waits for a token may stop waiting. What was begun (a transaction, and above all a refresh, whose answer is the only
/// one there is) runs to its end all the same, in a task of its own that a shutdown waits for.
impl TokenSource for StoredTokens {
    fn current(&self) -> BoxFuture<'_, Result<AccessToken, lever::Error>> {
        async move {
            match self.0.fresh() {
                Some(token) => Ok(token),
                None => {
                    let tokens = self.0.clone();
                    to_the_end(&self.0.state, async move { tokens.current().await }).await
                }
            }
        }
        .boxed()
    }

    fn renew(&self, spent: &AccessToken) -> BoxFuture<'_, Result<AccessToken, lever::Error>> {
        let (tokens, spent) = (self.0.clone(), spent.version);
        to_the_end(&self.0.state, async move { tokens.renew(spent).await }).boxed()
    }

    fn refused(&self, token: &AccessToken) -> BoxFuture<'_, ()> {
        let (tokens, version) = (self.0.clone(), token.version);
        let marking = to_the_end(&self.0.state, async move { tokens.give_up(version).await });
        marking.map(drop).boxed()
    }
}

/// Exchanges the refresh token of a connection whose tokens nobody has used for days.
///
/// # Errors
/// Lever or the database is away, or the connection is dead.
pub async fn keep_alive(state: &AppState, tenant: TenantId) -> Result<(), lever::Error> {
    let tokens = Tokens::new(state.clone(), tenant);
    let kept = to_the_end(state, async move {
        let row = tokens.read().await?;
        let unused = row.access.refreshed_at.is_none_or(|at| at + UNUSED <= tokens.state.clock.now());
        if unused && row.refresh_token.is_some() { tokens.renew(row.access.version).await } else { tokens.open_access(&row.access) }
    });
    kept.await.map(drop)
}

fn to_the_end<F>(state: &AppState, work: F) -> impl Future<Output = Result<AccessToken, lever::Error>> + use<F>
where
    F: Future<Output = Result<AccessToken, lever::Error>> + Send + 'static,
{
    let task = state.must_end.spawn(work);
    async move { task.await.unwrap_or(Err(lever::Error::NoToken { reason: "reading it broke", retry_after: None })) }
}

impl StoredTokens {
    pub(super) fn new(state: AppState, tenant: TenantId) -> Self {
        Self(Tokens::new(state, tenant))
    }

    /// Whoever has just read the connection need not read it once more for its token.
    pub(super) fn begin_with(self, access: &SealedAccess) -> Self {
        let now = self.0.state.clock.now();
        if now < access.good_until()
            && let Ok(token) = self.0.open_access(access)
        {
            self.0.remember(&token, access.good_until());
        }
        self
    }
}

impl Tokens {
    fn new(state: AppState, tenant: TenantId) -> Arc<Self> {
        // Whoever refreshes does it for all who wait.
        Arc::new(Self { state: state.for_people(), tenant, cached: Mutex::default() })
    }

    /// The token read last, while it is good.
    fn fresh(&self) -> Option<AccessToken> {
        self.cached().as_ref().filter(|(_, until)| self.state.clock.now() < *until).map(|(token, _)| token.clone())
    }

    /// The token to use now. One that nears its end is used to it while another is fetched beside it: that may fail.
    async fn current(self: Arc<Self>) -> Result<AccessToken, lever::Error> {
        let row = self.read().await?;
        let token = self.open_access(&row.access)?;
        let now = self.state.clock.now();
        if now < row.access.good_until() {
            self.remember(&token, row.access.good_until());
        } else if now >= row.access.expires_at() {
            return self.renew(token.version).await;
        } else if row.rest(now).is_none() && !self.is_being_renewed() {
            self.state.clone().must_end.spawn(async move { self.renew(row.access.version).await });
        }
        Ok(token)
    }

    fn is_being_renewed(&self) -> bool {
        self.state.refresh_lock(self.tenant).try_lock().is_err()
    }

    fn cached(&self) -> MutexGuard<'_, Option<(AccessToken, DateTime<Utc>)>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, token: &AccessToken, until: DateTime<Utc>) {
        *self.cached() = Some((token.clone(), until));
    }

    fn open_access(&self, access: &SealedAccess) -> Result<AccessToken, lever::Error> {
        let sealed = access.sealed.as_deref().ok_or(lever::Error::ReauthorizationRequired)?;
        let secret = self.open(access_place(self.tenant), sealed)?;
        Ok(AccessToken { secret, version: access.version })
    }

    fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<SecretString, lever::Error> {
        self.state.config.keyring.open(place, sealed).map_err(|error| {
            tracing::error!(tenant = %self.tenant, %error, "a stored token does not open; check ENCRYPTION_KEYS");
            lever::Error::NoToken { reason: "a stored token does not open", retry_after: None }
        })
    }
}

fn storage(error: sqlx::Error) -> lever::Error {
    tracing::error!(%error, "the tokens cannot be read or stored");
    lever::Error::NoToken { reason: "the token store is not reachable", retry_after: None }
}
