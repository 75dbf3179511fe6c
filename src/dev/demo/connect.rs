//! Step 1: Connect, Accept at Lever, back and connected.

use anyhow::{Context, ensure};

use super::caller::Caller;
use super::done;
use crate::fake_lever::{AccountView, FakeLever};

pub(super) async fn connect(caller: &Caller, lever: &FakeLever) -> anyhow::Result<AccountView> {
    let account = lever.accounts().into_iter().next().context("the stand-in has an account")?;
    let grantor = account.users.iter().find(|user| user.active && user.access_role == "super admin").context("the account has a super admin")?;
    let cookie = caller.sign_in().await?;
    let authorize = caller.browse("/integrations/lever/connect", &cookie).await?;
    let callback = lever.approve(&authorize, &account.id, &grantor.id, None).map_err(anyhow::Error::msg)?;
    caller.browse(callback.as_str(), &cookie).await?;

    let connection = caller.get("/v1/lever/connection").await?;
    ensure!(connection["status"] == "connected", "the connection is {}", connection["status"]);
    ensure!(connection["account"]["id"] == account.id.as_str(), "another account was connected");
    ensure!(connection["missingScopes"].as_array().is_some_and(Vec::is_empty), "scopes are missing: {}", connection["missingScopes"]);
    done(
        "connect",
        format_args!("{} accepted {} scopes", connection["connectedBy"]["name"], connection["grantedScopes"].as_array().map_or(0, Vec::len)),
    );
    Ok(account)
}
