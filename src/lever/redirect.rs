//! Where a request may be sent on to.
//!
//! Lever redirects an account's requests to its data centre (`api.eu.lever.co`). An HTTP library would drop the token or turn a
//! POST into a GET on the way, so redirects are followed by hand: same method, body and token, and only to Lever, because the
//! token goes along.

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION};
use url::Url;

/// How often one request may be sent on.
pub(super) const MAX_HOPS: usize = 3;

/// What an answer says about going elsewhere.
pub(super) enum Onward {
    /// It is the answer itself.
    Stay,
    /// Ask there.
    To(Url),
    /// It points where no token of ours goes, or nowhere.
    Refused,
}

/// Judges an answer from `from`. `own` is the configured address, whose origin is trusted besides Lever's hosts.
pub(super) fn onward(from: &Url, status: StatusCode, headers: &HeaderMap, own: &Url) -> Onward {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Onward::Stay;
    }
    let location = headers.get(LOCATION).and_then(|location| location.to_str().ok());
    match location.and_then(|location| from.join(location).ok()) {
        Some(target) if is_trusted(&target, own) => Onward::To(target),
        _ => Onward::Refused,
    }
}

/// Whether a token may be sent there: Lever over TLS, or exactly the configured origin.
pub(super) fn is_trusted(target: &Url, own: &Url) -> bool {
    let anonymous = target.username().is_empty() && target.password().is_none();
    let host = target.host_str().unwrap_or_default();
    let lever = target.scheme() == "https" && target.port().is_none() && (host == "lever.co" || host.ends_with(".lever.co"));
    anonymous && (lever || target.origin() == own.origin())
}

/// The API root that a redirected request has shown, when the rest of its path stayed the same.
pub(super) fn root_shown(root: &Url, asked: &Url, landed: &Url) -> Option<Url> {
    let below = asked.path().strip_prefix(root.path().trim_end_matches('/'))?;
    let path = landed.path().strip_suffix(below)?;
    let mut shown = landed.clone();
    shown.set_path(path);
    shown.set_query(None);
    shown.set_fragment(None);
    Some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn follow(location: &str) -> Option<String> {
        let headers = HeaderMap::from_iter([(LOCATION, location.parse().expect("a header"))]);
        let own = url("https://api.lever.co/v1");
        match onward(&url("https://api.lever.co/v1/users?limit=1"), StatusCode::FOUND, &headers, &own) {
            Onward::To(url) => Some(url.into()),
            _ => None,
        }
    }

    #[test]
    fn lever_may_send_a_request_on_within_lever() {
        for good in ["https://api.eu.lever.co/v1/users?limit=1", "https://lever.co/v1/users", "https://api.lever.co/v2/users"] {
            assert_eq!(follow(good).as_deref(), Some(good));
        }
        assert_eq!(follow("/v1/people").as_deref(), Some("https://api.lever.co/v1/people"));
    }

    #[test]
    fn nothing_is_sent_elsewhere() {
        for bad in [
            "http://api.lever.co/v1/users",
            "https://api.lever.co:8443/v1/users",
            "https://lever.co.example.com/v1/users",
            "https://evil-lever.co/v1/users",
            "https://api.lever.co@example.com/v1/users",
            "https://user:pw@api.lever.co/v1/users",
            "https://169.254.169.254/latest",
            "//example.com/v1/users",
            "\\\\example.com/v1",
            "https:example.com",
            "ftp://api.lever.co/v1",
            "javascript:alert(1)",
        ] {
            let onto = follow(bad);
            // A relative reading of a malformed address may stay on Lever's own host; it never leaves it.
            assert!(onto.as_deref().is_none_or(|url| url.starts_with("https://api.lever.co/")), "{bad}: {onto:?}");
        }
    }

    #[test]
    fn a_redirect_without_a_place_is_refused_and_other_answers_stay() {
        let own = url("https://api.lever.co/v1");
        let judge = |status| onward(&own, status, &HeaderMap::new(), &own);
        assert!(matches!(judge(StatusCode::TEMPORARY_REDIRECT), Onward::Refused));
        assert!(matches!(judge(StatusCode::OK), Onward::Stay));
        assert!(matches!(judge(StatusCode::NOT_MODIFIED), Onward::Stay));
    }

    #[test]
    fn a_stand_in_is_trusted_on_its_own_origin_only() {
        let own = url("http://127.0.0.1:4000/v1");
        assert!(is_trusted(&url("http://127.0.0.1:4000/eu/v1/users"), &own));
        assert!(!is_trusted(&url("http://127.0.0.1:4001/v1/users"), &own));
        assert!(!is_trusted(&url("http://localhost:4000/v1/users"), &own));
    }

    #[test]
    fn the_new_root_is_what_is_left_of_the_path() {
        let root = url("https://api.lever.co/v1");
        let asked = url("https://api.lever.co/v1/users/u%2F1?limit=1");
        let shown = |landed| root_shown(&root, &asked, &url(landed)).map(String::from);
        let eu = "https://api.eu.lever.co/v1/users/u%2F1?limit=1";
        assert_eq!(shown(eu).as_deref(), Some("https://api.eu.lever.co/v1"));
        assert_eq!(shown("https://api.eu.lever.co/v1/people/1"), None);
    }
}
