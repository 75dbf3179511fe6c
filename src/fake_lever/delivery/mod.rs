//! Webhook deliveries: signed, tried up to six times, kept with their outcome.

mod send;
mod sign;

use std::sync::Arc;

use serde_json::{Value, json};

use super::dice::fresh_id;
use super::model::{Delivery, Occurrence, Webhook};
use super::refusal::Refusal;
use super::server::Shared;
use super::state::{Account, State, lock};

/// Takes what has happened out of every account's outbox and begins the deliveries it asks for:
/// one per webhook of the event, and only when its switch is on.
pub fn hand_out(shared: &Arc<Shared>, state: &mut State) {
    for account in &mut state.accounts {
        for occurrence in std::mem::take(&mut account.outbox) {
            if !account.switches.contains(&occurrence.event) {
                continue;
            }
            let wanted: Vec<Webhook> =
                (account.webhooks.iter()).filter(|it| it.wants(occurrence.event, occurrence.origin.as_deref())).cloned().collect();
            for webhook in wanted {
                begin(shared, account, &webhook, &occurrence);
            }
        }
    }
}

/// "Verify connection": a test delivery with empty data, whatever the switch says.
pub fn verify(shared: &Arc<Shared>, state: &mut State, account: &str, webhook: &str) -> Result<String, Refusal> {
    let at = state.now();
    let account = state.account_mut(account)?;
    let found = account.webhooks.iter().find(|it| it.id == webhook).cloned();
    let webhook = found.ok_or_else(|| Refusal::missing("Webhook"))?;
    let test = Occurrence { event: webhook.event, at, data: json!({}), origin: None };
    Ok(begin(shared, account, &webhook, &test))
}

/// Sends a delivery once more, as it was or with other data under the same token and signature.
pub fn again(shared: &Arc<Shared>, state: &mut State, delivery: &str, data: Option<Value>) -> Result<(), Refusal> {
    let (account, number) = find(state, delivery)?;
    let account = &mut state.accounts[account];
    let Some(delivery) = account.deliveries.get_mut(&number) else {
        return Err(Refusal::missing("Delivery"));
    };
    if let Some(data) = data {
        delivery.body["data"] = data;
    }
    delivery.under_way = true;
    let id = account.id.clone();
    send::spawn(shared, id, number);
    Ok(())
}

fn find(state: &State, delivery: &str) -> Result<(usize, u64), Refusal> {
    (state.accounts.iter().enumerate())
        .find_map(|(index, account)| {
            let number = account.deliveries.iter().find(|(_, it)| it.id == delivery)?.0;
            Some((index, *number))
        })
        .ok_or_else(|| Refusal::missing("Delivery"))
}

fn begin(shared: &Arc<Shared>, account: &mut Account, webhook: &Webhook, occurrence: &Occurrence) -> String {
    let id = fresh_id();
    let body = body(shared, &id, webhook, occurrence);
    let number = account.deliveries.last_key_value().map_or(0, |(last, _)| last + 1);
    account.deliveries.insert(
        number,
        Delivery {
            id: id.clone(),
            webhook: webhook.id.clone(),
            event: occurrence.event,
            url: webhook.url.clone(),
            body,
            attempts: Vec::new(),
            under_way: true,
        },
    );
    send::spawn(shared, account.id.clone(), number);
    id
}

fn body(shared: &Shared, id: &str, webhook: &Webhook, occurrence: &Occurrence) -> Value {
    let mut body = json!({});
    if shared.options.delivery_ids {
        body["id"] = json!(id);
    }
    body["event"] = json!(occurrence.event.name());
    body["triggeredAt"] = json!(occurrence.at);
    sign::sign(&mut body, &webhook.signature_token);
    body["data"] = occurrence.data.clone();
    body
}

/// Signs anew with a token and time of its own, for a further try.
fn resign(state: &mut State, account: &str, number: u64) -> Option<()> {
    let now = state.now();
    let account = state.account_mut(account).ok()?;
    let delivery = account.deliveries.get_mut(&number)?;
    let webhook = account.webhooks.iter().find(|it| it.id == delivery.webhook)?;
    delivery.body["triggeredAt"] = json!(now);
    sign::sign(&mut delivery.body, &webhook.signature_token);
    Some(())
}
