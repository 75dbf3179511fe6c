//! `/opportunities/:o/interviews`

use serde_json::Value;

use super::super::changes::{InterviewDraft, Through};
use super::super::model::{Interview, Panel};
use super::super::refusal::Refusal;
use super::super::state::Account;
use super::paging::page_of;
use super::{Answer, Call};

pub fn list(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let opportunity = account.opportunity(call.opportunity())?;
    let pairs: Vec<(&Panel, &Interview)> = (opportunity.panels.iter()).flat_map(|panel| panel.interviews.iter().map(move |it| (panel, it))).collect();
    page_of(call, &pairs, |it| &it.1.id, |it| it.1.json(it.0, opportunity))
}

pub fn get(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    Answer::ok(interview_json(account, call, call.segment(3))?)
}

pub fn create(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let by = call.required_performer(account)?;
    let draft = InterviewDraft::parse(&call.json_body()?)?;
    let id = account.add_interview(call.opportunity(), &draft, &by, Through::Api, call.now)?;
    Answer::created(interview_json(account, call, &id)?)
}

pub fn replace(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let (opportunity, id) = (call.opportunity(), call.segment(3));
    let by = call.required_performer(account)?;
    let draft = InterviewDraft::parse(&call.json_body()?)?;
    account.replace_interview(opportunity, id, &draft, &by, Through::Api, call.now)?;
    Answer::ok(interview_json(account, call, id)?)
}

pub fn delete(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    call.required_performer(account)?;
    account.delete_interview(call.opportunity(), call.segment(3), Through::Api, call.now)?;
    Ok(Answer::Empty)
}

fn interview_json(account: &Account, call: &Call, id: &str) -> Result<Value, Refusal> {
    let opportunity = account.opportunity(call.opportunity())?;
    let (panel, interview) = opportunity.interview(id)?;
    Ok(interview.json(panel, opportunity))
}
