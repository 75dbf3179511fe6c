//! The mark that a booking of ours carries in its `externalUrl`, told from the address itself. Pure.
//!
//! Without an address of the caller's the mark is a link of ours, `…/i/<mark>`. A caller's own address carries it in its fragment,
//! `…#ml-<mark>`: that is between us and Lever, and a caller reads back what was sent.

/// Bytes of a mark; it is written in hex.
pub const MARK_BYTES: usize = 16;
/// Where our own links lead.
pub const LINK_PATH: &str = "/i/";
/// What stands before a mark in a fragment.
pub const FRAGMENT: &str = "ml-";

/// The mark in an `externalUrl`, whatever our address was when it was made.
pub fn mark_of(url: &str) -> Option<&str> {
    let (address, fragment) = url.split_once('#').map_or((url, None), |(address, fragment)| (address, Some(fragment)));
    let in_fragment = fragment.and_then(|fragment| fragment.rsplit('&').find_map(|part| part.strip_prefix(FRAGMENT)).filter(|it| is_mark(it)));
    in_fragment.or_else(|| address.rsplit_once(LINK_PATH).map(|(_, last)| last).filter(|it| is_mark(it)))
}

/// The caller's own part of an `externalUrl`: without the mark in its fragment. A link of ours is all there is, and stays.
pub fn without_mark(url: &str) -> &str {
    match mark_of(url) {
        Some(mark) => {
            url.strip_suffix(mark).and_then(|url| url.strip_suffix(FRAGMENT)).map_or(url, |url| url.strip_suffix(['#', '&']).unwrap_or(url))
        }
        None => url,
    }
}

fn is_mark(text: &str) -> bool {
    text.len() == 2 * MARK_BYTES && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
