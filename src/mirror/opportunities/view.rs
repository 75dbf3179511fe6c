//! An opportunity as callers see it, with its references expanded as far as the copy knows them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use sqlx::types::Json;
use utoipa::ToSchema;

use crate::lever::{Application, Contact, Opportunity};
use crate::mirror::references::{NamedRef, PhoneView, TextRef, present};

/// One candidacy of one person.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Opportunity)]
pub struct OpportunityView {
    #[schema(example = "c1d7e2aa-0000-4000-8000-000000000001")]
    pub id: String,
    #[schema(example = "Ada Example")]
    pub name: Option<String>,
    #[schema(example = "Engineer at Example Works")]
    pub headline: Option<String>,
    pub emails: Vec<String>,
    pub phones: Vec<PhoneView>,
    pub contact: Option<ContactSummary>,
    pub stage: Option<TextRef>,
    pub owner: Option<NamedRef>,
    pub application: Option<ApplicationView>,
    /// The job applied for.
    pub posting: Option<PostingRef>,
    pub tags: Vec<String>,
    pub sources: Vec<String>,
    /// `agency`, `applied`, `internal`, `referred`, `sourced` or `university`.
    #[schema(example = "applied")]
    pub origin: Option<String>,
    /// Only people with the right may know of this candidacy.
    pub confidential: bool,
    /// The person asked to be forgotten; their data is empty.
    pub anonymized: bool,
    /// Null while the candidacy is active.
    pub archived: Option<ArchivedView>,
    pub snoozed_until: Option<DateTime<Utc>>,
    pub urls: OpportunityLinks,
    pub created_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
    pub last_interaction_at: Option<DateTime<Utc>>,
    /// When our copy was last read from Lever.
    pub synced_at: DateTime<Utc>,
}

/// The person, in short.
#[derive(Serialize, ToSchema)]
pub struct ContactSummary {
    pub id: String,
    #[schema(example = "Ada Example")]
    pub name: Option<String>,
    pub headline: Option<String>,
    #[schema(example = "Lisbon")]
    pub location: Option<String>,
    pub emails: Vec<String>,
    pub phones: Vec<PhoneView>,
}

/// How the candidacy relates to a job.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Application)]
pub struct ApplicationView {
    pub id: String,
    /// `referral`, `user` or `posting`.
    #[serde(rename = "type")]
    #[schema(example = "posting")]
    pub kind: Option<String>,
    pub posting_id: Option<String>,
    pub created_at: Option<DateTime<Utc>>,
}

/// A job, in short.
#[derive(Serialize, ToSchema)]
pub struct PostingRef {
    pub id: String,
    #[schema(example = "Backend engineer")]
    pub title: Option<String>,
}

/// When and why a candidacy ended.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArchivedView {
    pub archived_at: Option<DateTime<Utc>>,
    pub reason_id: Option<String>,
    #[schema(example = "Position filled")]
    pub reason: Option<String>,
}

/// A candidacy's pages in Lever.
#[derive(Serialize, ToSchema)]
pub struct OpportunityLinks {
    pub list: Option<String>,
    pub show: Option<String>,
}

/// What a view selects: the row, and what its references are called.
pub(super) const SELECT: &str = "
    SELECT o.id, o.lever_created_at, o.raw, o.application, o.application_id, o.contact_id, o.confidential, o.anonymized, o.synced_at,
           c.raw AS contact, s.text AS stage_text, u.name AS owner_name, p.title AS posting_title, a.text AS archive_reason
    FROM opportunities o
    LEFT JOIN contacts c ON c.tenant_id = o.tenant_id AND c.id = o.contact_id
    LEFT JOIN stages s ON s.tenant_id = o.tenant_id AND s.id = o.stage_id
    LEFT JOIN users u ON u.tenant_id = o.tenant_id AND u.id = o.owner_id
    LEFT JOIN postings p ON p.tenant_id = o.tenant_id AND p.id = o.posting_id
    LEFT JOIN archive_reasons a ON a.tenant_id = o.tenant_id AND a.id = o.archive_reason_id
    WHERE o.gone_at IS NULL AND o.tenant_id = ";

/// What a view is made of.
#[derive(FromRow)]
pub(super) struct Shown {
    pub(super) id: String,
    pub(super) lever_created_at: DateTime<Utc>,
    raw: Json<Opportunity>,
    application: Option<Json<Application>>,
    application_id: Option<String>,
    contact_id: Option<String>,
    confidential: bool,
    anonymized: bool,
    synced_at: DateTime<Utc>,
    contact: Option<Json<Contact>>,
    stage_text: Option<String>,
    owner_name: Option<String>,
    posting_title: Option<String>,
    archive_reason: Option<String>,
}

impl From<Shown> for OpportunityView {
    fn from(row: Shown) -> Self {
        let opportunity = row.raw.0;
        let application = ApplicationView::of(row.application_id, row.application.map(|application| application.0));
        let posting_id = application.as_ref().and_then(|application| application.posting_id.clone());
        let archived = opportunity.archive_state();
        let contact = row.contact.map(|contact| contact.0);
        let contact = row.contact_id.map(|id| ContactSummary::of(id, contact.unwrap_or_else(|| person_in(&opportunity))));
        let urls = opportunity.urls.unwrap_or_default();
        Self {
            id: row.id,
            name: present(opportunity.name),
            headline: present(opportunity.headline),
            emails: opportunity.emails,
            phones: opportunity.phones.into_iter().map(PhoneView::from).collect(),
            contact,
            stage: TextRef::of(opportunity.stage.map(|stage| stage.id), row.stage_text),
            owner: NamedRef::of(opportunity.owner.map(|owner| owner.id), row.owner_name),
            application,
            posting: posting_id.map(|id| PostingRef { id, title: row.posting_title }),
            tags: opportunity.tags,
            sources: opportunity.sources,
            origin: opportunity.origin,
            confidential: row.confidential,
            anonymized: row.anonymized,
            archived: archived.map(|archived| ArchivedView {
                archived_at: archived.archived_at,
                reason_id: archived.reason,
                reason: row.archive_reason,
            }),
            snoozed_until: opportunity.snoozed_until,
            urls: OpportunityLinks { list: urls.list, show: urls.show },
            created_at: opportunity.created_at,
            updated_at: opportunity.updated_at,
            last_interaction_at: opportunity.last_interaction_at,
            synced_at: row.synced_at,
        }
    }
}

impl ContactSummary {
    fn of(id: String, contact: Contact) -> Self {
        Self {
            id,
            name: present(contact.name),
            headline: present(contact.headline),
            location: present(contact.location.and_then(|location| location.name)),
            emails: contact.emails,
            phones: contact.phones.into_iter().map(PhoneView::from).collect(),
        }
    }
}

/// The person as the candidacy tells of them: for as long as the contact itself has not been read.
fn person_in(opportunity: &Opportunity) -> Contact {
    Contact {
        name: opportunity.name.clone(),
        headline: opportunity.headline.clone(),
        emails: opportunity.emails.clone(),
        phones: opportunity.phones.clone(),
        ..Contact::default()
    }
}

impl ApplicationView {
    fn of(id: Option<String>, application: Option<Application>) -> Option<Self> {
        let application = application.unwrap_or_default();
        id.map(|id| Self {
            id,
            kind: application.r#type,
            posting_id: application.posting.map(|posting| posting.id),
            created_at: application.created_at,
        })
    }
}
