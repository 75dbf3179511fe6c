//! An organization's tokens as the Lever client wants them: read, opened, and refreshed by one holder at a time.
//!
//! Lever rotates refresh tokens, and a spent one used again kills the whole family. So a refresh needs a lease on the row, the new
//! pair is stored before anyone uses it, and every store and every verdict names the `token_version` it is about: a
//! replica that comes late adopts what the other stored instead of judging by its own stale answer.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::SecretString;
use sqlx::FromRow;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::connection::{access_place, refresh_place, require_reauthorization};
use super::{Status, care};
use crate::ids::TenantId;
use crate::lever::{self, AccessToken, Grant, OAuthError, TokenSource};
use crate::state::AppState;

/// An access token this close to its end is refreshed before it is used; one that lives for less than ten minutes, in its last tenth.
const EARLY: TimeDelta = TimeDelta::seconds(60);
/// Whoever refreshes says so this often; a holder that has said nothing for longer than the lease is dead, or cut off from the
/// database. Both together are shorter than the overlap in which Lever may still accept a spent refresh token.
const HEARTBEAT: Duration = Duration::from_secs(1);
const LEASE: TimeDelta = TimeDelta::seconds(5);
/// One that was cut off may hold a new pair that it could not store. Once the database is back it gets this long to do so.
const SETTLE: Duration = Duration::from_secs(2);
/// A refresh token that nobody has exchanged for so long is exchanged without need: Lever lets unused ones die.
const UNUSED: TimeDelta = TimeDelta::days(6);
/// How often a waiting task looks whether the holder has stored the new pair, and how long it waits in all.
const LOOK: Duration = Duration::from_millis(40);
const PATIENCE: Duration = Duration::from_secs(20);
/// A new pair that cannot be stored is kept and tried again for this long: it is the only one there is.
const KEEP_STORING: Duration = Duration::from_secs(24 * 3600);

/// See the module.
pub(super) struct StoredTokens(Arc<Tokens>);

struct Tokens {
    state: AppState,
    tenant: TenantId,
    /// The last token read, and when to look again.
    cached: Mutex<Option<(AccessToken, DateTime<Utc>)>>,
}

#[derive(FromRow)]
struct Row {
    status: Status,
    token_version: i64,
    access_token: Option<Vec<u8>>,
    refresh_token: Option<Vec<u8>>,
    access_expires_at: Option<DateTime<Utc>>,
    refreshed_at: Option<DateTime<Utc>>,
    refresh_holder: Option<Uuid>,
    refresh_lease_until: Option<DateTime<Utc>>,
}

/// Whoever waits for a token may stop waiting. What was begun (a transaction, and above all a refresh, whose answer is the only
/// one there is) runs to its end all the same, in a task of its own.
impl TokenSource for StoredTokens {
    fn current(&self) -> BoxFuture<'_, Result<AccessToken, lever::Error>> {
        async move {
            match self.0.fresh() {
                Some(token) => Ok(token),
                None => {
                    let tokens = self.0.clone();
                    to_the_end(async move { tokens.current().await }).await
                }
            }
        }
        .boxed()
    }

    fn renew(&self, spent: &AccessToken) -> BoxFuture<'_, Result<AccessToken, lever::Error>> {
        let (tokens, spent) = (self.0.clone(), spent.version);
        to_the_end(async move { tokens.renew(spent).await }).boxed()
    }

    fn refused(&self, token: &AccessToken) -> BoxFuture<'_, ()> {
        let (tokens, version) = (self.0.clone(), token.version);
        let marking = to_the_end(async move { tokens.give_up(version).await });
        marking.map(drop).boxed()
    }
}

