//! `/opportunities/:o/resumes`

use super::super::model::Resume;
use super::super::refusal::Refusal;
use super::super::state::Account;
use super::filter::Range;
use super::paging::page_of;
use super::{Answer, Call};

pub fn list(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let opportunity = account.opportunity(call.opportunity())?;
    let uploaded = Range::of(call, "uploaded_at")?;
    let resumes = opportunity.resumes.iter().filter(|it| uploaded.holds(Some(it.created_at)));
    page_of(call, resumes, |it| &it.id, |it| it.json(&opportunity.id, &call.api_url))
}

pub fn get(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    Answer::ok(find(account, call)?.json(call.opportunity(), &call.api_url))
}

pub fn download(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let file = (find(account, call)?.file.as_ref()).ok_or_else(|| Refusal::missing("File"))?;
    if file.processed { Ok(Answer::Pdf(file.bytes.clone().into())) } else { Err(Refusal::unprocessable("File could not be processed")) }
}

fn find<'a>(account: &'a Account, call: &Call) -> Result<&'a Resume, Refusal> {
    let opportunity = account.opportunity(call.opportunity())?;
    let found = opportunity.resumes.iter().find(|it| it.id == call.segment(3));
    found.ok_or_else(|| Refusal::missing("Resume"))
}
