//! `/postings`

use super::super::model::Posting;
use super::super::refusal::Refusal;
use super::super::state::Account;
use super::filter::{Confidentiality, Range, require_confidential_access};
use super::paging::{page, page_of};
use super::{Answer, Call};

pub fn list(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let confidentiality = Confidentiality::of(call)?;
    let states: Vec<&str> = call.params("state").collect();
    let channels: Vec<&str> = call.params("distributionChannel").collect();
    let updated = Range::of(call, "updated_at")?;
    let by_other_means = !states.is_empty() || !channels.is_empty();
    if by_other_means && !updated.is_open() {
        return Err(Refusal::bad("updated_at can be combined with confidentiality only"));
    }
    let postings = account.postings.iter().filter(|it| {
        confidentiality.shows(it.confidential)
            && (states.is_empty() || states.contains(&it.state.as_str()))
            && is_in_channel(it, &channels)
            && updated.holds(Some(it.updated_at))
    });
    page_of(call, postings, |it| &it.id, |it| it.json())
}

/// A list that names no channel leaves out what is published inside the company only.
fn is_in_channel(posting: &Posting, wanted: &[&str]) -> bool {
    let wanted = if wanted.is_empty() { &["public"] } else { wanted };
    match &posting.channels {
        None => true,
        Some(channels) => channels.iter().any(|it| wanted.contains(&it.as_str())),
    }
}

pub fn get(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let found = account.postings.iter().find(|it| it.id == call.segment(1));
    let posting = found.ok_or_else(|| Refusal::missing("Posting"))?;
    if posting.confidential {
        require_confidential_access(call)?;
    }
    Answer::ok(posting.json())
}

/// No posting is ever deleted here.
pub fn deleted(_: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    call.limit()?;
    page(Vec::new(), None)
}
