//! A database that is slow, or locked for a while: what Lever allows meanwhile is used.

use std::time::Duration;

use lever_integration::fake_lever::{LedgerEntry, Options};
use lever_integration::jobs::Outcome;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::copy::assert_whole;
use crate::interrupt::{claim_run, work};
use crate::support::story::{Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);
/// Nothing is measured by this: it only ends a story that would hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nothing can be stored while the connection is locked, and yet more is asked. Our own limit lets one request go at a time, so that
/// not everything that may be under way has left before.
#[tokio::test]
async fn requests_go_on_while_an_answer_waits_for_the_database() {
    let lever = Options { opportunities: 60, active_share: 0.5, requests_per_second: 0.0, ..Options::default() };
    let variables = vec![("LEVER_BURST", "1".to_owned())];
    let story = Story::with(Setting { lever, requests_per_second: 50.0, variables, ..Setting::default() }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    let claim = claim_run(&story.app.state).await;
    let mut lock = PgConnection::connect(&story.database.url).await.expect("the database is there");
    let asked = |many: usize| tokio::time::timeout(PATIENCE, story.lever.wait_ledger(move |ledger| sets(ledger) >= many));
    let locked = async {
        asked(40).await.expect("the run is in full swing");
        sqlx::raw_sql("BEGIN; SELECT 1 FROM connections FOR UPDATE").execute(&mut lock).await.expect("locked");
        // One or two may still leave before the next answer waits for the lock.
        asked(sets(&story.lever.ledger()) + 4).await.expect("others are asked for, though no answer is stored");
        lock.close().await.expect("unlocked");
    };
    let (outcome, ()) = tokio::join!(work(&story.app.state, &claim), locked);
    let outcome = outcome.expect("Lever and the database are there");
    assert_eq!(outcome, Outcome::Done);
    claim.finish(story.app.state.db.dispatch(), outcome, story.clock.now()).await.expect("settled");
    story.work().await;
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

/// How many requests were about what hangs on a candidate.
fn sets(ledger: &[LedgerEntry]) -> usize {
    ledger.iter().filter(|entry| ["/panels", "/notes", "/resumes"].iter().any(|end| entry.path.ends_with(end))).count()
}
