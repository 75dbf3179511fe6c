//! In whose name a write is made at Lever. Lever demands an active user; any access role will do.

use crate::accounts::Connection;
use crate::auth::Caller;
use crate::db::TenantTx;
use crate::error::Mistake;
use crate::mirror::users::{self, UserRow};

/// In whose name a write is to be done: whom the caller named; else the active user with the caller's address; else whoever connected, who
/// is in Lever even if our copy does not know it yet.
#[derive(Clone, Copy)]
pub struct Performers<'a> {
    caller: &'a Caller,
    grantor: Option<&'a str>,
    wish: Option<&'a str>,
}

impl<'a> Performers<'a> {
    /// Those of a write by this caller; `wish` is the user named by it.
    pub fn of(caller: &'a Caller, connection: &'a Connection, wish: Option<&'a str>) -> Self {
        Self { caller, grantor: connection.grantor.id.as_deref(), wish }
    }

    /// The one in whose name it is done, with whoever else of these users is known: one look for all. A mistake when that one cannot act.
    ///
    /// # Errors
    /// The database failed.
    pub async fn choose_among(self, tx: &mut TenantTx, users: &[String]) -> Result<(Result<String, Mistake>, Vec<UserRow>), sqlx::Error> {
        let named = self.wish.or(self.grantor);
        let ids: Vec<String> = users.iter().cloned().chain(named.map(str::to_owned)).collect();
        let email = Some(self.caller.email.as_str()).filter(|email| !email.is_empty());
        let known = users::look_up(tx, &ids, email).await?;
        let chosen = match (self.wish, known.by_email, named) {
            (None, Some(own), _) => Ok(own),
            (wish, _, Some(named)) => match (known.users.iter().find(|user| user.id == named), wish) {
                (None, None) => Ok(named.to_owned()),
                (user, _) => unfit(user, named).map_or_else(|| Ok(named.to_owned()), |(_, message)| Err(cannot(message))),
            },
            (_, _, None) => Err(cannot("It is not known who connected Lever: name a Lever user.".into())),
        };
        Ok((chosen, known.users))
    }

    /// As [`Self::choose_among`], where nobody else matters.
    ///
    /// # Errors
    /// The database failed.
    pub async fn choose(self, tx: &mut TenantTx) -> Result<Result<String, Mistake>, sqlx::Error> {
        Ok(self.choose_among(tx, &[]).await?.0)
    }
}

fn cannot(message: String) -> Mistake {
    Mistake::new("/performAs", message).coded("cannot_perform")
}

/// Why somebody cannot act or interview, as code and sentence; `None` when they can.
pub fn unfit(user: Option<&UserRow>, id: &str) -> Option<(&'static str, String)> {
    let Some(user) = user else {
        return Some(("unknown_interviewer", format!("There is no Lever user {id}, or it has not been synced yet. Choose somebody from /v1/users.")));
    };
    let name = user.name.as_deref().unwrap_or(id);
    let why = match (user.deactivated_at, user.gone_at) {
        (Some(at), _) => format!("{name} was deactivated in Lever on {}. Choose somebody else, or reactivate them there.", at.format("%Y-%m-%d")),
        (None, Some(_)) => format!("{name} is no longer a user in Lever. Choose somebody else."),
        (None, None) => return None,
    };
    Some(("deactivated_interviewer", why))
}
