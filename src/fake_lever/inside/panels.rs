//! Panels and interviews scheduled, edited and deleted in Lever's own pages.

use serde_json::Value;

use super::super::changes::{InterviewDraft, PanelDraft, Through};
use super::super::refusal::Refusal;
use super::Inside;

impl Inside {
    /// Schedules a panel as the API's body describes it; it is not externally managed.
    pub fn schedule_panel(&self, opportunity: &str, panel: &Value) -> Result<String, Refusal> {
        let draft = PanelDraft::parse(panel)?;
        self.change(|account, by, now| account.create_panel(opportunity, &draft, by, Through::Lever, now))
    }

    /// Replaces any panel as a whole.
    pub fn replace_panel(&self, opportunity: &str, id: &str, panel: &Value) -> Result<(), Refusal> {
        let draft = PanelDraft::parse(panel)?;
        self.change(|account, by, now| account.replace_panel(opportunity, id, &draft, by, Through::Lever, now))
    }

    pub fn cancel_panel(&self, opportunity: &str, panel: &str) -> Result<(), Refusal> {
        self.change(|account, _, now| account.delete_panel(opportunity, panel, Through::Lever, false, now))
    }

    /// Adds an interview to the panel that its body names.
    pub fn add_interview(&self, opportunity: &str, interview: &Value) -> Result<String, Refusal> {
        let draft = InterviewDraft::parse(interview)?;
        self.change(|account, by, now| account.add_interview(opportunity, &draft, by, Through::Lever, now))
    }

    /// Replaces any interview as a whole.
    pub fn replace_interview(&self, opportunity: &str, id: &str, interview: &Value) -> Result<(), Refusal> {
        let draft = InterviewDraft::parse(interview)?;
        self.change(|account, by, now| account.replace_interview(opportunity, id, &draft, by, Through::Lever, now))
    }

    /// Deletes any interview, also of a panel made through the API.
    pub fn delete_interview(&self, opportunity: &str, interview: &str) -> Result<(), Refusal> {
        self.change(|account, _, now| account.delete_interview(opportunity, interview, Through::Lever, now))
    }

    /// Gives a panel a field that no client knows yet; a PUT that leaves it out deletes it.
    pub fn set_panel_field(&self, opportunity: &str, panel: &str, name: &str, value: Value) -> Result<(), Refusal> {
        self.change(|account, _, _| {
            let panel = account.opportunity_mut(opportunity)?.panel_mut(panel)?;
            panel.extra.insert(name.to_owned(), value);
            Ok(())
        })
    }

    /// Gives an interview a field as [`Inside::set_panel_field`]; one that is shown `alone` is not in the panel's copy of it.
    pub fn set_interview_field(&self, opportunity: &str, interview: &str, name: &str, value: Value, alone: bool) -> Result<(), Refusal> {
        self.change(|account, _, _| {
            let interview = account.opportunity_mut(opportunity)?.interview_mut(interview)?;
            let fields = if alone { &mut interview.extra_alone } else { &mut interview.extra };
            fields.insert(name.to_owned(), value);
            Ok(())
        })
    }

    /// Gives the first interviewer of an interview such a field.
    pub fn set_seat_field(&self, opportunity: &str, interview: &str, name: &str, value: Value) -> Result<(), Refusal> {
        self.change(|account, _, _| {
            let seats = &mut account.opportunity_mut(opportunity)?.interview_mut(interview)?.interviewers;
            seats.first_mut().ok_or_else(|| Refusal::missing("Interviewer"))?.extra.insert(name.to_owned(), value);
            Ok(())
        })
    }

    /// Moves a panel to another opportunity of the same person, as merging candidates does.
    pub fn move_panel(&self, from: &str, panel: &str, to: &str) -> Result<(), Refusal> {
        self.change(|account, _, _| {
            if account.opportunity(from)?.contact != account.opportunity(to)?.contact {
                return Err(Refusal::bad("both opportunities must be of one person"));
            }
            let source = account.opportunity_mut(from)?;
            let moved = source.panel(panel)?.clone();
            source.panels.retain(|it| it.id != panel);
            account.opportunity_mut(to)?.panels.push(moved);
            Ok(())
        })
    }
}
