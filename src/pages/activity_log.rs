//! `GET /integrations/activity`: the whole activity log, page by page. The Integrations page shows its beginning.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use url::form_urlencoded;

use super::activity::{self, Deed};
use super::shell::{Section, Shell, render};
use super::visitor::Visitor;
use crate::db::TenantTx;
use crate::error::Result;
use crate::mirror::{Filters, opportunities};
use crate::operations::{self, OperationView};
use crate::page::{Page, Paging};
use crate::state::AppState;

pub(super) const PATH: &str = "/integrations/activity";

#[derive(Template)]
#[template(path = "activity_log.html")]
struct ActivityPage {
    shell: Shell,
    deeds: Vec<Deed>,
    /// This is not the beginning.
    from_older: bool,
    /// Address of the next page.
    older: Option<String>,
}

/// Where to go on.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Place {
    cursor: Option<String>,
}

pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, place: Result<Filters<Place>>) -> Result<Response> {
    let Filters(place) = place?;
    let from_older = place.cursor.is_some();
    let paging = place.cursor.map_or_else(Paging::default, Paging::from_cursor);
    let mut tx = state.db.look(visitor.caller.tenant).await?;
    let (page, candidates) = read(&mut tx, &paging).await?;
    let shell = Shell::of("Activity", Section::Integrations, &visitor.caller);
    let deeds = activity::describe(&page.data, &candidates);
    Ok(render(&ActivityPage { shell, deeds, from_older, older: page.next_cursor.map(|cursor| address(&cursor)) }))
}

/// A page of the log, and the names of the candidates in it.
///
/// # Errors
/// The cursor cannot be read, or the database failed.
pub(super) async fn read(tx: &mut TenantTx, paging: &Paging) -> Result<(Page<OperationView>, HashMap<String, String>)> {
    let page = operations::log(tx, paging).await?;
    let about: Vec<String> = page.data.iter().filter_map(|operation| operation.opportunity_id.clone()).collect();
    let candidates = opportunities::names(tx, &about).await?;
    Ok((page, candidates))
}

fn address(cursor: &str) -> String {
    format!("{PATH}?{}", form_urlencoded::Serializer::new(String::new()).append_pair("cursor", cursor).finish())
}
