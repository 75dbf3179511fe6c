//! Opportunities: one candidacy of one person each.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::call::{Call, Paging, Window};
use super::{Account, Application, Contact, Error, Page, Phone, Record, Ref, Stage, User};

model! {
    /// One candidacy of one person.
    ///
    /// An answer to a write carries empty `name`, `headline`, `emails`, `phones` and `links`, so only what was read counts.
    pub struct Opportunity {
        pub id: String,
        /// May be empty without the person being anonymized.
        pub name: Option<String>,
        pub headline: Option<String>,
        pub contact: Option<Ref<Contact>>,
        pub stage: Option<Ref<Stage>>,
        pub stage_changes: Vec<StageChange>,
        /// `confidential` or `non-confidential`.
        pub confidentiality: Option<String>,
        pub location: Option<String>,
        pub opportunity_location: Option<String>,
        pub emails: Vec<String>,
        pub phones: Vec<Phone>,
        pub links: Vec<String>,
        /// See [`Opportunity::archive_state`].
        pub archived: Option<Archived>,
        pub archived_at: Option<DateTime<Utc>>,
        pub archive_reason: Option<String>,
        pub tags: Vec<String>,
        pub sources: Vec<String>,
        /// `agency`, `applied`, `internal`, `referred`, `sourced` or `university`.
        pub origin: Option<String>,
        pub sourced_by: Option<Ref<User>>,
        pub owner: Option<Ref<User>>,
        pub followers: Vec<Ref<User>>,
        /// At most one.
        pub applications: Vec<Ref<Application>>,
        pub created_at: Option<DateTime<Utc>>,
        /// Null on most old records, and not moved by everything that changes.
        pub updated_at: Option<DateTime<Utc>>,
        pub last_interaction_at: Option<DateTime<Utc>>,
        pub last_advanced_at: Option<DateTime<Utc>>,
        pub snoozed_until: Option<DateTime<Utc>>,
        pub urls: Option<OpportunityUrls>,
        pub data_protection: Option<Value>,
        /// The person asked to be forgotten: what is stored about them must go too.
        pub is_anonymized: Option<bool>,
        /// Only in the list of deleted opportunities.
        pub deleted_at: Option<DateTime<Utc>>,
        /// Only in the list of deleted opportunities.
        pub deleted_by: Option<String>,
    }
}
resource!(Opportunity, "Opportunity", id);

model! {
    /// When and why a candidacy ended.
    pub struct Archived {
        pub archived_at: Option<DateTime<Utc>>,
        /// Id of the archive reason.
        pub reason: Option<String>,
    }
}

model! {
    /// One step through the pipeline.
    pub struct StageChange {
        pub to_stage_id: Option<String>,
        pub to_stage_index: Option<i64>,
        pub user_id: Option<String>,
        pub updated_at: Option<DateTime<Utc>>,
    }
}

model! {
    /// A candidacy's pages in Lever.
    pub struct OpportunityUrls {
        pub list: Option<String>,
        pub show: Option<String>,
    }
}

impl Opportunity {
    /// The archive state in either of the forms that Lever sends it; `None` when the candidacy is active.
    pub fn archive_state(&self) -> Option<Archived> {
        self.archived.clone().or_else(|| self.archived_at.map(|at| Archived { archived_at: Some(at), reason: self.archive_reason.clone() }))
    }
}

/// Which opportunities to list. Confidential ones are always included; repeated values are a union.
#[derive(Clone, Debug, Default)]
pub struct OpportunityFilter {
    /// Only archived, or only active ones; both when absent.
    pub archived: Option<bool>,
    /// Only snoozed, or only others; both when absent.
    pub snoozed: Option<bool>,
    pub stage_ids: Vec<String>,
    pub posting_ids: Vec<String>,
    pub contact_ids: Vec<String>,
    pub tags: Vec<String>,
    pub created_at: Window,
    /// Most records have no `updatedAt` at all: this finds recent changes, not everything.
    pub updated_at: Window,
    pub archived_at: Window,
    pub advanced_at: Window,
}

impl Account {
    /// Opportunities with their contact and application inside.
    ///
    /// Unfiltered they come by stage, then by when they last advanced: one that moves during the read may be missed or seen twice.
    pub async fn list_opportunities(&self, filter: &OpportunityFilter, page: &Paging) -> Result<Page<Opportunity>, Error> {
        let call = expanded(Call::get("opportunities", &[]))
            .query("confidentiality", "all")
            .queries("archived", filter.archived.map(|archived| archived.to_string()).as_slice())
            .queries("snoozed", filter.snoozed.map(|snoozed| snoozed.to_string()).as_slice())
            .queries("stage_id", &filter.stage_ids)
            .queries("posting_id", &filter.posting_ids)
            .queries("contact_id", &filter.contact_ids)
            .queries("tag", &filter.tags)
            .window("created_at_start", "created_at_end", &filter.created_at)
            .window("updated_at_start", "updated_at_end", &filter.updated_at)
            .window("archived_at_start", "archived_at_end", &filter.archived_at)
            .window("advanced_at_start", "advanced_at_end", &filter.advanced_at);
        self.page(call, page).await
    }

    /// One opportunity with its contact and application inside.
    pub async fn get_opportunity(&self, id: &str) -> Result<Record<Opportunity>, Error> {
        self.object(expanded(Call::get("opportunities/{}", &[id]))).await
    }

    /// Opportunities deleted in that time.
    pub async fn list_deleted_opportunities(&self, deleted_at: &Window, page: &Paging) -> Result<Page<Opportunity>, Error> {
        let call = Call::get("opportunities/deleted", &[]).window("deleted_at_start", "deleted_at_end", deleted_at);
        self.page(call, page).await
    }
}

fn expanded(call: Call) -> Call {
    call.query("expand", "applications").query("expand", "contact")
}
