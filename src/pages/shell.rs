//! The frame of every page: its title, its files, and who is signed in.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};

use super::{assets, candidates, demo_people, integrations, interviews};
use crate::auth::{Caller, Role};
use crate::error::Error;

/// What `layout.html` needs.
pub(super) struct Shell {
    pub(super) title: String,
    pub(super) section: Section,
    pub(super) person: Option<Person>,
}

/// The part of the product that a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Interviews,
    Candidates,
    Integrations,
    /// Pages outside of it.
    None,
}

/// The person who is signed in.
pub(super) struct Person {
    pub(super) email: String,
    pub(super) role: &'static str,
    /// Known of the demo organizations only.
    pub(super) organization: Option<&'static str>,
}

impl Shell {
    /// A page that anyone may see.
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), section: Section::None, person: None }
    }

    /// A page of somebody who is signed in.
    pub(super) fn of(title: impl Into<String>, section: Section, caller: &Caller) -> Self {
        let person = Person {
            email: caller.email.clone(),
            role: if caller.role == Role::Admin { "Admin" } else { "Member" },
            organization: demo_people::organization_name(caller.tenant),
        };
        Self { section, person: Some(person), ..Self::new(title) }
    }

    /// Where a file of the pages is.
    pub(super) fn asset(&self, name: &str) -> &'static str {
        assets::path(name)
    }

    /// The sections, with their addresses; of the one that is open it is said.
    pub(super) fn sections(&self) -> [(&'static str, &'static str, bool); 3] {
        [
            ("Interviews", interviews::PATH, self.section == Section::Interviews),
            ("Candidates", candidates::PATH, self.section == Section::Candidates),
            ("Integrations", integrations::PATH, self.section == Section::Integrations),
        ]
    }
}

/// A time on a page. Rendered in UTC; the script shows it in the reader's own zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(pub(super) DateTime<Utc>);

impl Moment {
    /// For `datetime`.
    pub(super) fn machine(&self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// For people.
    pub(super) fn words(&self) -> String {
        self.0.format("%-d %B %Y, %H:%M UTC").to_string()
    }

    /// For people who need not know the hour.
    pub(super) fn day(&self) -> String {
        self.0.format("%-d %B %Y").to_string()
    }
}

/// A template as an answer.
pub(super) fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => Error::internal(error).into_response(),
    }
}
