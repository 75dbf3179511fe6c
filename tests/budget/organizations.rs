//! Two organizations, one Lever account: Lever counts their requests together, and so do we.

use lever_integration::fake_lever::{Fault, FaultKind};
use lever_integration::lever::Lane;
use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use crate::saturate::{account, account_of, connected, send, setting};
use crate::support::story::Story;

const OTHER: Uuid = Uuid::from_u128(2);

/// Another organization, which is connected to this account as well.
async fn connect(story: &Story, organization: Uuid, at: usize) {
    let mut admin = story.admin(organization);
    story.connect(&mut admin, at).await;
}

#[tokio::test]
async fn two_organizations_of_one_account_stay_below_its_limit_together() {
    let story = connected(&setting(40.0, 40.0)).await;
    connect(&story, OTHER, 0).await;
    story.lever.clear_ledger();
    let accounts = [account(&story.app, Lane::FirstSync).await, account_of(&story.app, OTHER, Lane::FirstSync).await];
    assert!(send(&accounts, 300).await.is_empty());
    assert_eq!(story.lever.ledger().len(), 300, "none was refused, so none was repeated");
    for account in accounts {
        assert!(account.requests_sent() > 60, "one organization sent only {} of 300", account.requests_sent());
    }
    story.work().await;
    story.end().await;
}

/// Whoever is connected to another account has a budget of their own, and nobody can name another's.
#[tokio::test]
async fn what_one_account_is_told_is_of_no_concern_to_another() {
    let story = connected(&setting(40.0, 40.0)).await;
    connect(&story, OTHER, 1).await;
    let (ours, theirs) = (account(&story.app, Lane::Person).await, account_of(&story.app, OTHER, Lane::Person).await);
    assert!(send(&[ours.clone(), theirs.clone()], 4).await.is_empty());
    let refusal = FaultKind::Status { code: 429, retry_after_seconds: Some(3600) };
    story.lever.fault(Fault::new("GET", "/v1/stages", refusal).for_account(&story.account(0).id).times(1));
    assert_eq!(send(std::slice::from_ref(&ours), 1).await.len(), 1, "Lever wants that account to be left alone for an hour");
    assert!(send(std::slice::from_ref(&theirs), 4).await.is_empty());

    let mut application = PgConnection::connect(&story.database.url).await.expect("the database is there");
    let accounts: Vec<String> = sqlx::query_scalar("SELECT split_part(account, ' ', 2) FROM lever_account_budgets ORDER BY 1")
        .fetch_all(&mut application)
        .await
        .expect("the budgets");
    let mut expected = [story.account(0).id, story.account(1).id];
    expected.sort_unstable();
    assert_eq!(accounts, expected);
    application.execute("SET ROLE lever_integration_app").await.expect("taken");
    for statement in ["SELECT FROM lever_account_budgets", "UPDATE lever_account_budgets SET tokens = 0", "DELETE FROM lever_account_budgets"] {
        let refused = application.execute(statement).await.expect_err(statement);
        assert!(refused.to_string().contains("permission denied"), "{statement}: {refused}");
    }
    // The jobs of the account that is left alone would wait for it.
    story.app.stop().await;
}
