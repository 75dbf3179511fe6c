//! Panels and the interviews in them.

use serde_json::{Map, Value, json};

use super::{Opportunity, User};

/// Id of Lever's built-in feedback template, which no list returns (recorded).
pub const NO_FEEDBACK: &str = "no-feedback";

const MINUTE_MS: i64 = 60_000;

#[derive(Clone)]
pub struct Panel {
    pub id: String,
    pub applications: Vec<String>,
    pub canceled_at: Option<i64>,
    pub created_at: i64,
    pub externally_managed: bool,
    pub external_url: Option<String>,
    pub feedback_reminder: String,
    pub note: Option<String>,
    pub stage: String,
    pub timezone: String,
    pub user: String,
    pub interviews: Vec<Interview>,
    /// Fields that Lever may have tomorrow; a PUT that leaves one out deletes it.
    pub extra: Map<String, Value>,
}

#[derive(Clone)]
pub struct Interview {
    pub id: String,
    pub date: i64,
    /// Minutes.
    pub duration: i64,
    pub feedback_reminder: String,
    pub feedback_template: Option<String>,
    pub interviewers: Vec<Seat>,
    pub location: Option<String>,
    pub note: Option<String>,
    pub subject: Option<String>,
    pub created_at: i64,
    pub canceled_at: Option<i64>,
    pub user: String,
    /// As a panel's.
    pub extra: Map<String, Value>,
    /// The same, but only `/interviews` shows them, and not the panel.
    pub extra_alone: Map<String, Value>,
}

/// One interviewer of one interview.
#[derive(Clone)]
pub struct Seat {
    pub user: String,
    pub name: String,
    pub email: String,
    pub feedback_template: String,
    /// As a panel's.
    pub extra: Map<String, Value>,
}

impl Panel {
    pub fn start(&self) -> Option<i64> {
        self.interviews.iter().map(|it| it.date).min()
    }

    pub fn end(&self) -> Option<i64> {
        self.interviews.iter().map(|it| it.date.saturating_add(it.duration.saturating_mul(MINUTE_MS))).max()
    }

    pub fn json(&self) -> Value {
        let panel = json!({
            "id": self.id,
            "applications": self.applications,
            "canceledAt": self.canceled_at,
            "createdAt": self.created_at,
            "end": self.end(),
            "externallyManaged": self.externally_managed,
            "externalUrl": self.external_url,
            "feedbackReminder": self.feedback_reminder,
            "interviews": self.interviews.iter().map(Interview::json_in_panel).collect::<Vec<_>>(),
            "note": self.note,
            "stage": self.stage,
            "start": self.start(),
            "timezone": self.timezone,
            "user": self.user,
        });
        with(panel, &self.extra)
    }

    /// Cancels the panel and everything in it; it stays listed (recorded for the last interview).
    pub fn cancel(&mut self, now: i64) {
        self.canceled_at = Some(now);
        for interview in &mut self.interviews {
            interview.canceled_at.get_or_insert(now);
        }
    }
}

impl Interview {
    fn json_in_panel(&self) -> Value {
        let mut interview = json!({
            "id": self.id,
            "date": self.date,
            "duration": self.duration,
            "feedbackReminder": self.feedback_reminder,
            "feedbackTemplate": self.feedback_template,
            "interviewers": self.interviewers.iter().map(Seat::json_in_panel).collect::<Vec<_>>(),
            "location": self.location,
            "note": self.note,
            "subject": self.subject,
        });
        if let Some(canceled_at) = self.canceled_at {
            interview["canceledAt"] = json!(canceled_at);
        }
        with(interview, &self.extra)
    }

    /// The interview as `/interviews` answers it.
    pub fn json(&self, panel: &Panel, opportunity: &Opportunity) -> Value {
        let postings: Vec<_> = (opportunity.application.iter())
            .filter(|application| panel.applications.contains(&application.id))
            .map(|application| &application.posting)
            .collect();
        let interview = json!({
            "id": self.id,
            "panel": panel.id,
            "subject": self.subject,
            "note": self.note,
            "interviewers": self.interviewers.iter().map(Seat::json).collect::<Vec<_>>(),
            "timezone": panel.timezone,
            "createdAt": self.created_at,
            "date": self.date,
            "duration": self.duration,
            "location": self.location,
            "feedbackTemplate": self.feedback_template,
            "feedbackForms": [],
            "feedbackReminder": self.feedback_reminder,
            "user": self.user,
            "stage": panel.stage,
            "canceledAt": self.canceled_at,
            "postings": postings,
            "gcalEventUrl": null,
            "opportunityId": opportunity.id,
        });
        with(with(interview, &self.extra), &self.extra_alone)
    }
}

impl Seat {
    /// Without a template of its own an interviewer gets Lever's built-in one (recorded).
    pub fn new(user: &User, template: Option<&str>) -> Self {
        Self {
            user: user.id.clone(),
            name: user.name.clone(),
            email: user.email.clone(),
            feedback_template: template.unwrap_or(NO_FEEDBACK).to_owned(),
            extra: Map::new(),
        }
    }

    fn json_in_panel(&self) -> Value {
        let seat = json!({
            "id": self.user,
            "email": self.email,
            "name": self.name,
            "responseStatus": "needsAction",
            "feedbackTemplate": self.feedback_template,
        });
        with(seat, &self.extra)
    }

    fn json(&self) -> Value {
        let seat = json!({
            "id": self.user,
            "name": self.name,
            "email": self.email,
            "feedbackTemplate": self.feedback_template,
        });
        with(seat, &self.extra)
    }
}

fn with(mut object: Value, extra: &Map<String, Value>) -> Value {
    for (name, value) in extra {
        object[name] = value.clone();
    }
    object
}
