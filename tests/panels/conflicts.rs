//! Nobody is booked twice at once, unless somebody says that it is meant.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use lever_integration::fake_lever::FaultKind;
use serde_json::{Value, json};

use crate::world::{World, interview_path, panel_path, rfc3339};

fn conflicts_path(world: &World, people: &[usize], from: i64, to: i64) -> String {
    let people: String = people.iter().map(|at| format!("&interviewerId={}", world.people[*at].id)).collect();
    format!("/v1/conflicts?from={}&to={}{people}", world.at(from), world.at(to))
}

#[tokio::test]
async fn what_people_already_have_is_told_before_anything_is_scheduled() {
    let world = World::begin().await;
    let free = world.admin.get(&conflicts_path(&world, &[0, 1], 0, 9)).await.expect(200).json();
    assert_eq!(free, json!({"data": [], "nextCursor": null}));
    let mut both = world.interview(0, 1);
    both["interviewers"] = json!([{"id": world.people[0].id}, {"id": world.people[1].id}]);
    let panel = world.scheduled(&[both, world.interview(2, 2)]).await;

    let busy = world.admin.get(&conflicts_path(&world, &[0, 1], 0, 9)).await.expect(200).json();
    let found: Vec<(&Value, &Value)> = busy["data"].as_array().expect("a list").iter().map(|it| (&it["panelId"], &it["start"])).collect();
    assert_eq!(found, [(&panel["id"], &json!(world.at(1))); 2]);
    assert!(busy["data"][0]["interviewerName"].is_string() && busy["data"][0]["candidateName"].is_string());
    for none in [conflicts_path(&world, &[2], 0, 2), conflicts_path(&world, &[0], 2, 9)] {
        assert_eq!(world.admin.get(&none).await.expect(200).json()["data"], json!([]), "{none}");
    }
    for wrong in ["/v1/conflicts", "/v1/conflicts?interviewerId=x&from=2026-12-01T00:00:00Z", "/v1/conflicts?interviewerId=x&from=a&to=b"] {
        assert_eq!(world.admin.get(wrong).await.expect(400).code(), "invalid_parameter");
    }
    world.admin.delete(&panel_path(&panel["id"])).await.expect(204);
    assert_eq!(world.admin.get(&conflicts_path(&world, &[0, 1], 0, 9)).await.expect(200).json()["data"], json!([]));
    world.story.end().await;
}

#[tokio::test]
async fn a_booked_interviewer_is_refused_unless_it_is_meant() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let other = World { opportunity: other_opportunity(&world), ..world };
    let answer = other.schedule(other.draft(&[other.interview(0, 0)])).await.expect(409);
    assert_eq!(answer.code(), "interviewer_conflict");
    let conflict = &answer.json()["conflicts"][0];
    assert_eq!((&conflict["interviewerId"], &conflict["panelId"]), (&json!(other.people[0].id), &panel["id"]));
    assert_eq!(other.writes(), ["POST panels"], "the first one alone");

    // Half an hour later is still within the 45 minutes; an hour later is not.
    let mut later = other.interview(0, 0);
    later["start"] = json!(rfc3339(other.day + TimeDelta::minutes(30)));
    assert_eq!(other.schedule(other.draft(&[later.clone()])).await.expect(409).code(), "interviewer_conflict");
    let mut meant = other.draft(&[later]);
    meant["allowConflicts"] = json!(true);
    let meant = other.schedule(meant).await.expect(201).json();
    assert_eq!(meant.get("allowConflicts"), None);

    // An edit is judged by what it moves, and a panel is not in its own way.
    let path = panel_path(&meant["id"]);
    other.admin.patch(&path, json!({"note": "still in conflict, and nobody's business"})).await.expect(200);
    let interview = &meant["interviews"][0]["id"];
    let moved = json!({"interviews": [{"id": interview, "start": other.at(0)}]});
    assert_eq!(other.admin.patch(&path, moved.clone()).await.expect(409).code(), "interviewer_conflict");
    let alone = interview_path(interview);
    assert_eq!(other.admin.patch(&alone, json!({"start": other.at(0)})).await.expect(409).code(), "interviewer_conflict");
    other.admin.patch(&alone, json!({"start": other.at(3)})).await.expect(200);
    other.admin.patch(&alone, json!({"start": rfc3339(other.day + TimeDelta::minutes(190))})).await.expect(200);
    let added = other.admin.post(&format!("{path}/interviews"), other.interview(0, 0)).await.expect(409);
    assert_eq!(added.code(), "interviewer_conflict");
    other.story.end().await;
}

/// Interviews that were arranged inside Lever count as well.
#[tokio::test]
async fn bookings_made_inside_lever_are_in_the_way_too() {
    let world = World::begin().await;
    let elsewhere = other_opportunity(&world);
    let body = json!({"timezone": "Europe/Lisbon", "interviews": [
        {"date": world.day.timestamp_millis(), "duration": 30, "interviewers": [{"id": world.people[0].id}]}]});
    world.inside().schedule_panel(&elsewhere, &body).expect("scheduled");
    world.story.clock.advance(Duration::from_secs(60));
    world.admin.post("/v1/lever/syncs", json!({})).await.expect(202);
    world.story.work().await;
    assert_eq!(world.schedule(world.draft(&[world.interview(0, 0)])).await.expect(409).code(), "interviewer_conflict");
    world.story.end().await;
}

#[tokio::test]
async fn of_bookings_made_at_once_one_wins() {
    let world = World::begin().await;
    let opportunities: Vec<String> = world.account.active.iter().take(6).cloned().collect();
    let bookings = opportunities.iter().map(|opportunity| {
        let draft = world.draft(&[world.interview(0, 0)]);
        let admin = &world.admin;
        async move { admin.post(&format!("/v1/opportunities/{opportunity}/panels"), draft).await }
    });
    let answers = join_all(bookings).await;
    let won = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(won, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    for lost in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!((lost.status, lost.code().as_str()), (409, "interviewer_conflict"));
    }
    assert_eq!(world.writes(), ["POST panels"]);
    world.story.end().await;
}

/// The first write is still on its way to Lever, and nobody knows its panel yet: its time is taken all the same.
#[tokio::test]
async fn a_booking_under_way_is_in_the_way() {
    let world = World::begin().await;
    world.fault("POST", "/v1/opportunities/*/panels", FaultKind::RequestHeld);
    let elsewhere = format!("/v1/opportunities/{}/panels", other_opportunity(&world));
    let second = async {
        world.story.lever.wait_held(1).await;
        let answer = world.admin.post(&elsewhere, world.draft(&[world.interview(0, 0)])).await;
        world.story.lever.release().await;
        answer
    };
    let (first, second) = tokio::join!(world.schedule(world.draft(&[world.interview(0, 0)])), second);
    first.expect(201);
    let second = second.expect(409);
    assert_eq!(second.code(), "interviewer_conflict");
    assert!(second.json()["conflicts"][0]["operationId"].is_string());
    world.story.end().await;
}

fn other_opportunity(world: &World) -> String {
    world.account.active.iter().find(|id| **id != world.opportunity).expect("another opportunity").clone()
}
