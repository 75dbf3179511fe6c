//! The accounts of this server, and the list of an account's candidates with search and paging.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use super::super::handle::FakeLever;
use super::super::model::Opportunity;
use super::super::refusal::Refusal;
use super::super::state::Account;
use super::render;

const PAGE: usize = 25;

#[derive(Template)]
#[template(path = "lever/accounts.html")]
struct AccountsPage {
    accounts: Vec<AccountRow>,
}

struct AccountRow {
    id: String,
    name: String,
    candidates: usize,
}

pub async fn accounts(State(lever): State<FakeLever>) -> Response {
    let row = |it: &Account| AccountRow { id: it.id.clone(), name: it.name.clone(), candidates: it.opportunities.len() };
    let accounts = lever.state().accounts.iter().map(row).collect();
    render(&AccountsPage { accounts })
}

#[derive(Template)]
#[template(path = "lever/candidates.html")]
struct Page {
    account: String,
    account_name: String,
    q: String,
    state: String,
    page: usize,
    pages: usize,
    found: usize,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    name: String,
    headline: String,
    stage: String,
    posting: String,
    archived: bool,
    confidential: bool,
    interviews: usize,
}

#[derive(Deserialize)]
pub struct Search {
    #[serde(default)]
    q: String,
    /// "active" unless told otherwise, "archived" or "all".
    #[serde(default)]
    state: String,
    page: Option<usize>,
}

pub async fn show(State(lever): State<FakeLever>, Path(account): Path<String>, Query(search): Query<Search>) -> Result<Response, Refusal> {
    let state = lever.state();
    let account = state.account(&account)?;
    let wanted = search.q.trim().to_lowercase();
    let found: Vec<&Opportunity> = (account.order.iter())
        .filter_map(|key| account.opportunities.get(&key.2))
        .filter(|it| match search.state.as_str() {
            "archived" => !it.is_active(),
            "all" => true,
            _ => it.is_active(),
        })
        .filter(|it| matches(account, it, &wanted))
        .collect();
    let pages = found.len().div_ceil(PAGE).max(1);
    let page = search.page.unwrap_or(1).clamp(1, pages);
    let shown = found.iter().skip((page - 1) * PAGE).take(PAGE);
    Ok(render(&Page {
        account: account.id.clone(),
        account_name: account.name.clone(),
        rows: shown.map(|it| row(account, it)).collect(),
        q: search.q,
        state: search.state,
        page,
        pages,
        found: found.len(),
    }))
}

fn matches(account: &Account, it: &Opportunity, wanted: &str) -> bool {
    let person = account.person(it);
    wanted.is_empty() || person.name.to_lowercase().contains(wanted) || person.emails.iter().any(|email| email.contains(wanted))
}

fn row(account: &Account, it: &Opportunity) -> Row {
    let person = account.person(it);
    let open = it.panels.iter().filter(|panel| panel.canceled_at.is_none());
    Row {
        id: it.id.clone(),
        name: shown_name(&person.name),
        headline: person.headline.clone(),
        stage: account.stage_text(&it.stage).to_owned(),
        posting: account.posting_text(it.posting()).to_owned(),
        archived: !it.is_active(),
        confidential: it.confidential,
        interviews: open.map(|panel| panel.interviews.len()).sum(),
    }
}

/// A link needs something to click on.
pub fn shown_name(name: &str) -> String {
    if name.is_empty() { "(no name)".to_owned() } else { name.to_owned() }
}
