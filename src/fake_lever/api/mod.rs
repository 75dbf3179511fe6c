//! Lever's data API: which routes there are, which scope each needs, and the order of the checks
//! (rate, token, route, scope, then the resource).

mod call;
mod candidates;
mod documented;
mod expand;
mod filter;
mod interviews;
mod notes;
mod paging;
mod panels;
mod postings;
mod reference;
mod resumes;
mod users;
mod webhooks;

pub use call::{Answer, Call};
pub use documented::reshape;

use super::refusal::Refusal;
use super::state::Account;

type Handler = fn(&mut Account, &Call) -> Result<Answer, Refusal>;

/// The object and the right that a route needs: `("panels", "write")` is `panels:write:admin`.
pub type Scope = (&'static str, &'static str);

/// The handler of a route and its scope; `None` for a route that Lever, as far as this server
/// goes, does not have.
pub fn route(method: &str, segments: &[&str]) -> Option<(Scope, Handler)> {
    let read = |object, handler: Handler| Some(((object, "read"), handler));
    let write = |object, handler: Handler| Some(((object, "write"), handler));
    match (method, segments) {
        ("GET", ["users"]) => read("users", users::list),
        ("GET", ["users", _]) => read("users", users::get),
        ("GET", ["stages"]) => read("stages", reference::stages),
        ("GET", ["stages", _]) => read("stages", reference::stage),
        ("GET", ["archive_reasons"]) => read("archive_reasons", reference::archive_reasons),
        ("GET", ["archive_reasons", _]) => read("archive_reasons", reference::archive_reason),
        ("GET", ["tags"]) => read("tags", reference::tags),
        ("GET", ["feedback_templates"]) => read("feedback_templates", reference::templates),
        ("GET", ["feedback_templates", _]) => read("feedback_templates", reference::template),
        ("GET", ["postings"]) => read("postings", postings::list),
        ("GET", ["postings", "deleted"]) => read("postings", postings::deleted),
        ("GET", ["postings", _]) => read("postings", postings::get),
        ("GET", ["contacts", _]) => read("contact", candidates::contact),
        ("GET", ["webhooks"]) => read("webhooks", webhooks::list),
        ("POST", ["webhooks"]) => write("webhooks", webhooks::create),
        ("PUT", ["webhooks"]) => write("webhooks", webhooks::update_several),
        ("PUT", ["webhooks", _]) => write("webhooks", webhooks::update),
        ("DELETE", ["webhooks", _]) => write("webhooks", webhooks::delete),
        ("GET", ["opportunities"]) => read("opportunities", candidates::list),
        ("GET", ["opportunities", "deleted"]) => read("opportunities", candidates::deleted),
        ("GET", ["opportunities", _]) => read("opportunities", candidates::get),
        (_, ["opportunities", _, rest @ ..]) => under_opportunity(method, rest),
        _ => None,
    }
}

fn under_opportunity(method: &str, rest: &[&str]) -> Option<(Scope, Handler)> {
    let read = |object, handler: Handler| Some(((object, "read"), handler));
    let write = |object, handler: Handler| Some(((object, "write"), handler));
    match (method, rest) {
        ("PUT", ["stage"]) => write("opportunities", candidates::put_stage),
        ("PUT", ["archived"]) => write("opportunities", candidates::put_archived),
        ("POST", ["addTags"]) => write("opportunities", candidates::add_tags),
        ("POST", ["removeTags"]) => write("opportunities", candidates::remove_tags),
        ("GET", ["applications"]) => read("applications", candidates::applications),
        ("GET", ["applications", _]) => read("applications", candidates::application),
        ("GET", ["panels"]) => read("panels", panels::list),
        ("POST", ["panels"]) => write("panels", panels::create),
        ("GET", ["panels", _]) => read("panels", panels::get),
        ("PUT", ["panels", _]) => write("panels", panels::replace),
        ("DELETE", ["panels", _]) => write("panels", panels::delete),
        ("GET", ["interviews"]) => read("interviews", interviews::list),
        ("POST", ["interviews"]) => write("interviews", interviews::create),
        ("GET", ["interviews", _]) => read("interviews", interviews::get),
        ("PUT", ["interviews", _]) => write("interviews", interviews::replace),
        ("DELETE", ["interviews", _]) => write("interviews", interviews::delete),
        ("GET", ["notes"]) => read("notes", notes::list),
        ("POST", ["notes"]) => write("notes", notes::create),
        ("GET", ["notes", _]) => read("notes", notes::get),
        ("PUT", ["notes", _]) => write("notes", notes::update),
        ("DELETE", ["notes", _]) => write("notes", notes::delete),
        ("GET", ["resumes"]) => read("resumes", resumes::list),
        ("GET", ["resumes", _]) => read("resumes", resumes::get),
        ("GET", ["resumes", _, "download"]) => read("resumes", resumes::download),
        _ => None,
    }
}

/// A confidential opportunity and all that hangs on it need a scope of their own.
pub fn check_confidential(account: &Account, call: &Call) -> Result<(), Refusal> {
    let is_one = call.segment(0) == "opportunities" && account.opportunities.get(call.opportunity()).is_some_and(|it| it.confidential);
    if is_one { filter::require_confidential_access(call) } else { Ok(()) }
}
