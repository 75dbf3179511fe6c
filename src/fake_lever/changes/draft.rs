//! The bodies of panel and interview writes, and the rules that Lever checks them by.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::dice::fresh_id;
use super::super::model::{Interview, NO_FEEDBACK, Seat};
use super::super::refusal::Refusal;
use super::super::state::Account;

const DEFAULT_REMINDER: &str = "daily";

/// A panel as sent in a POST or PUT.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PanelDraft {
    pub timezone: Option<String>,
    pub applications: Option<Vec<String>>,
    pub interviews: Option<Vec<InterviewDraft>>,
    pub feedback_reminder: Option<String>,
    pub note: Option<String>,
    pub external_url: Option<String>,
    /// Everything else that was sent.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// An interview as sent, in a panel or alone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InterviewDraft {
    /// Present when it is to stay.
    pub id: Option<String>,
    /// Its panel, when it is sent alone.
    pub panel: Option<String>,
    pub date: Option<i64>,
    pub duration: Option<i64>,
    pub interviewers: Vec<SeatDraft>,
    pub subject: Option<String>,
    pub note: Option<String>,
    pub location: Option<String>,
    pub feedback_template: Option<String>,
    pub feedback_reminder: Option<String>,
    /// Everything else that was sent.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SeatDraft {
    pub id: String,
    pub feedback_template: Option<String>,
    /// Everything else that was sent.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl PanelDraft {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 when a field has the wrong type.
    pub fn parse(body: &Value) -> Result<Self, Refusal> {
        Self::deserialize(body).map_err(|wrong| Refusal::bad(wrong.to_string()))
    }

    pub fn timezone(&self) -> Result<String, Refusal> {
        let name = self.timezone.as_deref().ok_or_else(|| Refusal::bad("timezone is required"))?;
        (name.parse::<chrono_tz::Tz>()).map_err(|_| Refusal::bad("timezone is not the name of a time zone"))?;
        Ok(name.to_owned())
    }

    pub fn interviews(&self) -> Result<&[InterviewDraft], Refusal> {
        match self.interviews.as_deref() {
            None | Some([]) => Err(Refusal::bad("interviews is required and must not be empty")),
            Some(interviews) => Ok(interviews),
        }
    }

    pub fn reminder(&self) -> Result<String, Refusal> {
        reminder(self.feedback_reminder.as_deref())
    }
}

impl InterviewDraft {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 when a field has the wrong type.
    pub fn parse(body: &Value) -> Result<Self, Refusal> {
        Self::deserialize(body).map_err(|wrong| Refusal::bad(wrong.to_string()))
    }

    /// The interview this draft makes of `before`, or a new one. What a new one leaves out gets
    /// its default, what a kept one leaves out is reset (recorded: its template becomes null).
    pub fn build(&self, account: &Account, before: Option<&Interview>, by: &str, now: i64) -> Result<Interview, Refusal> {
        let template = match (&self.feedback_template, before) {
            (Some(template), _) => Some(template.clone()),
            (None, Some(_)) => None,
            (None, None) => Some(NO_FEEDBACK.to_owned()),
        };
        Ok(Interview {
            id: before.map_or_else(fresh_id, |it| it.id.clone()),
            date: self.date.ok_or_else(|| Refusal::bad("interview date is required"))?,
            duration: (self.duration.filter(|minutes| *minutes >= 1)).ok_or_else(|| Refusal::bad("interview duration must be at least 1 minute"))?,
            feedback_reminder: reminder(self.feedback_reminder.as_deref())?,
            feedback_template: template,
            interviewers: self.seats(account, before)?,
            location: self.location.clone(),
            note: self.note.clone(),
            subject: self.subject.clone(),
            created_at: before.map_or(now, |it| it.created_at),
            canceled_at: None,
            user: before.map_or_else(|| by.to_owned(), |it| it.user.clone()),
            extra: before.map(|it| sent_back(&it.extra, &self.rest)).unwrap_or_default(),
            extra_alone: before.map(|it| sent_back(&it.extra_alone, &self.rest)).unwrap_or_default(),
        })
    }

    fn seats(&self, account: &Account, before: Option<&Interview>) -> Result<Vec<Seat>, Refusal> {
        if self.interviewers.is_empty() {
            return Err(Refusal::bad("an interview needs at least one interviewer"));
        }
        let seat = |draft: &SeatDraft| {
            let kept = before.and_then(|it| it.interviewers.iter().find(|it| it.user == draft.id));
            let extra = kept.map(|kept| sent_back(&kept.extra, &draft.rest)).unwrap_or_default();
            (account.user(&draft.id))
                .filter(|user| kept.is_some() || user.is_active())
                .map(|user| Seat { extra, ..Seat::new(user, draft.feedback_template.as_deref()) })
                .ok_or_else(|| Refusal::bad("interviewer is not an active user of this account"))
        };
        self.interviewers.iter().map(seat).collect()
    }
}

/// What there was of fields that no client knows, as far as it was sent back.
pub fn sent_back(before: &Map<String, Value>, rest: &Map<String, Value>) -> Map<String, Value> {
    before.keys().filter_map(|name| Some((name.clone(), rest.get(name)?.clone()))).collect()
}

fn reminder(sent: Option<&str>) -> Result<String, Refusal> {
    match sent.unwrap_or(DEFAULT_REMINDER) {
        known @ ("once" | "daily" | "frequently" | "none") => Ok(known.to_owned()),
        _ => Err(Refusal::bad("feedbackReminder must be once, daily, frequently or none")),
    }
}
