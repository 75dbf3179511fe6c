//! The signature keys that this process has opened, so that a delivery costs one statement and a forged one costs none.
//!
//! A key never changes: a webhook that is made anew has a new id. It can only be given up, and the statement that stores a
//! delivery asks about that each time ([`super::store::remember`]), so nothing here can be out of date for long.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use secrecy::SecretString;

use super::roll::Roll;
use crate::accounts::webhooks;
use crate::ids::TenantId;
use crate::state::AppState;

/// Ten webhooks each of two thousand organizations, in a few megabytes. Beyond it everything is read anew.
const ROOM: usize = 20_000;

/// See the module. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Keys {
    opened: Arc<RwLock<HashMap<String, SecretString>>>,
    roll: Arc<Roll>,
}

impl Keys {
    /// The key of a webhook; `None` when there is none by which deliveries are believed.
    ///
    /// # Errors
    /// The database failed, or the key does not open.
    pub async fn of(&self, state: &AppState, tenant: TenantId, id: &str) -> Result<Option<SecretString>, sqlx::Error> {
        if let Some(key) = self.known(id) {
            return Ok(Some(key));
        }
        if !self.roll.has(state, id).await? {
            return Ok(None);
        }
        let mut tx = state.db.begin_webhook(tenant).await?;
        let key = webhooks::signature_key(&mut tx, &state.config.keyring, id, state.clock.now()).await?;
        tx.commit().await?;
        match &key {
            Some(key) => self.remember(id, key),
            None => self.roll.strike(id),
        }
        Ok(key)
    }

    /// Its webhook is believed no longer.
    pub fn forget(&self, id: &str) {
        self.opened.write().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    fn known(&self, id: &str) -> Option<SecretString> {
        self.opened.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn remember(&self, id: &str, key: &SecretString) {
        let mut keys = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= ROOM {
            keys.clear();
        }
        keys.insert(id.to_owned(), key.clone());
    }
}
