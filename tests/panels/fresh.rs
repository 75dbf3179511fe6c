//! What is judged is what Lever has: our copy is read again before a booking when it is older than a minute.

use std::time::Duration;

use lever_integration::fake_lever::NewCandidate;
use serde_json::{Value, json};

use crate::support::story::Setting;
use crate::world::{World, panel_path, text};

fn reads(world: &World) -> usize {
    let ledger = world.story.lever.ledger();
    ledger.iter().filter(|entry| entry.method == "GET").count()
}

#[tokio::test]
async fn a_booking_reads_the_candidate_again_when_the_copy_is_older_than_a_minute() {
    let world = World::begin().await;
    world.scheduled(&[world.interview(0, 0)]).await;
    assert_eq!(reads(&world), 0, "read a moment ago, by the sync");
    world.pass(60).await;
    world.story.lever.clear_ledger();
    // Nobody told us of what happened inside Lever.
    let body = json!({"timezone": "Europe/Lisbon", "interviews": [
        {"date": world.day.timestamp_millis() + 7_200_000, "duration": 30, "interviewers": [{"id": world.people[1].id}]}]});
    world.inside().schedule_panel(&world.opportunity, &body).expect("scheduled");
    world.story.clock.advance(Duration::from_secs(1));
    let refused = world.schedule(world.draft(&[world.interview(1, 2)])).await.expect(409);
    assert_eq!(refused.code(), "interviewer_conflict");
    assert_eq!(reads(&world), 2, "the candidate and the panels");
    world.scheduled(&[world.interview(2, 4)]).await;
    assert_eq!(reads(&world), 2);

    world.story.clock.advance(Duration::from_secs(61));
    world.inside().archive(&world.opportunity, &world.account.archive_reasons[0]).expect("archived");
    assert_eq!(world.schedule(world.draft(&[world.interview(3, 6)])).await.expect(409).code(), "opportunity_archived");
    world.story.clock.advance(Duration::from_secs(61));
    world.inside().delete_opportunity(&world.opportunity).expect("deleted");
    world.schedule(world.draft(&[world.interview(3, 6)])).await.expect(404);
    world.story.work().await;
    world.story.end().await;
}

#[tokio::test]
async fn a_booking_for_a_candidate_that_the_sync_has_not_seen_is_made_at_once() {
    let world = World::begin().await;
    let new = NewCandidate { name: "Invented Candidate".into(), email: None, posting: None, confidential: false };
    let opportunity = world.inside().add_candidate(new).expect("added");
    let path = format!("/v1/opportunities/{opportunity}/panels");
    let panel = world.admin.post(&path, world.draft(&[world.interview(0, 0)])).await.expect(201).json();
    assert_eq!(panel["opportunityId"], opportunity.as_str());
    let there = world.story.lever.panels_of(&world.account.id, &opportunity).expect("there");
    assert_eq!((there.len(), &there[0]["id"]), (1, &panel["id"]));
    world.story.end().await;
}

/// After candidates were merged inside Lever a panel sits on another opportunity of the same person.
#[tokio::test]
async fn a_panel_that_moved_to_another_candidacy_of_the_person_is_found_there() {
    let mut setting = Setting::default();
    setting.lever.opportunities = 120;
    setting.lever.active_share = 0.6;
    let world = World::with(setting).await;
    let active = &world.account.active;
    let contact = |id: &String| world.story.lever.opportunity(&world.account.id, id).expect("there")["contact"].clone();
    let all: Vec<&String> = active.iter().chain(&world.account.archived).collect();
    let pair =
        active.iter().find_map(|from| all.iter().find(|to| **to != from && contact(to) == contact(from)).map(|to| (from.clone(), (*to).clone())));
    let (from, to) = pair.expect("somebody applied twice");
    let world = World { opportunity: from.clone(), ..world };
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    world.inside().move_panel(&from, text(&panel["id"]), &to).expect("moved");
    let archived = world.account.archived.contains(&to);
    let path = panel_path(&panel["id"]);
    let edited = world.admin.patch(&path, json!({"note": "found"})).await;
    if archived {
        assert_eq!(edited.expect(409).code(), "opportunity_archived");
    } else {
        assert_eq!(edited.expect(200).json()["opportunityId"], to.as_str());
    }
    world.admin.delete(&path).await.expect(204);
    let there = world.story.lever.panels_of(&world.account.id, &to).expect("there");
    let moved: &Value = there.iter().find(|it| it["id"] == panel["id"]).expect("the panel");
    assert!(moved["canceledAt"].is_number());
    assert_eq!(world.admin.get(&path).await.expect(200).json()["opportunityId"], to.as_str());
    world.story.end().await;
}
