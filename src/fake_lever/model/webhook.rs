//! Registered webhooks and the deliveries made for them.

use serde_json::{Value, json};

use super::Event;

#[derive(Clone)]
pub struct Webhook {
    pub id: String,
    pub event: Event,
    pub url: String,
    /// Origins it is limited to; `None` where the event knows no conditions.
    pub origins: Option<Vec<String>>,
    pub signature_token: String,
    /// The OAuth client that made it; no other may change it.
    pub client: String,
    pub created_at: i64,
    pub updated_at: i64,
}

impl Webhook {
    pub fn json(&self) -> Value {
        let configuration = match &self.origins {
            Some(origins) => json!({"conditions": {"origins": origins}}),
            None => json!({}),
        };
        json!({
            "id": self.id,
            "event": self.event.name(),
            "url": self.url,
            "configuration": configuration,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
        })
    }

    /// The create answer, the only one with the key of this webhook's signatures.
    pub fn json_when_created(&self) -> Value {
        let mut webhook = self.json();
        webhook["configuration"]["signatureToken"] = json!(self.signature_token);
        webhook
    }

    pub fn wants(&self, event: Event, origin: Option<&str>) -> bool {
        let origin_fits = match (&self.origins, origin) {
            (Some(origins), Some(origin)) => origins.iter().any(|it| it == origin),
            _ => true,
        };
        self.event == event && origin_fits
    }
}

/// One delivery with every try made of it.
#[derive(Clone)]
pub struct Delivery {
    pub id: String,
    pub webhook: String,
    pub event: Event,
    pub url: String,
    pub body: Value,
    pub attempts: Vec<Attempt>,
    pub under_way: bool,
}

#[derive(Clone)]
pub struct Attempt {
    pub at: i64,
    /// The status answered, or what went wrong instead.
    pub outcome: Result<u16, String>,
}

impl Delivery {
    pub fn succeeded(&self) -> bool {
        self.attempts.iter().any(|attempt| matches!(attempt.outcome, Ok(200..=299)))
    }
}
