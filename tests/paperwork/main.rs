//! Notes, resumes and their files, and what a person opens before the sync got there: over HTTP, against the stand-in.
#![cfg(feature = "fake-lever")]

mod files;
mod notes;
mod opened;
#[path = "../support/mod.rs"]
mod support;
mod writing;

use lever_integration::fake_lever::AccountView;
use support::story::{Person, Story};
use uuid::Uuid;

/// The organization of these stories.
const OURS: Uuid = Uuid::from_u128(1);

/// Connected; what a story adds inside Lever is there when the first sync reads it.
async fn connected() -> (Story, Person, AccountView) {
    let story = Story::begin().await;
    let mut admin = story.admin(OURS);
    story.connect(&mut admin, 0).await;
    let account = story.account(0);
    (story, admin, account)
}