/// Exchanges the refresh token of a connection whose tokens nobody has used for days.
///
/// # Errors
/// Lever or the database is away, or the connection is dead.
pub async fn keep_alive(state: &AppState, tenant: TenantId) -> Result<(), lever::Error> {
    let tokens = Arc::new(Tokens { state: state.clone(), tenant, cached: Mutex::default() });
    let kept = to_the_end(async move {
        let row = tokens.read().await?;
        let unused = row.refreshed_at.is_none_or(|at| at + UNUSED <= tokens.state.clock.now());
        if unused && row.refresh_token.is_some() { tokens.renew(row.token_version).await } else { tokens.open_access(&row) }
    });
    kept.await.map(drop)
}

async fn to_the_end<F>(work: F) -> Result<AccessToken, lever::Error>
where
    F: Future<Output = Result<AccessToken, lever::Error>> + Send + 'static,
{
    tokio::spawn(work).await.unwrap_or(Err(lever::Error::NoToken { reason: "reading it broke", retry_after: None }))
}

impl StoredTokens {
    pub(super) fn new(state: AppState, tenant: TenantId) -> Self {
        Self(Arc::new(Tokens { state, tenant, cached: Mutex::default() }))
    }
}

impl Tokens {
    /// The token read last, while it is good.
    fn fresh(&self) -> Option<AccessToken> {
        self.cached().as_ref().filter(|(_, until)| self.state.clock.now() < *until).map(|(token, _)| token.clone())
    }

    async fn current(&self) -> Result<AccessToken, lever::Error> {
        let row = self.read().await?;
        let token = self.open_access(&row)?;
        let until = row.good_until();
        if self.state.clock.now() >= until {
            return self.renew(token.version).await;
        }
        self.remember(&token, until);
        Ok(token)
    }

