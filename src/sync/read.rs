//! One page of one list: asked of Lever, and handed to the mirror.

use chrono::{DateTime, Utc};

use super::plan::Step;
use crate::accounts;
use crate::db::TenantTx;
use crate::lever::{
    self, Account, ArchiveReason, FeedbackTemplate, Opportunity, OpportunityFilter, Paging, Posting, PostingFilter, Record, Resource, Stage, Tag,
    User, Window,
};
use crate::mirror;
use crate::mirror::compare::{self, Listed, Standing};

/// What one request brought.
pub(super) struct Read {
    pub(super) records: Records,
    /// Lever's offset of the next page.
    pub(super) next: Option<String>,
    /// Entries that were no objects with a key.
    pub(super) unreadable: usize,
    /// Lever's time when it answered, to the second.
    pub(super) server_time: Option<DateTime<Utc>>,
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
    /// What Lever has no more.
    DeletedPostings(Vec<Record<Posting>>),
    DeletedOpportunities(Vec<Record<Opportunity>>),
}

/// Reads the page of a list that begins at `cursor`; of a list of changes, those since then. What hangs on opportunities has no list of
/// its own: see `children`.
pub(super) async fn page(account: &Account, step: Step, since: DateTime<Utc>, cursor: Option<&str>) -> Result<Read, lever::Error> {
    records(account, step, since, &at(cursor)).await
}

/// Reads the first record of a list.
pub(super) async fn first(account: &Account, step: Step, since: DateTime<Utc>) -> Result<Read, lever::Error> {
    records(account, step, since, &at(None).limit(1)).await
}

/// Reads of the record at `cursor` what tells it apart, and where the list goes on behind it.
pub(super) async fn key(account: &Account, step: Step, since: DateTime<Utc>, cursor: Option<&str>) -> Result<Read, lever::Error> {
    records(account, step, since, &at(cursor).limit(1).keys_only()).await
}

/// Whether the list can be asked for by when its records were created.
pub(super) fn has_pieces(step: Step) -> bool {
    matches!(
        step,
        Step::ActiveOpportunities
            | Step::ArchivedOpportunities
            | Step::ChangedOpportunities
            | Step::AdvancedOpportunities
            | Step::JustArchivedOpportunities
    )
}

/// As [`page`], of those records alone that were created in that span.
pub(super) async fn piece(
    account: &Account,
    step: Step,
    since: DateTime<Utc>,
    created_at: Window,
    cursor: Option<&str>,
) -> Result<Read, lever::Error> {
    let filter = OpportunityFilter { created_at, ..opportunities(step, Window::since(since)) };
    Ok(Read::of(account.list_opportunities(&filter, &at(cursor)).await?, Records::Opportunities))
}

fn at(cursor: Option<&str>) -> Paging {
    cursor.map_or_else(Paging::first, Paging::from)
}

async fn records(account: &Account, step: Step, since: DateTime<Utc>, paging: &Paging) -> Result<Read, lever::Error> {
    let changed = Window::since(since);
    Ok(match step {
        Step::Users => Read::of(account.list_users(paging).await?, Records::Users),
        Step::Stages => Read::of(account.list_stages(paging).await?, Records::Stages),
        Step::ArchiveReasons => Read::of(account.list_archive_reasons(paging).await?, Records::ArchiveReasons),
        Step::Tags => Read::of(account.list_tags(paging).await?, Records::Tags),
        Step::FeedbackTemplates => Read::of(account.list_feedback_templates(paging).await?, Records::FeedbackTemplates),
        Step::Postings | Step::InternalPostings | Step::ChangedPostings => {
            Read::of(account.list_postings(&postings(step, changed), paging).await?, Records::Postings)
        }
        Step::DeletedPostings => Read::of(account.list_deleted_postings(&changed, paging).await?, Records::DeletedPostings),
        Step::DeletedOpportunities => Read::of(account.list_deleted_opportunities(&changed, paging).await?, Records::DeletedOpportunities),
        _ => Read::of(account.list_opportunities(&opportunities(step, changed), paging).await?, Records::Opportunities),
    })
}

fn postings(step: Step, changed: Window) -> PostingFilter {
    match step {
        Step::InternalPostings => PostingFilter { distribution_channels: vec!["public".into(), "internal".into()], ..Default::default() },
        Step::ChangedPostings => PostingFilter { updated_at: changed, ..Default::default() },
        _ => PostingFilter::default(),
    }
}

fn opportunities(step: Step, changed: Window) -> OpportunityFilter {
    let all = OpportunityFilter::default();
    match step {
        Step::ArchivedOpportunities => OpportunityFilter { archived: Some(true), ..all },
        Step::ChangedOpportunities => OpportunityFilter { updated_at: changed, ..all },
        Step::AdvancedOpportunities => OpportunityFilter { advanced_at: changed, ..all },
        Step::JustArchivedOpportunities => OpportunityFilter { archived_at: changed, ..all },
        Step::JustCreatedOpportunities => OpportunityFilter { created_at: changed, ..all },
        _ => OpportunityFilter { archived: Some(false), ..all },
    }
}

