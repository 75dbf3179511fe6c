//! `/webhooks`

use serde::Deserialize;
use serde_json::{Value, json};
use url::{Host, Url};

use super::super::dice::{fresh_id, fresh_token};
use super::super::model::{Event, OPPORTUNITY_ORIGINS, Webhook};
use super::super::refusal::Refusal;
use super::super::state::Account;
use super::{Answer, Call};

#[derive(Deserialize)]
struct Body {
    id: Option<String>,
    url: Option<String>,
    event: Option<String>,
    #[serde(default)]
    configuration: Value,
}

impl Body {
    fn parse(body: Value) -> Result<Self, Refusal> {
        Self::deserialize(body).map_err(|wrong| Refusal::bad(wrong.to_string()))
    }

    fn event(&self) -> Result<Event, Refusal> {
        let name = self.event.as_deref().ok_or_else(|| Refusal::bad("event is required"))?;
        name.parse().map_err(|()| Refusal::bad("event is not a webhook event"))
    }

    fn origins(&self) -> Option<Vec<String>> {
        let origins = self.configuration.pointer("/conditions/origins")?.as_array()?;
        Some(origins.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }
}

/// HTTPS is required, except towards this machine, where the stand-in is at home.
fn checked_url(url: Option<&str>) -> Result<String, Refusal> {
    let url = url.ok_or_else(|| Refusal::bad("url is required"))?;
    let parsed = Url::parse(url).map_err(|_| Refusal::bad("url is not valid"))?;
    let is_local = match parsed.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if parsed.scheme() == "https" || (parsed.scheme() == "http" && is_local) { Ok(url.to_owned()) } else { Err(Refusal::bad("url must be https")) }
}

/// Recorded without `hasNext`.
pub fn list(account: &mut Account, _: &Call) -> Result<Answer, Refusal> {
    Answer::ok(account.webhooks.iter().map(Webhook::json).collect())
}

/// The same event and url twice makes two webhooks (recorded).
pub fn create(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let body = Body::parse(call.json_body()?)?;
    let event = body.event()?;
    let all_origins = || OPPORTUNITY_ORIGINS.map(str::to_owned).to_vec();
    let webhook = Webhook {
        id: fresh_id(),
        event,
        url: checked_url(body.url.as_deref())?,
        origins: event.has_conditions().then(|| body.origins().unwrap_or_else(all_origins)),
        signature_token: fresh_token(),
        client: call.client.clone(),
        created_at: call.now,
        updated_at: call.now,
    };
    let answer = webhook.json_when_created();
    account.webhooks.push(webhook);
    Answer::created(answer)
}

pub fn update(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let body = Body::parse(call.json_body()?)?;
    Answer::ok(change(account, call, call.segment(1), &body)?)
}

/// Several at once; all are checked before any is changed.
pub fn update_several(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let sent: Vec<Value> = serde_json::from_slice(&call.body).map_err(|_| Refusal::bad("Request body is not a list"))?;
    let bodies = sent.into_iter().map(Body::parse).collect::<Result<Vec<_>, _>>()?;
    for body in &bodies {
        let id = body.id.as_deref().ok_or_else(|| Refusal::bad("id is required"))?;
        own(account, call, id)?;
        checked_url(body.url.as_deref())?;
        body.event()?;
    }
    let changed = (bodies.iter()).map(|body| change(account, call, body.id.as_deref().unwrap_or_default(), body)).collect::<Result<Vec<_>, _>>()?;
    Answer::ok(json!(changed))
}

pub fn delete(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let id = own(account, call, call.segment(1))?.id.clone();
    account.webhooks.retain(|it| it.id != id);
    Ok(Answer::Empty)
}

fn change(account: &mut Account, call: &Call, id: &str, body: &Body) -> Result<Value, Refusal> {
    let (url, event) = (checked_url(body.url.as_deref())?, body.event()?);
    let webhook = own(account, call, id)?;
    webhook.url = url;
    webhook.event = event;
    if let Some(origins) = body.origins() {
        webhook.origins = Some(origins);
    }
    webhook.updated_at = call.now;
    Ok(webhook.json())
}

/// The webhook, if this application made it.
fn own<'a>(account: &'a mut Account, call: &Call, id: &str) -> Result<&'a mut Webhook, Refusal> {
    let found = account.webhooks.iter_mut().find(|it| it.id == id);
    let webhook = found.ok_or_else(|| Refusal::missing("Webhook"))?;
    if webhook.client == call.client { Ok(webhook) } else { Err(Refusal::forbidden("Webhook was made by another application")) }
}
