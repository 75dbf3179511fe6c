//! Notes, resumes and their files, and what a person opens before the sync got there: over HTTP, against the stand-in.
#![cfg(feature = "fake-lever")]

mod files;
mod notes;
mod opened;
#[path = "../support/mod.rs"]
mod support;
mod writing;

use uuid::Uuid;

/// The organization of these stories.
const OURS: Uuid = Uuid::from_u128(1);
