//! Candidates for whom Lever was asked by id, and of whom no answer came that can be read. They are neither there nor gone: they stay as
//! they are, and are asked for again after a pause that grows.

use chrono::{DateTime, Utc};

use super::plan::Kind;
use super::run::{Halt, Running};
use super::store::quarantine;
use crate::mirror;

/// Remembers those of the candidates asked for since then of whom no answer came, and answers which; forgets the others.
pub(super) async fn put_aside(running: &Running<'_>, asked: &[String], since: DateTime<Utc>) -> Result<Vec<String>, Halt> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let now = running.state.clock.now();
    let mut tx = running.begin().await?;
    let unanswered = mirror::opportunities::unseen_among(&mut tx, asked, since).await?;
    for opportunity in &unanswered {
        quarantine::add(&mut tx, Kind::Opportunities, opportunity, "no answer that can be read", now).await?;
    }
    let answered: Vec<&str> = asked.iter().filter(|id| !unanswered.contains(id)).map(String::as_str).collect();
    quarantine::lift(&mut tx, Kind::Opportunities, &answered).await?;
    running.commit(tx).await?;
    Ok(unanswered)
}
