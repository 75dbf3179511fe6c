//! From when on a list of changes is asked for, and how far it was read. Pure.
//!
//! Lever's clock and ours differ, a change may take a moment to show up in a list, and `updatedAt` may be null, in the future or go
//! backwards. So a cursor is only ever a time that both clocks had passed BEFORE the read began, less an overlap, and never a time out
//! of a record. What is read twice because of it is stored twice and does no harm.

use chrono::{DateTime, TimeDelta, Utc};

/// How much of what was read before is read again.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);

/// From when on changes are asked for, that what changed up to `read_until` was read before.
pub fn since(read_until: DateTime<Utc>) -> DateTime<Utc> {
    read_until.checked_sub_signed(OVERLAP).unwrap_or(read_until)
}

/// What changed before then is in the list for sure. `began` is our time before the first page was asked for, `server` is Lever's when
/// it answered that page.
pub fn until(began: DateTime<Utc>, server: Option<DateTime<Utc>>) -> DateTime<Utc> {
    server.map_or(began, |server| server.min(began))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a time")
    }

    #[test]
    fn changes_are_looked_for_from_before_what_was_read() {
        assert_eq!(at(1_000) - since(at(1_000)), OVERLAP);
        assert_eq!(since(DateTime::<Utc>::MIN_UTC), DateTime::<Utc>::MIN_UTC);
    }

    proptest! {
        /// Whatever the two clocks say: a change that Lever stamps after the read began is in the next window.
        #[test]
        fn nothing_falls_between_two_windows(began in 0_i64..2_000_000_000, skew in -100_000_i64..100_000, later in 0_i64..100_000) {
            let (began, server) = (at(began), at(began + skew));
            let next = since(until(began, Some(server)));
            let change = at(server.timestamp() + later);
            prop_assert!(next <= change && next <= server && next <= began);
        }
    }
}
