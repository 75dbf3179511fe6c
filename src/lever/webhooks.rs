//! Webhooks registered at Lever: one event and one address each.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::call::Call;
use super::{Account, Error, Page, Record};

model! {
    /// A registered webhook. Whether Lever delivers is decided by a switch in its settings that the API cannot see.
    pub struct Webhook {
        pub id: String,
        pub event: Option<String>,
        pub url: Option<String>,
        pub created_at: Option<DateTime<Utc>>,
        pub updated_at: Option<DateTime<Utc>>,
    }
}
resource!(Webhook, "Webhook", id);

/// A webhook just made, with the key for its signatures, which Lever tells this once.
#[derive(Clone, Debug)]
pub struct CreatedWebhook {
    /// The webhook; the key is taken out of its `raw`.
    pub webhook: Record<Webhook>,
    /// Absent when Lever has no signing token for it: its deliveries then cannot be verified.
    pub signature_token: Option<SecretString>,
}

impl Account {
    /// All webhooks of this application and of others on the account, as one page. Its next is there when the list has no end, and more may stand than were read.
    pub async fn all_webhooks(&self) -> Result<Page<Webhook>, Error> {
        let mut all: Page<Webhook> = self.bounded(|| Call::get("webhooks", &[])).await?;
        let mut seen = HashSet::new();
        all.records.retain(|webhook| seen.insert(webhook.id.clone()));
        Ok(all)
    }

    /// Registers an address for an event. Lever accepts the same pair twice and then delivers twice: look before.
    pub async fn create_webhook(&self, url: &str, event: &str) -> Result<CreatedWebhook, Error> {
        let call = Call::post("webhooks", &[]).json(&json!({"url": url, "event": event}));
        let mut webhook = self.object::<Webhook>(call).await?;
        let signature_token = take_signature_token(&mut webhook.raw);
        Ok(CreatedWebhook { webhook, signature_token })
    }

    /// Removes a webhook; only the application that made it may.
    pub async fn delete_webhook(&self, id: &str) -> Result<(), Error> {
        self.nothing(Call::delete("webhooks/{}", &[id])).await
    }
}

/// From the webhook's configuration, or from beside it.
fn take_signature_token(webhook: &mut Value) -> Option<SecretString> {
    let inside = webhook.get_mut("configuration").and_then(take_token);
    let beside = take_token(webhook);
    inside.or(beside)
}

fn take_token(object: &mut Value) -> Option<SecretString> {
    match object.as_object_mut()?.shift_remove("signatureToken")? {
        Value::String(token) if !token.is_empty() => Some(token.into()),
        _ => None,
    }
}
