//! Asking Lever for as much as the budget allows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use lever_integration::accounts;
use lever_integration::app::App;
use lever_integration::fake_lever::Options;
use lever_integration::ids::TenantId;
use lever_integration::lever::{self, Account, Lane};
use uuid::Uuid;

use crate::support::story::{Setting, Story};

pub const ORGANIZATION: Uuid = Uuid::from_u128(1);

/// A Lever with this limit, and a service that knows of it.
pub fn setting(requests_per_second: f64, burst: f64) -> Setting {
    Setting {
        lever: Options { opportunities: 5, requests_per_second, burst, ..Options::default() },
        requests_per_second,
        variables: vec![("LEVER_BURST", burst.to_string())],
        ..Setting::default()
    }
}

/// An organization that is connected to the first account. Its sync is not wanted here.
pub async fn connected(setting: &Setting) -> Story {
    let story = Story::with(Setting { lever: setting.lever.clone(), variables: setting.variables.clone(), ..*setting }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story
}

pub async fn account(app: &App, lane: Lane) -> Account {
    account_of(app, ORGANIZATION, lane).await
}

pub async fn account_of(app: &App, organization: Uuid, lane: Lane) -> Account {
    accounts::open(&app.state, TenantId(organization)).await.expect("connected").0.in_lane(lane)
}

/// Sends `requests` through these accounts, eight at a time through each; the errors.
pub async fn send(accounts: &[Account], requests: usize) -> Vec<lever::Error> {
    let left = Arc::new(AtomicUsize::new(requests));
    let workers = accounts.iter().flat_map(|account| std::iter::repeat_n(account, 8)).map(|account| {
        let left = left.clone();
        async move {
            let mut errors = Vec::new();
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                errors.extend(account.list_stages(&lever::Paging::first()).await.err());
            }
            errors
        }
    });
    join_all(workers).await.concat()
}