    async fn renew(&self, spent: i64) -> Result<AccessToken, lever::Error> {
        // First the tasks of this process queue up here, then the processes at the row.
        let lock = self.state.refresh_lock(self.tenant);
        let _alone = lock.lock().await;
        let deadline = Instant::now() + PATIENCE;
        let mut silent: Option<(Uuid, Instant)> = None;
        loop {
            let row = self.read().await?;
            if row.token_version > spent {
                let token = self.open_access(&row)?;
                self.remember(&token, row.good_until());
                return Ok(token);
            }
            silent = row.silent_holder(self.state.clock.now()).map(|holder| match silent {
                Some((known, since)) if known == holder => (known, since),
                _ => (holder, Instant::now()),
            });
            let is_free = row.refresh_holder.is_none() || silent.is_some_and(|(_, since)| since.elapsed() >= SETTLE);
            let holder = Uuid::new_v4();
            if is_free && self.lease(holder, &row).await.map_err(storage)? {
                let _alive = AbortOnDropHandle::new(tokio::spawn(say_alive(self.state.clone(), self.tenant, holder)));
                return self.refresh(&row, holder).await;
            }
            if Instant::now() > deadline {
                return Err(lever::Error::NoToken { reason: "another replica is still refreshing it", retry_after: None });
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn cached(&self) -> std::sync::MutexGuard<'_, Option<(AccessToken, DateTime<Utc>)>> {
        self.cached.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn remember(&self, token: &AccessToken, until: DateTime<Utc>) {
        *self.cached() = Some((token.clone(), until));
    }

    async fn read(&self) -> Result<Row, lever::Error> {
        let row = self.try_read().await.map_err(storage)?.ok_or(lever::Error::ReauthorizationRequired)?;
        match row.status {
            Status::Connected | Status::Incomplete => Ok(row),
            Status::ReauthorizationRequired | Status::Disconnected => Err(lever::Error::ReauthorizationRequired),
        }
    }

    async fn try_read(&self) -> Result<Option<Row>, sqlx::Error> {
        let mut tx = self.state.db.begin(self.tenant).await?;
        let row = sqlx::query_as(
            "SELECT status, token_version, access_token, refresh_token, access_expires_at, refreshed_at, refresh_holder, refresh_lease_until
                 FROM connections WHERE tenant_id = $1",
        )
        .bind(self.tenant)
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(row)
    }

    fn open_access(&self, row: &Row) -> Result<AccessToken, lever::Error> {
        let sealed = row.access_token.as_deref().ok_or(lever::Error::ReauthorizationRequired)?;
        let secret = self.open(access_place(self.tenant), sealed)?;
        Ok(AccessToken { secret, version: row.token_version })
    }

    fn open(&self, place: crate::crypto::Place, sealed: &[u8]) -> Result<SecretString, lever::Error> {
        self.state.config.keyring.open(place, sealed).map_err(|error| {
            tracing::error!(tenant = %self.tenant, %error, "a stored token does not open; check ENCRYPTION_KEYS");
            lever::Error::NoToken { reason: "a stored token does not open", retry_after: None }
        })
    }

    /// Takes the right to refresh the pair of this row, unless somebody else took it since it was read.
    async fn lease(&self, holder: Uuid, row: &Row) -> Result<bool, sqlx::Error> {
        let now = self.state.clock.now();
        let mut tx = self.state.db.begin(self.tenant).await?;
        let taken = sqlx::query(
            "UPDATE connections SET refresh_holder = $3, refresh_lease_until = $4
             WHERE tenant_id = $1 AND token_version = $2 AND refresh_holder IS NOT DISTINCT FROM $5
               AND (refresh_lease_until IS NULL OR refresh_lease_until <= $6)",
        )
        .bind(self.tenant)
        .bind(row.token_version)
        .bind(holder)
        .bind(now + LEASE)
        .bind(row.refresh_holder)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(taken.rows_affected() == 1)
    }

    async fn refresh(&self, row: &Row, holder: Uuid) -> Result<AccessToken, lever::Error> {
        let Some(sealed) = row.refresh_token.as_deref() else { return self.give_up(row.token_version).await };
        let refresh_token = self.open(refresh_place(self.tenant), sealed)?;
        match self.state.lever.refresh(&refresh_token).await {
            Ok(grant) => self.store(row.token_version, &grant).await,
            Err(OAuthError::InvalidGrant { .. }) => {
                // Perhaps only we were late: another replica may have spent this token and stored a newer pair.
                let newest = self.read().await?;
                if newest.token_version > row.token_version { self.open_access(&newest) } else { self.give_up(row.token_version).await }
            }
            Err(error) => {
                tracing::warn!(tenant = %self.tenant, %error, "Lever's token endpoint did not refresh; will try again");
                self.release(holder).await.map_err(storage)?;
                Err(lever::Error::NoToken { reason: "Lever's token endpoint does not answer", retry_after: None })
            }
        }
    }

    /// Stores the new pair before anyone uses it. It is the only one there is, so a failing database is tried again.
    async fn store(&self, version: i64, grant: &Grant) -> Result<AccessToken, lever::Error> {
        let received = self.state.clock.now();
        let deadline = Instant::now() + KEEP_STORING;
        loop {
            match self.try_store(version, grant, received).await {
                Ok(true) => {
                    let token = AccessToken { secret: grant.access_token.clone(), version: version + 1 };
                    self.remember(&token, good_until(received, received + grant.expires_in));
                    tracing::info!(tenant = %self.tenant, version = version + 1, "Lever tokens refreshed");
                    return Ok(token);
                }
                // Somebody connected or disconnected meanwhile: theirs counts.
                Ok(false) => return self.open_access(&self.read().await?),
                Err(error) if Instant::now() > deadline => return Err(storage(error)),
                Err(error) => {
                    tracing::warn!(tenant = %self.tenant, %error, "new tokens cannot be stored yet; trying again");
                    tokio::time::sleep(LOOK * 5).await;
                }
            }
        }
    }

    async fn try_store(&self, version: i64, grant: &Grant, received: DateTime<Utc>) -> Result<bool, sqlx::Error> {
        let keyring = &self.state.config.keyring;
        let refresh_token = grant.refresh_token.as_ref().map(|token| keyring.seal(refresh_place(self.tenant), token));
        let mut tx = self.state.db.begin(self.tenant).await?;
        let stored = sqlx::query(
            "UPDATE connections SET access_token = $3, refresh_token = coalesce($4, refresh_token), token_version = token_version + 1,
                    access_expires_at = $5, refreshed_at = $6, refresh_holder = NULL, refresh_lease_until = NULL, updated_at = $6
             WHERE tenant_id = $1 AND token_version = $2",
        )
        .bind(self.tenant)
        .bind(version)
        .bind(keyring.seal(access_place(self.tenant), &grant.access_token))
        .bind(refresh_token)
        .bind(received + grant.expires_in)
        .bind(received)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(stored.rows_affected() == 1)
    }

    async fn release(&self, holder: Uuid) -> Result<(), sqlx::Error> {
        let mut tx = self.state.db.begin(self.tenant).await?;
        sqlx::query("UPDATE connections SET refresh_holder = NULL, refresh_lease_until = NULL WHERE tenant_id = $1 AND refresh_holder = $2")
            .bind(self.tenant)
            .bind(holder)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    /// The grant is dead: said once, in the status, for people to see.
    async fn give_up(&self, version: i64) -> Result<AccessToken, lever::Error> {
        if self.mark_dead(version).await.map_err(storage)? {
            tracing::warn!(tenant = %self.tenant, "Lever refuses its tokens: the connection needs a new authorization");
        }
        Err(lever::Error::ReauthorizationRequired)
    }

    async fn mark_dead(&self, version: i64) -> Result<bool, sqlx::Error> {
        let mut tx = self.state.db.begin(self.tenant).await?;
        let now = self.state.clock.now();
        let marked = require_reauthorization(&mut tx, version, now).await?;
        if marked {
            care::record_judgement(&mut tx, "reauthorization_required", &["reauthorization_required"], now).await?;
        }
        tx.commit().await?;
        Ok(marked)
    }
}

/// Until when an access token is used as it is.
fn good_until(received: DateTime<Utc>, expires: DateTime<Utc>) -> DateTime<Utc> {
    expires - EARLY.min((expires - received).max(TimeDelta::zero()) / 10)
}

impl Row {
    fn good_until(&self) -> DateTime<Utc> {
        let Some(expires) = self.access_expires_at else { return DateTime::UNIX_EPOCH };
        good_until(self.refreshed_at.unwrap_or(expires), expires)
    }

    /// The one who took the right to refresh and has said nothing for longer than the lease.
    fn silent_holder(&self, now: DateTime<Utc>) -> Option<Uuid> {
        self.refresh_holder.filter(|_| self.refresh_lease_until.is_none_or(|until| until <= now))
    }
}

/// Prolongs the lease until this is dropped. A database that is away is said elsewhere.
async fn say_alive(state: AppState, tenant: TenantId, holder: Uuid) {
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        let prolong = async {
            let mut tx = state.db.begin(tenant).await?;
            sqlx::query("UPDATE connections SET refresh_lease_until = $3 WHERE tenant_id = $1 AND refresh_holder = $2")
                .bind(tenant)
                .bind(holder)
                .bind(state.clock.now() + LEASE)
                .execute(&mut *tx)
                .await?;
            tx.commit().await
        };
        if let Err(error) = prolong.await {
            tracing::debug!(%tenant, %error, "cannot say that tokens are being refreshed");
        }
    }
}

fn storage(error: sqlx::Error) -> lever::Error {
    tracing::error!(%error, "the tokens cannot be read or stored");
    lever::Error::NoToken { reason: "the token store is not reachable", retry_after: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_to_its_last_minute_or_its_last_tenth() {
        let received = DateTime::UNIX_EPOCH;
        for (lives, used) in [(3600, 3540), (600, 540), (60, 54), (10, 9), (0, 0), (-5, -5)] {
            let until = good_until(received, received + TimeDelta::seconds(lives));
            assert_eq!((until - received).num_seconds(), used, "one of {lives} s");
        }
    }
}
