//! Step 2: the first full sync, with a bar per kind of object, and the counts compared with the stand-in's own.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::Value;

use super::caller::Caller;
use super::done;
use crate::fake_lever::{AccountView, FakeLever};

const LOOK: Duration = Duration::from_millis(200);

pub(super) async fn follow(caller: &Caller, lever: &FakeLever, account: &AccountView) -> anyhow::Result<()> {
    let run = finished_run(caller).await?;
    ensure!(run["status"] == "succeeded", "the sync ended as {}: {}", run["status"], run["error"]);
    for object in run["objects"].as_array().context("a run lists its objects")? {
        ensure!(
            object["total"].is_null() || object["total"] == object["synced"],
            "only {} of {} {} were synced",
            object["synced"],
            object["total"],
            object["kind"]
        );
        done(
            "sync",
            format_args!(
                "{} of {} {}",
                object["synced"],
                if object["total"].is_null() { &object["synced"] } else { &object["total"] },
                text(&object["kind"])
            ),
        );
    }
    let there = lever.counts(&account.id).map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    let here = [
        ("users", caller.list("/v1/users").await?.len(), there.users),
        ("stages", caller.list("/v1/stages").await?.len(), there.stages),
        ("tags", caller.list("/v1/tags").await?.len(), there.tags),
        ("archive reasons", caller.list("/v1/archive-reasons").await?.len(), there.archive_reasons),
        ("feedback templates", caller.list("/v1/feedback-templates").await?.len(), there.feedback_templates),
        ("postings", caller.list("/v1/postings").await?.len(), there.postings),
        ("opportunities", caller.list("/v1/opportunities?archived=any").await?.len(), there.opportunities),
        ("active opportunities", caller.list("/v1/opportunities").await?.len(), there.active_opportunities),
        ("panels", caller.list("/v1/panels?status=any").await?.len(), there.panels),
    ];
    for (kind, here, there) in here {
        ensure!(here == there, "{here} {kind} here, {there} at the stand-in");
    }
    done("sync", format_args!("{} requests; the counts of {} kinds equal the stand-in's own", run["requests"], here.len()));
    Ok(())
}

async fn finished_run(caller: &Caller) -> anyhow::Result<Value> {
    let screen = MultiProgress::new();
    let mut bars = BTreeMap::new();
    loop {
        let runs = caller.get("/v1/lever/syncs?kind=full").await?;
        let run = &runs["data"][0];
        for object in run["objects"].as_array().into_iter().flatten() {
            let kind = text(&object["kind"]).to_owned();
            let bar = bars.entry(kind.clone()).or_insert_with(|| screen.add(bar(&kind)));
            let synced = object["synced"].as_u64().unwrap_or_default();
            bar.set_length(object["total"].as_u64().unwrap_or(synced).max(synced));
            bar.set_position(synced);
        }
        if matches!(run["status"].as_str(), Some("succeeded" | "failed" | "canceled")) {
            bars.values().for_each(ProgressBar::finish_and_clear);
            return Ok(run.clone());
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn bar(kind: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("    {prefix:<20} {bar:32} {pos}/{len}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style).with_prefix(kind.to_owned())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}
