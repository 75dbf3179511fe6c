//! Changes of people: candidates' contact details and users' standing.

use serde_json::json;

use super::super::model::{Event, Occurrence};
use super::super::refusal::Refusal;
use super::super::state::Account;

impl Account {
    /// Changes a person's name and addresses; `None` leaves as it is.
    pub fn edit_contact(&mut self, id: &str, name: Option<&str>, emails: Option<&[String]>, now: i64) -> Result<(), Refusal> {
        let contact = self.contacts.get_mut(id).ok_or_else(|| Refusal::missing("Contact"))?;
        if let Some(name) = name {
            contact.name = name.to_owned();
        }
        if let Some(emails) = emails {
            contact.emails = emails.to_vec();
        }
        self.touch_person(id, now);
        Ok(())
    }

    /// Empties every personal field of a person, in files and notes too.
    pub fn anonymize(&mut self, id: &str, now: i64) -> Result<(), Refusal> {
        let contact = self.contacts.get_mut(id).ok_or_else(|| Refusal::missing("Contact"))?;
        contact.anonymize();
        for opportunity in contact.opportunities.clone() {
            let opportunity = self.opportunity_mut(&opportunity)?;
            opportunity.notes.clear();
            opportunity.resumes.clear();
        }
        self.touch_person(id, now);
        Ok(())
    }

    /// Moves `updatedAt` of each of the person's opportunities, and tells.
    fn touch_person(&mut self, id: &str, now: i64) {
        let opportunities = self.contacts.get(id).map(|it| it.opportunities.clone());
        for opportunity in opportunities.unwrap_or_default() {
            if let Some(opportunity) = self.opportunities.get_mut(&opportunity) {
                opportunity.updated_at = Some(now);
            }
        }
        self.tell_contact(Event::ContactUpdated, id, now);
    }

    /// Contact events name the account and no opportunity.
    pub fn tell_contact(&mut self, event: Event, id: &str, at: i64) {
        let time = if event == Event::ContactCreated { "createdAt" } else { "updatedAt" };
        let data = json!({"contactId": id, time: at, "accountId": self.id});
        self.outbox.push(Occurrence { event, at, data, origin: None });
    }
}
