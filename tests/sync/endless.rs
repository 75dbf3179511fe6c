//! Lists without an end: found out within a few requests and said; what they brought is kept, and everything else goes on.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lever_integration::fake_lever::{Fault, FaultKind};
use lever_integration::jobs::Outcome;
use lever_integration::lever;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::copy::{assert_whole, ids};
use crate::interrupt::{carry_on, claim_run, until, work};
use crate::support::story::{Person, Setting, Story};

const ORGANIZATION: Uuid = Uuid::from_u128(1);

/// Far more than a list that is read in pieces takes until it is given up, with what hangs on all candidates.
const MANY: usize = 1_000;

/// Calls are repeated at once.
async fn begin() -> (Story, Person) {
    let patience = lever::Options { backoff: Duration::from_millis(1), ..lever::Options::default() };
    let story = Story::with(Setting { patience, ..Setting::default() }).await;
    let mut admin = story.admin(ORGANIZATION);
    story.connect(&mut admin, 0).await;
    story.lever.clear_ledger();
    (story, admin)
}

/// A page that promises another.
fn leads_on(body: &mut Value, next: &str) {
    (body["hasNext"], body["next"]) = (json!(true), json!(next));
}

/// Whatever page is asked for, it is the first one, and leads to itself.
fn leading_to_itself(path: &str) -> Fault {
    let first = Mutex::new(Value::Null);
    let altered = FaultKind::altered(move |status, body| {
        let mut first = first.lock().expect("nobody panics");
        // The stand-in knows no such offset.
        match *status {
            200 => first.clone_from(body),
            _ => (*status, *body) = (200, first.clone()),
        }
        leads_on(body, "same");
    });
    Fault::new("GET", path, altered)
}

async fn newest(person: &Person) -> Value {
    person.get("/v1/lever/syncs?kind=full").await.expect(200).json()["data"][0].clone()
}

fn asked(story: &Story, path: &str, part: &str) -> usize {
    story.lever.ledger().iter().filter(|entry| entry.path == path && entry.query.contains(part)).count()
}

#[tokio::test]
async fn lists_that_lead_to_themselves_cost_themselves_and_nothing_of_their_page() {
    let (story, admin) = begin().await;
    let lists = [("/v1/stages", ""), ("/v1/opportunities", "archived=false"), ("/v1/opportunities", "archived=true")];
    for (path, part) in lists {
        story.lever.fault(leading_to_itself(path).with_query(part));
    }
    assert_eq!(carry_on(&story.app.state).await, Outcome::Done);
    let run = newest(&admin).await;
    assert_eq!(run["status"], "failed", "{run}");
    for list in ["stages", "opportunities"] {
        assert!(run["error"].as_str().is_some_and(|said| said.contains(&format!("{list} repeats itself"))), "{run}");
    }
    assert_eq!(lists.map(|(path, part)| asked(&story, path, part)), [2, 2, 2]);
    assert_whole(&story, ORGANIZATION, 0).await;
    story.lever.clear_faults();
    story.work().await;
    story.end().await;
}

/// Nothing, and then nothing again; or an offset that is left over on the last page.
#[tokio::test]
async fn pages_of_nothing_lead_nowhere_and_a_last_page_is_the_last() {
    let (story, admin) = begin().await;
    let nothing = |next: fn(usize) -> String| {
        let asked = AtomicUsize::new(0);
        FaultKind::altered(move |status, body| {
            (*status, *body) = (200, json!({"data": []}));
            leads_on(body, &next(asked.fetch_add(1, Ordering::Relaxed)));
        })
    };
    let left_over = FaultKind::altered(|_, body| (body["hasNext"], body["next"]) = (json!(false), json!("left-over")));
    story.lever.fault(Fault::new("GET", "/v1/tags", nothing(|_| "same".to_owned())));
    story.lever.fault(Fault::new("GET", "/v1/feedback_templates", nothing(|at| at.to_string())));
    story.lever.fault(Fault::new("GET", "/v1/archive_reasons", left_over));
    assert_eq!(carry_on(&story.app.state).await, Outcome::Done);
    let run = newest(&admin).await;
    let said = run["error"].as_str().expect("it failed");
    assert!(said.contains("tags repeats itself") && said.contains("templates repeats itself") && !said.contains("reasons"), "{run}");
    assert_eq!((asked(&story, "/v1/tags", ""), asked(&story, "/v1/archive_reasons", "")), (2, 1));
    assert!(asked(&story, "/v1/feedback_templates", "") <= 12);
    assert_eq!(ids(&story, ORGANIZATION, "opportunities").await.len(), 40);
    story.lever.clear_faults();
    story.work().await;
    story.end().await;
}

/// The first page of the active candidates cannot be read, and that of a piece of them can: what the run says when it is over.
async fn read_in_pieces(pieces: impl IntoIterator<Item = Fault>) -> String {
    let (story, admin) = begin().await;
    pieces.into_iter().for_each(|fault| story.lever.fault(fault));
    story.lever.fault(Fault::new("GET", "/v1/opportunities", FaultKind::Garbage).with_query("archived=false"));
    for _ in 0..2 {
        assert!(matches!(carry_on(&story.app.state).await, Outcome::Again(_)));
        story.clock.advance(Duration::from_secs(100));
    }
    let claim = claim_run(&story.app.state).await;
    story.lever.clear_ledger();
    {
        let mut working = Box::pin(work(&story.app.state, &claim));
        let outcome = until(&story.lever, MANY, &mut working).await.expect("it ends");
        assert_eq!(outcome.expect("no error"), Outcome::Done);
    }
    claim.finish(story.app.state.db.dispatch(), Outcome::Done, story.clock.now()).await.expect("settled");
    let run = newest(&admin).await;
    let account = story.account(0);
    assert_eq!(ids(&story, ORGANIZATION, "opportunities").await, account.active.into_iter().chain(account.archived).collect());
    story.lever.clear_faults();
    story.work().await;
    story.end().await;
    run["error"].as_str().expect("it failed").to_owned()
}

#[tokio::test]
async fn a_piece_that_leads_to_itself_is_not_cut_any_further() {
    let said = read_in_pieces([leading_to_itself("/v1/opportunities").with_query("created_at")]).await;
    assert!(said.contains("opportunities repeats itself"), "{said}");
}

#[tokio::test]
async fn pieces_that_all_break_off_behind_what_is_known_are_cut_only_so_often() {
    let broken = Fault::new("GET", "/v1/opportunities", FaultKind::Garbage).with_query("offset=");
    let more = FaultKind::altered(|_, body| leads_on(body, "more"));
    let said = read_in_pieces([broken, Fault::new("GET", "/v1/opportunities", more).with_query("created_at")]).await;
    assert!(said.contains("opportunities could not be read"), "{said}");
}
