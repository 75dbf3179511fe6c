//! `expand=`: a field that is an id becomes the object it names.

use serde_json::{Value, json};

use super::super::model::Opportunity;
use super::super::state::Account;
use super::Call;

/// The opportunity as answered, with what `expand` names put in place of ids.
pub fn opportunity(account: &Account, call: &Call, it: &Opportunity) -> Value {
    let person = account.person(it);
    let mut answer = it.json(person);
    for name in call.params("expand") {
        match name {
            "applications" => answer[name] = json!(it.applications_json(person)),
            "contact" => answer[name] = person.json(),
            "stage" => {
                if let Some(stage) = account.stages.iter().find(|stage| stage.id == it.stage) {
                    answer[name] = stage.json();
                }
            }
            "owner" => answer[name] = user(account, it.owner.as_deref()),
            "sourcedBy" => answer[name] = user(account, it.sourced_by.as_deref()),
            "followers" => {
                answer[name] = it.followers.iter().map(|id| user(account, Some(id))).collect();
            }
            _ => {}
        }
    }
    answer
}

/// The user, or the bare id when nothing is known about it.
fn user(account: &Account, id: Option<&str>) -> Value {
    let known = id.and_then(|id| account.user(id));
    known.map_or_else(|| json!(id), |user| user.json())
}
