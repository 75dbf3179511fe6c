//! Our mark in a panel's `externalUrl`: how a booking whose answer never came is found again at Lever.
//!
//! Lever has no idempotency keys, and `externalUrl` is the one field of a panel that is ours and reads back. Every booking gets 128
//! random bits. Without a url of the caller's the mark is a link of ours, `{PUBLIC_URL}/i/<mark>`; a caller's own url is kept and
//! carries the mark in its fragment, `…#ml-<mark>`, which no server is sent and callers do not see. An edit keeps the mark, whatever it does
//! to the url.

use crate::config::HttpConfig;
use crate::crypto;
use crate::mirror::panels::link::{FRAGMENT, LINK_PATH, MARK_BYTES, mark_of as of, without_mark as without};
use crate::operations::fields::Sent;

/// A new mark, in hex.
pub(super) fn new() -> String {
    hex::encode(crypto::random::<MARK_BYTES>())
}

/// The `externalUrl` of a booking that carries the mark, on the caller's url or on none.
pub(super) fn url(http: &HttpConfig, own: Option<&str>, mark: &str) -> String {
    match own.map(without) {
        None => http.public(&format!("{LINK_PATH}{mark}")),
        Some(own) if own.contains('#') => format!("{own}&{FRAGMENT}{mark}"),
        Some(own) => format!("{own}#{FRAGMENT}{mark}"),
    }
}

/// The `externalUrl` after an edit: the caller's wish, and the mark that was there. `None`: there is none any more.
pub(super) fn edited(http: &HttpConfig, before: Option<&str>, wish: Sent<&String>) -> Option<String> {
    let mark = before.and_then(of);
    match (wish, mark) {
        (Sent::Absent, _) => before.map(str::to_owned),
        (Sent::Null, None) => None,
        (Sent::Null, Some(mark)) => Some(url(http, None, mark)),
        (Sent::Value(own), None) => Some(own.clone()),
        // Sent back as it is at Lever.
        (Sent::Value(own), Some(mark)) if of(own) == Some(mark) => Some(own.clone()),
        (Sent::Value(own), Some(mark)) => Some(url(http, Some(own), mark)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &str = "00112233445566778899aabbccddeeff";

    fn http() -> HttpConfig {
        HttpConfig {
            listen: "127.0.0.1:0".parse().expect("an address"),
            public_url: "https://lever.example.com/".parse().expect("a url"),
            cors_allowed_origins: Vec::new(),
            sign_in_url: None,
            caller_requests_per_second: 0.0,
            max_body_bytes: 1,
            metrics: None,
        }
    }

    #[test]
    fn every_form_of_the_url_gives_the_mark_back() {
        for own in [None, Some("https://app.example.com/x"), Some("https://app.example.com/x#part"), Some("https://app.example.com/i/y?z=1")] {
            let url = url(&http(), own, MARK);
            assert_eq!(of(&url), Some(MARK), "{url}");
            assert_eq!(own.unwrap_or(&url), without(&url));
        }
        assert_eq!(url(&http(), None, MARK), format!("https://lever.example.com/i/{MARK}"));
        assert_eq!(url(&http(), Some("https://a.example/#b"), MARK), format!("https://a.example/#b&ml-{MARK}"));
    }

    #[test]
    fn what_is_not_a_mark_is_none() {
        for url in [
            "",
            "https://a.example/",
            "https://a.example/i/",
            "https://a.example/i/0011",
            "https://a.example/#ml-",
            &format!("https://a.example/j/{MARK}"),
        ] {
            assert_eq!(of(url), None, "{url}");
        }
        assert_ne!(new(), new());
        assert_eq!(of(&format!("https://a.example/i/{}", new())).map(str::len), Some(32));
    }

    #[test]
    fn an_edit_changes_the_callers_part_and_keeps_the_mark() {
        let wish = "https://b.example/".to_owned();
        let marked = url(&http(), Some("https://a.example/"), MARK);
        assert_eq!(edited(&http(), Some(&marked), Sent::Absent), Some(marked.clone()));
        assert_eq!(edited(&http(), Some(&marked), Sent::Value(&wish)), Some(format!("https://b.example/#ml-{MARK}")));
        assert_eq!(edited(&http(), Some(&marked), Sent::Null), Some(url(&http(), None, MARK)));
        // Sent back as callers read it.
        let shown = without(&marked).to_owned();
        assert_eq!(edited(&http(), Some(&marked), Sent::Value(&shown)), Some(marked.clone()));
        let link = url(&http(), None, MARK);
        for before in [&marked, &link] {
            assert_eq!(edited(&http(), Some(before), Sent::Value(before)).as_ref(), Some(before), "the mark is not put on twice");
        }
        // A panel that somebody else's program made has no mark and gets none.
        assert_eq!(edited(&http(), Some("https://c.example/"), Sent::Value(&wish)), Some(wish.clone()));
        assert_eq!(edited(&http(), Some("https://c.example/"), Sent::Null), None);
    }
}
