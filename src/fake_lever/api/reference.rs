//! `/stages`, `/archive_reasons`, `/tags`, `/feedback_templates`

use serde_json::json;

use super::super::refusal::Refusal;
use super::super::state::Account;
use super::paging::page_of;
use super::{Answer, Call};

pub fn stages(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    page_of(call, &account.stages, |it| &it.id, |it| it.json())
}

pub fn stage(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let found = account.stages.iter().find(|it| it.id == call.segment(1));
    Answer::ok(found.ok_or_else(|| Refusal::missing("Stage"))?.json())
}

pub fn archive_reasons(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let kind = call.param("type");
    let reasons = (account.archive_reasons.iter()).filter(|it| kind.is_none_or(|kind| (kind == "hired") == it.hired));
    page_of(call, reasons, |it| &it.id, |it| it.json())
}

pub fn archive_reason(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let found = account.archive_reasons.iter().find(|it| it.id == call.segment(1));
    Answer::ok(found.ok_or_else(|| Refusal::missing("Archive reason"))?.json())
}

pub fn tags(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let tags: Vec<(String, usize)> = account.tag_counts().into_iter().map(|(text, count)| (text.to_owned(), count)).collect();
    page_of(call, &tags, |it| &it.0, |it| json!({"count": it.1, "text": it.0}))
}

pub fn templates(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    page_of(call, &account.templates, |it| &it.id, |it| it.json())
}

pub fn template(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let found = account.templates.iter().find(|it| it.id == call.segment(1));
    Answer::ok(found.ok_or_else(|| Refusal::missing("Feedback template"))?.json())
}
