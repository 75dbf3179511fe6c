//! The rolling sweep when its share of the budget is too small for all that is due.

use std::time::Duration;

use chrono::{DateTime, Utc};
use lever_integration::fake_lever::Options;
use serde_json::json;
use uuid::Uuid;

use crate::copy::database;
use crate::support::story::{Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);
/// The regular sync's interval with its jitter; the rounds of the sweep are so many of them.
const INTERVAL: Duration = Duration::from_millis(2_200);
const SOON_SECONDS: f64 = 10.0;
const LATE_SECONDS: f64 = 60.0;

/// When the panels, notes and resumes of an active candidate were read.
type ReadAt = (String, DateTime<Utc>, DateTime<Utc>, DateTime<Utc>);

/// Interviews to come alone need more than the sweep may ask. Nobody else waits for ever: what is later in its own measure goes first.
#[tokio::test]
async fn a_share_that_is_too_small_starves_nobody() {
    let lever = Options { opportunities: 40, active_share: 0.9, requests_per_second: 0.0, ..Options::default() };
    // Six requests for each sweep; only the share is small, no request waits.
    let variables = vec![("SYNC_INTERVAL_SECONDS", "2".to_owned()), ("LEVER_BURST", "100000".to_owned())];
    let story = Story::with(Setting { lever, requests_per_second: 20.0, variables, ..Setting::default() }).await;
    story.connect(&mut story.admin(ORGANIZATION), 0).await;
    let account = story.account(0);
    let inside = story.lever.inside(&account.id).quietly();
    let panel = json!({
        "timezone": "Europe/Lisbon",
        "interviews": [{ "interviewers": [{ "id": account.users[0].id }], "date": story.clock.now().timestamp_millis() + 86_400_000, "duration": 45 }],
    });
    for id in &account.active[..20] {
        inside.schedule_panel(id, &panel).expect("scheduled");
    }
    story.work().await;
    // As if nobody had come to the resumes for long.
    sqlx::query("UPDATE opportunities SET resumes_synced_at = resumes_synced_at - interval '3 minutes'")
        .execute(&mut database(&story).await)
        .await
        .expect("set back");
    for _ in 0..25 {
        story.clock.advance(INTERVAL);
        story.work().await;
    }

    let upcoming: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT opportunity_id FROM interviews WHERE canceled_at IS NULL AND gone_at IS NULL AND start_at >= $1")
            .bind(story.clock.now())
            .fetch_all(&mut database(&story).await)
            .await
            .expect("interviews");
    let read: Vec<ReadAt> = sqlx::query_as(
        "SELECT id, panels_synced_at, notes_synced_at, resumes_synced_at FROM opportunities WHERE archived_at IS NULL AND gone_at IS NULL",
    )
    .fetch_all(&mut database(&story).await)
    .await
    .expect("candidates");
    let now = story.clock.now();
    let late_by = |read_at: DateTime<Utc>, period: f64| (now - read_at).as_seconds_f64() / period;
    let (mut soon, mut late): (f64, f64) = (0.0, 0.0);
    for (id, panels, notes, resumes) in read {
        let is_upcoming = upcoming.contains(&id);
        for (read_at, is_soon) in [(panels, is_upcoming), (notes, is_upcoming), (resumes, false)] {
            match is_soon {
                true => soon = soon.max(late_by(read_at, SOON_SECONDS)),
                false => late = late.max(late_by(read_at, LATE_SECONDS)),
            }
        }
    }
    // More is due than can be read, or this proves nothing.
    assert!(soon > 1.1, "{soon}");
    assert!(soon < 3.0 && late < 2.0, "interviews to come are late by {soon}, others by {late}");
    story.end().await;
}
