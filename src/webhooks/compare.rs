//! What stands at Lever against what is wanted. Pure: three lists in, what to do out; done once, there is nothing left to do.

use std::collections::HashSet;

use crate::accounts::webhooks::{WANTED, Webhook, tenant_of};
use crate::ids::TenantId;

/// A webhook in Lever's list, whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub lever_id: String,
    pub event: String,
    pub url: String,
}

/// What makes Lever's list equal to what is wanted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// Events that need a new webhook.
    pub create: Vec<&'static str>,
    /// Webhooks of ours at Lever that must go.
    pub delete: Vec<Standing>,
    /// Our ids of recorded webhooks that must go.
    pub retire: Vec<String>,
}

/// Compares. `base` is the address under which this installation's webhooks lie, with its last slash.
///
/// A recorded webhook is kept when Lever lists it as it was recorded and its key is known; of two for one event, the older.
/// Every other one of ours goes: doubles, those whose key never came, those at an address of the past, and those that only Lever
/// knows of, because the answer to their making was lost. Ours is what is recorded, and what lies under our address with this
/// organization in its id. All the rest belongs to somebody else and is left alone.
pub(super) fn compare(tenant: TenantId, base: &str, recorded: &[Webhook], listed: &[Standing]) -> Difference {
    let kept: Vec<&Webhook> =
        WANTED.iter().filter_map(|wanted| recorded.iter().find(|webhook| stands(webhook, wanted.event, base, listed))).collect();
    let kept_here: HashSet<&str> = kept.iter().map(|webhook| webhook.id.as_str()).collect();
    let kept_there: HashSet<&str> = kept.iter().filter_map(|webhook| webhook.lever_id.as_deref()).collect();
    let is_ours = |standing: &Standing| {
        standing.url.strip_prefix(base).and_then(tenant_of) == Some(tenant)
            || recorded.iter().any(|webhook| webhook.url == standing.url || webhook.lever_id.as_ref() == Some(&standing.lever_id))
    };
    Difference {
        create: WANTED.iter().map(|wanted| wanted.event).filter(|event| !kept.iter().any(|webhook| webhook.event == *event)).collect(),
        delete: listed.iter().filter(|standing| is_ours(standing) && !kept_there.contains(standing.lever_id.as_str())).cloned().collect(),
        retire: recorded.iter().filter(|webhook| !kept_here.contains(webhook.id.as_str())).map(|webhook| webhook.id.clone()).collect(),
    }
}

