//! Which ids are those of webhooks: read for all organizations at once, and at most four times a second.
//!
//! Everybody can send well-formed ids that are nobody's, and a look at the database for each would let them keep it busy. An id
//! that this process does not know makes it read the roll again, together with all others that came meanwhile.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::accounts::webhooks;
use crate::state::AppState;

/// Between two readings.
const PAUSE: Duration = Duration::from_millis(250);

/// See the module.
#[derive(Default)]
pub(super) struct Roll {
    ids: RwLock<HashSet<String>>,
    /// When the last reading began; held while one is under way.
    read_at: Mutex<Option<Instant>>,
}

impl Roll {
    /// Whether a webhook has this id, as of now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn has(&self, state: &AppState, id: &str) -> Result<bool, sqlx::Error> {
        if self.knows(id) {
            return Ok(true);
        }
        let asked_at = Instant::now();
        let mut read_at = self.read_at.lock().await;
        // Whoever waited for a reading that began after they had asked has their answer.
        if read_at.is_none_or(|read_at| read_at < asked_at) {
            if let Some(read_at) = *read_at {
                sleep_until(read_at + PAUSE).await;
            }
            let began_at = Instant::now();
            let ids = webhooks::believed_ids(&state.db, state.clock.now()).await?;
            *self.ids.write().unwrap_or_else(PoisonError::into_inner) = ids.into_iter().collect();
            *read_at = Some(began_at);
        }
        drop(read_at);
        Ok(self.knows(id))
    }

    /// Its webhook is believed no longer.
    pub fn strike(&self, id: &str) {
        self.ids.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    fn knows(&self, id: &str) -> bool {
        self.ids.read().unwrap_or_else(PoisonError::into_inner).contains(id)
    }
}
