//! In whose name a write is made at Lever. Lever demands an active user; any access role will do.

use crate::accounts::Connection;
use crate::auth::Caller;
use crate::db::TenantTx;
use crate::error::Mistake;
use crate::mirror::users::{self, UserRow};

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
        None => Ok(Err(Mistake::new("/performAs", "It is not known who connected Lever: name a Lever user."))),
    }
}

async fn checked(tx: &mut TenantTx, id: &str) -> Result<Result<String, Mistake>, sqlx::Error> {
    let known = users::find(tx, &[id.to_owned()]).await?;
    Ok(match unfit(known.first(), id) {
        None => Ok(id.to_owned()),
        Some(message) => Err(Mistake::new("/performAs", message)),
    })
}

/// Why somebody cannot act or interview; `None` when they can.
pub fn unfit(user: Option<&UserRow>, id: &str) -> Option<String> {
    let Some(user) = user else { return Some(format!("There is no Lever user {id}, or it has not been synced yet.")) };
    let name = user.name.as_deref().unwrap_or(id);
    match (user.deactivated_at, user.gone_at) {
        (Some(at), _) => Some(format!("{name} was deactivated in Lever on {}.", at.format("%Y-%m-%d"))),
        (None, Some(_)) => Some(format!("{name} is no longer a user in Lever.")),
        (None, None) => None,
    }
}
