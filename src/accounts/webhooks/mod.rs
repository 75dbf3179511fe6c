//! What we registered at Lever for an organization: each webhook with its unguessable url and its sealed key.
//!
//! It lies here and not in the webhooks feature because connecting and disconnecting need it too: a disconnect must remove them
//! at Lever while the tokens still work, and the connection's health says which of them bring anything.

mod follow_up;
mod purge;
mod silence;
mod status;
mod table;
mod wanted;

pub use follow_up::follow_up;
pub use purge::purge;
pub use silence::{expect_deletion, judge};
pub(super) use status::Recorded;
pub use status::{WebhookState, WebhookStatus};
pub use table::{
    Webhook, active, believed_ids, destroy_expired_keys, forget_all, new_id, plan, record_registration, retire, signature_key, take_back, tenant_of,
};
pub(super) use table::{drop_key, place as key_place, replace_sealed_key};
pub use wanted::{WANTED, Wanted};
