//! What the address of the Interviews page asks for, and the addresses that the page links to. Pure.

use serde::Deserialize;
use url::form_urlencoded;

use super::interviews::PATH;
use super::week::{By, Week};

/// What the address asks for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Wish {
    pub(super) week: Option<String>,
    pub(super) by: Option<String>,
    pub(super) interviewer_id: Option<String>,
    pub(super) opportunity_id: Option<String>,
    /// `true`: canceled ones too.
    pub(super) canceled: Option<String>,
    pub(super) panel: Option<String>,
}

/// Addresses of this page that differ in one thing.
pub(super) struct Address {
    pub(super) week: Week,
    pub(super) by: By,
    pub(super) wish: Wish,
}

/// Addresses that differ in one id: a week links to each of its interviews, and to each of its rows.
pub(super) struct Links {
    base: String,
    field: &'static str,
}

impl Links {
    pub(super) fn to(&self, id: &str) -> String {
        let mut address = String::with_capacity(self.base.len() + self.field.len() + id.len() + 2);
        address.extend([self.base.as_str(), "&", self.field, "="]);
        address.extend(form_urlencoded::byte_serialize(id.as_bytes()));
        address
    }
}

impl Address {
    pub(super) fn of(week: Week, wish: Wish) -> Self {
        let by = if wish.by.as_deref() == Some("interviewer") { By::Interviewer } else { By::Candidate };
        Self { week, by, wish }
    }

    fn with(&self, week: String, changes: &[(&str, Option<&str>)]) -> String {
        let mut fields = vec![
            ("week", Some(week.as_str())),
            ("by", self.wish.by.as_deref()),
            ("interviewerId", self.wish.interviewer_id.as_deref()),
            ("opportunityId", self.wish.opportunity_id.as_deref()),
            ("canceled", self.wish.canceled.as_deref()),
        ];
        for (name, value) in changes {
            fields.retain(|(known, _)| known != name);
            fields.push((name, *value));
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(fields.into_iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?))));
        format!("{PATH}?{}", query.finish())
    }

    pub(super) fn before(&self) -> String {
        self.with(self.week.before(), &[])
    }

    pub(super) fn after(&self) -> String {
        self.with(self.week.after(), &[])
    }

    pub(super) fn today(&self) -> String {
        self.with(String::new(), &[])
    }

    pub(super) fn by(&self, by: &str) -> String {
        self.with(self.week.this(), &[("by", Some(by))])
    }

    pub(super) fn everyone(&self) -> String {
        self.with(self.week.this(), &[("interviewerId", None), ("opportunityId", None)])
    }

    pub(super) fn canceled(&self, shown: bool) -> String {
        self.with(self.week.this(), &[("canceled", shown.then_some("true"))])
    }

    /// The page as it is, with no panel open.
    pub(super) fn closed(&self) -> String {
        self.with(self.week.this(), &[])
    }

    pub(super) fn panels(&self) -> Links {
        Links { base: self.closed(), field: "panel" }
    }

    pub(super) fn rows(&self) -> Links {
        let field = if self.by == By::Candidate { "opportunityId" } else { "interviewerId" };
        Links { base: self.with(self.week.this(), &[(field, None)]), field }
    }

    pub(super) fn shows_canceled(&self) -> bool {
        self.wish.canceled.as_deref() == Some("true")
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use chrono_tz::Tz;

    use super::*;

    #[test]
    fn an_address_changes_one_thing_and_keeps_the_rest() {
        let now = DateTime::from_timestamp(1_795_500_000, 0).expect("a time");
        let wish = Wish { by: Some("interviewer".into()), canceled: Some("true".into()), interviewer_id: Some("a&b".into()), ..Wish::default() };
        let address = Address::of(Week::of(Some("2026-12-01"), now, Tz::UTC), wish);
        assert_eq!(address.after(), "/interviews?week=2026-12-07&by=interviewer&interviewerId=a%26b&canceled=true");
        assert_eq!(address.today(), "/interviews?by=interviewer&interviewerId=a%26b&canceled=true");
        assert_eq!(address.everyone(), "/interviews?week=2026-11-30&by=interviewer&canceled=true");
        assert_eq!(address.canceled(false), "/interviews?week=2026-11-30&by=interviewer&interviewerId=a%26b");
        assert_eq!(address.panels().to("p&1"), "/interviews?week=2026-11-30&by=interviewer&interviewerId=a%26b&canceled=true&panel=p%261");
        assert_eq!(address.rows().to("c"), "/interviews?week=2026-11-30&by=interviewer&canceled=true&interviewerId=c");
    }
}