impl Read {
    /// The end of a list, of which so many records are not read.
    pub(super) fn nothing_but(unreadable: usize) -> Self {
        Self { records: Records::Users(Vec::new()), next: None, unreadable, server_time: None }
    }

    /// The same place in the list, with nothing of its records but their number.
    pub(super) fn left_out(self) -> Self {
        Self { next: self.next, server_time: self.server_time, ..Self::nothing_but(self.records.len() + self.unreadable) }
    }

    fn of<T>(page: lever::Page<T>, kind: fn(Vec<Record<T>>) -> Records) -> Self {
        Self { records: kind(page.records), next: page.next, unreadable: page.unreadable, server_time: page.server_time }
    }
}

impl Records {
    pub(super) fn len(&self) -> usize {
        self.keys().len()
    }

    /// How many of them count as brought by a run that began then: of what comes in several lists, only those that were not seen since.
    pub(super) async fn counted(&self, tx: &mut TenantTx, since: DateTime<Utc>) -> Result<usize, sqlx::Error> {
        match self {
            Self::Postings(_) => compare::unseen(tx, Listed::Postings, &self.keys(), since).await,
            Self::Opportunities(_) => compare::unseen(tx, Listed::Opportunities, &self.keys(), since).await,
            _ => Ok(self.len()),
        }
    }

    /// What tells the records apart.
    pub(super) fn keys(&self) -> Vec<&str> {
        match self {
            Self::Users(records) => keys(records),
            Self::Stages(records) => keys(records),
            Self::ArchiveReasons(records) => keys(records),
            Self::Tags(records) => keys(records),
            Self::FeedbackTemplates(records) => keys(records),
            Self::Postings(records) | Self::DeletedPostings(records) => keys(records),
            Self::Opportunities(records) | Self::DeletedOpportunities(records) => keys(records),
        }
    }

    /// The ids of opportunities that Lever has or had.
    pub(super) fn opportunity_ids(&self) -> Vec<String> {
        match self {
            Self::Opportunities(records) | Self::DeletedOpportunities(records) => keys(records).into_iter().map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether they are opportunities that Lever has.
    pub(super) fn are_opportunities(&self) -> bool {
        matches!(self, Self::Opportunities(_))
    }

    /// How each record stands to our copy. One that Lever deleted has changed when our copy still has it.
    pub(super) async fn standings(&self, tx: &mut TenantTx) -> Result<Vec<(String, Standing)>, sqlx::Error> {
        match self {
            Self::Users(records) => compare::records(tx, Listed::Users, records).await,
            Self::Stages(records) => compare::records(tx, Listed::Stages, records).await,
            Self::ArchiveReasons(records) => compare::records(tx, Listed::ArchiveReasons, records).await,
            Self::Tags(records) => compare::records(tx, Listed::Tags, records).await,
            Self::FeedbackTemplates(records) => compare::records(tx, Listed::FeedbackTemplates, records).await,
            Self::Postings(records) => compare::records(tx, Listed::Postings, records).await,
            Self::Opportunities(records) => compare::opportunities(tx, records).await,
            Self::DeletedPostings(records) => deleted(tx, Listed::Postings, &keys(records)).await,
            Self::DeletedOpportunities(records) => deleted(tx, Listed::Opportunities, &keys(records)).await,
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
            Self::DeletedPostings(records) => {
                for id in compare::among(tx, Listed::Postings, &keys(records)).await? {
                    mirror::postings::mark_gone(tx, &id, read_at).await?;
                }
                Ok(0)
            }
            Self::DeletedOpportunities(records) => {
                for id in mirror::opportunities::known_among(tx, &keys(records)).await? {
                    let deleted_at = records.iter().find(|record| record.key() == id).and_then(|record| record.deleted_at);
                    accounts::webhooks::expect_deletion(tx, &id, deleted_at, read_at).await?;
                    mirror::opportunities::mark_gone(tx, &id, read_at).await?;
                }
                Ok(0)
            }
        }
        .map(drop)
    }
}

fn keys<T: Resource>(records: &[Record<T>]) -> Vec<&str> {
    records.iter().map(|record| record.key()).collect()
}

async fn deleted(tx: &mut TenantTx, listed: Listed, ids: &[&str]) -> Result<Vec<(String, Standing)>, sqlx::Error> {
    let here = compare::among(tx, listed, ids).await?;
    let standing = |id: &str| if here.iter().any(|it| it == id) { Standing::Changed } else { Standing::Same };
    Ok(ids.iter().map(|id| ((*id).to_owned(), standing(id))).collect())
}
