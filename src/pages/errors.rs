//! Refusals for people: on a page's address a browser gets a small page instead of problem+json, with the same status.

use askama::Template;
use axum::body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::shell::{Shell, render};
use super::{candidates, integrations, interviews, marked};

/// Larger than any problem of ours.
const PROBLEM_BYTES: usize = 64 * 1024;
const NOTHING_HERE: &str = "It may have been removed in Lever, or the address is not complete.";

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    shell: Shell,
    title: &'static str,
    detail: String,
    /// Only of what is our own fault: it is how we find that in the log.
    request_id: Option<String>,
    /// Name and address of where to go on; `None` where every page would say the same.
    way_back: Option<(&'static str, &'static str)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Problem {
    detail: String,
    request_id: Option<String>,
}

/// Somebody who asked for a page with a browser.
pub struct Reader {
    way_back: Option<(&'static str, &'static str)>,
}

impl Reader {
    /// `None`: no page was asked for, or not by a browser.
    pub fn of(request: &Request) -> Option<Self> {
        let path = request.uri().path();
        (is_page(path) && accepts_html(request.headers())).then(|| Self { way_back: way_back(path) })
    }

    /// The answer as a person can read it. It leaves alone what is no problem.
    pub async fn explain(self, response: Response) -> Response {
        if !is_problem(&response) {
            return response;
        }
        let (mut parts, problem) = response.into_parts();
        let read = body::to_bytes(problem, PROBLEM_BYTES).await.ok().and_then(|bytes| serde_json::from_slice::<Problem>(&bytes).ok());
        let Some(problem) = read else { return parts.status.into_response() };
        let title = title(parts.status);
        let page = ErrorPage {
            shell: Shell::new(title),
            title,
            detail: if parts.status == StatusCode::NOT_FOUND { NOTHING_HERE.to_owned() } else { problem.detail },
            request_id: problem.request_id.filter(|_| parts.status.is_server_error()),
            way_back: self.way_back.filter(|_| parts.status != StatusCode::UNAUTHORIZED),
        };
        for replaced in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
            parts.headers.remove(replaced);
        }
        (parts.status, parts.headers, render(&page)).into_response()
    }
}

/// The list that a candidate's page belongs to, and the Integrations page for everything else but itself.
fn way_back(path: &str) -> Option<(&'static str, &'static str)> {
    match path {
        integrations::PATH => None,
        _ if is_in(path, candidates::PATH) && path != candidates::PATH => Some(("Candidates", candidates::PATH)),
        _ => Some(("Integrations", integrations::PATH)),
    }
}

fn is_in(path: &str, section: &str) -> bool {
    path.strip_prefix(section).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_page(path: &str) -> bool {
    let sections = [integrations::PATH, candidates::PATH, interviews::PATH];
    path == "/" || path == "/sign-in" || path.starts_with(marked::PREFIX) || sections.iter().any(|section| is_in(path, section))
}

fn accepts_html(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

fn is_problem(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/problem+json"))
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "That did not work",
        StatusCode::UNAUTHORIZED => "Please sign in",
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::NOT_FOUND => "Nothing here",
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => "Not available right now",
        _ => "Something went wrong",
    }
}
