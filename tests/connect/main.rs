//! Stories about connecting Lever: over real HTTP, with a real Postgres and the stand-in Lever.

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod browsers;
mod disconnect;
mod flow;
mod health;
mod purge;
mod reconnect;
mod secrets;
mod strangers;
mod tend;

use lever_integration::ids::TenantId;
use serde_json::Value;
use support::story::{Person, Story};
use uuid::Uuid;

const NORTH: Uuid = Uuid::from_u128(0x11);
const SOUTH: Uuid = Uuid::from_u128(0x22);

/// The connection as the API shows it.
async fn connection(person: &Person) -> Value {
    person.get("/v1/lever/connection").await.expect(200).json()
}

/// Accepts at the stand-in's first account as its super admin; the address that Lever sends the browser back to.
fn accept(story: &Story, authorize: &str) -> String {
    accept_at(story, authorize, 0, None)
}

fn accept_at(story: &Story, authorize: &str, account: usize, scopes: Option<&[&str]>) -> String {
    let account = story.account(account);
    let user = &account.super_admin().id;
    story.lever.approve(authorize, &account.id, user, scopes).expect("the authorize request is in order").into()
}

fn token_calls(story: &Story) -> usize {
    let calls = story.lever.token_calls();
    calls.authorization_code + calls.refresh_token
}

/// How many stored tokens and webhook keys an organization has.
async fn stored_secrets(story: &Story, organization: Uuid) -> i64 {
    let mut tx = story.app.state.db.begin(TenantId(organization)).await.expect("the database is there");
    let count = sqlx::query_scalar(
        "SELECT (SELECT count(access_token) + count(refresh_token) FROM connections WHERE tenant_id = $1)
              + (SELECT count(signature_token) FROM webhooks WHERE tenant_id = $1)",
    )
    .bind(tx.tenant())
    .fetch_one(&mut *tx)
    .await
    .expect("the tables are there");
    tx.commit().await.expect("the database is there");
    count
}
