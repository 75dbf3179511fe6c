//! `/opportunities`, `/contacts` and applications

use std::cmp::Reverse;

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::model::{Opportunity, OrderKey};
use super::super::refusal::Refusal;
use super::super::state::Account;
use super::filter::{Confidentiality, Range};
use super::paging::{bad_offset, offset_token, page, page_of};
use super::{Answer, Call, expand};

/// The list is read from the offset's place on, so that a candidate who advances meanwhile is
/// missed or seen twice, as with Lever.
pub fn list(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let filter = Filter::of(call)?;
    let limit = call.limit()?;
    let mut data = Vec::new();
    let from = call.offset()?.map(|parts| order_key(&parts)).transpose()?;
    let keys: Box<dyn Iterator<Item = &OrderKey>> = match from {
        Some(first) => Box::new(account.order.range(first..)),
        None => Box::new(account.order.iter()),
    };
    let mut next = None;
    for key in keys {
        let Some(opportunity) = account.opportunities.get(&key.2) else {
            continue;
        };
        if !filter.holds(account, opportunity) {
            continue;
        }
        if data.len() == limit {
            next = Some(offset_token(&offset_parts(key)));
            break;
        }
        data.push(expand::opportunity(account, call, opportunity));
    }
    page(data, next)
}

fn offset_parts((rank, Reverse(advanced), id): &OrderKey) -> Value {
    let rank = if rank % 2 == 0 { json!(rank / 2) } else { json!(f64::from(*rank) / 2.0) };
    json!([rank, advanced, id])
}

fn order_key(parts: &[Value]) -> Result<OrderKey, Refusal> {
    match parts {
        [rank, advanced, Value::String(id)] => {
            let rank = rank.as_f64().filter(|it| *it >= 0.0).ok_or_else(bad_offset)?;
            let advanced = advanced.as_i64().ok_or_else(bad_offset)?;
            Ok(((rank * 2.0) as u32, Reverse(advanced), id.clone()))
        }
        _ => Err(bad_offset()),
    }
}

struct Filter<'a> {
    confidentiality: Confidentiality,
    archived: Option<bool>,
    snoozed: Option<bool>,
    updated: Range,
    created: Range,
    archived_at: Range,
    advanced: Range,
    stages: Vec<&'a str>,
    postings: Vec<&'a str>,
    tags: Vec<&'a str>,
    emails: Vec<&'a str>,
    contacts: Vec<&'a str>,
}

impl<'a> Filter<'a> {
    fn of(call: &'a Call) -> Result<Self, Refusal> {
        Ok(Self {
            confidentiality: Confidentiality::of(call)?,
            archived: call.parsed("archived")?,
            snoozed: call.parsed("snoozed")?,
            updated: Range::of(call, "updated_at")?,
            created: Range::of(call, "created_at")?,
            archived_at: Range::of(call, "archived_at")?,
            advanced: Range::of(call, "advanced_at")?,
            stages: call.params("stage_id").collect(),
            postings: call.params("posting_id").collect(),
            tags: call.params("tag").collect(),
            emails: call.params("email").collect(),
            contacts: call.params("contact_id").collect(),
        })
    }

    fn holds(&self, account: &Account, it: &Opportunity) -> bool {
        let among = |wanted: &[&str], value: Option<&str>| wanted.is_empty() || value.is_some_and(|value| wanted.contains(&value));
        self.confidentiality.shows(it.confidential)
            && self.archived.is_none_or(|archived| archived != it.is_active())
            && self.snoozed.is_none_or(|snoozed| snoozed == it.snoozed_until.is_some())
            && self.updated.holds(it.updated_at)
            && self.created.holds(Some(it.created_at))
            && self.archived_at.holds(it.archived.as_ref().map(|it| it.at))
            && self.advanced.holds(Some(it.last_advanced_at))
            && among(&self.stages, Some(&it.stage))
            && among(&self.postings, it.posting())
            && among(&self.contacts, Some(&it.contact))
            && (self.tags.is_empty() || it.tags.iter().any(|tag| self.tags.contains(&tag.as_str())))
            && (self.emails.is_empty() || {
                let emails = &account.person(it).emails;
                emails.iter().any(|email| self.emails.contains(&email.as_str()))
            })
    }
}

pub fn get(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let opportunity = account.opportunity(call.opportunity())?;
    Answer::ok(expand::opportunity(account, call, opportunity))
}

pub fn deleted(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let range = Range::of(call, "deleted_at")?;
    let deleted = account.deleted.iter().filter(|it| range.holds(Some(it.at)));
    page_of(call, deleted, |it| &it.id, |it| it.json())
}

pub fn contact(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let contact = account.contacts.get(call.segment(1)).ok_or_else(|| Refusal::missing("Contact"))?;
    Answer::ok(contact.json())
}

pub fn applications(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let opportunity = account.opportunity(call.opportunity())?;
    page(opportunity.applications_json(account.person(opportunity)), None)
}

pub fn application(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let opportunity = account.opportunity(call.opportunity())?;
    let applications = opportunity.applications_json(account.person(opportunity));
    let found = applications.into_iter().find(|it| it["id"] == call.segment(3));
    Answer::ok(found.ok_or_else(|| Refusal::missing("Application"))?)
}

#[derive(Deserialize)]
struct StageBody {
    stage: String,
}

pub fn put_stage(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let body: StageBody = read(call)?;
    let by = call.performer(account)?.map(|user| user.id.clone());
    account.change_stage(call.opportunity(), &body.stage, by.as_deref(), call.now)?;
    written(account, call)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ArchivedBody {
    reason: Option<String>,
    #[serde(default)]
    clean_interviews: bool,
}

pub fn put_archived(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let body: ArchivedBody = read(call)?;
    call.performer(account)?;
    let reason = body.reason.as_deref();
    account.archive(call.opportunity(), reason, body.clean_interviews, call.now)?;
    written(account, call)
}

#[derive(Deserialize)]
struct TagsBody {
    tags: Vec<String>,
}

pub fn add_tags(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let body: TagsBody = read(call)?;
    call.performer(account)?;
    account.add_tags(call.opportunity(), &body.tags, call.now)?;
    written(account, call)
}

pub fn remove_tags(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let body: TagsBody = read(call)?;
    call.performer(account)?;
    account.remove_tags(call.opportunity(), &body.tags, call.now)?;
    written(account, call)
}

fn read<T: for<'de> Deserialize<'de>>(call: &Call) -> Result<T, Refusal> {
    T::deserialize(call.json_body()?).map_err(|wrong| Refusal::bad(wrong.to_string()))
}

fn written(account: &Account, call: &Call) -> Result<Answer, Refusal> {
    Answer::ok(account.opportunity(call.opportunity())?.json_of_a_write())
}
