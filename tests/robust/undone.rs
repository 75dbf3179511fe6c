//! Postgres ends one of two transactions that are in each other's way. Whatever may be done twice is done again, unseen; a write says
//! that it was not done.

use lever_integration::fake_lever::Event;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::support::story::Story;

/// Makes the next `times` inserts into a table fail as the loser of a deadlock does.
async fn lose(owner: &mut PgConnection, table: &str, times: u32) {
    let statement = format!(
        "CREATE SEQUENCE lost_{table};
         CREATE FUNCTION lose_{table}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
         BEGIN
             IF nextval('lost_{table}') <= {times} THEN RAISE EXCEPTION 'lost' USING ERRCODE = 'deadlock_detected'; END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER lose BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION lose_{table}();"
    );
    owner.execute(AssertSqlSafe(statement)).await.expect("made");
}

#[tokio::test]
async fn reads_and_deliveries_are_done_again_and_a_write_can_be() {
    let story = Story::begin().await;
    let mut admin = story.admin(Uuid::from_u128(1));
    story.connect_and_sync(&mut admin, 0).await;
    let mut owner = PgConnection::connect(&story.database.url).await.expect("connected");

    // The first request of an organization writes it down.
    lose(&mut owner, "organizations", 2).await;
    story.admin(Uuid::from_u128(2)).get("/v1/lever/connection").await.expect(200);

    let account = story.account(0);
    story.lever.switch(&account.id, Event::CandidateArchiveChange, true).expect("an event");
    lose(&mut owner, "webhook_deliveries", 2).await;
    story.lever.inside(&account.id).archive(&account.active[0], &account.archive_reasons[0]).expect("archived");
    story.lever.wait_deliveries_idle().await;
    let deliveries = story.lever.deliveries(&account.id).expect("deliveries");
    assert!(deliveries.iter().all(|delivery| delivery.attempts.iter().all(|attempt| attempt.status == Some(200))), "Lever noticed");
    story.work().await;

    lose(&mut owner, "operations", 1).await;
    let draft = json!({
        "timezone": "Europe/Berlin", "allowConflicts": true,
        "interviews": [{ "start": "2090-01-07T10:00:00Z", "durationMinutes": 30, "interviewers": [{ "id": account.super_admin().id }] }],
    });
    let path = format!("/v1/opportunities/{}/panels", account.active[1]);
    let refused = admin.post(&path, draft.clone()).await.expect(503);
    assert_eq!(refused.code(), "database_busy");
    assert!(!refused.header("retry-after").is_empty());
    assert!(story.lever.panels_of(&account.id, &account.active[1]).expect("panels").iter().all(|panel| panel["externallyManaged"] != true));
    admin.post(&path, draft).await.expect(201);
    story.work().await;
    story.end().await;
}
