//! Whether Lever answers an organization's requests: written down when that changes, and found out while nobody asks.
//!
//! What was put off while Lever was away becomes due the moment it is back, however long its own pause would be.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};

use super::{care, open};
use crate::clock::Clock;
use crate::db::Db;
use crate::ids::TenantId;
use crate::jobs;
use crate::lever::{Circuit, ContactLog, Lane, Paging};
use crate::state::AppState;

/// The circuit of the account that the organization has connected.
pub(super) fn of(state: &AppState, tenant: TenantId) -> Circuit {
    state.circuit(tenant, || {
        // Whoever finds it out, a person too, waits until it is written down.
        let log = Written { db: state.db.for_people(), clock: state.clock.clone(), tenant };
        Circuit::logged(state.clock.clone(), Arc::new(log))
    })
}

/// Asks each Lever whose turn it is whether it is back. One that hangs keeps none of the others waiting for longer than itself.
pub async fn probe_due(state: &AppState) {
    join_all(state.due_probes().into_iter().map(|tenant| probe(state, tenant))).await;
}

async fn probe(state: &AppState, tenant: TenantId) {
    // Without a working connection there is nothing to find out, and nobody who asks.
    let Ok((account, _)) = open(state, tenant).await else { return };
    if let Err(error) = account.in_lane(Lane::Incremental).list_stages(&Paging::first().limit(1)).await {
        tracing::info!(%tenant, %error, "Lever was asked whether it is back");
    }
}

struct Written {
    db: Db,
    clock: Clock,
    tenant: TenantId,
}

impl ContactLog for Written {
    fn lost(&self, since: DateTime<Utc>, last: DateTime<Utc>) -> BoxFuture<'static, ()> {
        let (db, tenant) = (self.db.clone(), self.tenant);
        async move {
            let recorded = async {
                let mut tx = db.begin(tenant).await?;
                care::record_lost_contact(&mut tx, since, last).await?;
                tx.commit().await
            };
            say(tenant, recorded.await);
        }
        .boxed()
    }

    /// Whoever was told to wait need not: by this process, or by one that has ended since and took what it knew with it.
    fn restored(&self) -> BoxFuture<'static, ()> {
        let (db, now, tenant) = (self.db.clone(), self.clock.now(), self.tenant);
        async move {
            let recorded = async {
                let mut tx = db.begin(tenant).await?;
                care::record_contact(&mut tx, now).await?;
                jobs::wake_failed(&mut tx, now).await?;
                tx.commit().await
            };
            say(tenant, recorded.await);
        }
        .boxed()
    }
}

fn say(tenant: TenantId, recorded: Result<(), sqlx::Error>) {
    if let Err(error) = recorded {
        tracing::warn!(%tenant, %error, "whether Lever answers cannot be written down");
    }
}
