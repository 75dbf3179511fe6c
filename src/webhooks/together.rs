//! Deliveries that come at the same time are stored together, one organization's by one statement.
//!
//! A commit costs the same for one delivery and for fifty. So while some are being stored, the next ones gather and go with the next
//! commit; one that comes alone goes at once. Each is answered when it is durable, as if it had been alone. An organization takes few
//! connections at a time, so that one whose rows are locked leaves the pool to the others.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, timeout_at};

use super::store::{self, Delivery, Stored};
use crate::db::Db;
use crate::ids::TenantId;

/// Stored by one statement.
const MOST: usize = 100;
/// Statements under way at a time for one organization.
const TURNS: usize = 2;
/// For a turn. As long as for a connection: Lever waits some ten seconds in all, and sends again what it hears no answer to.
const PATIENCE: Duration = Duration::from_secs(5);

/// The deliveries of every organization. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Together(Arc<Mutex<HashMap<TenantId, Arc<Line>>>>);

/// The deliveries of one organization that wait to be stored.
struct Line {
    waiting: Mutex<Vec<Waiting>>,
    turns: Semaphore,
}

struct Waiting {
    delivery: Delivery,
    told: oneshot::Sender<Result<Stored, sqlx::Error>>,
}

impl Together {
    /// Remembers a verified delivery and asks for its job, both durable when this returns.
    ///
    /// # Errors
    /// The database failed, or was too busy: Lever must hear so, and will try again. Then it may be stored all the same.
    pub async fn remember(&self, db: &Db, tenant: TenantId, delivery: Delivery) -> Result<Stored, sqlx::Error> {
        let store = |batch: Arc<[Delivery]>| async move { store::remember(db, tenant, &batch).await };
        self.line(tenant).remember(delivery, store).await
    }

    fn line(&self, tenant: TenantId) -> Arc<Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(tenant).or_default().clone()
    }
}

impl Default for Line {
    fn default() -> Self {
        Self { waiting: Mutex::default(), turns: Semaphore::new(TURNS) }
    }
}

impl Line {
    /// Has the delivery stored: by whoever has a turn when it comes, or by a turn of its own.
    async fn remember<F>(&self, delivery: Delivery, store: impl Fn(Arc<[Delivery]>) -> F) -> Result<Stored, sqlx::Error>
    where
        F: Future<Output = Result<Vec<Stored>, sqlx::Error>>,
    {
        let (tell, mut told) = oneshot::channel();
        self.waiting().push(Waiting { delivery, told: tell });
        let deadline = Instant::now() + PATIENCE;
        loop {
            let turn = tokio::select! {
                biased;
                answer = &mut told => return answer.unwrap_or(Err(sqlx::Error::WorkerCrashed)),
                turn = timeout_at(deadline, self.turns.acquire()) => turn.map_err(|_| sqlx::Error::PoolTimedOut)?,
            };
            let batch = self.next();
            if batch.is_empty() {
                // It is with another's batch.
                drop(turn);
                return told.await.unwrap_or(Err(sqlx::Error::WorkerCrashed));
            }
            store_and_tell(batch, &store).await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that came first.
    fn next(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting();
        let count = waiting.len().min(MOST);
        waiting.drain(..count).collect()
    }
}

/// Stores them and tells each what became of it.
async fn store_and_tell<F>(batch: Vec<Waiting>, store: &impl Fn(Arc<[Delivery]>) -> F)
where
    F: Future<Output = Result<Vec<Stored>, sqlx::Error>>,
{
    let (deliveries, told): (Vec<_>, Vec<_>) = batch.into_iter().map(|it| (it.delivery, it.told)).unzip();
    let deliveries: Arc<[Delivery]> = deliveries.into();
    let outcomes = match store(deliveries.clone()).await {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        Err(error) if deliveries.len() == 1 => vec![Err(error)],
        // What the database refuses, or waits for in vain, concerns one of them: the others go on without it.
        Err(sqlx::Error::Database(_)) => join_all(deliveries.iter().map(|one| alone(one, store))).await,
        // It is away, and that concerns all.
        Err(error) => deliveries.iter().map(|_| Err(sqlx::Error::Io(io::Error::other(error.to_string())))).collect(),
    };
    for (told, outcome) in told.into_iter().zip(outcomes) {
        // Whoever did not wait any longer has answered already.
        let _ = told.send(outcome);
    }
}

async fn alone<F>(delivery: &Delivery, store: &impl Fn(Arc<[Delivery]>) -> F) -> Result<Stored, sqlx::Error>
where
    F: Future<Output = Result<Vec<Stored>, sqlx::Error>>,
{
    store([delivery.clone()].into()).await?.pop().ok_or(sqlx::Error::RowNotFound)
}

#[cfg(test)]
#[path = "together_tests.rs"]
mod tests;
