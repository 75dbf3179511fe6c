//! How far a sync is, as the contract shows it: one run, or all of them, the newest first.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::estimate::{self, Pace};
use super::plan::Kind;
use super::reconcile::{self, DifferenceView};
use super::store::{Run, RunKind, Status, StepRow, findings, runs, steps};
use super::warnings::{self, WarningView};
use crate::auth::Member;
use crate::db::TenantTx;
use crate::error::{Error, Problem, Result};
use crate::ids::RunId;
use crate::page::{Page, Paging};
use crate::state::AppState;

/// One run of the sync.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncView {
    pub id: RunId,
    pub kind: RunKind,
    pub status: Status,
    /// Null while it is queued.
    pub started_at: Option<DateTime<Utc>>,
    /// Null until it has ended, in whatever way.
    pub finished_at: Option<DateTime<Utc>>,
    /// Why it failed or was canceled, in a sentence.
    pub error: Option<String>,
    /// One entry per kind of object, in the order in which they are read.
    pub objects: Vec<ObjectView>,
    /// Requests sent to Lever.
    #[schema(example = 231)]
    pub requests: i64,
    /// Requests a second, on average; null before there is an average.
    #[schema(example = 9.8)]
    pub requests_per_second: Option<f64>,
    /// When it will have ended at this pace; null while nobody knows how much there is, and once it has ended.
    pub estimated_end_at: Option<DateTime<Utc>>,
    /// What was left out or given up, though the rest was read.
    pub warnings: Vec<WarningView>,
    /// It says what it would do, and does nothing.
    pub dry_run: bool,
    /// What a reconciliation found to differ, by kind of object; null for other syncs.
    pub differences: Option<Vec<DifferenceView>>,
}

/// How far one kind of object is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectView {
    pub kind: Kind,
    /// Objects stored so far.
    #[schema(example = 1004)]
    pub synced: i64,
    /// How many there are. Lever does not say before its list has been read to the end: null until then, and when it could not be.
    #[schema(example = 1004)]
    pub total: Option<i64>,
    /// What Lever sent and could not be read.
    pub skipped: i64,
    /// From 0 to 1; null when it is under way and nobody knows how far: of panels, notes and resumes, until all candidates are listed.
    pub progress: Option<f64>,
}

/// Which syncs to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only syncs of this kind.
    kind: Option<RunKind>,
}

/// Full syncs and others, the newest first. Incremental ones are listed once they have changed something or went
/// wrong; of the others only the newest is.
#[utoipa::path(get, path = "/v1/lever/syncs", tag = "Sync", security(("bearer" = [])), params(Which, Paging), responses(
    (status = 200, body = Page<SyncView>),
    (status = 400, description = "`invalid_parameter`", body = Problem),
    (status = 401, description = "`unauthenticated`", body = Problem),
))]
pub(super) async fn list(
    State(state): State<AppState>,
    Member(caller): Member,
    which: Result<Query<Which>, QueryRejection>,
    paging: Paging,
) -> Result<Json<Page<SyncView>>> {
    let Query(which) = which.map_err(|_| Error::invalid_parameter("kind", "must be full, incremental or reconcile"))?;
    let mut tx = state.db.look(caller.tenant).await?;
    let page = page_of(&mut tx, which.kind, &paging).await?;
    Ok(Json(page))
}

/// A page of the runs, the newest first.
///
/// # Errors
/// The cursor cannot be read, or the database failed.
pub async fn page(tx: &mut TenantTx, paging: &Paging) -> Result<Page<SyncView>> {
    page_of(tx, None, paging).await
}

async fn page_of(tx: &mut TenantTx, kind: Option<RunKind>, paging: &Paging) -> Result<Page<SyncView>> {
    let after: Option<(DateTime<Utc>, Uuid)> = paging.after()?;
    let page = Page::cut(runs::list(tx, kind, after, paging.rows()).await?, paging, |run| (run.created_at, run.id));
    let ids: Vec<RunId> = page.data.iter().map(|run| run.id).collect();
    let steps = steps::of_runs(tx, &ids).await?;
    let mut data = Vec::with_capacity(page.data.len());
    for run in page.data {
        data.push(whole(tx, run, &steps).await?);
    }
    Ok(Page { data, next_cursor: page.next_cursor })
}

