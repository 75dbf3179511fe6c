//! The same queries behind nothing but axum: nobody is asked who they are, nothing is logged or limited. With row-level security each
//! request begins a transaction that names the organization, in one round trip; without, it is the queries alone, as the owner of the
//! tables. What is answered holds the same as the service's answers, without giving anything another name.

use axum::extract::{Path, State};
use axum::routing::get;
use axum::serve::ListenerExt;
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, Postgres, Transaction};
use tokio::net::TcpListener;

use crate::common::ORGANIZATION;

/// As many connections as the service has.
const CONNECTIONS: u32 = 16;

const OPPORTUNITIES: &str = "
    SELECT o.id, o.lever_created_at, o.raw, o.application, o.application_id, o.contact_id, o.confidential, o.anonymized, o.synced_at,
           c.raw AS contact, s.text AS stage_text, u.name AS owner_name, p.title AS posting_title, a.text AS archive_reason
    FROM opportunities o
    LEFT JOIN contacts c ON c.tenant_id = o.tenant_id AND c.id = o.contact_id
    LEFT JOIN stages s ON s.tenant_id = o.tenant_id AND s.id = o.stage_id
    LEFT JOIN users u ON u.tenant_id = o.tenant_id AND u.id = o.owner_id
    LEFT JOIN postings p ON p.tenant_id = o.tenant_id AND p.id = o.posting_id
    LEFT JOIN archive_reasons a ON a.tenant_id = o.tenant_id AND a.id = o.archive_reason_id
    WHERE o.gone_at IS NULL AND o.tenant_id = $1";

#[derive(Clone)]
struct Bare {
    pool: PgPool,
    guarded: bool,
}

enum Work {
    Guarded(Transaction<'static, Postgres>),
    Open(PoolConnection<Postgres>),
}

/// Serves until the process ends; the address.
pub async fn serve(database_url: &str, guarded: bool) -> String {
    let options = PgPoolOptions::new().max_connections(CONNECTIONS).after_connect(move |connection, _| {
        let role = if guarded { "SET ROLE lever_integration_app" } else { "RESET ROLE" };
        Box::pin(async move { sqlx::query(role).execute(connection).await.map(drop) })
    });
    let pool = options.connect(database_url).await.expect("a pool");
    let app = Router::new()
        .route("/v1/opportunities", get(newest))
        .route("/v1/opportunities/{id}", get(candidate))
        .route("/v1/panels/{id}", get(panel))
        .with_state(Bare { pool, guarded });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a socket"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    base
}

impl Bare {
    async fn begin(&self) -> Result<Work, StatusCode> {
        if !self.guarded {
            return self.pool.acquire().await.map(Work::Open).map_err(failed);
        }
        let statement = format!("BEGIN; SET LOCAL app.tenant = '{ORGANIZATION}'");
        self.pool.begin_with(AssertSqlSafe(statement)).await.map(Work::Guarded).map_err(failed)
    }
}

impl Work {
    fn connection(&mut self) -> &mut PgConnection {
        match self {
            Self::Guarded(tx) => tx,
            Self::Open(connection) => connection,
        }
    }

