//! Panels made, replaced as a whole, and canceled.

use serde_json::Map;

use super::super::dice::fresh_id;
use super::super::model::{Event, Interview, Opportunity, Panel};
use super::super::refusal::Refusal;
use super::super::state::Account;
use super::draft::sent_back;
use super::{PanelDraft, Through};

impl Account {
    /// Makes a panel and gives its id. The same panel twice is two panels (recorded).
    pub fn create_panel(&mut self, opportunity: &str, draft: &PanelDraft, by: &str, through: Through, now: i64) -> Result<String, Refusal> {
        let owner = self.opportunity(opportunity)?;
        let build = |it: &super::InterviewDraft| it.build(self, None, by, now);
        let interviews: Vec<Interview> = draft.interviews()?.iter().map(build).collect::<Result<_, _>>()?;
        let panel = Panel {
            id: fresh_id(),
            applications: applications(owner, draft)?,
            canceled_at: None,
            created_at: now,
            externally_managed: through == Through::Api,
            external_url: draft.external_url.clone(),
            feedback_reminder: draft.reminder()?,
            note: draft.note.clone(),
            stage: owner.stage.clone(),
            timezone: draft.timezone()?,
            user: by.to_owned(),
            interviews,
            extra: Map::new(),
        };
        let id = panel.id.clone();
        let made: Vec<String> = panel.interviews.iter().map(|it| it.id.clone()).collect();
        let owner = self.opportunity_mut(opportunity)?;
        owner.panels.push(panel);
        // `updatedAt` did not move in the recording, `lastInteractionAt` did.
        owner.last_interaction_at = now;
        for interview in made {
            self.tell_interview(Event::InterviewCreated, opportunity, &id, &interview, now);
        }
        Ok(id)
    }

    /// Replaces the whole panel: what the draft leaves out is gone.
    pub fn replace_panel(&mut self, opportunity: &str, panel: &str, draft: &PanelDraft, by: &str, through: Through, now: i64) -> Result<(), Refusal> {
        let owner = self.opportunity(opportunity)?;
        let before = owner.changeable_panel(panel, through)?;
        let mut interviews = Vec::new();
        for sent in draft.interviews()? {
            let kept = match &sent.id {
                None => None,
                Some(id) => Some(before.interview(id)?),
            };
            interviews.push(sent.build(self, kept, by, now)?);
        }
        let extra = sent_back(&before.extra, &draft.rest);
        let after = Panel {
            applications: applications(owner, draft)?,
            external_url: draft.external_url.clone(),
            feedback_reminder: draft.reminder()?,
            note: draft.note.clone(),
            timezone: draft.timezone()?,
            interviews,
            extra,
            ..before.clone()
        };
        let before = before.clone();
        let owner = self.opportunity_mut(opportunity)?;
        owner.last_interaction_at = now;
        *owner.panel_mut(panel)? = after.clone();
        self.tell_difference(opportunity, &before, &after, now);
        Ok(())
    }

    /// Cancels a panel. It stays listed with `canceledAt`, unless `vanish` takes it away.
    pub fn delete_panel(&mut self, opportunity: &str, panel: &str, through: Through, vanish: bool, now: i64) -> Result<(), Refusal> {
        let owner = self.opportunity_mut(opportunity)?;
        let before = owner.changeable_panel(panel, through)?.clone();
        owner.last_interaction_at = now;
        if vanish {
            owner.panels.retain(|it| it.id != panel);
        } else {
            owner.panel_mut(panel)?.cancel(now);
        }
        for interview in &before.interviews {
            self.tell_interview(Event::InterviewDeleted, opportunity, panel, &interview.id, now);
        }
        Ok(())
    }

    /// Cancels the panels of an opportunity that have not begun.
    pub fn cancel_upcoming(&mut self, opportunity: &str, now: i64) -> Result<(), Refusal> {
        let upcoming: Vec<String> = (self.opportunity(opportunity)?.panels.iter())
            .filter(|it| it.canceled_at.is_none() && it.start().is_some_and(|start| start > now))
            .map(|it| it.id.clone())
            .collect();
        for panel in upcoming {
            self.delete_panel(opportunity, &panel, Through::Lever, false, now)?;
        }
        Ok(())
    }

    fn tell_difference(&mut self, opportunity: &str, before: &Panel, after: &Panel, now: i64) {
        for interview in &after.interviews {
            let kept = before.interviews.iter().any(|it| it.id == interview.id);
            let event = if kept { Event::InterviewUpdated } else { Event::InterviewCreated };
            self.tell_interview(event, opportunity, &after.id, &interview.id, now);
        }
        for gone in before.interviews.iter().filter(|it| after.interview(&it.id).is_err()) {
            let event = Event::InterviewDeleted;
            self.tell_interview(event, opportunity, &after.id, &gone.id, now);
        }
    }
}

impl Opportunity {
    pub fn panel(&self, id: &str) -> Result<&Panel, Refusal> {
        self.panels.iter().find(|it| it.id == id).ok_or_else(|| Refusal::missing("Panel"))
    }

    pub fn panel_mut(&mut self, id: &str) -> Result<&mut Panel, Refusal> {
        self.panels.iter_mut().find(|it| it.id == id).ok_or_else(|| Refusal::missing("Panel"))
    }

    /// The panel, if it may be changed this way and has not been canceled.
    pub fn changeable_panel(&self, id: &str, through: Through) -> Result<&Panel, Refusal> {
        let panel = self.panel(id)?;
        if through == Through::Api && !panel.externally_managed {
            return Err(Refusal::forbidden("Panel is not externally managed"));
        }
        if panel.canceled_at.is_some() {
            return Err(Refusal::missing("Panel"));
        }
        Ok(panel)
    }
}

impl Panel {
    pub fn interview(&self, id: &str) -> Result<&Interview, Refusal> {
        self.interviews.iter().find(|it| it.id == id).ok_or_else(|| Refusal::missing("Interview"))
    }
}

/// The applications a panel is about: those sent, or all active ones. An archived opportunity has
/// none that is active (recorded).
fn applications(opportunity: &Opportunity, draft: &PanelDraft) -> Result<Vec<String>, Refusal> {
    let active: Vec<String> = (opportunity.application.iter()).filter(|_| opportunity.is_active()).map(|it| it.id.clone()).collect();
    match draft.applications.as_deref() {
        None => Ok(active),
        Some([]) => Err(Refusal::bad("applications must not be empty")),
        Some(sent) => {
            let known = |id: &String| opportunity.application.as_ref().is_some_and(|it| it.id == *id);
            if !sent.iter().all(known) {
                return Err(Refusal::bad("applications must be of this opportunity"));
            }
            Ok(active)
        }
    }
}
