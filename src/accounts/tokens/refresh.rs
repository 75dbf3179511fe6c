//! Refreshing: who may, and what follows from Lever's answer.
//!
//! First the tasks of a process queue up at a lock, then the processes at the row. Whoever waits adopts what the holder stores. After
//! a failure nobody asks before its pause is over, and nobody waits for long: that Lever fails is an answer too.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::row::{LEASE, Row, good_until};
use super::{Tokens, pause, storage};
use crate::accounts::connection::refresh_place;
use crate::ids::TenantId;
use crate::lever::{self, AccessToken, Grant, OAuthError};
use crate::state::AppState;

/// Whoever refreshes says so this often; a holder that has said nothing for longer than its lease is dead, or cut off from the
/// database. With the lease and what follows that is shorter than the overlap in which Lever may still accept a spent refresh token.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// One that was cut off may hold a new pair that it could not store. It gets this long to do so before another takes over, and
/// once more when the other is told that the token is spent.
const SETTLE: Duration = Duration::from_secs(3);
/// How often a waiting task looks whether the holder has stored the new pair, and how long it waits in all.
const LOOK: Duration = Duration::from_millis(40);
const PATIENCE: Duration = Duration::from_secs(20);
/// And while Lever is known to fail.
const LITTLE_PATIENCE: Duration = Duration::from_secs(1);
/// What those are told who come while another tries.
const COME_BACK: Duration = Duration::from_secs(5);
/// A new pair that cannot be stored is kept and tried again for this long: it is the only one there is.
const KEEP_STORING: Duration = Duration::from_secs(24 * 3600);

/// Somebody else's right to refresh as it was last seen to change, and since when it has not.
struct Watched {
    holder: Option<Uuid>,
    lease_until: Option<DateTime<Utc>>,
    since: Instant,
}

impl Tokens {
    /// Another token than that of version `spent`.
    pub(super) async fn renew(&self, spent: i64) -> Result<AccessToken, lever::Error> {
        let row = self.read().await?;
        let patience = if row.refresh_failures > 0 { LITTLE_PATIENCE } else { PATIENCE };
        if row.access.version == spent
            && let Some(rest) = row.rest(self.state.clock.now())
        {
            return Err(failing(rest));
        }
        let lock = self.state.refresh_lock(self.tenant);
        let Ok(_alone) = timeout(patience, lock.lock()).await else { return Err(busy()) };
        let deadline = Instant::now() + PATIENCE;
        let mut watched: Option<Watched> = None;
        loop {
            let row = self.read().await?;
            if row.access.version > spent {
                let token = self.open_access(&row.access)?;
                self.remember(&token, row.access.good_until());
                return Ok(token);
            }
            let now = self.state.clock.now();
            if let Some(rest) = row.rest(now) {
                return Err(failing(rest));
            }
            let seen = Watched::again(watched.take(), &row);
            if seen.is_free(now) {
                let holder = Uuid::new_v4();
                if self.lease(holder, &row).await.map_err(storage)? {
                    let _alive = AbortOnDropHandle::new(tokio::spawn(say_alive(self.state.clone(), self.tenant, holder)));
                    return self.refresh(&row, holder).await;
                }
            } else if Instant::now() > deadline || (row.refresh_failures > 0 && seen.is_alive(now)) {
                return Err(busy());
            }
            watched = Some(seen);
            sleep(LOOK).await;
        }
    }

