//! The budget of an organization's Lever account, kept in `lever_account_budgets` so that all replicas share it, and all organizations that
//! have connected that account: Lever counts their requests together.
//!
//! Its times are the database server's own: the one clock that all replicas have in common. The service's clock would let two
//! machines that disagree by a second spend ten requests twice.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::FromRow;

use crate::db::Db;
use crate::ids::TenantId;
use crate::lever::{Budget, Level, LevelStore, StoreUnreachable, Stored};
use crate::state::AppState;

/// The budget of the account that the organization has connected.
pub(super) fn of(state: &AppState, tenant: TenantId) -> Budget {
    let lever = &state.config.lever;
    state.budget(tenant, || {
        // One question serves all who wait, and a person may be among them.
        let store = StoredLevel { db: state.db.for_people(), tenant };
        Budget::shared(lever.requests_per_second, lever.burst, Arc::new(store))
    })
}

struct StoredLevel {
    db: Db,
    tenant: TenantId,
}

/// Only to look.
const NOTHING_SEEN: i64 = -1;

#[derive(FromRow)]
struct Row {
    swapped: bool,
    /// Null with the rest while there is no row.
    version: Option<i64>,
    tokens: Option<f64>,
    filled_at: Option<DateTime<Utc>>,
    pace: Option<f64>,
    slowed_at: Option<DateTime<Utc>>,
    shut_until: Option<DateTime<Utc>>,
    clock: DateTime<Utc>,
}

impl StoredLevel {
    async fn ask(&self, seen: i64, next: Option<Level>) -> Result<Stored, StoreUnreachable> {
        let answer = sqlx::query_as::<_, Row>("SELECT * FROM swap_lever_budget($1, $2, $3, $4, $5, $6, $7)")
            .bind(self.tenant)
            .bind(seen)
            .bind(next.map(|level| level.tokens))
            .bind(next.map(|level| level.filled_at))
            .bind(next.map(|level| level.pace))
            .bind(next.map(|level| level.slowed_at))
            .bind(next.map(|level| level.shut_until))
            .fetch_one(self.db.single())
            .await;
        answer.map(Row::stored).map_err(|error| {
            tracing::warn!(tenant = %self.tenant, %error, "the budget cannot be read or stored");
            StoreUnreachable
        })
    }
}

impl LevelStore for StoredLevel {
    fn swap(&self, seen: i64, next: Level) -> BoxFuture<'_, Result<Stored, StoreUnreachable>> {
        self.ask(seen, Some(next)).boxed()
    }

    fn look(&self) -> BoxFuture<'_, Result<Stored, StoreUnreachable>> {
        self.ask(NOTHING_SEEN, None).boxed()
    }
}

impl Row {
    fn stored(self) -> Stored {
        Stored { swapped: self.swapped, version: self.version.unwrap_or_default(), level: self.level(), now: self.clock }
    }

    fn level(&self) -> Option<Level> {
        Some(Level { tokens: self.tokens?, filled_at: self.filled_at?, pace: self.pace?, slowed_at: self.slowed_at?, shut_until: self.shut_until? })
    }
}
