//! `GET /candidates/{id}`: one candidate, with the panels and the form that schedules them. Notes and the résumé are read by the
//! page's script, because Lever may have to be asked for them.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use url::Url;

use super::candidate_line::{self, Line};
use super::notice::{self, Standing};
use super::panel_card::PanelCard;
use super::shell::{Section, Shell, render};
use super::visitor::Visitor;
use crate::error::{Error, Result};
use crate::ids::TenantId;
use crate::mirror::opportunities::{self, OpportunityView};
use crate::mirror::panels::{self, PanelView};
use crate::mirror::{LeverId, opened};
use crate::page::Paging;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "candidate.html")]
struct CandidatePage {
    shell: Shell,
    standing: Standing,
    line: Line,
    tags: Vec<String>,
    emails: Vec<String>,
    phones: Vec<String>,
    location: Option<String>,
    sources: Vec<String>,
    /// The candidate's page in Lever.
    in_lever: Option<String>,
    /// Why nothing can be scheduled or noted for this candidacy; `None` when it can.
    closed: Option<&'static str>,
    upcoming: Vec<PanelCard>,
    past: Vec<PanelCard>,
}

pub(super) async fn show(State(state): State<AppState>, visitor: Visitor, LeverId(id): LeverId) -> Result<Response> {
    let (candidate, panels, standing) = read(&state, visitor.caller.tenant, &id).await?;
    let now = state.clock.now();
    let cards = panels.into_iter().map(|panel| PanelCard::of(panel, visitor.zone, now));
    let (upcoming, mut past): (Vec<PanelCard>, Vec<PanelCard>) = cards.partition(|card| card.upcoming);
    past.reverse();
    Ok(render(&page(&visitor, standing, candidate, upcoming, past)))
}

/// The candidate, read from Lever now if the sync has not got there yet, the panels that are here, and how the organization stands.
async fn read(state: &AppState, tenant: TenantId, id: &str) -> Result<(OpportunityView, Vec<PanelView>, Standing)> {
    let mut tx = state.db.look(tenant).await?;
    let mut candidate = opportunities::view(&mut tx, id).await?;
    if candidate.is_none() {
        drop(tx);
        (tx, _) = opened::opportunity(state, tenant, id).await?;
        candidate = opportunities::view(&mut tx, id).await?;
    }
    let panels = panels::page_of_opportunity(&mut tx, id, &Paging::widest(None)).await?;
    let standing = notice::standing(state, &mut tx).await?;
    Ok((candidate.ok_or_else(Error::not_found)?, panels.data, standing))
}

fn page(visitor: &Visitor, standing: Standing, candidate: OpportunityView, upcoming: Vec<PanelCard>, past: Vec<PanelCard>) -> CandidatePage {
    let contact = candidate.contact.as_ref();
    let phones = if candidate.phones.is_empty() { contact.map_or(&[][..], |contact| &contact.phones) } else { &candidate.phones };
    let emails = if candidate.emails.is_empty() { contact.map_or(&[][..], |contact| &contact.emails) } else { &candidate.emails };
    CandidatePage {
        shell: Shell::of(candidate_line::name(candidate.name.as_deref(), candidate.anonymized), Section::Candidates, &visitor.caller),
        emails: emails.to_vec(),
        phones: phones.iter().filter_map(|phone| phone.value.clone()).collect(),
        location: contact.and_then(|contact| contact.location.clone()),
        tags: candidate.tags.clone(),
        sources: candidate.origin.clone().into_iter().chain(candidate.sources.clone()).collect(),
        in_lever: candidate.urls.show.clone().filter(|address| is_web_address(address)),
        closed: closed(&candidate, &standing),
        standing,
        line: Line::of(candidate),
        upcoming,
        past,
    }
}

fn closed(candidate: &OpportunityView, standing: &Standing) -> Option<&'static str> {
    if candidate.anonymized {
        return Some("This candidate was anonymized in Lever. Nothing can be scheduled any more.");
    }
    if candidate.archived.is_some() {
        return Some("This candidate is archived in Lever. Interviews can be scheduled once the candidate is active again.");
    }
    standing.no_writes
}

/// A link from Lever's data leads to the web or nowhere.
fn is_web_address(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_would_run_a_script_is_none() {
        assert!(is_web_address("https://hire.lever.co/candidates/x"));
        assert!(["javascript:alert(1)", "data:text/html,x", "/relative", ""].iter().all(|address| !is_web_address(address)));
    }
}
