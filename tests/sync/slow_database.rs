//! A database that is slow, or locked for a while: what Lever allows meanwhile is used.

use std::time::Duration;

use lever_integration::fake_lever::{LedgerEntry, Options};
use lever_integration::jobs::Outcome;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

use crate::copy::assert_whole;
use crate::interrupt::{claim_run, work};
use crate::support::story::{Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);
/// What hangs on candidates is asked for so many at once.
const LANES: usize = 16;
/// Nothing is measured by this: it only ends a story that would hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// Nothing can be stored, and yet as much is asked as may be lost by a crash. Our own limit lets one request go at a time, so that
/// they do not all leave before the first is answered.
#[tokio::test]
async fn requests_go_on_while_an_answer_waits_for_the_database() {
    let lever = Options { opportunities: 60, active_share: 0.5, requests_per_second: 0.0, ..Options::default() };
    let variables = vec![("LEVER_BURST", "1".to_owned())];
    let story = Story::with(Setting { lever, requests_per_second: 50.0, variables, ..Setting::default() }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    let claim = claim_run(&story.app.state).await;
    let mut lock = PgConnection::connect(&story.database.url).await.expect("the database is there");
    let statement = "BEGIN; LOCK TABLE panels, notes, resumes IN ACCESS EXCLUSIVE MODE";
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut lock).await.expect("locked");

    let asked = async {
        let all = tokio::time::timeout(PATIENCE, story.lever.wait_ledger(|ledger| ledger.iter().filter(|entry| is_of_one(entry)).count() >= LANES));
        all.await.expect("as many requests as may be under way, though none of their answers is stored");
        lock.close().await.expect("unlocked");
    };
    let (outcome, ()) = tokio::join!(work(&story.app.state, &claim), asked);
    let outcome = outcome.expect("Lever and the database are there");
    assert_eq!(outcome, Outcome::Done);
    claim.finish(story.app.state.db.dispatch(), outcome, story.clock.now()).await.expect("settled");
    story.work().await;
    assert_whole(&story, ORGANIZATION, 0).await;
    story.end().await;
}

fn is_of_one(entry: &LedgerEntry) -> bool {
    ["/panels", "/notes", "/resumes"].iter().any(|end| entry.path.ends_with(end))
}
