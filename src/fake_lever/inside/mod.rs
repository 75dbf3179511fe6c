//! Changes made by a person in Lever's own pages, which the product hears of through webhooks or
//! only when it reads again.

mod panels;

use std::sync::Arc;

use super::changes::NewCandidate;
use super::delivery;
use super::dice::fresh_id;
use super::model::{Note, NoteField, Resume, ResumeFile};
use super::pdf;
use super::refusal::Refusal;
use super::server::Shared;
use super::state::{Account, lock};

/// A person at work inside one account; every change sends its webhooks unless made quietly.
/// All methods answer 404 for what does not exist and 400 for what Lever would not accept.
#[derive(Clone)]
pub struct Inside {
    shared: Arc<Shared>,
    account: String,
    by: Option<String>,
    deliver: bool,
}

impl Inside {
    pub(in crate::fake_lever) fn new(shared: Arc<Shared>, account: &str) -> Self {
        Self { shared, account: account.to_owned(), by: None, deliver: true }
    }

    /// The same without any webhook, as if all of them had been lost.
    pub fn quietly(mut self) -> Self {
        self.deliver = false;
        self
    }

    /// The same as another user.
    pub fn by(mut self, user: &str) -> Self {
        self.by = Some(user.to_owned());
        self
    }

    pub fn archive(&self, opportunity: &str, reason: &str) -> Result<(), Refusal> {
        self.change(|account, _, now| account.archive(opportunity, Some(reason), false, now))
    }

    pub fn unarchive(&self, opportunity: &str) -> Result<(), Refusal> {
        self.change(|account, _, now| account.archive(opportunity, None, false, now))
    }

    pub fn change_stage(&self, opportunity: &str, stage: &str) -> Result<(), Refusal> {
        self.change(|account, by, now| account.change_stage(opportunity, stage, Some(by), now))
    }

    /// Changes a person's name or addresses; `None` leaves as it is.
    pub fn edit_contact(&self, contact: &str, name: Option<&str>, emails: Option<&[String]>) -> Result<(), Refusal> {
        self.change(|account, _, now| account.edit_contact(contact, name, emails, now))
    }

    pub fn anonymize(&self, contact: &str) -> Result<(), Refusal> {
        self.change(|account, _, now| account.anonymize(contact, now))
    }

    pub fn add_tags(&self, opportunity: &str, tags: &[impl AsRef<str>]) -> Result<(), Refusal> {
        let tags: Vec<String> = tags.iter().map(|it| it.as_ref().to_owned()).collect();
        self.change(|account, _, now| account.add_tags(opportunity, &tags, now))
    }

    pub fn remove_tags(&self, opportunity: &str, tags: &[impl AsRef<str>]) -> Result<(), Refusal> {
        let tags: Vec<String> = tags.iter().map(|it| it.as_ref().to_owned()).collect();
        self.change(|account, _, now| account.remove_tags(opportunity, &tags, now))
    }

    pub fn delete_opportunity(&self, opportunity: &str) -> Result<(), Refusal> {
        self.change(|account, by, now| account.delete_opportunity(opportunity, by, now))
    }

    /// Adds a candidate and gives the opportunity's id.
    pub fn add_candidate(&self, new: NewCandidate) -> Result<String, Refusal> {
        self.change(|account, by, now| account.add_candidate(new, by, now))
    }

    /// Adds a note and gives its id.
    pub fn add_note(&self, opportunity: &str, text: &str, secret: bool) -> Result<String, Refusal> {
        self.change(|account, by, now| {
            let opportunity = account.opportunity_mut(opportunity)?;
            let field = NoteField { value: text.to_owned(), user: by.to_owned(), score: None, stage: opportunity.stage.clone(), created_at: now };
            let id = fresh_id();
            opportunity.last_interaction_at = now;
            opportunity.notes.push(Note { id: id.clone(), user: by.to_owned(), secret, created_at: now, fields: vec![field], made_by_api: false });
            Ok(id)
        })
    }

    /// Adds a resume of one line and gives its id. One that is not `processed` cannot be
    /// downloaded.
    pub fn add_resume(&self, opportunity: &str, line: &str, processed: bool) -> Result<String, Refusal> {
        self.change(|account, _, now| {
            let opportunity = account.opportunity_mut(opportunity)?;
            let id = fresh_id();
            let name = "resume.pdf".to_owned();
            opportunity.resumes.push(Resume {
                id: id.clone(),
                created_at: now,
                file: Some(ResumeFile { name, processed, bytes: pdf::one_line(line) }),
                parsed: pdf::parsed_data(),
            });
            Ok(id)
        })
    }

    /// Deactivates a user. Grants given by this user cannot be refreshed from then on.
    pub fn deactivate_user(&self, user: &str) -> Result<(), Refusal> {
        self.change(|account, _, now| {
            account.user_mut(user)?.deactivated_at = Some(now);
            Ok(())
        })
    }

    pub fn reactivate_user(&self, user: &str) -> Result<(), Refusal> {
        self.change(|account, _, _| {
            account.user_mut(user)?.deactivated_at = None;
            Ok(())
        })
    }

    /// Gives a user another access role.
    pub fn set_access_role(&self, user: &str, role: &str) -> Result<(), Refusal> {
        self.change(|account, _, _| {
            account.user_mut(user)?.access_role = role.to_owned();
            Ok(())
        })
    }

    /// Says when an opportunity was last updated, or that nobody knows. Real records say anything: null, the future, a time that went
    /// backwards.
    pub fn set_updated_at(&self, opportunity: &str, updated_at: Option<i64>) -> Result<(), Refusal> {
        self.change(|account, _, _| {
            account.opportunity_mut(opportunity)?.updated_at = updated_at;
            Ok(())
        })
    }

    /// Changes a posting's title and with it its `updatedAt`.
    pub fn rename_posting(&self, posting: &str, text: &str) -> Result<(), Refusal> {
        self.change(|account, _, now| {
            let found = account.postings.iter_mut().find(|it| it.id == posting);
            let posting = found.ok_or_else(|| Refusal::missing("Posting"))?;
            posting.text = text.to_owned();
            posting.updated_at = now;
            Ok(())
        })
    }

    fn change<T>(&self, make: impl FnOnce(&mut Account, &str, i64) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let mut state = lock(&self.shared.state);
        let now = state.now();
        let account = state.account_mut(&self.account)?;
        let by = match &self.by {
            Some(user) => user.clone(),
            None => account.first_super_admin()?.id.clone(),
        };
        let made = make(account, &by, now)?;
        if !self.deliver {
            account.outbox.clear();
        }
        delivery::hand_out(&self.shared, &mut state);
        Ok(made)
    }
}
