//! A sync as server-sent events: the object of `progress` whenever it has changed, until the run has ended.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use futures_util::stream;

use super::progress::{self, SyncView};
use crate::auth::Member;
use crate::error::{Error, Problem, Result};
use crate::ids::{RunId, TenantId};
use crate::state::AppState;

/// How often the run is looked at. No transaction and no connection is held in between.
const LOOK: Duration = Duration::from_millis(300);

/// One sync, live: an event each time that its JSON has changed; the stream ends with the run.
#[utoipa::path(get, path = "/v1/lever/syncs/{id}/events", tag = "Sync", security(("bearer" = [])), params(("id" = RunId, Path)), responses(
    (status = 200, description = "Each event's data is a SyncView", content_type = "text/event-stream", body = SyncView),
    (status = 404, description = "`not_found`", body = Problem),
))]
pub(super) async fn stream(
    State(state): State<AppState>,
    Member(caller): Member,
    Path(id): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let id = progress::parse(&id)?;
    let first = look(&state, caller.tenant, id).await?.ok_or_else(Error::not_found)?;
    let watch = Watch { state, tenant: caller.tenant, id, shown: None, next: Some(first) };
    let events = stream::unfold(watch, |mut watch| async move {
        let view = watch.next_change().await?;
        // Without data that is no JSON, an event cannot fail.
        let event = Event::default().json_data(&view).ok()?;
        watch.shown = Some(view);
        Some((Ok(event), watch))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

struct Watch {
    state: AppState,
    tenant: TenantId,
    id: RunId,
    /// What was sent last.
    shown: Option<SyncView>,
    /// What was read and not looked at yet.
    next: Option<SyncView>,
}

impl Watch {
    /// Waits for the run to change. `None`: it has ended and that was shown, or the process ends, or the run cannot be read; the
    /// browser asks again then.
    async fn next_change(&mut self) -> Option<SyncView> {
        loop {
            let view = match self.next.take() {
                Some(view) => view,
                None => look(&self.state, self.tenant, self.id).await.ok()??,
            };
            if self.shown.as_ref() != Some(&view) {
                return Some(view);
            }
            if view.status.is_final() {
                return None;
            }
            tokio::select! {
                () = self.state.shutdown.cancelled() => return None,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }
}

async fn look(state: &AppState, tenant: TenantId, id: RunId) -> Result<Option<SyncView>> {
    let mut tx = state.db.look(tenant).await?;
    Ok(progress::find(&mut tx, id).await?)
}
