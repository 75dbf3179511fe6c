//! What can be changed in an account, whether through the API or by a person inside Lever. Each
//! change is checked, made, and told to the account's outbox, from where it goes to the webhooks.

mod candidacy;
mod draft;
mod interview;
mod panel;
mod person;

pub use candidacy::NewCandidate;
pub use draft::{InterviewDraft, PanelDraft};

use super::model::{Event, Occurrence};
use super::state::Account;
use serde_json::{Value, json};

/// Who makes a panel change, which decides what may be changed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Through {
    /// Only panels made through the API can be changed there.
    Api,
    /// A person inside Lever may change everything.
    Lever,
}

impl Account {
    /// Puts a candidate's event into the outbox, with the fields that all of them have.
    fn tell(&mut self, event: Event, opportunity: &str, at: i64, more: Value) {
        let Some(it) = self.opportunities.get(opportunity) else {
            return;
        };
        let mut data = json!({
            "opportunityId": it.id,
            "contactId": it.contact,
            "candidateId": it.id,
        });
        add(&mut data, more);
        let origin = Some(it.origin.clone());
        self.outbox.push(Occurrence { event, at, data, origin });
    }

    fn tell_interview(&mut self, event: Event, opportunity: &str, panel: &str, interview: &str, at: i64) {
        let time = match event {
            Event::InterviewCreated => "createdAt",
            Event::InterviewUpdated => "updatedAt",
            _ => "deletedAt",
        };
        let data = json!({
            "interviewId": interview,
            "panelId": panel,
            "opportunityId": opportunity,
            time: at,
        });
        let origin = self.opportunities.get(opportunity).map(|it| it.origin.clone());
        self.outbox.push(Occurrence { event, at, data, origin });
    }
}

fn add(data: &mut Value, more: Value) {
    if let (Value::Object(data), Value::Object(more)) = (data, more) {
        data.extend(more);
    }
}
