//! Webhooks: registration, switches, signatures, tries, reruns.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, StatusCode};
use lever_integration::fake_lever::{Event, Options};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use super::connected::{Connected, small};

/// A receiver that answers what it is told to, then 200, and keeps every body.
#[derive(Clone, Default)]
struct Receiver {
    answers: Arc<Mutex<Vec<u16>>>,
    bodies: Arc<Mutex<Vec<Value>>>,
    senders: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    async fn start(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let app = Router::new().fallback(take).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        url
    }

    fn bodies(&self) -> Vec<Value> {
        self.bodies.lock().unwrap().clone()
    }
}

async fn take(State(it): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    it.bodies.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
    it.senders.lock().unwrap().push(headers["user-agent"].to_str().unwrap().to_owned());
    let mut answers = it.answers.lock().unwrap();
    let status = if answers.is_empty() { 200 } else { answers.remove(0) };
    StatusCode::from_u16(status).unwrap()
}

fn quick() -> Options {
    Options { delivery_waits: vec![Duration::from_millis(1); 5], ..small() }
}

/// A connected client with one webhook registered for the event; its key.
async fn registered(options: Options, event: Event) -> (Connected, Receiver, String) {
    let it = Connected::new(options).await;
    let receiver = Receiver::default();
    let hook = json!({"event": event.name(), "url": receiver.start().await});
    let (status, answer) = it.send(Method::POST, "/webhooks", &hook).await;
    assert_eq!(status, 201);
    let key = answer["data"]["configuration"]["signatureToken"].as_str().unwrap().to_owned();
    (it, receiver, key)
}

fn is_signed(body: &Value, key: &str) -> bool {
    let message = format!("{}{}", body["token"].as_str().unwrap(), body["triggeredAt"]);
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    body["signature"] == hex::encode(mac.finalize().into_bytes())
}

