//! An organization's connection to Lever: its status, its sealed tokens, who granted them, and the webhooks registered for it.
//!
//! Two rules. Tokens are sealed at rest, stored before they are used, and refreshed by one holder at a time across all
//! replicas (`tokens`). And whatever began under one `epoch` of the connection stops when a connect or disconnect starts another.

mod budget;
pub mod care;
mod connection;
mod contact;
pub mod keys;
mod open;
mod overview;
mod parting;
mod reseal;
mod tokens;
pub mod webhooks;

pub use connection::{
    Connection, Grantor, NewGrant, Status, Synced, disconnect, find, forget_account, hold, hold_any, record_grantor, record_sync,
    require_reauthorization, store_grant,
};
pub use contact::probe_due;
pub use open::{ANOTHER_ENVIRONMENT, another_environment, check_environment, open, open_in, open_sealed, remember_data_centre};
pub use overview::{Overview, SyncedGrantor, overview};
pub use parting::part;
pub use reseal::{drop_unreadable_keys, reseal};
pub use tokens::keep_alive;
