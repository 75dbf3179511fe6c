//! Finding out that a list has no end. Pure.
//!
//! Four signs: an offset that was asked for before; too many pages in a row that bring nothing new, be they empty or the same
//! records under ever new offsets; and more pages than anybody has, which also bounds what is remembered here.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

/// Pages without anything new before a list is believed to have no end. A list that shifts repeats a page or two.
const MOST_FRUITLESS: u32 = 10;

/// Pages of one list: two million records, in about fifty megabytes of hashes.
const MOST_PAGES: usize = 20_000;

/// What one reading of a list has seen.
#[derive(Default)]
pub(super) struct Endless {
    asked: HashSet<u64>,
    /// Hashes, so that a long list does not weigh.
    seen: HashSet<u64>,
    fruitless: u32,
}

impl Endless {
    /// A page is about to be asked for. True: it was before.
    pub(super) fn repeats(&mut self, offset: Option<&str>) -> bool {
        !self.asked.insert(hash(&offset))
    }

    /// A page came with these keys. True: it is time to stop.
    pub(super) fn is_proven_by<'a>(&mut self, keys: impl IntoIterator<Item = &'a str>) -> bool {
        let new = keys.into_iter().filter(|key| self.seen.insert(hash(key))).count();
        self.fruitless = if new > 0 { 0 } else { self.fruitless + 1 };
        self.fruitless >= MOST_FRUITLESS || self.asked.len() >= MOST_PAGES
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_asked_for_twice_is_a_circle() {
        let mut list = Endless::default();
        assert!(![None, Some("a"), Some("b")].into_iter().any(|offset| list.repeats(offset)));
        assert!(list.repeats(Some("a")));
    }

    #[test]
    fn the_same_page_for_ever_is_no_list() {
        let mut list = Endless::default();
        let pages = (1..).take_while(|_| !list.is_proven_by(["x", "y"])).count();
        // The first one was new.
        assert_eq!(pages, MOST_FRUITLESS as usize);
    }

    #[test]
    fn ever_new_records_come_to_an_end_too() {
        let mut list = Endless::default();
        let pages =
            (1..).take_while(|page: &usize| !list.repeats(Some(&page.to_string())) && !list.is_proven_by([page.to_string().as_str()])).count();
        assert_eq!(pages + 1, MOST_PAGES);
    }

    #[test]
    fn a_list_that_brings_something_now_and_then_goes_on() {
        let mut list = Endless::default();
        let keys: Vec<String> = (0..500).map(|n| (n / 9).to_string()).collect();
        assert!(!keys.iter().any(|key| list.is_proven_by([key.as_str()])));
    }
}
