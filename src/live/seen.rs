//! Which changes are new. Pure.
//!
//! A change gets its number when it is made and becomes visible when its transaction commits, so a smaller number may appear after
//! a larger one. Looking only behind the largest would miss it: every look reaches back, and what was seen is remembered that far.

use std::collections::BTreeSet;

/// How many numbers back a late one is still found. Each statement that changes something takes one.
const REACH: i64 = 2_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Seen {
    newest: i64,
    within_reach: BTreeSet<i64>,
}

impl Seen {
    /// The number behind which to look.
    pub fn floor(&self) -> i64 {
        self.newest - REACH
    }

    /// Remembers a number; true when it was not seen before.
    pub fn is_new(&mut self, number: i64) -> bool {
        if number <= self.floor() || !self.within_reach.insert(number) {
            return false;
        }
        if number > self.newest {
            self.newest = number;
            self.within_reach = self.within_reach.split_off(&(self.floor() + 1));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_that_commits_late_is_new_and_one_out_of_reach_is_not() {
        let mut seen = Seen::default();
        assert!(seen.is_new(10_000));
        assert!(seen.is_new(9_990), "late");
        assert!(!seen.is_new(9_990), "once");
        assert!(!seen.is_new(10_000 - REACH));
    }

    proptest! {
        #[test]
        fn whatever_the_order_each_is_new_once(numbers in proptest::collection::vec(1..REACH, 0..200)) {
            let mut seen = Seen::default();
            let new: Vec<i64> = numbers.iter().copied().filter(|number| seen.is_new(*number)).collect();
            let each: BTreeSet<i64> = numbers.iter().copied().collect();
            prop_assert_eq!(new.len(), each.len());
            prop_assert!(seen.within_reach.len() <= REACH as usize);
        }
    }
}
