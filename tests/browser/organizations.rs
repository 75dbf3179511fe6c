//! Two organizations, each with a Lever account of its own: on no page does one see anything of the other.

use lever_integration::fake_lever::NewCandidate;
use serde_json::json;

use crate::calendar::{at, tuesday};
use crate::stage::{Scene, Stage, play};

/// An organization's person, the Lever account that they connect, and what is in it.
struct Side {
    person: &'static str,
    account: usize,
    candidate: &'static str,
    subject: &'static str,
}

const NORTHWIND: Side = Side { person: "northwind-maya", account: 0, candidate: "Quillon Northwind", subject: "Of robots" };
const BLUE_HARBOR: Side = Side { person: "blue-harbor-priya", account: 1, candidate: "Ysolde Harbor", subject: "Of harbors" };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_organizations_see_nothing_of_each_other() {
    play(Scene::default(), async |stage| {
        let (ours, theirs) = (fill(stage, &NORTHWIND), fill(stage, &BLUE_HARBOR));
        for side in [NORTHWIND, BLUE_HARBOR] {
            stage.sign_in(side.person).await;
            stage.connect(&stage.lever.accounts()[side.account]).await;
            stage.sign_out().await;
        }
        // Both are connected by now: what each sees it sees beside the other.
        for (one, own, other, foreign) in [(&NORTHWIND, &ours, &BLUE_HARBOR, &theirs), (&BLUE_HARBOR, &theirs, &NORTHWIND, &ours)] {
            stage.sign_in(one.person).await;
            sees_only_its_own(stage, one, own, other, foreign).await;
            stage.sign_out().await;
        }
    })
    .await;
}

/// A candidate with an interview, in the side's account; answers the candidate's id.
fn fill(stage: &Stage, side: &Side) -> String {
    let account = &stage.lever.accounts()[side.account];
    let inside = stage.lever.inside(&account.id).quietly();
    let candidate = inside.add_candidate(NewCandidate { name: side.candidate.into(), ..NewCandidate::default() }).expect("a candidate");
    let panel = json!({"timezone": "UTC", "interviews": [{
        "date": at(10).timestamp_millis(), "duration": 45, "subject": side.subject, "interviewers": [{"id": account.super_admin().id}],
    }]});
    inside.schedule_panel(&candidate, &panel).expect("scheduled");
    candidate
}

async fn sees_only_its_own(stage: &Stage, one: &Side, own: &str, other: &Side, foreign: &str) {
    let (browser, account) = (&stage.browser, &stage.lever.accounts()[other.account].id);
    let said = browser.text().await;
    assert!(said.contains(&stage.lever.accounts()[one.account].id) && !said.contains(account), "{said}");
    let first_name = |side: &Side| side.candidate.split(' ').next().unwrap_or_default().to_owned();
    stage.open(&format!("/candidates?archived=any&q={}", first_name(one))).await;
    assert!(browser.text().await.contains(one.candidate));
    stage.open(&format!("/candidates?archived=any&q={}", first_name(other))).await;
    assert!(browser.text().await.contains("Nobody matches"));

    for (id, says) in [(own, one.candidate), (foreign, "Nothing here")] {
        stage.open(&format!("/candidates/{id}")).await;
        assert_eq!(browser.ask("return document.querySelector('h1').textContent").await, says);
    }
    for by in ["candidate", "interviewer"] {
        stage.open(&format!("/interviews?week={}&by={by}", tuesday())).await;
        let said = browser.text().await;
        assert!(said.contains(one.subject) && !said.contains(other.subject), "{said}");
    }
    // Nor is one led to the other's by an address that names it.
    stage.open(&format!("/interviews?week={}&opportunityId={foreign}", tuesday())).await;
    assert!(browser.text().await.contains("Nothing this week"));
    stage.open("/integrations").await;
}