/// Whether this one brings the event: recorded, with its key, and listed by Lever just so.
fn stands(webhook: &Webhook, event: &str, base: &str, listed: &[Standing]) -> bool {
    webhook.event == event
        && webhook.is_registered()
        && webhook.url.strip_prefix(base) == Some(webhook.id.as_str())
        && listed
            .iter()
            .any(|standing| webhook.lever_id.as_ref() == Some(&standing.lever_id) && standing.url == webhook.url && standing.event == webhook.event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::webhooks::new_id;
    use proptest::prelude::*;
    use uuid::Uuid;

    const BASE: &str = "https://lever.example.com/webhooks/lever/";
    const OLD_BASE: &str = "https://old.example.com/webhooks/lever/";
    const TENANT: TenantId = TenantId(Uuid::from_u128(1));

    fn recorded(event: &str, lever_id: Option<&str>, base: &str) -> Webhook {
        let id = new_id(TENANT);
        let url = format!("{base}{id}");
        Webhook { id, event: event.to_owned(), url, lever_id: lever_id.map(str::to_owned), has_key: lever_id.is_some() }
    }

    fn standing(webhook: &Webhook) -> Standing {
        Standing { lever_id: webhook.lever_id.clone().unwrap_or_default(), event: webhook.event.clone(), url: webhook.url.clone() }
    }

    fn all_in_order() -> (Vec<Webhook>, Vec<Standing>) {
        let recorded: Vec<Webhook> = WANTED.iter().map(|wanted| recorded(wanted.event, Some(&format!("at-lever-{}", wanted.event)), BASE)).collect();
        let listed = recorded.iter().map(standing).collect();
        (recorded, listed)
    }

    #[test]
    fn at_first_everything_is_created_and_then_nothing_is_left_to_do() {
        let events: Vec<&str> = WANTED.iter().map(|wanted| wanted.event).collect();
        assert_eq!(compare(TENANT, BASE, &[], &[]), Difference { create: events, ..Difference::default() });
        let (recorded, listed) = all_in_order();
        assert_eq!(compare(TENANT, BASE, &recorded, &listed), Difference::default());
    }

    #[test]
    fn one_that_somebody_removed_in_lever_is_made_anew() {
        let (recorded, mut listed) = all_in_order();
        listed.remove(1);
        let difference = compare(TENANT, BASE, &recorded, &listed);
        assert_eq!((difference.create, difference.retire), (vec![WANTED[1].event], vec![recorded[1].id.clone()]));
        assert!(difference.delete.is_empty());
    }

    #[test]
    fn one_whose_answer_was_lost_is_found_by_its_address_and_replaced() {
        let (mut rows, mut listed) = all_in_order();
        rows[0] = recorded(WANTED[0].event, None, BASE);
        listed[0] = Standing { lever_id: "never-heard-of".into(), ..standing(&rows[0]) };
        let difference = compare(TENANT, BASE, &rows, &listed);
        assert_eq!(difference.create, [WANTED[0].event]);
        assert_eq!(difference.delete, [listed[0].clone()]);
        assert_eq!(difference.retire, [rows[0].id.clone()]);
    }

    #[test]
    fn a_double_goes_and_the_older_stays() {
        let (mut rows, mut listed) = all_in_order();
        rows.push(recorded(WANTED[0].event, Some("double"), BASE));
        listed.push(standing(&rows[WANTED.len()]));
        let difference = compare(TENANT, BASE, &rows, &listed);
        assert_eq!(
            difference,
            Difference { create: vec![], delete: vec![listed[WANTED.len()].clone()], retire: vec![rows[WANTED.len()].id.clone()] }
        );
    }

    #[test]
    fn a_new_public_address_replaces_all_of_the_old_one() {
        let rows = [recorded(WANTED[0].event, Some("old"), OLD_BASE)];
        let difference = compare(TENANT, BASE, &rows, &[standing(&rows[0])]);
        assert_eq!((difference.create.len(), difference.delete), (WANTED.len(), vec![standing(&rows[0])]));
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        let (recorded, mut listed) = all_in_order();
        for url in [
            format!("{BASE}{}", new_id(TenantId(Uuid::from_u128(2)))),
            format!("{BASE}short"),
            "https://elsewhere.example/hook".into(),
            String::new(),
        ] {
            listed.push(Standing { lever_id: "theirs".into(), event: WANTED[0].event.into(), url });
        }
        assert_eq!(compare(TENANT, BASE, &recorded, &listed), Difference::default());
    }

    /// A recorded webhook in any state a crash or a person could leave it in, and whether Lever lists it.
    fn any_row() -> impl Strategy<Value = (Webhook, bool)> {
        (0..WANTED.len(), any::<[bool; 4]>(), any::<u32>()).prop_map(|(event, [answered, has_key, at_old_address, listed], number)| {
            let lever_id = format!("at-lever-{number}");
            let mut webhook = recorded(WANTED[event].event, answered.then_some(&lever_id), if at_old_address { OLD_BASE } else { BASE });
            webhook.has_key &= has_key;
            (webhook, listed)
        })
    }

    proptest! {
        #[test]
        fn done_once_nothing_is_left_to_do_and_each_event_has_one(rows in proptest::collection::vec(any_row(), 0..12)) {
            let mut listed: Vec<Standing> = rows.iter().enumerate().filter(|(_, (_, listed))| *listed)
                .map(|(at, (webhook, _))| Standing { lever_id: webhook.lever_id.clone().unwrap_or(format!("unheard-{at}")), ..standing(webhook) }).collect();
            let mut rows: Vec<Webhook> = rows.into_iter().map(|(webhook, _)| webhook).collect();
            let difference = compare(TENANT, BASE, &rows, &listed);
            listed.retain(|standing| !difference.delete.contains(standing));
            rows.retain(|webhook| !difference.retire.contains(&webhook.id));
            for event in difference.create {
                let made = recorded(event, Some(&format!("new-{event}")), BASE);
                listed.push(standing(&made));
                rows.push(made);
            }
            prop_assert_eq!(compare(TENANT, BASE, &rows, &listed), Difference::default());
            prop_assert_eq!((rows.len(), listed.len()), (WANTED.len(), WANTED.len()));
        }
    }
}