#[tokio::test]
async fn a_webhook_shows_its_key_once_and_belongs_to_its_account() {
    let (it, _, key) = registered(quick(), Event::CandidateHired).await;
    assert_eq!(key.len(), 48);
    let (_, list) = it.get("/webhooks").await;
    assert_eq!(list.get("hasNext"), None);
    assert_eq!(list["data"][0]["configuration"].get("signatureToken"), None);
    assert_eq!(it.lever.webhooks(&it.account.id).unwrap()[0].signature_token, key);
    let again = json!({"event": "candidateHired", "url": list["data"][0]["url"]});
    assert_eq!(it.send(Method::POST, "/webhooks", &again).await.0, 201);
    let path = format!("/webhooks/{}", list["data"][0]["id"].as_str().unwrap());
    assert_eq!(it.send(Method::DELETE, &path, &json!({})).await.0, 204);
    assert_eq!(it.send(Method::DELETE, &path, &json!({})).await.0, 404);
    assert_eq!(it.get("/webhooks").await.1["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_webhook_needs_https_and_a_known_event() {
    let it = Connected::new(small()).await;
    for body in [
        json!({"event": "candidateHired", "url": "http://hooks.example/a"}),
        json!({"event": "candidateHired"}),
        json!({"event": "candidateAbducted", "url": "https://hooks.example/a"}),
    ] {
        assert_eq!(it.send(Method::POST, "/webhooks", &body).await.0, 400, "{body}");
    }
}

#[tokio::test]
async fn several_webhooks_are_changed_at_once() {
    let it = Connected::new(small()).await;
    let mut bodies = Vec::new();
    for name in ["a", "b"] {
        let hook = json!({"event": "candidateHired", "url": format!("https://h.example/{name}")});
        let (_, made) = it.send(Method::POST, "/webhooks", &hook).await;
        bodies.push(json!({"id": made["data"]["id"], "event": "candidateDeleted",
            "url": "https://h.example/new"}));
    }
    assert_eq!(it.send(Method::PUT, "/webhooks/", &json!(bodies)).await.0, 200);
    let (_, list) = it.get("/webhooks").await;
    for webhook in list["data"].as_array().unwrap() {
        assert_eq!(webhook["event"], "candidateDeleted");
        assert_eq!(webhook["url"], "https://h.example/new");
    }
}

#[tokio::test]
async fn nothing_is_delivered_until_the_switch_is_on() {
    let (it, receiver, key) = registered(quick(), Event::CandidateArchiveChange).await;
    let inside = it.lever.inside(&it.account.id);
    let (opportunity, reason) = (&it.account.active[0], &it.account.archive_reasons[0]);
    inside.archive(opportunity, reason).unwrap();
    it.lever.wait_deliveries_idle().await;
    assert!(receiver.bodies().is_empty());
    it.lever.switch(&it.account.id, Event::CandidateArchiveChange, true).unwrap();
    inside.unarchive(opportunity).unwrap();
    it.lever.wait_deliveries_idle().await;
    let bodies = receiver.bodies();
    assert_eq!(bodies.len(), 1);
    assert_eq!(bodies[0]["event"], "candidateArchiveChange");
    assert_eq!(bodies[0]["data"]["opportunityId"], json!(opportunity));
    assert_eq!(bodies[0]["data"]["fromArchived"]["reason"], json!(reason));
    assert_eq!(bodies[0]["data"]["toArchived"], Value::Null);
    assert!(is_signed(&bodies[0], &key) && !is_signed(&bodies[0], "another key"));
    assert_eq!(receiver.senders.lock().unwrap()[0], "Lever-Webhooks");
    inside.quietly().archive(opportunity, reason).unwrap();
    it.lever.wait_deliveries_idle().await;
    assert_eq!(receiver.bodies().len(), 1);
}

#[tokio::test]
async fn a_change_through_the_api_is_told_too() {
    let (it, receiver, _) = registered(quick(), Event::InterviewDeleted).await;
    it.lever.switch(&it.account.id, Event::InterviewDeleted, true).unwrap();
    let opportunity = &it.account.active[0];
    let panels = format!("/opportunities/{opportunity}/panels");
    let (_, panel) = it.send(Method::POST, &it.as_someone(&panels), &it.panel()).await;
    let id = panel["data"]["id"].as_str().unwrap();
    let path = it.as_someone(&format!("{panels}/{id}"));
    it.send(Method::DELETE, &path, &json!({})).await;
    it.lever.wait_deliveries_idle().await;
    let bodies = receiver.bodies();
    assert_eq!(bodies.len(), 2, "one per interview");
    assert!(bodies.iter().all(|body| body["data"]["panelId"] == json!(id)));
    assert!(bodies[0]["data"]["deletedAt"].is_i64());
}

#[tokio::test]
async fn a_refused_delivery_is_tried_again_with_the_same_token() {
    let (it, receiver, key) = registered(quick(), Event::CandidateStageChange).await;
    it.lever.switch(&it.account.id, Event::CandidateStageChange, true).unwrap();
    *receiver.answers.lock().unwrap() = vec![500, 302];
    let stage = it.account.stages.last().unwrap();
    it.lever.inside(&it.account.id).change_stage(&it.account.active[0], stage).unwrap();
    it.lever.wait_deliveries_idle().await;
    let bodies = receiver.bodies();
    assert_eq!(bodies.len(), 3);
    assert_eq!(bodies[0], bodies[2]);
    let deliveries = it.lever.deliveries(&it.account.id).unwrap();
    let statuses: Vec<_> = deliveries[0].attempts.iter().filter_map(|it| it.status).collect();
    assert_eq!(statuses, [500, 302, 200]);
    assert!(deliveries[0].succeeded && !deliveries[0].under_way);
    assert!(is_signed(&bodies[0], &key));
}

#[tokio::test]
async fn after_six_tries_it_is_given_up() {
    let options = Options { delivery_resigned: true, delivery_ids: false, ..quick() };
    let (it, receiver, key) = registered(options, Event::CandidateDeleted).await;
    it.lever.switch(&it.account.id, Event::CandidateDeleted, true).unwrap();
    *receiver.answers.lock().unwrap() = vec![503; 10];
    it.lever.inside(&it.account.id).delete_opportunity(&it.account.active[0]).unwrap();
    it.lever.wait_deliveries_idle().await;
    let bodies = receiver.bodies();
    assert_eq!(bodies.len(), 6);
    assert_ne!(bodies[0]["token"], bodies[1]["token"], "each try is signed anew");
    assert!(bodies.iter().all(|body| is_signed(body, &key) && body.get("id").is_none()));
    assert!(!it.lever.deliveries(&it.account.id).unwrap()[0].succeeded);
}

#[tokio::test]
async fn a_delivery_can_be_verified_rerun_and_replayed_with_other_data() {
    let (it, receiver, key) = registered(quick(), Event::CandidateHired).await;
    let webhook = it.lever.webhooks(&it.account.id).unwrap().remove(0);
    let delivery = it.lever.send_verify_delivery(&it.account.id, &webhook.id).unwrap();
    it.lever.wait_deliveries_idle().await;
    it.lever.rerun(&delivery).unwrap();
    it.lever.wait_deliveries_idle().await;
    it.lever.deliver_again(&delivery, json!({"opportunityId": "another"})).unwrap();
    it.lever.wait_deliveries_idle().await;
    let bodies = receiver.bodies();
    assert_eq!(bodies[0]["data"], json!({}));
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(bodies[2]["data"]["opportunityId"], "another");
    assert_eq!(bodies[2]["signature"], bodies[0]["signature"]);
    assert!(is_signed(&bodies[2], &key));
}
