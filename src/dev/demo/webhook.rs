//! Step 6: somebody archives a candidate inside Lever; the webhook brings it here.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use serde_json::Value;

use super::caller::Caller;
use super::done;
use crate::fake_lever::{AccountView, Event, FakeLever};

const LOOK: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn archive_in_lever(caller: &Caller, lever: &FakeLever, account: &AccountView) -> anyhow::Result<()> {
    until("the required webhooks are registered", || async {
        let connection = caller.get("/v1/lever/connection").await?;
        let webhooks = connection["webhooks"].as_array().context("a connection lists its webhooks")?;
        let required: Vec<&Value> = webhooks.iter().filter(|webhook| webhook["required"] == true).collect();
        Ok(!required.is_empty() && required.iter().all(|webhook| webhook["registered"] == true))
    })
    .await?;

    let refused = |refusal| anyhow::anyhow!("{refusal:?}");
    lever.switch(&account.id, Event::CandidateArchiveChange, true).map_err(refused)?;
    let opportunity = caller.list("/v1/opportunities").await?.pop().context("there is an active opportunity")?;
    let id = opportunity["id"].as_str().context("an id is text")?;
    let reason = account.archive_reasons.first().context("there is an archive reason")?;
    lever.inside(&account.id).archive(id, reason).map_err(refused)?;

    until("the archived candidate is archived here too", || async {
        let here = caller.get(&format!("/v1/opportunities/{id}")).await?;
        Ok(here["archived"]["reasonId"] == reason.as_str())
    })
    .await?;
    let delivered = lever.deliveries(&account.id).map_err(refused)?.iter().any(|delivery| delivery.succeeded);
    ensure!(delivered, "the stand-in delivered nothing");
    done("webhook", "a candidate archived inside Lever is archived here");
    Ok(())
}

/// Looks again and again until it holds.
async fn until<F: Future<Output = anyhow::Result<bool>>>(what: &str, holds: impl Fn() -> F) -> anyhow::Result<()> {
    let began = Instant::now();
    while !holds().await? {
        ensure!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}
