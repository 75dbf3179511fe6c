//! `GET /interviews`: the week's interviews, by candidate or by interviewer; one panel in detail.

use std::fmt::Write;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::SecondsFormat;

use super::notice::{self, Copied, Standing};
use super::panel_card::PanelCard;
use super::shell::{Section, Shell, render};
use super::visitor::Visitor;
use super::week::{By, Day, Row, Week};
use super::week_address::{Address, Links, Wish};
use super::when;
use crate::db::TenantTx;
use crate::error::{Error, Result};
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
struct InterviewsPage {
    shell: Shell,
    is_admin: bool,
    standing: Standing,
    address: Address,
    title: String,
    zone: String,
    /// The table as HTML; `None` when there is nothing to show.
    table: Option<String>,
    /// Whose interviews alone are shown.
    only: Option<String>,
    /// There are more than are shown.
    cut: bool,
    details: Option<Details>,
}

#[derive(Template)]
#[template(path = "week_table.html")]
struct Table<'a> {
    by: By,
    days: Vec<Day>,
    rows: Vec<Row<'a>>,
    row_links: Links,
    panel_links: Links,
}

/// A panel that was clicked.
struct Details {
    card: PanelCard,
    candidate: String,
}

pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, wish: Result<Filters<Wish>>) -> Result<Response> {
    let Filters(wish) = wish?;
    let tenant = visitor.caller.tenant;
    let now = state.clock.now();
    let address = Address::of(Week::of(wish.week.as_deref(), now, visitor.zone), wish);
    let mut tx = state.db.look(tenant).await?;
    let found = read(&mut tx, &address).await?;
    // Postgres looks how the organization stands while the table is made.
    let (standing, table) = tokio::join!(notice::standing(&state, &mut tx), async { table(&address, &found.interviews) });
    drop(tx);
    Ok(render(&InterviewsPage {
        shell: Shell::of("Interviews", Section::Interviews, &visitor.caller),
        is_admin: visitor.is_admin(),
        standing: standing?,
        table: table?,
        title: address.week.title(),
        zone: when::city(visitor.zone),
        only: only(&address.wish, &found.interviews),
        cut: found.cut,
        details: found.panel.map(|(panel, candidate)| Details { card: PanelCard::of(panel, visitor.zone, now), candidate }),
        address,
    }))
}

fn table(address: &Address, interviews: &[InterviewView]) -> Result<Option<String>> {
    let rows = address.week.rows(interviews, address.by);
    if rows.is_empty() {
        return Ok(None);
    }
    let table = Table { by: address.by, days: address.week.days(), rows, row_links: address.rows(), panel_links: address.panels() };
    table.render().map(Some).map_err(Error::internal)
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
