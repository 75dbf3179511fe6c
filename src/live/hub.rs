//! One look at the database for all who watch in this process, and none while nobody does.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::seen::Seen;
use super::store;
use crate::ids::TenantId;
use crate::state::AppState;

/// How often to look. No transaction and no connection is held in between.
const LOOK: Duration = Duration::from_millis(200);

/// Who watches which organization. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Hub(Arc<Mutex<Watched>>);

#[derive(Default)]
struct Watched {
    organizations: HashMap<TenantId, watch::Sender<()>>,
    is_looking: bool,
}

impl Hub {
    /// Marks a change of the organization from now on, and perhaps one change too many.
    pub fn watch(&self, state: &AppState, tenant: TenantId) -> watch::Receiver<()> {
        let mut watched = self.lock();
        let receiver = watched.organizations.entry(tenant).or_insert_with(|| watch::Sender::new(())).subscribe();
        if !std::mem::replace(&mut watched.is_looking, true) {
            tokio::spawn(look_while_watched(self.clone(), state.clone()));
        }
        receiver
    }

    /// Whether anybody still watches; if not, looking has ended.
    fn goes_on(&self) -> bool {
        let mut watched = self.lock();
        watched.organizations.retain(|_, sender| sender.receiver_count() > 0);
        watched.is_looking = !watched.organizations.is_empty();
        watched.is_looking
    }

    fn wake(&self, tenant: TenantId) {
        if let Some(sender) = self.lock().organizations.get(&tenant) {
            sender.send_replace(());
        }
    }

    fn wake_all(&self) {
        for sender in self.lock().organizations.values() {
            sender.send_replace(());
        }
    }

    /// Nothing is done under this lock that could panic half way.
    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn look_while_watched(hub: Hub, state: AppState) {
    let mut seen = None;
    while !state.shutdown.is_cancelled() && hub.goes_on() {
        if let Err(error) = look(&hub, &state, &mut seen).await {
            tracing::warn!(%error, "cannot look for changes to show");
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Wakes whose changes are new. The first look knows nothing of before and wakes everybody.
async fn look(hub: &Hub, state: &AppState, seen: &mut Option<Seen>) -> Result<(), sqlx::Error> {
    let Some(seen) = seen else {
        let mut first = Seen::default();
        first.is_new(store::newest(state.db.dispatch()).await?);
        hub.wake_all();
        *seen = Some(first);
        return Ok(());
    };
    for (tenant, number) in store::owners_after(state.db.dispatch(), seen.floor()).await? {
        if seen.is_new(number) {
            hub.wake(tenant);
        }
    }
    Ok(())
}
