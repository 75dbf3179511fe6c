//! A delivery made by hand, signed as Lever documents it, with the parts that a test wants wrong.

use hmac::{Hmac, KeyInit, Mac};
use lever_integration::fake_lever::WebhookView;
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

use crate::support::story::Story;

/// The webhook of an event that stands at the stand-in's account.
pub fn webhook(story: &Story, account: usize, event: &str) -> WebhookView {
    let webhooks = story.lever.webhooks(&story.account(account).id).expect("the account is there");
    webhooks.into_iter().find(|webhook| webhook.event == event).unwrap_or_else(|| panic!("no webhook for {event}"))
}

pub fn sign(key: &str, token: &str, triggered_at: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any key");
    mac.update(format!("{token}{triggered_at}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// A well-signed body about `data`, with a fresh token.
pub fn body(webhook: &WebhookView, data: Value) -> Value {
    let token = Uuid::new_v4().simple().to_string();
    let triggered_at = 1_790_000_000_000_i64;
    json!({
        "id": Uuid::new_v4(), "event": webhook.event, "triggeredAt": triggered_at, "token": token,
        "signature": sign(&webhook.signature_token, &token, &triggered_at.to_string()), "data": data,
    })
}

/// Delivers a body; the status answered.
pub async fn deliver(url: &str, body: &Value) -> u16 {
    deliver_text(url, body.to_string()).await
}

pub async fn deliver_text(url: &str, body: String) -> u16 {
    let request = reqwest::Client::new().post(url).header("content-type", "application/json").body(body);
    request.send().await.expect("the service answers").status().as_u16()
}
