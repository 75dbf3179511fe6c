//! The task of one delivery: tries, waits, tries again.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header;

use super::super::model::Attempt;
use super::super::server::Shared;
use super::{lock, resign};

/// Begins to send; [`Shared::deliveries_under_way`] counts it until it has ended.
pub fn spawn(shared: &Arc<Shared>, account: String, number: u64) {
    shared.deliveries_under_way.send_modify(|count| *count += 1);
    let task = Arc::clone(shared);
    shared.tasks.spawn_on(
        async move {
            tokio::select! {
                () = task.shutdown.cancelled() => {}
                () = deliver(&task, &account, number) => {}
            }
            if let Some(delivery) = (lock(&task.state).account_mut(&account).ok()).and_then(|account| account.deliveries.get_mut(&number)) {
                delivery.under_way = false;
            }
            task.deliveries_under_way.send_modify(|count| *count -= 1);
        },
        &shared.runtime,
    );
}

async fn deliver(shared: &Shared, account: &str, number: u64) {
    let waits = std::iter::once(Duration::ZERO).chain(shared.options.delivery_waits.iter().copied());
    for (attempt, wait) in waits.enumerate() {
        if attempt > 0 {
            tokio::time::sleep(wait).await;
            if shared.options.delivery_resigned {
                resign(&mut lock(&shared.state), account, number);
            }
        }
        if let None | Some(true) = attempt_once(shared, account, number).await {
            return;
        }
    }
}

/// Whether it was taken; `None` when the delivery is gone.
async fn attempt_once(shared: &Shared, account: &str, number: u64) -> Option<bool> {
    let (url, body) = {
        let state = lock(&shared.state);
        let delivery = state.account(account).ok()?.deliveries.get(&number)?;
        (delivery.url.clone(), delivery.body.to_string())
    };
    let request = shared.http.post(url).header(header::CONTENT_TYPE, "application/json").body(body);
    let outcome = match request.send().await {
        Ok(answer) => Ok(answer.status().as_u16()),
        Err(wrong) if wrong.is_timeout() => Err("No answer in time".to_owned()),
        Err(wrong) if wrong.is_connect() => Err("Could not connect".to_owned()),
        Err(_) => Err("Connection was closed".to_owned()),
    };
    // Only a 2xx counts; a redirect is a failure.
    let taken = matches!(outcome, Ok(200..=299));
    let mut state = lock(&shared.state);
    let at = state.now();
    let delivery = state.account_mut(account).ok()?.deliveries.get_mut(&number)?;
    delivery.attempts.push(Attempt { at, outcome });
    Some(taken)
}
