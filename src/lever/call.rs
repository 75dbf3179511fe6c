//! One call to Lever's API, before it is sent: its route, ids, query and body, and the URL they make.
//!
//! Ids are data from outside. They enter a URL as one percent-encoded path segment each, and one that could change the path is
//! refused before anything is sent.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::Value;
use url::Url;

use super::Error;

/// Which page of a list to read.
#[derive(Clone, Debug)]
pub struct Paging {
    limit: u32,
    offset: Option<String>,
    keys_only: bool,
}

impl Paging {
    /// The first page, of Lever's largest size.
    pub fn first() -> Self {
        Self { limit: 100, offset: None, keys_only: false }
    }

    /// The page that begins at an offset from [`Page::next`](super::Page::next).
    pub fn from(offset: impl Into<String>) -> Self {
        Self { limit: 100, offset: Some(offset.into()), keys_only: false }
    }

    /// With at most that many records, 1 to 100.
    pub fn limit(self, limit: u32) -> Self {
        Self { limit: limit.clamp(1, 100), ..self }
    }

    /// Nothing of each record but what tells it apart.
    pub fn keys_only(self) -> Self {
        Self { keys_only: true, ..self }
    }
}

/// A span of time, both ends included; open where an end is absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    pub start: Option<DateTime<Utc>>,
    pub end: Option<DateTime<Utc>>,
}

impl Window {
    /// Everything from that time on.
    pub fn since(start: DateTime<Utc>) -> Self {
        Self { start: Some(start), end: None }
    }

    pub(super) fn is_open(&self) -> bool {
        self.start.is_none() && self.end.is_none()
    }
}

/// A call in the making.
pub(super) struct Call {
    pub(super) method: Method,
    /// The path below the API's root with `{}` for each id; also what logs and metrics call it.
    pub(super) route: &'static str,
    ids: Vec<String>,
    query: Vec<(&'static str, String)>,
    paging: Option<Paging>,
    pub(super) body: Option<Bytes>,
}

impl Call {
    pub(super) fn get(route: &'static str, ids: &[&str]) -> Self {
        Self::new(Method::GET, route, ids)
    }

    pub(super) fn post(route: &'static str, ids: &[&str]) -> Self {
        Self::new(Method::POST, route, ids)
    }

    pub(super) fn put(route: &'static str, ids: &[&str]) -> Self {
        Self::new(Method::PUT, route, ids)
    }

    pub(super) fn delete(route: &'static str, ids: &[&str]) -> Self {
        Self::new(Method::DELETE, route, ids)
    }

    fn new(method: Method, route: &'static str, ids: &[&str]) -> Self {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        Self { method, route, ids, query: Vec::new(), paging: None, body: None }
    }

    pub(super) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// The parameter once per value.
    pub(super) fn queries(self, name: &'static str, values: &[String]) -> Self {
        values.iter().fold(self, |call, value| call.query(name, value))
    }

    pub(super) fn window(self, start: &'static str, end: &'static str, window: &Window) -> Self {
        let ends = [(start, window.start), (end, window.end)];
        ends.into_iter().fold(self, |call, (name, time)| match time {
            Some(time) => call.query(name, time.timestamp_millis().to_string()),
            None => call,
        })
    }

    /// The Lever user in whose name a write is made.
    pub(super) fn perform_as(self, user: &str) -> Self {
        self.query("perform_as", user)
    }

    /// One page of a list whose records are told apart by the field `key`.
    pub(super) fn paged(mut self, paging: &Paging, key: &'static str) -> Self {
        self.paging = Some(paging.clone());
        if !paging.keys_only {
            return self;
        }
        self.query.retain(|(name, _)| *name != "expand");
        self.query("include", key)
    }

    pub(super) fn json(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string().into());
        self
    }

    /// What it is about: the record that it names first, or the list.
    pub(super) fn subject(&self) -> &str {
        self.ids.first().map_or(self.route, String::as_str)
    }

    /// Whether it changes nothing at Lever, and so may be repeated.
    pub(super) fn is_read(&self) -> bool {
        self.method == Method::GET
    }

    /// How many records are asked for, if it is a list.
    pub(super) fn limit(&self) -> Option<u32> {
        self.paging.as_ref().map(|paging| paging.limit)
    }

    /// Asks for fewer records, in the end for a single one: Lever sometimes fails on a large page and not on a small one, and one record that
    /// spoils its page then spoils no other's.
    pub(super) fn ask_for_less(&mut self) {
        if let Some(paging) = &mut self.paging {
            paging.limit = (paging.limit / 4).max(1);
        }
    }

