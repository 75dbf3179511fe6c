//! Who is stored with whom, and what each is told.

use std::error::Error as StdError;
use std::fmt;

use chrono::DateTime;
use serde_json::json;
use sqlx::error::{DatabaseError, ErrorKind};

use super::super::event::Event;
use super::*;

/// Postgres refuses one of them.
#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl StdError for Refused {}

impl DatabaseError for Refused {
    fn message(&self) -> &str {
        "refused"
    }

    fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

fn delivery() -> Delivery {
    let body = json!({"token": "t", "triggeredAt": 1, "signature": "s"}).to_string();
    Delivery::of("webhook", &Event::parse(body.as_bytes()).expect("a delivery"), DateTime::UNIX_EPOCH)
}

/// What each of so many is told that come before any of them is stored, and how many were stored at a time.
async fn come<F>(count: usize, answer: impl Fn(usize) -> F) -> (Vec<Result<Stored, sqlx::Error>>, Vec<usize>)
where
    F: Future<Output = Result<Vec<Stored>, sqlx::Error>>,
{
    let (line, batches, gate) = (Line::default(), Mutex::new(Vec::new()), Semaphore::new(0));
    let store = async |batch: Arc<[Delivery]>| {
        batches.lock().expect("no panic").push(batch.len());
        drop(gate.acquire().await);
        answer(batch.len()).await
    };
    let coming = join_all((0..count).map(|_| line.remember(delivery(), &store)));
    let opening = async { gate.add_permits(TURNS) };
    // Each of those that come is looked at once before the gate is.
    let (told, ()) = tokio::join!(biased; coming, opening);
    (told, batches.into_inner().expect("no panic"))
}

async fn all_new(count: usize) -> Result<Vec<Stored>, sqlx::Error> {
    Ok(vec![Stored::New; count])
}

#[tokio::test]
async fn those_that_come_while_others_are_stored_go_together() {
    let (told, batches) = come(30, all_new).await;
    assert!(told.into_iter().all(|told| told.is_ok_and(|stored| stored == Stored::New)));
    assert_eq!(batches, [1, 1, 28]);
    let (told, batches) = come(TURNS + MOST + 1, all_new).await;
    assert!(told.into_iter().all(|told| told.is_ok()));
    assert_eq!(batches, [1, 1, MOST, 1]);
}

#[tokio::test]
async fn one_that_the_database_refuses_is_refused_alone() {
    let refused = Mutex::new(0);
    let (told, batches) = come(6, async |count| {
        // The others of the batch, and then the first of them that comes alone.
        let mut refused = refused.lock().expect("no panic");
        if count > 1 || *refused == 1 {
            *refused += 1;
            return Err(sqlx::Error::Database(Box::new(Refused)));
        }
        Ok(vec![Stored::New])
    })
    .await;
    assert_eq!(batches, [1, 1, 4, 1, 1, 1, 1]);
    assert_eq!(told.iter().filter(|told| matches!(told, Err(sqlx::Error::Database(_)))).count(), 1);
    assert_eq!(told.iter().filter(|told| told.is_ok()).count(), 5);
}

#[tokio::test]
async fn a_database_that_is_away_is_not_asked_for_each() {
    let (told, batches) = come(6, async |_| Err(sqlx::Error::PoolTimedOut)).await;
    assert_eq!(batches, [1, 1, 4]);
    assert_eq!(told.iter().filter(|told| matches!(told, Err(sqlx::Error::PoolTimedOut))).count(), 2);
    assert_eq!(told.iter().filter(|told| matches!(told, Err(sqlx::Error::Io(_)))).count(), 4);
}
