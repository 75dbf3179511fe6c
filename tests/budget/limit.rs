//! What Lever says about its limit is believed by everyone (check 26).

use lever_integration::fake_lever::{Fault, FaultKind, LedgerEntry};
use lever_integration::lever::Lane;

use crate::saturate::{account, connected, send, setting};

/// `Retry-After: 7` on one replica: seven seconds without a request of that organization from any.
#[tokio::test]
async fn a_retry_after_is_honoured_by_every_replica() {
    let setting = setting(40.0, 40.0);
    let story = connected(&setting).await;
    let (second, _) = story.replica(&setting).await;
    let accounts = [account(&story.app, Lane::Incremental).await, account(&second, Lane::Incremental).await];
    assert!(send(&accounts, 40).await.is_empty());
    story.lever.clear_ledger();
    story.lever.fault(Fault::new("GET", "/v1/stages", FaultKind::Status { code: 429, retry_after_seconds: Some(7) }).times(1));
    assert!(send(&accounts, 20).await.is_empty(), "it only takes longer");

    let ledger = story.lever.ledger();
    let refused = ledger.iter().position(|entry| entry.status == Some(429)).expect("one was refused");
    let at = ledger[refused].at_ms;
    // What was on its way when Lever said so: at most the slots of a fifth of a second, on either replica.
    let (meanwhile, later): (Vec<&LedgerEntry>, Vec<&LedgerEntry>) = ledger[refused + 1..].iter().partition(|entry| entry.at_ms < at + 6_900);
    assert!(meanwhile.iter().all(|entry| entry.at_ms < at + 500), "asked during the pause: {meanwhile:?}");
    assert!(!later.is_empty(), "everything was sent before the pause");
    second.stop().await;
    story.work().await;
    story.end().await;
}

/// Lever has half of what it says: we find out at the cost of a few refusals, and nothing is lost.
#[tokio::test]
async fn a_lever_with_half_the_rate_refuses_few_requests() {
    let setting = setting(40.0, 40.0);
    let story = connected(&setting).await;
    let (second, _) = story.replica(&setting).await;
    let accounts = [account(&story.app, Lane::FirstSync).await, account(&second, Lane::FirstSync).await];
    assert!(send(&accounts, 40).await.is_empty());
    story.lever.limit(&story.account(0).id, 20.0, 20.0).expect("the account");
    assert!(send(&accounts, 200).await.is_empty(), "every request is answered in the end");
    let refused = story.lever.violations().len();
    assert!((1..=5).contains(&refused), "{refused} requests were refused");
    story.lever.clear_ledger();
    second.stop().await;
    story.work().await;
    story.end().await;
}
