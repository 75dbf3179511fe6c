//! Postgres ends one of two transactions that are in each other's way. Whatever may be done twice is done again, unseen; so is each
//! transaction of a write, because nothing is sent inside one. One that loses every time is told.

use http::Method;
use lever_integration::fake_lever::Event;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::support::story::Story;

/// Makes the next `times` inserts into a table fail as the loser of a deadlock does.
async fn lose(owner: &mut PgConnection, table: &str, times: u32) {
    lose_when(owner, table, "INSERT", times).await;
}

/// As [`lose`], when rows of the table are inserted or updated.
async fn lose_when(owner: &mut PgConnection, table: &str, event: &str, times: u32) {
    let statement = format!(
        "CREATE SEQUENCE lost_{event}_{table};
         CREATE FUNCTION lose_{event}_{table}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
         BEGIN
             IF nextval('lost_{event}_{table}') <= {times} THEN RAISE EXCEPTION 'lost' USING ERRCODE = 'deadlock_detected'; END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER lose_{event} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION lose_{event}_{table}();"
    );
    owner.execute(AssertSqlSafe(statement)).await.expect("made");
}

#[tokio::test]
async fn what_is_undone_is_done_again() {
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

    // The write is recorded, and its outcome is stored.
    lose(&mut owner, "operations", 2).await;
    lose_when(&mut owner, "operations", "UPDATE", 2).await;
    let draft = json!({
        "timezone": "Europe/Berlin", "allowConflicts": true,
        "interviews": [{ "start": "2090-01-07T10:00:00Z", "durationMinutes": 30, "interviewers": [{ "id": account.super_admin().id }] }],
    });
    let path = format!("/v1/opportunities/{}/panels", account.active[1]);
    admin.post(&path, draft.clone()).await.expect(201);
    let booked = || {
        let panels = story.lever.panels_of(&account.id, &account.active[1]).expect("panels");
        panels.iter().filter(|panel| panel["externallyManaged"] == true).count()
    };
    assert_eq!(booked(), 1);

    lose(&mut owner, "idempotency_keys", 3).await;
    let with_key = async || admin.call(Method::POST, &path, Some(draft.clone()), &[("idempotency-key", "k")]).await;
    let refused = with_key().await.expect(503);
    assert_eq!(refused.code(), "database_busy");
    assert!(!refused.header("retry-after").is_empty());
    assert_eq!(booked(), 1, "nothing was sent");
    with_key().await.expect(201);
    story.work().await;
    story.end().await;
}
