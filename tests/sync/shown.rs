//! What callers are shown of interviews and applications, against the stand-in's own state, field by field.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use lever_integration::fake_lever::{AccountView, UserView};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::copy::{assert_same, by_key, database};
use crate::support::story::{Person, Story};

/// Fails unless the interviews and the applications of these opportunities are kept and shown as Lever has them, and no others.
pub async fn assert_shown(story: &Story, organization: Uuid, account: &AccountView, opportunities: &[String]) {
    let lever = |id: &String| story.lever.opportunity(&account.id, id).expect("the stand-in knows its own");
    let mut applications = BTreeMap::new();
    let (mut candidacies, mut interviews) = (Vec::new(), Vec::new());
    for opportunity in opportunities.iter().map(lever) {
        let id = opportunity["id"].as_str().expect("an id");
        let of_it = story.lever.applications_of(&account.id, id).expect("the stand-in knows its own");
        for panel in story.lever.panels_of(&account.id, id).expect("the stand-in knows its own") {
            for inside in panel["interviews"].as_array().expect("a list") {
                let interview = inside["id"].as_str().expect("an id");
                let alone = story.lever.interview_of(&account.id, id, interview).expect("the stand-in knows its own");
                interviews.push(interview_shown(&alone, &panel, &opportunity, &account.users));
            }
        }
        candidacies
            .push(json!({"id": id, "application": of_it.first().map(application_shown), "posting": of_it.first().map(|it| it["posting"].clone())}));
        applications.insert(id.to_owned(), of_it.into_iter().next().unwrap_or_default());
    }
    assert_same("applications", &stored_applications(story, organization).await, applications);

    let caller = story.admin(organization);
    let here = all(&caller, "/v1/opportunities?archived=any").await.into_iter();
    let here = here.map(|it| json!({"id": it["id"], "application": it["application"], "posting": it["posting"].get("id")}));
    assert_same("candidacies that are shown", &by_key(here.collect(), "id"), by_key(candidacies, "id"));
    let mut here = all(&caller, "/v1/interviews").await;
    here.iter_mut().filter_map(Value::as_object_mut).for_each(|interview| drop(interview.remove("syncedAt")));
    assert_same("interviews that are shown", &by_key(here, "id"), by_key(interviews, "id"));
}

/// The applications that are kept, by their opportunities.
async fn stored_applications(story: &Story, organization: Uuid) -> BTreeMap<String, Value> {
    let statement = "SELECT id, coalesce(application, 'null') FROM opportunities WHERE tenant_id = $1 AND gone_at IS NULL";
    let rows: Vec<(String, Value)> =
        sqlx::query_as(statement).bind(organization).fetch_all(&mut database(story).await).await.expect("the copy can be read");
    rows.into_iter().collect()
}

fn application_shown(application: &Value) -> Value {
    json!({"id": application["id"], "type": application["type"], "postingId": application["posting"], "createdAt": time(&application["createdAt"])})
}

fn interview_shown(alone: &Value, panel: &Value, opportunity: &Value, users: &[UserView]) -> Value {
    let start = time(&alone["date"]).expect("a time");
    let on = alone["canceledAt"].is_null();
    let seats = alone["interviewers"].as_array().expect("a list").iter().map(|seat| {
        let user = users.iter().find(|user| seat["id"] == user.id).expect("a user");
        json!({"id": user.id, "name": user.name, "email": user.email, "feedbackTemplateId": seat["feedbackTemplate"]})
    });
    json!({
        "id": alone["id"],
        "panelId": alone["panel"],
        "opportunityId": alone["opportunityId"],
        "candidateName": opportunity["name"].as_str().filter(|name| !name.is_empty()),
        "subject": alone["subject"],
        "note": alone["note"],
        "location": alone["location"],
        "start": start,
        "end": start + TimeDelta::minutes(alone["duration"].as_i64().expect("minutes")),
        "durationMinutes": alone["duration"],
        "timezone": alone["timezone"],
        "feedbackTemplateId": alone["feedbackTemplate"],
        "feedbackReminder": alone["feedbackReminder"],
        "interviewers": seats.collect::<Vec<_>>(),
        "status": if on { "scheduled" } else { "canceled" },
        "editable": on && panel["externallyManaged"] == true,
    })
}

fn time(millis: &Value) -> Option<DateTime<Utc>> {
    millis.as_i64().and_then(DateTime::from_timestamp_millis)
}

/// Everything that a list shows, page by page.
async fn all(caller: &Person, path: &str) -> Vec<Value> {
    let and = if path.contains('?') { '&' } else { '?' };
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let mut page = caller.get(&format!("{path}{and}limit=200{cursor}")).await.expect(200).json();
        all.append(page["data"].as_array_mut().expect("a list"));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}
