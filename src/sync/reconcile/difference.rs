//! What differs between Lever and our copy. Pure.

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;

use crate::sync::plan::Kind;
use crate::sync::store::findings::{Finding, FindingRow};

/// Ids that are shown of each sort; the counts are whole.
const SHOWN: usize = 100;

/// What a reconciliation found to differ in one kind of object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DifferenceView {
    pub kind: Kind,
    /// At Lever, and not here.
    pub missing: IdsView,
    /// Not here as Lever has them.
    pub changed: IdsView,
    /// Here, and no longer at Lever.
    pub gone: IdsView,
    /// Here, in no list of Lever's, and Lever could not be asked: kept as they are.
    pub unknown: IdsView,
}

/// How many there are, and which.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdsView {
    #[schema(example = 1)]
    pub count: usize,
    /// The first hundred.
    pub ids: Vec<String>,
}

/// What is here and no list of Lever's showed.
pub(super) fn gone(here: &BTreeSet<String>, there: &BTreeSet<String>) -> Vec<String> {
    here.difference(there).cloned().collect()
}

/// The findings of a run by kind; a kind without any is left out.
pub(in crate::sync) fn summary(findings: &[FindingRow]) -> Vec<DifferenceView> {
    let kinds: BTreeSet<Kind> = findings.iter().filter(|row| row.finding != Finding::Same).map(|row| row.object).collect();
    let ids = |kind, finding| {
        let mut ids: Vec<String> = findings.iter().filter(|row| row.object == kind && row.finding == finding).map(|row| row.id.clone()).collect();
        let count = ids.len();
        ids.truncate(SHOWN);
        IdsView { count, ids }
    };
    let difference = |kind| DifferenceView {
        kind,
        missing: ids(kind, Finding::Missing),
        changed: ids(kind, Finding::Changed),
        gone: ids(kind, Finding::Gone),
        unknown: ids(kind, Finding::Unknown),
    };
    kinds.into_iter().map(difference).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(object: Kind, id: &str, finding: Finding) -> FindingRow {
        FindingRow { object, id: id.into(), finding }
    }

    #[test]
    fn what_differs_is_counted_by_kind() {
        let findings = [
            row(Kind::Users, "a", Finding::Same),
            row(Kind::Tags, "t", Finding::Gone),
            row(Kind::Opportunities, "n", Finding::Missing),
            row(Kind::Opportunities, "o", Finding::Changed),
            row(Kind::Opportunities, "p", Finding::Changed),
            row(Kind::Opportunities, "q", Finding::Unknown),
        ];
        let shown = summary(&findings);
        assert_eq!(shown.iter().map(|it| it.kind).collect::<Vec<_>>(), [Kind::Tags, Kind::Opportunities]);
        assert_eq!(shown[1].changed, IdsView { count: 2, ids: vec!["o".into(), "p".into()] });
        assert_eq!((shown[1].missing.count, shown[1].gone.count, shown[1].unknown.count, shown[0].gone.count), (1, 0, 1, 1));
    }

    #[test]
    fn a_long_list_is_counted_whole_and_shown_in_part() {
        let findings: Vec<_> = (0..250).map(|n| row(Kind::Users, &n.to_string(), Finding::Missing)).collect();
        let shown = summary(&findings);
        assert_eq!((shown[0].missing.count, shown[0].missing.ids.len()), (250, SHOWN));
    }

    proptest! {
        #[test]
        fn what_is_gone_is_here_and_not_there(here in prop::collection::btree_set("[a-d]{1,2}", 0..12), there in prop::collection::btree_set("[a-d]{1,2}", 0..12)) {
            let gone = gone(&here, &there);
            prop_assert!(gone.iter().all(|id| here.contains(id) && !there.contains(id)));
            prop_assert_eq!(gone.len() + here.intersection(&there).count(), here.len());
        }
    }
}
