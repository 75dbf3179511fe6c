//! Feature: what Lever tells us by itself.
//!
//! | file | what it does |
//! | --- | --- |
//! | `receive` | `POST /webhooks/lever/{webhookId}`: verify, remember, enqueue, answer |
//! | `event` `signature` | pure: what a delivery's body says, and whether Lever said it |
//! | `keys` `roll` | the signature keys that this process has opened; which ids are those of webhooks |
//! | `process` | the jobs that read again what a delivery was about |
//! | `burst` | pure: when to read again what many deliveries are about |
//! | `compare` `register` | pure: what stands at Lever against what is wanted; the job that makes them equal |
//! | `work` | the account and the fence that the jobs share |
//! | `together` `store` | deliveries that come at once go with one commit; the table `webhook_deliveries` |
//!
//! The rule: a delivery is a hint. Lever signs a random token and the time, never the data, so nothing that a delivery says is
//! stored as truth: it only names what to read again. Duplicates, reordering and reruns all end in the same reading, and a delivery
//! that never came only delays it until the next sync.

mod burst;
mod compare;
mod event;
mod keys;
mod process;
mod receive;
mod register;
mod roll;
mod signature;
mod store;
mod together;
mod work;

pub use process::{refresh_contact, refresh_opportunity};
pub use receive::router;
pub use register::register;
pub use store::turn_months;
