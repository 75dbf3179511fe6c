//! Two replicas, one account.

use std::time::Duration;

use lever_integration::lever::Lane;

use crate::saturate::{account, connected, send, setting};

#[tokio::test]
async fn two_replicas_that_take_all_they_can_get_stay_below_levers_limit() {
    let setting = setting(40.0, 40.0);
    let story = connected(&setting).await;
    let (second, _) = story.replica(&setting).await;
    story.lever.clear_ledger();
    let accounts = [account(&story.app, Lane::FirstSync).await, account(&second, Lane::FirstSync).await];
    assert!(send(&accounts, 300).await.is_empty());
    assert_eq!(story.lever.ledger().len(), 300, "none was refused, so none was repeated");
    for account in accounts {
        assert!(account.requests_sent() > 60, "one replica sent only {} of 300", account.requests_sent());
    }
    second.stop().await;
    story.work().await;
    story.end().await;
}

/// Whatever a replica had drawn when it died is no more than a moment's worth, and nobody has to wait for it.
#[tokio::test]
async fn the_budget_of_a_replica_that_died_is_there_for_the_others() {
    let setting = setting(40.0, 40.0);
    let story = connected(&setting).await;
    let (second, _) = story.replica(&setting).await;
    let dying = account(&second, Lane::FirstSync).await;
    let killed = tokio::spawn(async move { send(&[dying], usize::MAX).await });
    let survivor = account(&story.app, Lane::FirstSync).await;
    assert!(send(std::slice::from_ref(&survivor), 40).await.is_empty());
    killed.abort();
    assert!(killed.await.is_err_and(|end| end.is_cancelled()));
    drop(second);
    // Five seconds' worth at the full rate; whatever the dead one still held would have to be back by then.
    let alone = tokio::time::timeout(Duration::from_secs(10), send(&[survivor], 200)).await;
    assert!(alone.expect("the full rate is back within ten seconds").is_empty());
    story.work().await;
    story.end().await;
}

/// The least urgent work of one replica leaves everything to the more urgent of another.
#[tokio::test]
async fn a_backfill_on_one_replica_does_not_hold_a_person_on_the_other_back() {
    let setting = setting(10.0, 20.0);
    let story = connected(&setting).await;
    let (second, _) = story.replica(&setting).await;
    let backfill = account(&second, Lane::FirstSync).await;
    let saturating = tokio::spawn(async move { send(&[backfill], usize::MAX).await });
    let urgent = account(&story.app, Lane::Incremental).await;
    assert!(send(std::slice::from_ref(&urgent), 20).await.is_empty());
    // The reserve is there, whatever else is going on.
    story.lever.clear_ledger();
    let person = account(&story.app, Lane::Person).await;
    assert!(send(&[person], 4).await.is_empty());
    let others = story.lever.ledger().len() - 4;
    assert!(others <= 3, "{others} requests of the backfill went before the person's four");
    saturating.abort();
    second.stop().await;
    story.work().await;
    story.end().await;
}
