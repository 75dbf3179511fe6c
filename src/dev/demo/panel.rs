//! Steps 3 to 5: schedule, edit and cancel a panel, each looked up in the stand-in's own state.

use anyhow::{Context, ensure};
use chrono::{DateTime, Days, NaiveTime, SecondsFormat, Utc};
use http::Method;
use serde_json::{Value, json};

use super::caller::Caller;
use super::done;
use crate::clock::Clock;
use crate::fake_lever::{AccountView, FakeLever};

pub(super) async fn schedule_edit_cancel(caller: &Caller, lever: &FakeLever, account: &AccountView) -> anyhow::Result<()> {
    let users = caller.list("/v1/users?active=true").await?;
    let [first, second, ..] = users.as_slice() else { anyhow::bail!("there are no two active users") };
    let opportunity = caller.list("/v1/opportunities").await?.into_iter().next().context("there is an active opportunity")?;
    let opportunity = text(&opportunity["id"])?.to_owned();
    // Far enough away that nobody is booked yet.
    let start = (Clock::system().now() + Days::new(90)).with_time(NaiveTime::from_hms_opt(17, 0, 0).context("a time")?).single().context("a time")?;

    let draft = json!({
        "timezone": "America/Los_Angeles",
        "note": "Onsite, arranged by the demo",
        "interviews": [interview("System design", start, first)],
    });
    let panel = caller.call(Method::POST, &format!("/v1/opportunities/{opportunity}/panels"), Some(draft), 201).await?;
    let id = text(&panel["id"])?.to_owned();
    let there = at_lever(lever, account, &opportunity, &id)?;
    ensure!(there["interviews"].as_array().map(Vec::len) == Some(1) && there["canceledAt"].is_null(), "the stand-in has another panel: {there}");
    let mark = there["externalUrl"].clone();
    ensure!(mark.is_string(), "the panel carries no mark of ours");
    done("schedule", format_args!("panel {id} with {}", first["name"]));

    let kept = panel["interviews"][0].clone();
    let second_start = start + chrono::TimeDelta::hours(1);
    let patch = json!({ "interviews": [{ "id": kept["id"], "location": "Room 4" }, interview("Team fit", second_start, second)] });
    caller.call(Method::PATCH, &format!("/v1/panels/{id}"), Some(patch), 200).await?;
    let there = at_lever(lever, account, &opportunity, &id)?;
    ensure!(there["interviews"].as_array().map(Vec::len) == Some(2), "the edit did not add an interview: {there}");
    ensure!(there["interviews"][0]["id"] == kept["id"] && there["interviews"][0]["location"] == "Room 4", "the kept interview is another now");
    ensure!(there["interviews"][0]["subject"] == "System design" && there["note"] == "Onsite, arranged by the demo", "what nobody touched was lost");
    ensure!(there["externalUrl"] == mark, "the edit lost our mark");
    done("edit", "a second interview and a room; everything else as it was");

    caller.call(Method::DELETE, &format!("/v1/panels/{id}"), None, 204).await?;
    let gone = at_lever(lever, account, &opportunity, &id).map_or(true, |there| there["canceledAt"].is_number());
    ensure!(gone, "the panel is still scheduled at the stand-in");
    let here = caller.get(&format!("/v1/panels/{id}")).await?;
    ensure!(here["status"] == "canceled", "the panel is {} here", here["status"]);
    done("cancel", "canceled at Lever and here");
    Ok(())
}

fn interview(subject: &str, start: DateTime<Utc>, interviewer: &Value) -> Value {
    json!({
        "subject": subject,
        "start": start.to_rfc3339_opts(SecondsFormat::Secs, true),
        "durationMinutes": 45,
        "interviewers": [{ "id": interviewer["id"] }],
    })
}

/// The panel as the stand-in itself has it.
fn at_lever(lever: &FakeLever, account: &AccountView, opportunity: &str, panel: &str) -> anyhow::Result<Value> {
    let panels = lever.panels_of(&account.id, opportunity).map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    panels.into_iter().find(|candidate| candidate["id"] == panel).context("the panel is not at the stand-in")
}

fn text(value: &Value) -> anyhow::Result<&str> {
    value.as_str().context("an id is text")
}