    /// The URL below an API root.
    pub(super) fn url(&self, root: &Url) -> Result<Url, Error> {
        let mut url = root.clone();
        let mut ids = self.ids.iter();
        {
            let mut path = url.path_segments_mut().map_err(|()| Error::Invalid { reason: "an API root without a path" })?;
            path.pop_if_empty();
            for part in self.route.split('/') {
                match part {
                    "{}" => path.push(checked(ids.next().map_or("", String::as_str))?),
                    word => path.push(word),
                };
            }
        }
        self.append_query(&mut url)?;
        Ok(url)
    }

    fn append_query(&self, url: &mut Url) -> Result<(), Error> {
        if self.query.is_empty() && self.paging.is_none() {
            return Ok(());
        }
        let mut pairs = url.query_pairs_mut();
        for (name, value) in &self.query {
            if value.is_empty() {
                return Err(Error::Invalid { reason: "an empty parameter" });
            }
            pairs.append_pair(name, value);
        }
        if let Some(paging) = &self.paging {
            pairs.append_pair("limit", &paging.limit.to_string());
            // `next` arrives percent-encoded, and Lever wants it back as it came: it is encoded once more like any value.
            if let Some(offset) = &paging.offset {
                pairs.append_pair("offset", offset);
            }
        }
        Ok(())
    }
}

/// An id that stays one path segment. `.` and `..` would be dropped from the path, and so name another resource.
fn checked(id: &str) -> Result<&str, Error> {
    if could_be_id(id) { Ok(id) } else { Err(Error::Invalid { reason: "not an id" }) }
}

/// Whether Lever could have something of this id; calls with any other are refused before they are sent.
pub fn could_be_id(id: &str) -> bool {
    // `opportunities/deleted` and `postings/deleted` are lists.
    !matches!(id, "" | "." | ".." | "deleted") && id.len() <= 255 && !id.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn root() -> Url {
        Url::parse("https://api.lever.co/v1").expect("a URL")
    }

    fn panel(id: &str) -> Result<Url, Error> {
        Call::get("opportunities/{}/panels", &[id]).url(&root())
    }

    #[test]
    fn an_id_is_one_encoded_segment() {
        let url = panel("../users?x=1#y/ä%2e").expect("a URL");
        let expected = "https://api.lever.co/v1/opportunities/..%2Fusers%3Fx=1%23y%2F%C3%A4%252e/panels";
        assert_eq!(url.as_str(), expected);
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for id in ["", ".", "..", "deleted", "a\nb", "a\0", &"x".repeat(256)] {
            assert!(matches!(panel(id), Err(Error::Invalid { .. })), "{id:?}");
        }
        let nobody = Call::delete("webhooks/{}", &["w"]).perform_as("").url(&root());
        assert!(matches!(nobody, Err(Error::Invalid { .. })));
    }

    #[test]
    fn a_root_may_end_in_a_slash() {
        let root = Url::parse("https://api.eu.lever.co/v1/").expect("a URL");
        let url = Call::get("tags", &[]).url(&root).expect("a URL");
        assert_eq!(url.as_str(), "https://api.eu.lever.co/v1/tags");
    }

    #[test]
    fn an_offset_is_encoded_once_more() {
        let call = Call::get("opportunities", &[]).paged(&Paging::from("%5B3%2C1%5D").limit(500), "id");
        let expected = "https://api.lever.co/v1/opportunities?limit=100&offset=%255B3%252C1%255D";
        assert_eq!(call.url(&root()).expect("a URL").as_str(), expected);
    }

    #[test]
    fn less_is_asked_for_down_to_a_single_record() {
        let mut call = Call::get("tags", &[]).paged(&Paging::first(), "text");
        let limits: Vec<_> = (0..5).map(|_| (call.limit(), call.ask_for_less()).0).collect();
        assert_eq!(limits, [Some(100), Some(25), Some(6), Some(1), Some(1)]);
    }

    #[test]
    fn of_records_that_only_shall_be_told_apart_nothing_else_is_asked_for() {
        let list = Call::get("opportunities", &[]).query("expand", "contact").query("archived", "false");
        let url = list.paged(&Paging::from("a").limit(1).keys_only(), "id").url(&root()).expect("a URL");
        assert_eq!(url.as_str(), "https://api.lever.co/v1/opportunities?archived=false&include=id&limit=1&offset=a");
    }

    proptest! {
        #[test]
        fn no_id_leaves_its_place_in_the_path(id in "\\PC{0,40}") {
            if let Ok(url) = panel(&id) {
                let segments: Vec<_> = url.path_segments().expect("a path").collect();
                prop_assert_eq!(segments.len(), 4);
                prop_assert_eq!([segments[0], segments[1], segments[3]], ["v1", "opportunities", "panels"]);
                prop_assert_eq!(url.host_str(), Some("api.lever.co"));
                prop_assert_eq!(url.query(), None);
            }
        }
    }
}
