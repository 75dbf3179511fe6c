//! A candidate's page: archive and unarchive, change the stage, schedule and delete interviews.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{NaiveDateTime, TimeZone};
use serde::Deserialize;
use serde_json::json;

use super::super::handle::FakeLever;
use super::super::model::{Opportunity, Panel};
use super::super::refusal::Refusal;
use super::super::state::Account;
use super::candidates::shown_name;
use super::{moment, render};

const TIMEZONES: [&str; 5] = ["America/Los_Angeles", "America/New_York", "Europe/London", "Europe/Athens", "UTC"];

#[derive(Template)]
#[template(path = "lever/candidate.html")]
struct Page {
    account: String,
    account_name: String,
    id: String,
    name: String,
    headline: String,
    emails: String,
    posting: String,
    archived: Option<String>,
    confidential: bool,
    stage: String,
    stages: Vec<Choice>,
    reasons: Vec<Choice>,
    people: Vec<Choice>,
    timezones: [&'static str; 5],
    panels: Vec<PanelRow>,
}

struct Choice {
    id: String,
    text: String,
}

struct PanelRow {
    by: &'static str,
    url: Option<String>,
    canceled: bool,
    timezone: String,
    interviews: Vec<InterviewRow>,
}

struct InterviewRow {
    id: String,
    subject: String,
    when: String,
    minutes: i64,
    people: String,
}

pub async fn show(State(lever): State<FakeLever>, Path((account, id)): Path<(String, String)>) -> Result<Response, Refusal> {
    let state = lever.state();
    let account = state.account(&account)?;
    let it = account.opportunity(&id)?;
    Ok(render(&page(account, it)))
}

fn page(account: &Account, it: &Opportunity) -> Page {
    let person = account.person(it);
    let choice = |id: &str, text: &str| Choice { id: id.to_owned(), text: text.to_owned() };
    let active_users = account.users.iter().filter(|user| user.is_active());
    let active_reasons = account.archive_reasons.iter().filter(|reason| reason.active);
    let archived = it.archived.as_ref().map(|archived| {
        let reason = archived.reason.as_deref();
        let known = account.archive_reasons.iter().find(|it| Some(it.id.as_str()) == reason);
        format!("{}, {}", known.map_or("", |it| &it.text), moment(archived.at))
    });
    Page {
        account: account.id.clone(),
        account_name: account.name.clone(),
        id: it.id.clone(),
        name: shown_name(&person.name),
        headline: person.headline.clone(),
        emails: person.emails.join(", "),
        posting: account.posting_text(it.posting()).to_owned(),
        archived,
        confidential: it.confidential,
        stage: it.stage.clone(),
        stages: account.stages.iter().map(|it| choice(&it.id, &it.text)).collect(),
        reasons: active_reasons.map(|it| choice(&it.id, &it.text)).collect(),
        people: active_users.map(|it| choice(&it.id, &it.name)).collect(),
        timezones: TIMEZONES,
        panels: it.panels.iter().map(panel_row).collect(),
    }
}

fn panel_row(panel: &Panel) -> PanelRow {
    let interviews = panel.interviews.iter().map(|it| InterviewRow {
        id: it.id.clone(),
        subject: it.subject.clone().unwrap_or_else(|| "Interview".to_owned()),
        when: moment(it.date),
        minutes: it.duration,
        people: it.interviewers.iter().map(|seat| seat.name.as_str()).collect::<Vec<_>>().join(", "),
    });
    PanelRow {
        by: if panel.externally_managed { "an application" } else { "Lever" },
        url: panel.external_url.clone(),
        canceled: panel.canceled_at.is_some(),
        timezone: panel.timezone.clone(),
        interviews: interviews.collect(),
    }
}

type Place = Path<(String, String)>;

fn back((account, id): &(String, String)) -> Response {
    Redirect::to(&format!("/lever/{account}/candidates/{id}")).into_response()
}

#[derive(Deserialize)]
pub struct Archive {
    reason: String,
}

pub async fn archive(State(lever): State<FakeLever>, Path(place): Place, Form(form): Form<Archive>) -> Result<Response, Refusal> {
    lever.inside(&place.0).archive(&place.1, &form.reason)?;
    Ok(back(&place))
}

pub async fn unarchive(State(lever): State<FakeLever>, Path(place): Place) -> Result<Response, Refusal> {
    lever.inside(&place.0).unarchive(&place.1)?;
    Ok(back(&place))
}

#[derive(Deserialize)]
pub struct Stage {
    stage: String,
}

pub async fn change_stage(State(lever): State<FakeLever>, Path(place): Place, Form(form): Form<Stage>) -> Result<Response, Refusal> {
    lever.inside(&place.0).change_stage(&place.1, &form.stage)?;
    Ok(back(&place))
}

#[derive(Deserialize)]
pub struct Schedule {
    subject: String,
    /// As a browser sends it: "2026-12-01T09:00", local to the time zone.
    at: String,
    minutes: i64,
    timezone: String,
    interviewer: String,
}

pub async fn schedule(State(lever): State<FakeLever>, Path(place): Place, Form(form): Form<Schedule>) -> Result<Response, Refusal> {
    let date = local_time(&form.at, &form.timezone).ok_or_else(|| Refusal::bad("That is not a time in that time zone"))?;
    let panel = json!({
        "timezone": form.timezone,
        "interviews": [{
            "subject": form.subject,
            "date": date,
            "duration": form.minutes,
            "interviewers": [{"id": form.interviewer}],
        }],
    });
    lever.inside(&place.0).schedule_panel(&place.1, &panel)?;
    Ok(back(&place))
}

/// Milliseconds since the epoch; of a time that a clock change repeats, the first.
fn local_time(at: &str, timezone: &str) -> Option<i64> {
    let zone: chrono_tz::Tz = timezone.parse().ok()?;
    let at = NaiveDateTime::parse_from_str(at, "%Y-%m-%dT%H:%M").ok()?;
    Some(zone.from_local_datetime(&at).earliest()?.timestamp_millis())
}

pub async fn delete_interview(
    State(lever): State<FakeLever>,
    Path((account, id, interview)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    lever.inside(&account).delete_interview(&id, &interview)?;
    Ok(back(&(account, id)))
}

#[cfg(test)]
mod tests {
    use super::local_time;

    #[test]
    fn a_form_time_is_local_to_its_zone() {
        assert_eq!(local_time("2026-12-01T09:00", "UTC"), Some(1_796_115_600_000));
        assert_eq!(local_time("2026-12-01T09:00", "America/Los_Angeles"), Some(1_796_144_400_000));
        assert_eq!(local_time("2026-03-29T03:30", "Europe/Athens"), None, "skipped by the clock");
        assert_eq!(local_time("soon", "UTC"), None);
    }
}
