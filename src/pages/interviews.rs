//! `GET /interviews`: the week's interviews, by candidate or by interviewer; one panel in detail.

use std::fmt::Write;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::SecondsFormat;
use serde::Deserialize;
use url::form_urlencoded;

use super::notice::{self, Copied, Standing};
use super::panel_card::PanelCard;
use super::shell::{Section, Shell, render};
use super::visitor::Visitor;
use super::week::{By, Day, Row, Week};
use super::when;
use crate::db::TenantTx;
use crate::error::Result;
use crate::mirror::interviews::{self, InterviewFilter, InterviewView};
use crate::mirror::panels::{self, PanelView};
use crate::mirror::{Filters, opportunities};
use crate::page::{Page, Paging};
use crate::state::AppState;

pub(super) const PATH: &str = "/interviews";
/// More entries than that are no week that anybody reads, and no light page: one is read with a filter. No more than one page of the
/// list has.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "interviews.html")]
struct InterviewsPage<'a> {
    shell: Shell,
    is_admin: bool,
    standing: Standing,
    address: Address,
    title: String,
    zone: String,
    days: Vec<Day>,
    rows: Vec<Row<'a>>,
    row_links: Links,
    panel_links: Links,
    /// Whose interviews alone are shown.
    only: Option<String>,
    /// There are more than are shown.
    cut: bool,
    details: Option<Details>,
}

/// A panel that was clicked.
struct Details {
    card: PanelCard,
    candidate: String,
}

/// What the address asks for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Wish {
    week: Option<String>,
    by: Option<String>,
    interviewer_id: Option<String>,
    opportunity_id: Option<String>,
    /// `true`: canceled ones too.
    canceled: Option<String>,
    panel: Option<String>,
}

/// Addresses of this page that differ in one thing.
struct Address {
    week: Week,
    by: By,
    wish: Wish,
}

/// Addresses that differ in one id: a week links to each of its interviews, and to each of its rows.
struct Links {
    base: String,
    field: &'static str,
}

impl Links {
    fn to(&self, id: &str) -> String {
        let mut address = String::with_capacity(self.base.len() + self.field.len() + id.len() + 2);
        address.extend([self.base.as_str(), "&", self.field, "="]);
        address.extend(form_urlencoded::byte_serialize(id.as_bytes()));
        address
    }
}

impl Address {
    fn of(week: Week, wish: Wish) -> Self {
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

    fn before(&self) -> String {
        self.with(self.week.before(), &[])
    }

    fn after(&self) -> String {
        self.with(self.week.after(), &[])
    }

    fn today(&self) -> String {
        self.with(String::new(), &[])
    }

    fn by(&self, by: &str) -> String {
        self.with(self.week.this(), &[("by", Some(by))])
    }

    fn everyone(&self) -> String {
        self.with(self.week.this(), &[("interviewerId", None), ("opportunityId", None)])
    }

    fn canceled(&self, shown: bool) -> String {
        self.with(self.week.this(), &[("canceled", shown.then_some("true"))])
    }

    /// The page as it is, with no panel open.
    fn closed(&self) -> String {
        self.with(self.week.this(), &[])
    }

    fn panels(&self) -> Links {
        Links { base: self.closed(), field: "panel" }
    }

    fn rows(&self) -> Links {
        let field = if self.by == By::Candidate { "opportunityId" } else { "interviewerId" };
        Links { base: self.with(self.week.this(), &[(field, None)]), field }
    }

    fn shows_canceled(&self) -> bool {
        self.wish.canceled.as_deref() == Some("true")
    }
}

pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, wish: Result<Filters<Wish>>) -> Result<Response> {
    let Filters(wish) = wish?;
    let tenant = visitor.caller.tenant;
    let now = state.clock.now();
    let address = Address::of(Week::of(wish.week.as_deref(), now, visitor.zone), wish);
    let mut tx = state.db.look(tenant).await?;
    let found = read(&mut tx, &address).await?;
    let standing = notice::standing(&state, &mut tx).await?;
    drop(tx);
    let rows = address.week.rows(&found.interviews, address.by);
    Ok(render(&InterviewsPage {
        shell: Shell::of("Interviews", Section::Interviews, &visitor.caller),
        is_admin: visitor.is_admin(),
        standing,
        title: address.week.title(),
        zone: when::city(visitor.zone),
        days: address.week.days(),
        only: only(&address.wish, &found.interviews),
        rows,
        row_links: address.rows(),
        panel_links: address.panels(),
        cut: found.cut,
        details: found.panel.map(|(panel, candidate)| Details { card: PanelCard::of(panel, visitor.zone, now), candidate }),
        address,
    }))
}

struct Found {
    interviews: Vec<InterviewView>,
    cut: bool,
    panel: Option<(PanelView, String)>,
}

async fn read(tx: &mut TenantTx, address: &Address) -> Result<Found> {
    let (from, to) = address.week.span();
    let text = |time: chrono::DateTime<chrono::Utc>| Some(time.to_rfc3339_opts(SecondsFormat::Secs, true));
    let some = |wish: &Option<String>| wish.clone().filter(|wish| !wish.is_empty());
    let filter = InterviewFilter {
        from: text(from),
        to: text(to),
        interviewer_id: some(&address.wish.interviewer_id),
        opportunity_id: some(&address.wish.opportunity_id),
        status: Some(if address.shows_canceled() { "any" } else { "scheduled" }.to_owned()),
    };
    let Page { data: mut interviews, next_cursor } = interviews::page(tx, &filter, &Paging::widest(None)).await?;
    let fits = address.by.fits(&interviews, MOST);
    let cut = next_cursor.is_some() || fits < interviews.len();
    interviews.truncate(fits);
    let panel = match some(&address.wish.panel) {
        Some(id) => panels::view(tx, &id).await?,
        None => None,
    };
    let panel = match panel {
        Some(panel) => {
            let name = opportunities::find(tx, &panel.opportunity_id).await?.and_then(|row| row.name).filter(|name| !name.is_empty());
            Some((panel, super::candidate_line::name(name.as_deref(), false).to_owned()))
        }
        None => None,
    };
    Ok(Found { interviews, cut, panel })
}

/// The name of the one whose interviews alone are shown, as far as this week knows it.
fn only(wish: &Wish, interviews: &[InterviewView]) -> Option<String> {
    let mut names = String::new();
    if let Some(id) = wish.opportunity_id.as_deref().filter(|id| !id.is_empty()) {
        let name = interviews.iter().find(|view| view.opportunity_id == id).and_then(|view| view.candidate_name.clone());
        names.push_str(name.as_deref().unwrap_or("one candidate"));
    }
    if let Some(id) = wish.interviewer_id.as_deref().filter(|id| !id.is_empty()) {
        let everyone = || interviews.iter().flat_map(|view| &view.interview.interviewers);
        let name = everyone().find(|person| person.id == id).and_then(|person| person.name.clone());
        let _ = write!(names, "{}{}", if names.is_empty() { "" } else { " and " }, name.as_deref().unwrap_or("one interviewer"));
    }
    (!names.is_empty()).then_some(names)
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
