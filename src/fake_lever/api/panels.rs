//! `/opportunities/:o/panels`

use super::super::changes::{PanelDraft, Through};
use super::super::refusal::Refusal;
use super::super::state::Account;
use super::paging::page_of;
use super::{Answer, Call};

pub fn list(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let opportunity = account.opportunity(call.opportunity())?;
    page_of(call, &opportunity.panels, |it| &it.id, |it| it.json())
}

pub fn get(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    Answer::ok(account.opportunity(call.opportunity())?.panel(call.segment(3))?.json())
}

pub fn create(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let opportunity = call.opportunity();
    let by = call.required_performer(account)?;
    let draft = PanelDraft::parse(&call.json_body()?)?;
    let id = account.create_panel(opportunity, &draft, &by, Through::Api, call.now)?;
    Answer::created(account.opportunity(opportunity)?.panel(&id)?.json())
}

pub fn replace(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let (opportunity, id) = (call.opportunity(), call.segment(3));
    let by = call.required_performer(account)?;
    let draft = PanelDraft::parse(&call.json_body()?)?;
    account.replace_panel(opportunity, id, &draft, &by, Through::Api, call.now)?;
    Answer::ok(account.opportunity(opportunity)?.panel(id)?.json())
}

pub fn delete(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    call.required_performer(account)?;
    let vanish = call.deleted_panels_vanish;
    account.delete_panel(call.opportunity(), call.segment(3), Through::Api, vanish, call.now)?;
    Ok(Answer::Empty)
}
