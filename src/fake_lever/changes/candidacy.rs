//! Changes of an opportunity: its stage, archive state, tags; new ones and deleted ones.

use serde_json::json;

use super::super::dice::fresh_id;
use super::super::model::{Application, Archived, Contact, Deleted, Event, Opportunity, StageChange};
use super::super::refusal::Refusal;
use super::super::state::Account;

/// A candidate to add by hand.
#[derive(Clone, Debug, Default)]
pub struct NewCandidate {
    pub name: String,
    pub email: Option<String>,
    /// The first published posting when left out.
    pub posting: Option<String>,
    pub confidential: bool,
}

impl Account {
    pub fn change_stage(&mut self, id: &str, stage: &str, by: Option<&str>, now: i64) -> Result<(), Refusal> {
        let index = (self.stages.iter().position(|it| it.id == stage)).ok_or_else(|| Refusal::bad("stage is not a stage of this account"))?;
        let rank = self.stages[index].rank;
        let opportunity = self.opportunity_mut(id)?;
        let from = std::mem::replace(&mut opportunity.stage, stage.to_owned());
        let old_key = opportunity.order_key();
        opportunity.rank = rank;
        opportunity.last_advanced_at = now;
        opportunity.last_interaction_at = now;
        opportunity.updated_at = Some(now);
        opportunity.stage_changes.push(StageChange { stage: stage.to_owned(), index, at: now, user: by.map(str::to_owned) });
        let new_key = opportunity.order_key();
        self.order.remove(&old_key);
        self.order.insert(new_key);
        let stages = json!({"fromStageId": from, "toStageId": stage});
        self.tell(Event::CandidateStageChange, id, now, stages);
        Ok(())
    }

    /// Archives with a reason, or unarchives with `None`.
    pub fn archive(&mut self, id: &str, reason: Option<&str>, clean_interviews: bool, now: i64) -> Result<(), Refusal> {
        let hired = match reason {
            None => false,
            Some(reason) => {
                (self.archive_reasons.iter().find(|it| it.id == reason))
                    .ok_or_else(|| Refusal::bad("reason is not an archive reason of this account"))?
                    .hired
            }
        };
        let opportunity = self.opportunity_mut(id)?;
        let to = reason.map(|reason| Archived { reason: Some(reason.to_owned()), at: now });
        let from = std::mem::replace(&mut opportunity.archived, to.clone());
        opportunity.updated_at = Some(now);
        opportunity.last_interaction_at = now;
        let states = json!({
            "fromArchived": Archived::json(from.as_ref()),
            "toArchived": Archived::json(to.as_ref()),
        });
        self.tell(Event::CandidateArchiveChange, id, now, states);
        if hired {
            self.tell(Event::CandidateHired, id, now, json!({}));
        }
        if clean_interviews && reason.is_some() {
            self.cancel_upcoming(id, now)?;
        }
        Ok(())
    }

    pub fn add_tags(&mut self, id: &str, tags: &[String], now: i64) -> Result<(), Refusal> {
        let opportunity = self.opportunity_mut(id)?;
        for tag in tags {
            if !opportunity.tags.contains(tag) {
                opportunity.tags.push(tag.clone());
            }
        }
        opportunity.updated_at = Some(now);
        Ok(())
    }

    pub fn remove_tags(&mut self, id: &str, tags: &[String], now: i64) -> Result<(), Refusal> {
        let opportunity = self.opportunity_mut(id)?;
        opportunity.tags.retain(|tag| !tags.contains(tag));
        opportunity.updated_at = Some(now);
        Ok(())
    }

    pub fn delete_opportunity(&mut self, id: &str, by: &str, now: i64) -> Result<(), Refusal> {
        self.opportunity(id)?;
        // The field that names the deleting user is unconfirmed.
        self.tell(Event::CandidateDeleted, id, now, json!({"deletedBy": by}));
        if let Some(opportunity) = self.opportunities.remove(id) {
            self.order.remove(&opportunity.order_key());
            if let Some(contact) = self.contacts.get_mut(&opportunity.contact) {
                contact.opportunities.retain(|it| it != id);
            }
        }
        self.deleted.push(Deleted { id: id.to_owned(), at: now, by: by.to_owned() });
        Ok(())
    }

    /// Adds a person with one candidacy in the first stage; gives the opportunity's id.
    pub fn add_candidate(&mut self, new: NewCandidate, by: &str, now: i64) -> Result<String, Refusal> {
        let posting = (self.postings.iter())
            .find(|it| new.posting.as_ref().map_or(it.state == "published", |id| it.id == *id))
            .ok_or_else(|| Refusal::missing("Posting"))?;
        let stage = self.stages.first().ok_or_else(|| Refusal::missing("Stage"))?;
        let contact = Contact { id: fresh_id(), name: new.name, emails: new.email.into_iter().collect(), ..Contact::default() };
        let application = Application {
            id: fresh_id(),
            kind: "user".to_owned(),
            posting: posting.id.clone(),
            posting_owner: posting.owner.clone(),
            posting_hiring_manager: posting.hiring_manager.clone(),
            user: Some(by.to_owned()),
            created_at: now,
        };
        let opportunity = Opportunity {
            id: fresh_id(),
            contact: contact.id.clone(),
            stage: stage.id.clone(),
            rank: stage.rank,
            confidential: new.confidential,
            archived: None,
            tags: vec![posting.text.clone()],
            sources: vec!["Added manually".to_owned()],
            stage_changes: vec![StageChange { stage: stage.id.clone(), index: 0, at: now, user: Some(by.to_owned()) }],
            origin: "sourced".to_owned(),
            sourced_by: Some(by.to_owned()),
            owner: Some(by.to_owned()),
            followers: vec![by.to_owned()],
            application: Some(application.clone()),
            created_at: now,
            updated_at: Some(now),
            last_interaction_at: now,
            last_advanced_at: now,
            snoozed_until: None,
            location: posting.locations.first().cloned(),
            panels: Vec::new(),
            notes: Vec::new(),
            resumes: Vec::new(),
        };
        let (id, person) = (opportunity.id.clone(), contact.id.clone());
        self.contacts.insert(person.clone(), contact);
        self.insert(opportunity);
        self.tell_contact(Event::ContactCreated, &person, now);
        let application = json!({"applicationId": application.id});
        self.tell(Event::ApplicationCreated, &id, now, application);
        Ok(id)
    }
}
