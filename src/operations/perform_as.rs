//! In whose name a write is made at Lever. Lever demands an active user; any access role will do.

use crate::accounts::Connection;
use crate::auth::Caller;
use crate::db::TenantTx;
use crate::error::Mistake;
use crate::mirror::users::{self, UserRow};

const CODE: &str = "cannot_perform";

/// The Lever user whom the caller named; else the active one with the caller's address; else the one who connected. A mistake
/// when that one cannot act.
///
/// # Errors
/// The database failed.
pub async fn choose(tx: &mut TenantTx, caller: &Caller, connection: &Connection, wish: Option<&str>) -> Result<Result<String, Mistake>, sqlx::Error> {
    if let Some(wish) = wish {
        return checked(tx, wish).await;
    }
    if !caller.email.is_empty()
        && let Some(user) = users::find_active_by_email(tx, &caller.email).await?
    {
        return Ok(Ok(user.id));
    }
    match &connection.grantor.id {
        Some(grantor) => checked(tx, grantor).await,
        None => Ok(Err(Mistake::new("/performAs", "It is not known who connected Lever: name a Lever user.").coded(CODE))),
    }
}

async fn checked(tx: &mut TenantTx, id: &str) -> Result<Result<String, Mistake>, sqlx::Error> {
    let known = users::find(tx, &[id.to_owned()]).await?;
    Ok(match unfit(known.first(), id) {
        None => Ok(id.to_owned()),
        Some((_, message)) => Err(Mistake::new("/performAs", message).coded(CODE)),
    })
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
