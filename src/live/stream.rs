//! `GET /v1/events`: an organization's changes as server-sent events.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::{Stream, stream};
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::hub::Hub;
use super::seen::Seen;
use super::store::{self, Change};
use crate::auth::Member;
use crate::error::{Problem, Result};
use crate::ids::TenantId;
use crate::state::AppState;

/// A stream ends after this and the browser begins another: sessions end, and whoever lost theirs must not watch for ever.
const LIFETIME: Duration = Duration::from_secs(900);
/// How soon a browser should come back.
const RETRY: Duration = Duration::from_secs(1);
/// More than this in one event is "too many to name".
const MOST_IDS: usize = 100;

/// The endpoint for whoever watches.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(watch)).layer(Extension(Hub::default()))
}

/// What changed: read it again.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Changed {
    /// Lever's ids (ours for `sync` and `operation`). Empty: more than can be named, or there is only one, as of `connection`.
    ids: Vec<String>,
}

/// Watch what changes
///
/// Server-sent events named `opportunity`, `panel`, `contact`, `operation`, `sync` and `connection`, each with the ids to read again,
/// within about a quarter of a second after a change was stored. What changed while nobody listened is not told: after
/// (re)connecting, read what is shown once.
#[utoipa::path(get, path = "/v1/events", tag = "Live", security(("bearer" = [])), responses(
    (status = 200, description = "Each event's data is a Changed", content_type = "text/event-stream", body = Changed),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 503, description = "`database_unavailable`", body = Problem, content_type = "application/problem+json"),
))]
async fn watch(
    State(state): State<AppState>,
    Extension(hub): Extension<Hub>,
    Member(caller): Member,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let woken = hub.watch(&state, caller.tenant);
    let mut watch = Watch {
        state,
        tenant: caller.tenant,
        woken,
        seen: Seen::default(),
        ends_at: Instant::now() + LIFETIME,
        ready: VecDeque::from([Event::default().retry(RETRY).comment("watching")]),
    };
    // What there is already is no change.
    watch.look().await?;
    let events = stream::unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        Some((Ok(event), watch))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

struct Watch {
    state: AppState,
    tenant: TenantId,
    woken: watch::Receiver<()>,
    seen: Seen,
    ends_at: Instant,
    ready: VecDeque<Event>,
}

impl Watch {
    /// `None`: the stream is over, and the browser begins another when it can.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            tokio::select! {
                changed = self.woken.changed() => changed.ok()?,
                () = self.state.shutdown.cancelled() => return None,
                () = tokio::time::sleep_until(self.ends_at) => return None,
            }
            let changes = self.look().await.inspect_err(|error| tracing::warn!(%error, "a stream of changes ends early")).ok()?;
            // An event of plain data cannot fail.
            self.ready.extend(told(changes).into_iter().filter_map(|(kind, changed)| Event::default().event(kind).json_data(changed).ok()));
        }
    }

    /// What is new since the last look.
    async fn look(&mut self) -> Result<Vec<Change>> {
        let mut tx = self.state.db.look(self.tenant).await?;
        let mut changes = store::after(&mut tx, self.seen.floor()).await?;
        changes.retain(|change| self.seen.is_new(change.number));
        Ok(changes)
    }
}

/// One event for each kind.
fn told(changes: Vec<Change>) -> BTreeMap<String, Changed> {
    let mut kinds: BTreeMap<String, Option<BTreeSet<String>>> = BTreeMap::new();
    for change in changes {
        let ids = kinds.entry(change.kind).or_insert_with(|| Some(BTreeSet::new()));
        match ids {
            Some(named) if !change.ids.is_empty() => named.extend(change.ids),
            _ => *ids = None,
        }
    }
    let few = |ids: Option<BTreeSet<String>>| ids.filter(|ids| ids.len() <= MOST_IDS).map(Vec::from_iter).unwrap_or_default();
    kinds.into_iter().map(|(kind, ids)| (kind, Changed { ids: few(ids) })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(kind: &str, ids: &[&str]) -> Change {
        Change { number: 1, kind: kind.into(), ids: ids.iter().map(|id| (*id).to_owned()).collect() }
    }

    #[test]
    fn changes_of_a_kind_are_told_together_and_each_id_once() {
        let told = told(vec![change("panel", &["b", "a"]), change("opportunity", &["o"]), change("panel", &["a"])]);
        let ids: Vec<(&str, &[String])> = told.iter().map(|(kind, changed)| (kind.as_str(), changed.ids.as_slice())).collect();
        assert_eq!(ids, [("opportunity", ["o".to_owned()].as_slice()), ("panel", ["a".to_owned(), "b".to_owned()].as_slice())]);
    }

    #[test]
    fn too_many_to_name_swallows_those_that_are_named() {
        assert!(told(vec![change("panel", &["a"]), change("panel", &[]), change("panel", &["b"])])["panel"].ids.is_empty());
        let many: Vec<Change> = (0..=MOST_IDS).map(|id| change("panel", &[&id.to_string()])).collect();
        assert!(told(many)["panel"].ids.is_empty());
    }
}
