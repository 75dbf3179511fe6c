//! One page of one list: asked of Lever, and handed to the mirror.

use chrono::{DateTime, Utc};

use super::plan::{Step, changed_since};
use crate::db::TenantTx;
use crate::lever::{
    self, Account, ArchiveReason, FeedbackTemplate, Opportunity, OpportunityFilter, Paging, Posting, PostingFilter, Record, Stage, Tag, User, Window,
};
use crate::mirror;

/// What one request brought.
pub(super) struct Read {
    pub(super) records: Records,
    /// Lever's offset of the next page.
    pub(super) next: Option<String>,
    /// Entries that were no objects with a key.
    pub(super) unreadable: usize,
}

/// Records of one kind.
pub(super) enum Records {
    Users(Vec<Record<User>>),
    Stages(Vec<Record<Stage>>),
    ArchiveReasons(Vec<Record<ArchiveReason>>),
    Tags(Vec<Record<Tag>>),
    FeedbackTemplates(Vec<Record<FeedbackTemplate>>),
    Postings(Vec<Record<Posting>>),
    Opportunities(Vec<Record<Opportunity>>),
}

/// Reads the page of a list that begins at `cursor`. Panels have no list of their own: see `panels`.
pub(super) async fn page(account: &Account, step: Step, run_started: DateTime<Utc>, cursor: Option<&str>) -> Result<Read, lever::Error> {
    let paging = cursor.map_or_else(Paging::first, Paging::from);
    Ok(match step {
        Step::Users => Read::of(account.list_users(&paging).await?, Records::Users),
        Step::Stages => Read::of(account.list_stages(&paging).await?, Records::Stages),
        Step::ArchiveReasons => Read::of(account.list_archive_reasons(&paging).await?, Records::ArchiveReasons),
        Step::Tags => Read::of(account.list_tags(&paging).await?, Records::Tags),
        Step::FeedbackTemplates => Read::of(account.list_feedback_templates(&paging).await?, Records::FeedbackTemplates),
        Step::Postings | Step::InternalPostings | Step::ChangedPostings => {
            Read::of(account.list_postings(&postings(step, run_started), &paging).await?, Records::Postings)
        }
        Step::Panels | Step::ActiveOpportunities | Step::ArchivedOpportunities | Step::ChangedOpportunities | Step::AdvancedOpportunities => {
            Read::of(account.list_opportunities(&opportunities(step, run_started), &paging).await?, Records::Opportunities)
        }
    })
}

fn postings(step: Step, run_started: DateTime<Utc>) -> PostingFilter {
    match step {
        Step::InternalPostings => PostingFilter { distribution_channels: vec!["public".into(), "internal".into()], ..Default::default() },
        Step::ChangedPostings => PostingFilter { updated_at: Window::since(changed_since(run_started)), ..Default::default() },
        _ => PostingFilter::default(),
    }
}

fn opportunities(step: Step, run_started: DateTime<Utc>) -> OpportunityFilter {
    let changed = Window::since(changed_since(run_started));
    match step {
        Step::ArchivedOpportunities => OpportunityFilter { archived: Some(true), ..Default::default() },
        Step::ChangedOpportunities => OpportunityFilter { updated_at: changed, ..Default::default() },
        Step::AdvancedOpportunities => OpportunityFilter { advanced_at: changed, ..Default::default() },
        _ => OpportunityFilter { archived: Some(false), ..Default::default() },
    }
}

impl Read {
    fn of<T>(page: lever::Page<T>, kind: fn(Vec<Record<T>>) -> Records) -> Self {
        Self { records: kind(page.records), next: page.next, unreadable: page.unreadable }
    }
}

impl Records {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Users(records) => records.len(),
            Self::Stages(records) => records.len(),
            Self::ArchiveReasons(records) => records.len(),
            Self::Tags(records) => records.len(),
            Self::FeedbackTemplates(records) => records.len(),
            Self::Postings(records) => records.len(),
            Self::Opportunities(records) => records.len(),
        }
    }

    /// The opportunities among them that are not archived.
    pub(super) fn active_opportunities(&self) -> Vec<String> {
        match self {
            Self::Opportunities(records) => {
                records.iter().filter(|record| record.archive_state().is_none()).map(|record| record.id.clone()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Stores them. `before` records of this list are stored already: a stage is what its place in the pipeline makes it.
    pub(super) async fn store(&self, tx: &mut TenantTx, before: i64, read_at: DateTime<Utc>) -> Result<(), sqlx::Error> {
        match self {
            Self::Users(records) => mirror::users::upsert(tx, records, read_at).await,
            Self::Stages(records) => {
                let position = i32::try_from(before).unwrap_or(i32::MAX);
                mirror::stages::upsert(tx, records, position, read_at).await
            }
            Self::ArchiveReasons(records) => mirror::archive_reasons::upsert(tx, records, read_at).await,
            Self::Tags(records) => mirror::tags::upsert(tx, records, read_at).await,
            Self::FeedbackTemplates(records) => mirror::feedback_templates::upsert(tx, records, read_at).await,
            Self::Postings(records) => mirror::postings::upsert(tx, records, read_at).await,
            Self::Opportunities(records) => mirror::opportunities::upsert(tx, records, read_at).await,
        }
        .map(drop)
    }
}
