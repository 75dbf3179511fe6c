//! Looking into the tables, over a connection that is not the service's.

use lever_integration::ids::TenantId;
use lever_integration::jobs::{self, Job};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::support::story::Story;

pub async fn connection(story: &Story) -> PgConnection {
    PgConnection::connect(&story.database.url).await.expect("the database of this test")
}

/// Deliveries stored for an organization: all, and those that no reading has covered yet.
pub async fn deliveries(story: &Story, organization: Uuid) -> (i64, i64) {
    sqlx::query_as("SELECT count(*), count(*) FILTER (WHERE settled_at IS NULL) FROM webhook_deliveries WHERE tenant_id = $1")
        .bind(organization)
        .fetch_one(&mut connection(story).await)
        .await
        .expect("the deliveries can be read")
}

/// The jobs that are due for an organization, as kind and key. The regular sync waits for a time to come.
pub async fn jobs(story: &Story, organization: Uuid) -> Vec<(String, String)> {
    sqlx::query_as("SELECT kind, key FROM jobs WHERE tenant_id = $1 AND run_at <= $2 ORDER BY kind, key")
        .bind(organization)
        .bind(story.clock.now())
        .fetch_all(&mut connection(story).await)
        .await
        .expect("the jobs can be read")
}

/// Asks for a comparison with Lever, as connecting does.
pub async fn ask_to_register(story: &Story, organization: Uuid) {
    let state = &story.app.state;
    let mut tx = state.db.begin(TenantId(organization)).await.expect("a transaction");
    jobs::enqueue(&mut tx, &Job::RegisterWebhooks, state.clock.now(), state.clock.now()).await.expect("the job is asked for");
    tx.commit().await.expect("committed");
}
