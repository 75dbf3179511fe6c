//! `/users`

use super::super::refusal::Refusal;
use super::super::state::Account;
use super::paging::page_of;
use super::{Answer, Call};

pub fn list(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let deactivated_too = call.param("includeDeactivated") == Some("true");
    let emails: Vec<&str> = call.params("email").collect();
    let roles: Vec<&str> = call.params("accessRole").collect();
    let users = account.users.iter().filter(|user| {
        (deactivated_too || user.is_active())
            && (emails.is_empty() || emails.contains(&user.email.as_str()))
            && (roles.is_empty() || roles.contains(&user.access_role.as_str()))
    });
    page_of(call, users, |user| &user.id, |user| user.json())
}

pub fn get(account: &mut Account, call: &Call) -> Result<Answer, Refusal> {
    let user = account.user(call.segment(1)).ok_or_else(|| Refusal::missing("User"))?;
    Answer::ok(user.json())
}
