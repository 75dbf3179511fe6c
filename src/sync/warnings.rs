//! What a run has to say though the rest of it went well. Pure.

use serde::Serialize;
use utoipa::ToSchema;

use super::plan::Kind;
use super::reconcile::DifferenceView;
use super::store::{RunKind, StepRow};

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WarningView {
    /// `list_given_up`, `records_skipped` or `candidates_unasked`.
    #[schema(example = "records_skipped")]
    pub code: &'static str,
    /// The kind of object it is about.
    pub kind: Kind,
    /// In a sentence.
    #[schema(example = "3 notes could not be read. What is stored of them is left as it was.")]
    pub message: String,
}

pub(super) fn of(kind: RunKind, steps: &[&StepRow]) -> Vec<WarningView> {
    steps.iter().flat_map(|step| [given_up(step), skipped(kind, step)]).flatten().collect()
}

/// What a reconciliation could not find out.
pub(super) fn of_differences(differences: &[DifferenceView]) -> Vec<WarningView> {
    let unknown = |difference: &DifferenceView| {
        let message = match difference.unknown.count {
            0 => return None,
            1 => "Lever could not be asked for one candidate whom none of its lists shows. Nobody knows whether it is gone.".to_owned(),
            many => format!("Lever could not be asked for {many} candidates whom none of its lists shows. Nobody knows whether they are gone."),
        };
        Some(WarningView { code: "candidates_unasked", kind: difference.kind, message })
    };
    differences.iter().filter_map(unknown).collect()
}

fn given_up(step: &StepRow) -> Option<WarningView> {
    let message = step.trouble.clone()?;
    Some(WarningView { code: "list_given_up", kind: step.object, message })
}

fn skipped(kind: RunKind, step: &StepRow) -> Option<WarningView> {
    let mut message = match (step.skipped, step.step.is_of_children()) {
        (0, _) => return None,
        (1, true) => format!("The {} of one candidate could not be read. They are left as they were and tried again later.", step.object.words()),
        (many, true) => {
            format!("The {} of {many} candidates could not be read. They are left as they were and tried again later.", step.object.words())
        }
        (1, false) => format!("One of Lever's {} could not be read.", step.object.words()),
        (many, false) => format!("{many} of Lever's {} could not be read.", step.object.words()),
    };
    if kind == RunKind::Reconcile {
        message.push_str(" So nothing was taken for gone that Lever does not list.");
    }
    Some(WarningView { code: "records_skipped", kind: step.object, message })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::plan::Step;
    use crate::sync::store::steps::sample;

    #[test]
    fn a_run_that_read_everything_has_nothing_to_say() {
        assert_eq!(of(RunKind::Full, &[&sample(Step::Users), &sample(Step::Panels)]), []);
    }

    #[test]
    fn what_was_left_out_is_said() {
        let notes = StepRow { skipped: 3, ..sample(Step::Notes) };
        let users = StepRow { skipped: 1, trouble: Some("No users.".into()), ..sample(Step::Users) };
        let said = of(RunKind::Full, &[&users, &notes]);
        assert_eq!(
            said.iter().map(|it| (it.code, it.kind)).collect::<Vec<_>>(),
            [("list_given_up", Kind::Users), ("records_skipped", Kind::Users), ("records_skipped", Kind::Notes),]
        );
        assert!(said[2].message.starts_with("The notes of 3 candidates"));
        let reconciled = of(RunKind::Reconcile, &[&users]);
        assert!(reconciled[1].message.ends_with("could not be read. So nothing was taken for gone that Lever does not list."));
    }
}
