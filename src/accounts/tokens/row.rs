//! The columns of `connections` that hold the tokens, the right to refresh them, and how refreshing goes; and what they say about now.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Tokens, pause, storage};
use crate::accounts::connection::{access_place, refresh_place, require_reauthorization};
use crate::accounts::{Status, care};
use crate::jobs::{self, Job};
use crate::lever::{self, Grant, scopes};

/// An access token this close to its end is refreshed before it is used; one that lives for less than ten minutes, in its last tenth.
const EARLY: TimeDelta = TimeDelta::seconds(60);
/// How long the right to refresh lasts without a word of its holder.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(5);
/// Whoever works with another environment cannot mend that by asking again soon.
const ELSEWHERE: Duration = Duration::from_secs(60);

/// The access token as it is stored.
#[derive(FromRow)]
pub(in crate::accounts) struct SealedAccess {
    #[sqlx(rename = "token_version")]
    pub(super) version: i64,
    #[sqlx(rename = "access_token")]
    pub(super) sealed: Option<Vec<u8>>,
    #[sqlx(rename = "access_expires_at")]
    expires_at: Option<DateTime<Utc>>,
    pub(super) refreshed_at: Option<DateTime<Utc>>,
}

impl SealedAccess {
    pub(super) fn expires_at(&self) -> DateTime<Utc> {
        self.expires_at.unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// Until when it is used without a thought of the next one.
    pub(super) fn good_until(&self) -> DateTime<Utc> {
        let expires = self.expires_at();
        good_until(self.refreshed_at.unwrap_or(expires), expires)
    }
}

#[derive(FromRow)]
pub(super) struct Row {
    status: Status,
    environment: String,
    #[sqlx(flatten)]
    pub(super) access: SealedAccess,
    pub(super) refresh_token: Option<Vec<u8>>,
    pub(super) refresh_holder: Option<Uuid>,
    pub(super) refresh_lease_until: Option<DateTime<Utc>>,
    pub(super) refresh_failures: i32,
    refresh_retry_at: Option<DateTime<Utc>>,
}

impl Row {
    /// How long nobody is to ask Lever for new tokens, because it failed.
    pub(super) fn rest(&self, now: DateTime<Utc>) -> Option<Duration> {
        pause::left(self.refresh_retry_at, now)
    }
}

/// Until when an access token is used as it is.
pub(super) fn good_until(received: DateTime<Utc>, expires: DateTime<Utc>) -> DateTime<Utc> {
    expires - EARLY.min((expires - received).max(TimeDelta::zero()) / 10)
}

impl Tokens {
    /// The row of a connection whose tokens are ours to use.
    pub(super) async fn read(&self) -> Result<Row, lever::Error> {
        let row = self.try_read().await.map_err(storage)?.ok_or(lever::Error::ReauthorizationRequired)?;
        match row.status {
            // Nothing of one environment is ever sent to another: there it is a stranger's, and would be refused for good.
            Status::Connected | Status::Incomplete if row.environment != self.state.config.lever.environment.as_str() => {
                Err(lever::Error::NoToken { reason: "the connection was made with another environment of Lever's", retry_after: Some(ELSEWHERE) })
            }
            Status::Connected | Status::Incomplete => Ok(row),
            Status::ReauthorizationRequired | Status::Disconnected => Err(lever::Error::ReauthorizationRequired),
        }
    }

    async fn try_read(&self) -> Result<Option<Row>, sqlx::Error> {
        let mut tx = self.state.db.look(self.tenant).await?;
        sqlx::query_as(
            "SELECT status, environment, token_version, access_token, refresh_token, access_expires_at, refreshed_at,
                    refresh_holder, refresh_lease_until, refresh_failures, refresh_retry_at
             FROM connections WHERE tenant_id = $1",
        )
        .bind(self.tenant)
        .fetch_optional(&mut *tx)
        .await
    }

    /// Takes the right to refresh the pair of this row, unless anything about that right has changed since it was read.
    pub(super) async fn lease(&self, holder: Uuid, row: &Row) -> Result<bool, sqlx::Error> {
        let mut tx = self.state.db.begin(self.tenant).await?;
        let taken = sqlx::query(
            "UPDATE connections SET refresh_holder = $3, refresh_lease_until = $4
             WHERE tenant_id = $1 AND token_version = $2 AND refresh_holder IS NOT DISTINCT FROM $5 AND refresh_lease_until IS NOT DISTINCT FROM $6",
        )
        .bind(self.tenant)
        .bind(row.access.version)
        .bind(holder)
        .bind(self.state.clock.now() + LEASE)
        .bind(row.refresh_holder)
        .bind(row.refresh_lease_until)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(taken.rows_affected() == 1)
    }

