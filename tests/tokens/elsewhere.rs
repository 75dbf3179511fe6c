//! A replica that was started with another of Lever's environments: it touches nothing of what is not its own.

use std::time::Duration;

use lever_integration::{connect, worker};
use uuid::Uuid;

use super::get_user;
use super::support::story::{Setting, Story};

#[tokio::test]
async fn a_replica_of_another_environment_asks_nothing_and_gives_nothing_up() {
    let sandbox = Setting { variables: vec![("LEVER_ENVIRONMENT", "sandbox".into())], ..Setting::default() };
    let story = Story::with(sandbox).await;
    let organization = Uuid::from_u128(1);
    let mut admin = story.admin(organization);
    story.connect_and_sync(&mut admin, 0).await;
    let (production, _) = story.replica(&Setting::default()).await;

    // Everything there is to do is due, and the tokens would have to be renewed for it.
    admin.post("/v1/lever/syncs", serde_json::json!({})).await.expect(202);
    story.clock.advance(Duration::from_secs(2 * 3600));
    story.lever.clear_ledger();
    for _ in 0..20 {
        connect::tend_due(&production.state).await.expect("the database is there");
        worker::run_until_idle(&production.state).await.expect("the database is there");
        story.clock.advance(Duration::from_secs(60));
    }
    assert!(story.lever.ledger().is_empty(), "{:?}", story.lever.ledger());
    production.stop().await;

    // The right one finds all of it.
    story.clock.advance(Duration::from_secs(600));
    story.work().await;
    assert_eq!(admin.get("/v1/lever/connection").await.json()["status"], "connected");
    let runs = admin.get("/v1/lever/syncs?kind=full").await.json();
    assert_eq!((runs["data"][0]["status"].as_str(), runs["data"].as_array().map(Vec::len)), (Some("succeeded"), Some(2)), "{runs}");
    get_user(&story.app, organization, &story.account(0).users[0].id).await.expect("connected");
    let again = story.clock.now() + Duration::from_secs(3600);
    let next = lever_integration::jobs::next_due(story.app.state.db.dispatch()).await.expect("the database is there");
    assert!(next.is_some_and(|next| next < again), "the regular sync goes on: {next:?}");
    story.end().await;
}
