//! The activity log: every write that was made at Lever, in words. Pure.

use std::collections::HashMap;

use super::shell::Moment;
use super::webhooks;
use crate::operations::{OperationStatus, OperationView};

/// One write.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Deed {
    /// `good`, `warn`, `bad` or `quiet`: how its outcome looks.
    pub(super) tone: &'static str,
    pub(super) words: String,
    /// `None` when it is about no candidate.
    pub(super) opportunity_id: Option<String>,
    /// `None` when our copy does not know the candidate.
    pub(super) candidate: Option<String>,
    pub(super) who: String,
    pub(super) at: Moment,
    pub(super) outcome: String,
}

/// The writes in words; `candidates` are the names of those they are about, by opportunity.
pub(super) fn describe(operations: &[OperationView], candidates: &HashMap<String, String>) -> Vec<Deed> {
    operations.iter().map(|operation| deed(operation, candidates)).collect()
}

/// The same, shorter: connecting sets up a message for each kind of change, which are one line here.
pub(super) fn summarize(operations: &[OperationView], candidates: &HashMap<String, String>) -> Vec<Deed> {
    let runs = operations.chunk_by(|one, other| {
        let alike = one.kind == other.kind && one.caller == other.caller;
        alike && [one, other].iter().all(|it| it.webhook_event.is_some() && it.status == OperationStatus::Succeeded)
    });
    let one_line = |run: &[OperationView]| match run {
        [first, _, ..] => Deed { words: format!("{} messages {}", run.len(), done_to_message(&first.kind)), ..deed(first, candidates) },
        run => deed(&run[0], candidates),
    };
    runs.map(one_line).collect()
}

fn deed(operation: &OperationView, candidates: &HashMap<String, String>) -> Deed {
    let (tone, outcome) = outcome(operation);
    Deed {
        tone,
        words: words(operation),
        opportunity_id: operation.opportunity_id.clone(),
        candidate: operation.opportunity_id.as_ref().and_then(|id| candidates.get(id)).cloned(),
        who: operation.caller_email.clone().unwrap_or_else(|| "this service".to_owned()),
        at: Moment(operation.created_at),
        outcome,
    }
}

fn words(operation: &OperationView) -> String {
    if let Some(event) = &operation.webhook_event {
        return format!("Message “{}” {}", webhooks::words(event), done_to_message(&operation.kind));
    }
    let words = match operation.kind.as_str() {
        "schedule_panel" => "Interviews scheduled",
        "edit_panel" => "Interviews changed",
        "cancel_panel" => "Interviews canceled",
        "add_interview" => "Interview added",
        "edit_interview" => "Interview changed",
        "cancel_interview" => "Interview canceled",
        "remove_double" => "Double removed",
        "write_note" => "Note written",
        _ => "Change in Lever",
    };
    words.to_owned()
}

fn done_to_message(kind: &str) -> &'static str {
    if kind == "register_webhook" { "set up in Lever" } else { "removed from Lever" }
}

fn outcome(operation: &OperationView) -> (&'static str, String) {
    let reason = |otherwise: &str| operation.error.as_ref().map_or_else(|| otherwise.to_owned(), |error| error.message.clone());
    match operation.status {
        OperationStatus::Succeeded => ("good", "Done".to_owned()),
        OperationStatus::Sending => ("quiet", "On its way to Lever".to_owned()),
        OperationStatus::Unknown => ("warn", reason("Lever has not answered; being found out")),
        OperationStatus::Failed => ("bad", reason("It did not happen")),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::ids::OperationId;
    use crate::operations::OperationError;

    fn operation(kind: &str, status: OperationStatus, error: Option<&str>) -> OperationView {
        OperationView {
            id: OperationId::new(),
            kind: kind.into(),
            status,
            opportunity_id: Some("o1".into()),
            panel_id: None,
            interview_id: None,
            note_id: None,
            webhook_event: None,
            caller: "u1".into(),
            caller_email: Some("maya@northwind.example".into()),
            perform_as: Some("l1".into()),
            created_at: DateTime::UNIX_EPOCH,
            settled_at: None,
            attempts: 1,
            steps: Vec::new(),
            lever_status: None,
            lever_code: None,
            error: error.map(|message| OperationError { code: "x".into(), message: message.into() }),
        }
    }

    #[test]
    fn each_write_says_what_became_of_it() {
        let names = HashMap::from([("o1".to_owned(), "Ada Example".to_owned())]);
        let operations = [
            operation("schedule_panel", OperationStatus::Succeeded, None),
            operation("cancel_panel", OperationStatus::Failed, Some("Lever refused this.")),
            operation("edit_panel", OperationStatus::Unknown, None),
        ];
        let shown: Vec<_> = describe(&operations, &names).into_iter().map(|deed| (deed.words, deed.tone, deed.outcome)).collect();
        let line = |words: &str, tone, outcome: &str| (words.to_owned(), tone, outcome.to_owned());
        assert_eq!(
            shown,
            [
                line("Interviews scheduled", "good", "Done"),
                line("Interviews canceled", "bad", "Lever refused this."),
                line("Interviews changed", "warn", "Lever has not answered; being found out"),
            ]
        );
        assert_eq!(describe(&operations, &names)[0].candidate.as_deref(), Some("Ada Example"));
        assert_eq!(describe(&operations, &HashMap::new())[0].candidate, None);
    }

    #[test]
    fn messages_that_were_set_up_together_are_one_line_in_short() {
        let webhook = |kind, status, event: &str| OperationView { webhook_event: Some(event.into()), ..operation(kind, status, None) };
        let operations = [
            operation("schedule_panel", OperationStatus::Succeeded, None),
            webhook("register_webhook", OperationStatus::Failed, "candidateHired"),
            webhook("register_webhook", OperationStatus::Succeeded, "contactUpdated"),
            webhook("register_webhook", OperationStatus::Succeeded, "contactCreated"),
            webhook("remove_webhook", OperationStatus::Succeeded, "contactCreated"),
        ];
        let lines = |deeds: Vec<Deed>| deeds.into_iter().map(|deed| deed.words).collect::<Vec<_>>();
        assert_eq!(
            lines(summarize(&operations, &HashMap::new())),
            [
                "Interviews scheduled",
                "Message “A candidate is hired” set up in Lever",
                "2 messages set up in Lever",
                "Message “A person is added” removed from Lever",
            ]
        );
        assert_eq!(describe(&operations, &HashMap::new()).len(), operations.len());
    }
}
