//! `GET /candidates`: every candidate, to be searched and filtered.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use url::form_urlencoded;

use super::candidate_line::Line;
use super::notice::{self, Copied, Standing};
use super::shell::{Section, Shell, render};
use super::visitor::Visitor;
use crate::error::Result;
use crate::ids::TenantId;
use crate::mirror::opportunities::{self, OpportunityFilter, OpportunityView};
use crate::mirror::{self, Choices, Filters, TextRef};
use crate::page::{Page, Paging};
use crate::state::AppState;

pub(super) const PATH: &str = "/candidates";

#[derive(Template)]
#[template(path = "candidates.html")]
struct CandidatesPage {
    shell: Shell,
    is_admin: bool,
    standing: Standing,
    search: Search,
    stages: Vec<Choice>,
    postings: Vec<Choice>,
    tags: Vec<String>,
    lines: Vec<Line>,
    /// Address of the next page of the list.
    more: Option<String>,
}

/// What the form asks for. A field that was left empty asks for nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Search {
    q: String,
    stage_id: String,
    posting_id: String,
    tag: String,
    archived: String,
    cursor: Option<String>,
}

/// One option of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) id: String,
    pub(super) text: String,
    pub(super) chosen: bool,
}

impl Search {
    fn filter(&self) -> OpportunityFilter {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        OpportunityFilter {
            q: some(&self.q),
            stage_id: some(&self.stage_id),
            posting_id: some(&self.posting_id),
            tag: some(&self.tag),
            archived: some(&self.archived),
            ..OpportunityFilter::default()
        }
    }

    /// Something narrows the list.
    fn is_narrow(&self) -> bool {
        self.filter() != OpportunityFilter::default()
    }

    /// The address of the same search from its beginning.
    fn newest(&self) -> String {
        self.address(None)
    }

    /// The address of the same search from `cursor` on.
    fn continued(&self, cursor: &str) -> String {
        self.address(Some(cursor))
    }

    fn address(&self, cursor: Option<&str>) -> String {
        let fields = [("q", &self.q), ("stageId", &self.stage_id), ("postingId", &self.posting_id), ("tag", &self.tag), ("archived", &self.archived)];
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(fields.into_iter().filter(|(_, value)| !value.is_empty()));
        query.extend_pairs(cursor.map(|cursor| ("cursor", cursor)));
        let query = query.finish();
        if query.is_empty() { PATH.to_owned() } else { format!("{PATH}?{query}") }
    }
}

pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, search: Result<Filters<Search>>) -> Result<Response> {
    let Filters(search) = search?;
    let tenant = visitor.caller.tenant;
    // Side by side: what surrounds the list costs no time of its own.
    let (found, (standing, choices)) = tokio::try_join!(read(&state, tenant, &search), around(&state, tenant))?;
    Ok(render(&CandidatesPage {
        shell: Shell::of("Candidates", Section::Candidates, &visitor.caller),
        is_admin: visitor.is_admin(),
        standing,
        stages: options(choices.stages, &search.stage_id),
        postings: options(choices.postings, &search.posting_id),
        tags: choices.tags,
        lines: found.data.into_iter().map(Line::of).collect(),
        more: found.next_cursor.map(|cursor| search.continued(&cursor)),
        search,
    }))
}

async fn read(state: &AppState, tenant: TenantId, search: &Search) -> Result<Page<OpportunityView>> {
    let paging = search.cursor.clone().map_or_else(Paging::default, Paging::from_cursor);
    let mut tx = state.db.look(tenant).await?;
    let found = opportunities::page(&mut tx, search.filter(), &paging).await?;
    Ok(found)
}

/// What stands around the list.
async fn around(state: &AppState, tenant: TenantId) -> Result<(Standing, Choices)> {
    let mut tx = state.db.look(tenant).await?;
    let standing = notice::standing(state, &mut tx).await?;
    Ok((standing, mirror::choices(&mut tx).await?))
}

/// The options of a list; what is chosen stays on it even when it is offered no longer.
fn options(offered: Vec<TextRef>, chosen: &str) -> Vec<Choice> {
    let mut options: Vec<Choice> = offered
        .into_iter()
        .map(|choice| Choice { chosen: choice.id == chosen, text: choice.text.unwrap_or_else(|| choice.id.clone()), id: choice.id })
        .collect();
    if !chosen.is_empty() && !options.iter().any(|option| option.chosen) {
        options.push(Choice { id: chosen.to_owned(), text: "The one in this page's address".to_owned(), chosen: true });
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_field_filters_nothing_and_the_next_page_keeps_the_others() {
        let search = Search { q: " ada & co ".into(), tag: "R&D".into(), ..Search::default() };
        assert_eq!((search.filter().q.as_deref(), search.filter().stage_id, search.is_narrow()), (Some("ada & co"), None, true));
        assert_eq!(search.continued("abc"), "/candidates?q=+ada+%26+co+&tag=R%26D&cursor=abc");
        assert_eq!(search.newest(), "/candidates?q=+ada+%26+co+&tag=R%26D");
        assert_eq!(Search::default().newest(), "/candidates");
        assert!(!Search::default().is_narrow());
    }

    #[test]
    fn what_is_chosen_stays_on_the_list() {
        let offered = || vec![TextRef { id: "a".into(), text: Some("Applied".into()) }];
        assert!(options(offered(), "a")[0].chosen);
        assert!(options(offered(), "gone").iter().any(|option| option.id == "gone" && option.chosen));
        assert_eq!(options(offered(), "").len(), 1);
    }
}