    async fn refresh(&self, row: &Row, holder: Uuid) -> Result<AccessToken, lever::Error> {
        let Some(sealed) = row.refresh_token.as_deref() else { return self.give_up(row.access.version).await };
        let refresh_token = self.open(refresh_place(self.tenant), sealed)?;
        let (asked, refused) = match self.state.lever.refresh(&refresh_token).await {
            Ok(grant) => return self.store(row.access.version, &grant).await,
            Err(OAuthError::InvalidGrant { .. }) => return self.overtaken_or_dead(row).await,
            Err(OAuthError::Unavailable { retry_after, .. }) => (retry_after, false),
            Err(OAuthError::Refused { .. }) => (None, true),
            Err(OAuthError::Unreadable) => (None, false),
        };
        let pause = pause::after(row.refresh_failures.saturating_add(1), asked, rand::random());
        tracing::warn!(tenant = %self.tenant, refused, failures = row.refresh_failures + 1, seconds = pause.num_seconds(),
            "Lever's token endpoint did not refresh; nobody asks again before the pause is over");
        self.record_failure(holder, pause, refused).await.map_err(storage)?;
        Err(failing(pause.to_std().unwrap_or(COME_BACK)))
    }

    /// Lever says that the token is spent. Perhaps only we were late: another may have spent it, and store the newer pair any moment.
    async fn overtaken_or_dead(&self, row: &Row) -> Result<AccessToken, lever::Error> {
        let took_over = row.refresh_holder.is_some();
        let until = Instant::now() + if took_over { SETTLE } else { Duration::ZERO };
        loop {
            let newest = self.read().await?;
            if newest.access.version > row.access.version {
                return self.open_access(&newest.access);
            }
            if Instant::now() >= until {
                return self.give_up(row.access.version).await;
            }
            sleep(LOOK).await;
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
                    self.state.work.notify_one();
                    return Ok(token);
                }
                // Somebody connected or disconnected meanwhile: theirs counts.
                Ok(false) => return self.open_access(&self.read().await?.access),
                Err(error) if Instant::now() > deadline => return Err(storage(error)),
                Err(error) => {
                    tracing::warn!(tenant = %self.tenant, %error, "new tokens cannot be stored yet; trying again");
                    sleep(LOOK * 5).await;
                }
            }
        }
    }

    pub(super) async fn give_up(&self, version: i64) -> Result<AccessToken, lever::Error> {
        if self.mark_dead(version).await.map_err(storage)? {
            tracing::warn!(tenant = %self.tenant, "Lever refuses its tokens: the connection needs a new authorization");
        }
        Err(lever::Error::ReauthorizationRequired)
    }
}

impl Watched {
    fn again(before: Option<Self>, row: &Row) -> Self {
        match before {
            Some(before) if (before.holder, before.lease_until) == (row.refresh_holder, row.refresh_lease_until) => before,
            _ => Self { holder: row.refresh_holder, lease_until: row.refresh_lease_until, since: Instant::now() },
        }
    }

    /// Its holder has said lately that it is at work, as far as clocks can tell.
    fn is_alive(&self, now: DateTime<Utc>) -> bool {
        self.holder.is_some() && self.lease_until.is_some_and(|until| until > now && until <= now + LEASE * 2)
    }

    /// Nobody has the right, or whoever has it is silent: its lease is over, or comes from a clock that is not ours and does not move on.
    fn is_free(&self, now: DateTime<Utc>) -> bool {
        let is_over = self.lease_until.is_none_or(|until| until <= now);
        let silence = if is_over { SETTLE } else { SETTLE + LEASE.to_std().unwrap_or_default() };
        self.holder.is_none() || (!self.is_alive(now) && self.since.elapsed() >= silence)
    }
}

/// Prolongs the lease until this is dropped. A database that is away is said elsewhere.
async fn say_alive(state: AppState, tenant: TenantId, holder: Uuid) {
    let tokens = Tokens::new(state, tenant);
    loop {
        sleep(HEARTBEAT).await;
        if let Err(error) = tokens.prolong(holder).await {
            tracing::debug!(%tenant, %error, "cannot say that tokens are being refreshed");
        }
    }
}

fn failing(rest: Duration) -> lever::Error {
    lever::Error::NoToken { reason: "Lever's token endpoint fails", retry_after: Some(rest) }
}

fn busy() -> lever::Error {
    lever::Error::NoToken { reason: "somebody else is still refreshing it", retry_after: Some(COME_BACK) }
}