    async fn end(self) -> Result<(), StatusCode> {
        match self {
            Self::Guarded(tx) => tx.commit().await.map_err(failed),
            Self::Open(_) => Ok(()),
        }
    }
}

fn failed(_: sqlx::Error) -> StatusCode {
    StatusCode::INTERNAL_SERVER_ERROR
}

async fn newest(State(bare): State<Bare>) -> Result<Json<Vec<Candidate>>, StatusCode> {
    let mut work = bare.begin().await?;
    let statement = format!("{OPPORTUNITIES} AND o.archived_at IS NULL ORDER BY o.lever_created_at DESC, o.id LIMIT $2");
    let found = sqlx::query_as(AssertSqlSafe(statement)).bind(ORGANIZATION).bind(51_i64).fetch_all(work.connection()).await;
    work.end().await?;
    let mut rows: Vec<Candidate> = found.map_err(failed)?;
    rows.truncate(50);
    Ok(Json(rows))
}

async fn candidate(State(bare): State<Bare>, Path(id): Path<String>) -> Result<Json<Candidate>, StatusCode> {
    let mut work = bare.begin().await?;
    let statement = format!("{OPPORTUNITIES} AND o.id = $2");
    let found = sqlx::query_as(AssertSqlSafe(statement)).bind(ORGANIZATION).bind(id).fetch_optional(work.connection()).await;
    work.end().await?;
    found.map_err(failed)?.map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn panel(State(bare): State<Bare>, Path(id): Path<String>) -> Result<Json<(Panel, Vec<User>)>, StatusCode> {
    let mut work = bare.begin().await?;
    let statement = "SELECT id, start_at, opportunity_id, canceled_at, externally_managed, raw, synced_at, version FROM panels
                     WHERE tenant_id = $1 AND id = $2 AND gone_at IS NULL";
    let found = sqlx::query_as(statement).bind(ORGANIZATION).bind(id).fetch_optional(work.connection()).await;
    let panel: Panel = found.map_err(failed)?.ok_or(StatusCode::NOT_FOUND)?;
    let people: Vec<String> = panel.raw.interviews.iter().flat_map(|one| &one.interviewers).map(|person| person.id.clone()).collect();
    let statement = "SELECT id, name, email, access_role, photo, job_title, deactivated_at, synced_at, gone_at FROM users
                     WHERE tenant_id = $1 AND id = ANY($2)";
    let users = sqlx::query_as(statement).bind(ORGANIZATION).bind(people).fetch_all(work.connection()).await;
    work.end().await?;
    Ok(Json((panel, users.map_err(failed)?)))
}

#[derive(FromRow, Serialize)]
struct Candidate {
    id: String,
    #[sqlx(json)]
    raw: Opportunity,
    #[sqlx(json(nullable))]
    application: Option<Application>,
    application_id: Option<String>,
    contact_id: Option<String>,
    confidential: bool,
    anonymized: bool,
    synced_at: DateTime<Utc>,
    #[sqlx(json(nullable))]
    contact: Option<Contact>,
    stage_text: Option<String>,
    owner_name: Option<String>,
    posting_title: Option<String>,
    archive_reason: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Opportunity {
    name: Option<String>,
    headline: Option<String>,
    emails: Vec<String>,
    phones: Vec<Phone>,
    stage: Option<String>,
    owner: Option<String>,
    tags: Vec<String>,
    sources: Vec<String>,
    origin: Option<String>,
    archived: Option<Value>,
    snoozed_until: Option<i64>,
    urls: Value,
    created_at: Option<i64>,
    updated_at: Option<i64>,
    last_interaction_at: Option<i64>,
}

#[derive(Deserialize, Serialize)]
struct Phone {
    r#type: Option<String>,
    value: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Application {
    r#type: Option<String>,
    posting: Option<String>,
    created_at: Option<i64>,
}

#[derive(Deserialize, Serialize)]
struct Contact {
    name: Option<String>,
    headline: Option<String>,
    location: Option<Value>,
    emails: Vec<String>,
    phones: Vec<Phone>,
}

#[derive(FromRow, Serialize)]
struct Panel {
    id: String,
    opportunity_id: String,
    canceled_at: Option<DateTime<Utc>>,
    externally_managed: bool,
    #[sqlx(json)]
    raw: RawPanel,
    synced_at: DateTime<Utc>,
    version: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct RawPanel {
    applications: Vec<String>,
    timezone: Option<String>,
    start: Option<i64>,
    end: Option<i64>,
    note: Option<String>,
    external_url: Option<String>,
    feedback_reminder: Option<String>,
    stage: Option<String>,
    user: Option<String>,
    interviews: Vec<Interview>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Interview {
    id: String,
    subject: Option<String>,
    note: Option<String>,
    location: Option<String>,
    date: Option<i64>,
    duration: Option<i64>,
    timezone: Option<String>,
    feedback_template: Option<String>,
    feedback_reminder: Option<String>,
    interviewers: Vec<Interviewer>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Interviewer {
    id: String,
    feedback_template: Option<String>,
}

#[derive(FromRow, Serialize)]
struct User {
    id: String,
    name: Option<String>,
    email: Option<String>,
}
