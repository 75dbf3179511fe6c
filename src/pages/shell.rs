//! The frame of every page: its title, its files, and who is signed in.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};

use super::{assets, demo_people};
use crate::auth::{Caller, Role};
use crate::error::Error;

/// What `layout.html` needs.
pub(super) struct Shell {
    pub(super) title: &'static str,
    pub(super) stylesheet: &'static str,
    pub(super) script: &'static str,
    pub(super) person: Option<Person>,
}

/// The person who is signed in.
pub(super) struct Person {
    pub(super) email: String,
    pub(super) role: &'static str,
    /// Known of the demo organizations only.
    pub(super) organization: Option<&'static str>,
}

impl Shell {
    pub(super) fn new(title: &'static str) -> Self {
        Self { title, stylesheet: assets::stylesheet(), script: assets::script(), person: None }
    }

    pub(super) fn of(title: &'static str, caller: &Caller) -> Self {
        let person = Person {
            email: caller.email.clone(),
            role: if caller.role == Role::Admin { "Admin" } else { "Member" },
            organization: demo_people::organization_name(caller.tenant),
        };
        Self { person: Some(person), ..Self::new(title) }
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
