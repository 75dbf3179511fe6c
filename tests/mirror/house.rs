//! What these tests share: a database of their own, two organizations, the endpoints (those of conflicts, which know of writes under way,
//! are with the panels), and samples of what Lever sends. All people are invented.

use axum::body::Body;
use axum::{Extension, Router};
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, Request};
use jsonwebtoken::{EncodingKey, Header, encode};
use lever_integration::auth::Verifier;
use lever_integration::clock::Clock;
use lever_integration::config::{Config, Variables};
use lever_integration::db::{Db, TenantTx};
use lever_integration::ids::TenantId;
use lever_integration::lever::{Credentials, Endpoints, Lever, Options, Record, Resource};
use lever_integration::state::AppState;
use lever_integration::{mirror, panels};
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use crate::support::database::TestDatabase;

const SECRET: &str = "a secret of at least 32 characters";
/// The organization that the tests are about.
pub const OURS: TenantId = TenantId(Uuid::from_u128(1));
/// Another one.
pub const THEIRS: TenantId = TenantId(Uuid::from_u128(2));

pub struct House {
    state: AppState,
    router: Router,
    // Last: the connections end before the database does.
    _database: TestDatabase,
}

/// An answer over HTTP.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl House {
    pub async fn open() -> Self {
        let database = TestDatabase::create().await;
        let config = Config::read(&Variables::from_pairs([
            ("DATABASE_URL", database.url.as_str()),
            ("PUBLIC_URL", "http://localhost"),
            ("LEVER_CLIENT_ID", "id"),
            ("LEVER_CLIENT_SECRET", "a-client-secret"),
            ("AUTH_JWT_SECRET", SECRET),
            ("ENCRYPTION_KEYS", "k:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
        ]))
        .expect("complete");
        let credentials = Credentials { client_id: "id".into(), client_secret: config.lever.client_secret.clone() };
        let lever = Lever::new(Endpoints::production(), credentials, Options::default()).expect("a client");
        let clock = Clock::manual(at(0));
        let verifier = Verifier::new(&config.auth, clock.clone()).expect("a verifier");
        let db = Db::open(&config.database).expect("a url");
        let state = AppState::new(config, clock, db, lever);
        let router = mirror::router().merge(panels::router()).split_for_parts().0.with_state(state.clone()).layer(Extension(verifier));
        let house = Self { state, router, _database: database };
        for organization in [OURS, THEIRS] {
            let mut tx = house.tx(organization).await;
            sqlx::query("INSERT INTO organizations (tenant_id, created_at) VALUES ($1, $2)")
                .bind(organization)
                .bind(at(0))
                .execute(&mut *tx)
                .await
                .expect("an organization");
            tx.commit().await.expect("committed");
        }
        house
    }

    pub fn state(&self) -> &AppState {
        &self.state
    }

    pub async fn tx(&self, organization: TenantId) -> TenantTx {
        self.state.db.begin(organization).await.expect("a transaction")
    }

    /// Asks as a member of our organization.
    pub async fn get(&self, path: &str) -> Answer {
        self.get_as(OURS, path).await
    }

    pub async fn get_as(&self, organization: TenantId, path: &str) -> Answer {
        let claims = json!({"sub": "u", "org": organization, "role": "member", "email": "u@example.com", "exp": at(1_000_000).timestamp()});
        let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).expect("a token");
        let request = Request::get(path).header("authorization", format!("Bearer {token}")).body(Body::empty()).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    /// One field of everything a list holds, read page by page; every page but the last is full.
    pub async fn walk(&self, path: &str, limit: usize, field: &str) -> Vec<Value> {
        let join = if path.contains('?') { '&' } else { '?' };
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}{join}limit={limit}{cursor}")).await;
            assert_eq!(page.status, 200, "{path}: {}", page.body);
            let data = page.body["data"].as_array().expect("a list");
            all.extend(data.iter().map(|object| object[field].clone()));
            match page.body["nextCursor"].as_str() {
                Some(next) => {
                    assert_eq!(data.len(), limit, "{path}");
                    cursor = format!("&cursor={next}");
                }
                None => return all,
            }
        }
    }
}

/// A fixed moment and so many seconds.
pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).expect("a time") + TimeDelta::seconds(seconds)
}

/// That moment in Lever's milliseconds.
pub fn millis(seconds: i64) -> i64 {
    at(seconds).timestamp_millis()
}

/// That moment as callers see it.
pub fn rfc(seconds: i64) -> String {
    at(seconds).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

pub fn record<T: Resource>(raw: Value) -> Record<T> {
    Record::read(raw).expect("an object with a key")
}

/// Fields of one object laid over those of another.
pub fn with(mut object: Value, fields: Value) -> Value {
    let fields = fields.as_object().expect("fields").clone();
    object.as_object_mut().expect("an object").extend(fields);
    object
}

/// An active opportunity as Lever sends it expanded.
pub fn opportunity(id: &str) -> Value {
    json!({
        "id": id, "name": format!("Ada {id}"), "headline": "", "stage": "applicant-new", "owner": "u-owner", "confidentiality": "non-confidential",
        "contact": {"id": format!("contact-{id}"), "name": format!("Ada {id}"), "headline": "Engineer", "isAnonymized": false,
                    "location": {"name": "Lisbon"}, "emails": [format!("{id}@example.com")], "phones": [{"type": "mobile", "value": "555"}]},
        "emails": [format!("{id}@example.com")], "phones": [], "links": [], "archived": null, "tags": ["Engineering"], "sources": ["Referral"],
        "origin": "applied", "followers": [], "createdAt": millis(0), "updatedAt": null, "lastInteractionAt": millis(0), "snoozedUntil": null,
        "applications": [{"id": format!("application-{id}"), "type": "posting", "posting": "posting-1", "createdAt": millis(0), "name": "Ada"}],
        "urls": {"list": "https://hire.example.com", "show": format!("https://hire.example.com/{id}")}, "isAnonymized": false, "unknown": {"kept": true},
    })
}

/// A panel of ours with these interviews.
pub fn panel(id: &str, interviews: Value) -> Value {
    json!({
        "id": id, "applications": ["application-o"], "canceledAt": null, "createdAt": millis(0), "start": millis(3600), "end": millis(7200),
        "timezone": "Europe/Lisbon", "feedbackReminder": "daily", "user": "u-owner", "stage": "applicant-new", "note": "Bring a laptop",
        "externallyManaged": true, "externalUrl": "https://example.com/i/1", "interviews": interviews, "unknown": [1, 2],
    })
}

/// An interview inside a panel: begins after so many seconds and lasts so many minutes.
pub fn interview(id: &str, begins: i64, minutes: i64, interviewers: &[&str]) -> Value {
    let interviewers: Vec<Value> =
        interviewers.iter().map(|id| json!({"id": id, "name": format!("{id} by Lever"), "email": null, "feedbackTemplate": "no-feedback"})).collect();
    json!({"id": id, "date": millis(begins), "duration": minutes, "subject": format!("Subject of {id}"), "note": null, "location": "Room 1",
           "feedbackTemplate": "no-feedback", "feedbackReminder": "daily", "interviewers": interviewers})
}
