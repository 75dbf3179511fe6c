//! Thousands of requests a second from one caller are that caller's trouble, and nobody else's.

use futures_util::future::join_all;
use http::Method;
use uuid::Uuid;

use crate::support::story::{Setting, Story};

const RATE: usize = 5;
const AT_ONCE: usize = 50;

#[tokio::test]
async fn a_caller_who_floods_us_is_told_to_wait_and_nobody_else_is() {
    // A rate that a test reaches on the slowest machine; the usual one is a thousand times that.
    let story = Story::with(Setting { variables: vec![("CALLER_REQUESTS_PER_SECOND", RATE.to_string())], ..Setting::default() }).await;
    let (flooding, other) = (story.admin(Uuid::from_u128(1)), story.member(Uuid::from_u128(1)));
    let mut answers = Vec::new();
    for _ in 0..10 {
        // Answered outside the database, so that they come as fast as can be.
        answers.extend(join_all((0..AT_ONCE).map(|_| flooding.call(Method::PUT, "/v1/users", None, &[]))).await);
    }
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(!refused.is_empty(), "nothing was refused");
    assert!(refused.iter().all(|answer| answer.code() == "too_many_requests" && !answer.header("retry-after").is_empty()));
    assert!(answers.iter().filter(|answer| answer.status == 405).count() >= 3 * RATE, "a burst is served");
    other.get("/v1/users").await.expect(200);
    assert_eq!(story.member(Uuid::from_u128(2)).get("/healthz").await.status, 200);
    story.end().await;
}
