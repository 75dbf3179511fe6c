//! Single interviews added to a panel, replaced, and deleted.

use super::super::model::{Event, Interview, Opportunity, Panel};
use super::super::refusal::Refusal;
use super::super::state::Account;
use super::{InterviewDraft, Through};

impl Account {
    /// Adds an interview to an existing panel and gives its id.
    pub fn add_interview(&mut self, opportunity: &str, draft: &InterviewDraft, by: &str, through: Through, now: i64) -> Result<String, Refusal> {
        let panel = draft.panel.clone().ok_or_else(|| Refusal::bad("panel is required"))?;
        self.opportunity(opportunity)?.changeable_panel(&panel, through)?;
        let interview = draft.build(self, None, by, now)?;
        let id = interview.id.clone();
        let owner = self.opportunity_mut(opportunity)?;
        owner.last_interaction_at = now;
        owner.panel_mut(&panel)?.interviews.push(interview);
        self.tell_interview(Event::InterviewCreated, opportunity, &panel, &id, now);
        Ok(id)
    }

    /// Replaces the whole interview.
    pub fn replace_interview(
        &mut self,
        opportunity: &str,
        interview: &str,
        draft: &InterviewDraft,
        by: &str,
        through: Through,
        now: i64,
    ) -> Result<(), Refusal> {
        let owner = self.opportunity(opportunity)?;
        let (panel, before) = owner.interview(interview)?;
        let panel = owner.changeable_panel(&panel.id, through)?.id.clone();
        let after = draft.build(self, Some(before), by, now)?;
        let owner = self.opportunity_mut(opportunity)?;
        owner.last_interaction_at = now;
        let interviews = &mut owner.panel_mut(&panel)?.interviews;
        if let Some(place) = interviews.iter_mut().find(|it| it.id == interview) {
            *place = after;
        }
        self.tell_interview(Event::InterviewUpdated, opportunity, &panel, interview, now);
        Ok(())
    }

    /// Deletes an interview: it vanishes while others remain, and the last one cancels its panel,
    /// which stays listed with the interview inside (recorded).
    pub fn delete_interview(&mut self, opportunity: &str, interview: &str, through: Through, now: i64) -> Result<(), Refusal> {
        let owner = self.opportunity_mut(opportunity)?;
        let panel = owner.interview(interview)?.0.id.clone();
        owner.changeable_panel(&panel, through)?;
        owner.last_interaction_at = now;
        let it = owner.panel_mut(&panel)?;
        if it.interviews.len() > 1 {
            it.interviews.retain(|it| it.id != interview);
        } else {
            it.cancel(now);
        }
        self.tell_interview(Event::InterviewDeleted, opportunity, &panel, interview, now);
        Ok(())
    }
}

impl Opportunity {
    /// An interview and the panel it is in.
    pub fn interview(&self, id: &str) -> Result<(&Panel, &Interview), Refusal> {
        (self.panels.iter()).find_map(|panel| Some((panel, panel.interview(id).ok()?))).ok_or_else(|| Refusal::missing("Interview"))
    }

    pub fn interview_mut(&mut self, id: &str) -> Result<&mut Interview, Refusal> {
        (self.panels.iter_mut()).flat_map(|panel| &mut panel.interviews).find(|it| it.id == id).ok_or_else(|| Refusal::missing("Interview"))
    }
}
