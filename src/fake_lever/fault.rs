//! Faults on order: what goes wrong, on which route, how often.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Something that goes wrong on every request it fits, `times` times.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// `None` fits every method.
    pub method: Option<String>,
    /// `*` stands for one segment, a last `**` for any number: `/v1/opportunities/*/panels`.
    pub path_pattern: String,
    /// Only requests whose raw query holds this; `None` fits every query.
    #[serde(default)]
    pub query_part: Option<String>,
    /// Only requests with a token of this account; `None` fits every request.
    #[serde(default)]
    pub account: Option<String>,
    /// `None` until the faults are cleared.
    pub times: Option<usize>,
    #[serde(flatten)]
    pub kind: FaultKind,
}

/// What goes wrong. A dropped connection is closed without a byte of an answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum FaultKind {
    /// Answers this status at once; nothing is done.
    Status { code: u16, retry_after_seconds: Option<u64> },
    /// Waits, then does and answers as usual.
    Delay {
        #[serde(deserialize_with = "millis", rename = "ms")]
        by: Duration,
    },
    /// Drops the connection; nothing is done.
    DropBeforeCommit,
    /// Does it, then drops the connection.
    DropAfterCommit,
    /// Drops the connection at once and does it later.
    CommitLate {
        #[serde(deserialize_with = "millis", rename = "ms")]
        after: Duration,
    },
    /// Drops the connection at once and does it when the test says so: `FakeLever::release`.
    CommitHeld,
    /// Does it when the test says so, and answers then.
    RequestHeld,
    /// Does it, and answers when the test says so.
    AnswerHeld,
    /// Does it, then answers this status.
    StatusAfterCommit { code: u16 },
    /// Does it, then cuts the answer off in the middle.
    Truncate,
    /// Does it, then answers 200 with a page of HTML.
    Garbage,
    /// Does it, then answers byte by byte, this long apart.
    Drip {
        #[serde(deserialize_with = "millis", rename = "ms")]
        every: Duration,
    },
    /// Answers 307; an address without a path gets the request's path and query.
    Redirect { url: String },
    /// Does it, then answers a JSON document of this many bytes.
    Huge { bytes: usize },
    /// Answers 400 "Invalid offset token".
    BadOffset,
    /// Does it twice, as a proxy that repeats a request would; answers the first.
    CommitTwice,
    /// As `CommitTwice`, but answers the second.
    CommitTwiceAnswerSecond,
    /// Answers this; nothing is done.
    Answer { code: u16, body: String },
    /// Does it, and answers what the test makes of the answer.
    #[serde(skip)]
    Altered(Alter),
}

/// What a test does to an answer: to its status, and to its body, which is null where there is none.
type Change = dyn Fn(&mut u16, &mut Value) + Send + Sync;

/// See [`FaultKind::altered`].
#[derive(Clone)]
pub struct Alter(Arc<Change>);

impl FaultKind {
    /// Does it, and answers what this makes of the answer's status and body.
    pub fn altered(alter: impl Fn(&mut u16, &mut Value) + Send + Sync + 'static) -> Self {
        Self::Altered(Alter(Arc::new(alter)))
    }
}

impl Alter {
    pub fn apply(&self, status: &mut u16, body: &mut Value) {
        (self.0)(status, body);
    }
}

impl fmt::Debug for Alter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Alter")
    }
}

impl Fault {
    /// A fault that happens until the faults are cleared.
    pub fn new(method: &str, path_pattern: &str, kind: FaultKind) -> Self {
        let method = (method != "*").then(|| method.to_owned());
        Self { method, path_pattern: path_pattern.to_owned(), query_part: None, account: None, times: None, kind }
    }

    /// Limits how often it happens.
    pub fn times(self, times: usize) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Limits it to requests whose raw query holds this.
    pub fn with_query(self, part: &str) -> Self {
        Self { query_part: Some(part.to_owned()), ..self }
    }

    /// Limits it to one account.
    pub fn for_account(self, account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..self }
    }

    fn fits(&self, account: Option<&str>, method: &str, path: &str, query: &str) -> bool {
        let method_fits = self.method.as_deref().is_none_or(|it| it.eq_ignore_ascii_case(method));
        let query_fits = self.query_part.as_deref().is_none_or(|part| query.contains(part));
        let account_fits = self.account.is_none() || self.account.as_deref() == account;
        method_fits && query_fits && account_fits && path_fits(&self.path_pattern, path)
    }
}

fn path_fits(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    for expected in pattern.split('/') {
        if expected == "**" {
            return true;
        }
        match segments.next() {
            Some(segment) if expected == "*" || expected == segment => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

#[derive(Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The first fault that fits, counted as used.
    pub fn take(&mut self, account: Option<&str>, method: &str, path: &str, query: &str) -> Option<FaultKind> {
        let fault = (self.0.iter_mut()).find(|fault| fault.times != Some(0) && fault.fits(account, method, path, query))?;
        fault.times = fault.times.map(|times| times - 1);
        Some(fault.kind.clone())
    }
}

/// A duration as whole milliseconds, for faults ordered over HTTP.
fn millis<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    u64::deserialize(from).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_segment_and_two_are_the_rest() {
        assert!(path_fits("/v1/opportunities/*/panels", "/v1/opportunities/a/panels"));
        assert!(!path_fits("/v1/opportunities/*/panels", "/v1/opportunities/a/panels/b"));
        assert!(!path_fits("/v1/opportunities/*/panels", "/v1/opportunities/a"));
        assert!(path_fits("/v1/**", "/v1/opportunities/a/panels/b"));
    }

    #[test]
    fn a_fault_is_used_up_and_the_next_one_takes_over() {
        let mut faults = Faults::default();
        faults.add(Fault::new("POST", "/v1/**", FaultKind::Truncate).times(1));
        faults.add(Fault::new("*", "/v1/**", FaultKind::Garbage));
        assert!(matches!(faults.take(None, "GET", "/v1/users", ""), Some(FaultKind::Garbage)));
        assert!(matches!(faults.take(None, "POST", "/v1/users", ""), Some(FaultKind::Truncate)));
        assert!(matches!(faults.take(None, "POST", "/v1/users", ""), Some(FaultKind::Garbage)));
        assert!(faults.take(None, "POST", "/oauth/token", "").is_none());
    }

    #[test]
    fn a_fault_may_be_about_some_queries_only() {
        let mut faults = Faults::default();
        faults.add(Fault::new("GET", "/v1/tags", FaultKind::BadOffset).with_query("offset="));
        assert!(faults.take(None, "GET", "/v1/tags", "limit=100").is_none());
        assert!(faults.take(None, "GET", "/v1/tags", "limit=100&offset=x").is_some());
    }

    #[test]
    fn a_fault_may_be_about_one_account_only() {
        let mut faults = Faults::default();
        faults.add(Fault::new("GET", "/v1/**", FaultKind::Garbage).for_account("one"));
        assert!(faults.take(Some("other"), "GET", "/v1/users", "").is_none());
        assert!(faults.take(None, "GET", "/v1/users", "").is_none());
        assert!(faults.take(Some("one"), "GET", "/v1/users", "").is_some());
    }

    #[test]
    fn a_fault_can_be_ordered_as_json() {
        let order = r#"{"method":"POST","pathPattern":"/v1/**","times":2,"kind":"delay","ms":50}"#;
        let fault: Fault = serde_json::from_str(order).unwrap();
        assert!(matches!(fault.kind, FaultKind::Delay { by } if by == Duration::from_millis(50)));
        assert_eq!(fault.times, Some(2));
    }
}
