//! kill -9 of the real binary, and a database that loses the acknowledgement of a commit: nothing is made twice, nothing is forgotten.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use http::Method;
use lever_integration::app::{App, Jobs};
use lever_integration::config::{Config, Variables};
use lever_integration::fake_lever::{FakeLever, Fault, FaultKind, Options};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::support::commit_proxy::CommitProxy;
use crate::support::database::TestDatabase;
use crate::support::process::{Service, free_port, run_until};
use crate::support::story::{Person, Setting, variables};
use crate::world::{World, rfc3339, text};

const PANELS: &str = "/v1/opportunities/*/panels";
const LOOK: Duration = Duration::from_millis(50);
const PATIENCE: u32 = 1200;

/// Check 38 with a real kill -9: Lever has made the panel, and its answer has not arrived.
#[tokio::test]
async fn a_booking_that_was_killed_under_way_is_found_by_the_next_process() {
    let database = TestDatabase::create().await;
    let setting = Setting::default();
    let lever = FakeLever::start(Options { opportunities: 40, ..setting.lever.clone() }).await.expect("the stand-in starts");
    let port = free_port();
    let service = Service::start(&setting, &lever, &database.url, port).await;
    let mut admin = Person::new(&service.base, Uuid::from_u128(1), "admin", Utc::now());
    admin.connect(&lever, 0).await;
    run_until(&admin, "the sync has ended", |run| run["status"] == "succeeded").await;
    let account = lever.accounts().swap_remove(0);
    let empty = |id: &&String| lever.panels_of(&account.id, id).expect("there").is_empty();
    let opportunity = account.active.iter().find(empty).expect("one without panels").clone();

    lever.fault(Fault::new("POST", PANELS, FaultKind::AnswerHeld).times(1));
    let start = rfc3339(Utc::now() + TimeDelta::days(90));
    let draft = json!({"timezone": "Europe/Lisbon", "interviews": [
        {"start": start, "durationMinutes": 30, "interviewers": [{"id": account.super_admin().id}]}]});
    let path = format!("/v1/opportunities/{opportunity}/panels");
    let sent = admin.http.post(format!("{}{path}", admin.base)).bearer_auth(&admin.token).json(&draft).send();
    tokio::select! {
        answer = sent => panic!("answered: {:?}", answer.map(|answer| answer.status())),
        () = lever.wait_held(1) => {}
    }
    service.kill().await;
    lever.release().await;
    let service = Service::start(&setting, &lever, &database.url, port).await;
    let operation = settled(&admin).await;
    let panels = lever.panels_of(&account.id, &opportunity).expect("there");
    assert_eq!((&operation["status"], &operation["attempts"]), (&json!("succeeded"), &json!(1)));
    assert_eq!((panels.len(), &panels[0]["id"]), (1, &operation["panelId"]));
    service.kill().await;
    lever.stop().await;
}

/// The newest operation, once it is settled.
async fn settled(person: &Person) -> Value {
    for _ in 0..PATIENCE {
        let newest = person.get("/v1/operations?limit=1").await.expect(200).json()["data"][0].clone();
        if newest["settledAt"].is_string() {
            return newest;
        }
        tokio::time::sleep(LOOK).await;
    }
    panic!("the operation does not settle");
}

/// Check 51: whichever commit of a booking is not acknowledged, there is one panel in the end, or none and an error that says so.
#[tokio::test]
async fn a_lost_acknowledgement_of_any_commit_makes_no_second_panel() {
    let world = World::begin().await;
    let proxy = CommitProxy::start(&world.story.database.url).await;
    let (app, base) = replica_behind(&world, &proxy).await;
    let caller = Person { base, ..world.admin.clone() };
    let mut expected = 0;
    for commit in 0.. {
        let (path, draft, key) = (world.path(), world.draft(&[world.interview(0, commit)]), format!("key {commit}"));
        proxy.lose(commit);
        let answer = caller.call(Method::POST, &path, Some(draft.clone()), &[("idempotency-key", &key)]).await;
        let lost = proxy.has_lost();
        assert!([201, 202, 503].contains(&answer.status), "commit {commit}: {} {}", answer.status, answer.text);
        world.pass(130).await;
        let repeated = caller.call(Method::POST, &path, Some(draft), &[("idempotency-key", &key)]).await.expect(201);
        expected += 1;
        let panels = world.at_lever();
        assert_eq!(panels.len(), expected, "commit {commit}");
        assert_eq!(panels[expected - 1]["id"], text(&repeated.json()["id"]), "commit {commit}");
        if !lost {
            break;
        }
    }
    assert!(expected > 4, "a booking has more commits than that");
    assert!(world.operations().await.iter().all(|it| it["status"] == "succeeded" && it["attempts"] == 1));
    app.stop().await;
    world.pass(10).await;
    world.story.end().await;
}

async fn replica_behind(world: &World, proxy: &CommitProxy) -> (App, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let variables = variables(&Setting::default(), &world.story.lever, &proxy.url, &world.story.base);
    let config = Config::read(&Variables::from_pairs(variables)).expect("the configuration is complete");
    (App::start_on(listener, config, world.story.clock.clone(), Jobs::ByHand).await.expect("the service starts"), base)
}