    /// Says that the holder is alive.
    pub(super) async fn prolong(&self, holder: Uuid) -> Result<(), sqlx::Error> {
        let mut tx = self.state.db.begin(self.tenant).await?;
        sqlx::query("UPDATE connections SET refresh_lease_until = $3 WHERE tenant_id = $1 AND refresh_holder = $2")
            .bind(self.tenant)
            .bind(holder)
            .bind(self.state.clock.now() + LEASE)
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    /// Stores a new pair over the one of `version`. A connection that was given up meanwhile, because somebody else's try with the
    /// spent token was refused, works again with it.
    pub(super) async fn try_store(&self, version: i64, grant: &Grant, received: DateTime<Utc>) -> Result<bool, sqlx::Error> {
        let keyring = &self.state.config.keyring;
        let refresh_token = grant.refresh_token.as_ref().map(|token| keyring.seal(refresh_place(self.tenant), token));
        let mut tx = self.state.db.begin(self.tenant).await?;
        let before: Option<(Status, Vec<String>, bool)> = sqlx::query_as(
            "SELECT status, granted_scopes, refresh_failing_since IS NOT NULL FROM connections WHERE tenant_id = $1 AND token_version = $2 FOR UPDATE",
        )
        .bind(self.tenant)
        .bind(version)
        .fetch_optional(&mut *tx)
        .await?;
        let Some((before, known_scopes, was_failing)) = before else { return Ok(false) };
        let granted = granted(grant, known_scopes);
        let given_up = before == Status::ReauthorizationRequired;
        let status = match given_up {
            true if scopes::missing(&granted).is_empty() => Status::Connected,
            true => Status::Incomplete,
            false => before,
        };
        sqlx::query(
            "UPDATE connections SET access_token = $3, refresh_token = coalesce($4, refresh_token), token_version = token_version + 1,
                    access_expires_at = $5, refreshed_at = $6, refresh_holder = NULL, refresh_lease_until = NULL, updated_at = $6,
                    status = $7, granted_scopes = $8,
                    refresh_failing_since = NULL, refresh_failures = 0, refresh_retry_at = NULL, refresh_refused = false
             WHERE tenant_id = $1 AND token_version = $2",
        )
        .bind(self.tenant)
        .bind(version)
        .bind(keyring.seal(access_place(self.tenant), &grant.access_token))
        .bind(refresh_token)
        .bind(received + grant.expires_in)
        .bind(received)
        .bind(status)
        .bind(&granted)
        .execute(&mut *tx)
        .await?;
        if given_up && status == Status::Connected {
            // The regular jobs ended with the connection.
            jobs::enqueue(&mut tx, &Job::StartSync { requested_by: None }, received, received).await?;
        }
        if given_up || was_failing {
            care::look_soon(&mut tx).await?;
            jobs::wake_failed(&mut tx, received).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Hands the right to refresh back after a failure, and says when it is worth another try.
    pub(super) async fn record_failure(&self, holder: Uuid, pause: TimeDelta, refused: bool) -> Result<(), sqlx::Error> {
        let now = self.state.clock.now();
        let mut tx = self.state.db.begin(self.tenant).await?;
        sqlx::query(
            "UPDATE connections SET refresh_holder = NULL, refresh_lease_until = NULL, refresh_failures = refresh_failures + 1,
                    refresh_failing_since = coalesce(refresh_failing_since, $3), refresh_retry_at = $4, refresh_refused = $5
             WHERE tenant_id = $1 AND refresh_holder = $2",
        )
        .bind(self.tenant)
        .bind(holder)
        .bind(now)
        .bind(now + pause)
        .bind(refused)
        .execute(&mut *tx)
        .await?;
        care::look_soon(&mut tx).await?;
        tx.commit().await
    }

    /// The grant is dead: said once, in the status, for people to see.
    pub(super) async fn mark_dead(&self, version: i64) -> Result<bool, sqlx::Error> {
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

/// What is granted after a refresh: what its answer says, else what was. A refresh token that goes on working is offline access,
/// whatever the list says.
fn granted(grant: &Grant, known: Vec<String>) -> Vec<String> {
    if !grant.scope_is_said {
        return known;
    }
    let offline = known.into_iter().filter(|scope| scope == scopes::OFFLINE_ACCESS && !grant.scope.contains(scope));
    grant.scope.iter().cloned().chain(offline).collect()
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