/// One sync.
#[utoipa::path(get, path = "/v1/lever/syncs/{id}", tag = "Sync", security(("bearer" = [])), params(("id" = RunId, Path)), responses(
    (status = 200, body = SyncView),
    (status = 404, description = "`not_found`", body = Problem),
))]
pub(super) async fn show(State(state): State<AppState>, Member(caller): Member, Path(id): Path<String>) -> Result<Json<SyncView>> {
    let mut tx = state.db.look(caller.tenant).await?;
    let found = find(&mut tx, parse(&id)?).await?;
    found.map(Json).ok_or_else(Error::not_found)
}

/// What is no id names nothing.
pub(super) fn parse(id: &str) -> Result<RunId> {
    id.parse().map_err(|_| Error::not_found())
}

/// One run as it is now.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &mut TenantTx, id: RunId) -> Result<Option<SyncView>, sqlx::Error> {
    let Some(run) = runs::find(tx, id).await? else { return Ok(None) };
    let steps = steps::of_runs(tx, &[id]).await?;
    whole(tx, run, &steps).await.map(Some)
}

/// The newest full sync as it is now; `None` when there never was one.
///
/// # Errors
/// The database failed.
pub async fn latest(tx: &mut TenantTx) -> Result<Option<SyncView>, sqlx::Error> {
    let Some(run) = runs::list(tx, Some(RunKind::Full), None, 1).await?.pop() else { return Ok(None) };
    let steps = steps::of_runs(tx, &[run.id]).await?;
    whole(tx, run, &steps).await.map(Some)
}

/// `steps` may hold those of other runs too.
async fn whole(tx: &mut TenantTx, run: Run, steps: &[StepRow]) -> Result<SyncView, sqlx::Error> {
    let differences = match run.kind {
        RunKind::Reconcile => Some(reconcile::summary(&findings::differences(tx, run.id).await?)),
        RunKind::Full | RunKind::Incremental => None,
    };
    let mut view = view(run, steps);
    view.warnings.extend(warnings::of_differences(differences.as_deref().unwrap_or_default()));
    Ok(SyncView { differences, ..view })
}

fn view(run: Run, steps: &[StepRow]) -> SyncView {
    let steps: Vec<&StepRow> = steps.iter().filter(|step| step.run_id == run.id).collect();
    let mut kinds: Vec<Kind> = Vec::new();
    for step in &steps {
        if !kinds.contains(&step.object) {
            kinds.push(step.object);
        }
    }
    let Pace { requests_per_second, estimated_end_at } = estimate::pace(&run, &steps);
    SyncView {
        id: run.id,
        kind: run.kind,
        status: run.status,
        started_at: run.started_at,
        finished_at: run.finished_at,
        error: run.error,
        objects: kinds.into_iter().map(|kind| object(kind, &steps)).collect(),
        requests: run.requests,
        requests_per_second,
        estimated_end_at,
        warnings: warnings::of(run.kind, &steps),
        dry_run: run.dry_run,
        differences: None,
    }
}

fn object(kind: Kind, steps: &[&StepRow]) -> ObjectView {
    let of_kind = || steps.iter().filter(|step| step.object == kind);
    let progress = if of_kind().all(|step| step.done) {
        Some(1.0)
    } else if of_kind().all(|step| step.began_at.is_none()) {
        Some(0.0)
    } else {
        let candidates = estimate::candidates(steps);
        let of_children = || of_kind().filter(|step| step.step.is_of_children());
        share(of_children().map(|step| step.visited).sum(), of_children().filter_map(|step| estimate::to_visit(step, candidates)).sum())
    };
    ObjectView {
        kind,
        synced: of_kind().map(|step| step.shown()).sum(),
        // One list without a total makes the sum unknown.
        total: of_kind().map(|step| Some(step.total?.max(step.shown()))).sum(),
        skipped: of_kind().map(|step| step.skipped).sum(),
        progress,
    }
}

fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 / whole as f64).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::plan::Step;

    fn run() -> Run {
        crate::sync::store::runs::sample(RunKind::Full)
    }

    fn step(run: &Run, step: Step, synced: i64, done: bool) -> StepRow {
        let began_at = (synced > 0).then_some(DateTime::UNIX_EPOCH);
        StepRow { run_id: run.id, began_at, synced, total: done.then_some(synced), done, ..crate::sync::store::steps::sample(step) }
    }

    #[test]
    fn a_kind_is_the_sum_of_its_lists_and_its_total_is_known_when_all_are_read() {
        let run = run();
        let mut steps = vec![
            step(&run, Step::Users, 60, true),
            step(&run, Step::ActiveOpportunities, 200, true),
            step(&run, Step::Panels, 0, false),
            step(&run, Step::ArchivedOpportunities, 100, false),
        ];
        let shown = view(run.clone(), &steps);
        assert_eq!(shown.objects.iter().map(|object| object.kind).collect::<Vec<_>>(), [Kind::Users, Kind::Opportunities, Kind::Panels]);
        assert_eq!((shown.objects[0].synced, shown.objects[0].total, shown.objects[0].progress), (60, Some(60), Some(1.0)));
        assert_eq!((shown.objects[1].synced, shown.objects[1].total, shown.objects[1].progress), (300, None, None));
        assert_eq!((shown.objects[2].synced, shown.objects[2].progress), (0, Some(0.0)));
        steps[3] = step(&run, Step::ArchivedOpportunities, 800, true);
        assert_eq!(view(run, &steps).objects[1].total, Some(1000));
    }

    #[test]
    fn panels_know_how_far_they_are() {
        let run = run();
        let panels = StepRow { visited: 50, to_visit: Some(60), ..step(&run, Step::Panels, 70, false) };
        let active = step(&run, Step::ActiveOpportunities, 60, true);
        let progress = |archived: StepRow| view(run.clone(), &[active.clone(), panels.clone(), archived]).objects[1].progress;
        // Nobody knows how many archived ones there are.
        assert_eq!(progress(step(&run, Step::ArchivedOpportunities, 100, false)), None);
        assert_eq!(progress(step(&run, Step::ArchivedOpportunities, 140, true)), Some(0.25));
    }

    #[test]
    fn a_list_that_is_begun_again_shows_no_less_than_before() {
        let run = run();
        let again = StepRow { shown_before: Some(300), ..step(&run, Step::Users, 100, false) };
        let shown = |users: StepRow| view(run.clone(), &[users]).objects[0].clone();
        assert_eq!((shown(again.clone()).synced, shown(again).total), (300, None));
        let shorter = StepRow { shown_before: Some(300), ..step(&run, Step::Users, 290, true) };
        assert_eq!((shown(shorter.clone()).synced, shown(shorter).total), (300, Some(300)));
    }

    #[test]
    fn steps_of_other_runs_do_not_count() {
        let (mine, other) = (run(), run());
        let steps = [step(&mine, Step::Users, 1, true), step(&other, Step::Users, 5, true)];
        assert_eq!(view(mine, &steps).objects[0].synced, 1);
    }

    #[test]
    fn it_is_shown_as_the_contract_says() {
        let run = run();
        let steps = [step(&run, Step::ArchiveReasons, 4, true)];
        let shown = serde_json::to_value(view(run, &steps)).expect("plain data");
        assert_eq!(shown["kind"], "full");
        assert_eq!(shown["status"], "running");
        assert_eq!(shown["startedAt"], "1970-01-01T00:00:00Z");
        assert!(shown["finishedAt"].is_null() && shown["error"].is_null());
        assert_eq!(shown["objects"][0]["kind"], "archive_reasons");
        assert_eq!((&shown["objects"][0]["synced"], &shown["objects"][0]["total"], &shown["requests"]), (&4.into(), &4.into(), &3.into()));
    }
}
