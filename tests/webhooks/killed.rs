//! kill -9 right after the answers, with the real binary: whatever was acknowledged takes effect.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::Utc;
use futures_util::StreamExt;
use futures_util::stream::iter;
use lever_integration::accounts::webhooks::WANTED;
use lever_integration::fake_lever::{FakeLever, Options};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use crate::delivery::body;
use crate::support::database::TestDatabase;
use crate::support::process::{Service, free_port, run_until};
use crate::support::story::{Person, Setting};

const ORGANIZATION: Uuid = Uuid::from_u128(1);
const ROUNDS: usize = 10;
const IN_A_ROUND: usize = 100;
const AT_ONCE: usize = 16;
const LOOK: Duration = Duration::from_millis(100);
const PATIENCE: u32 = 1200;

#[tokio::test]
async fn a_thousand_acknowledged_deliveries_all_take_effect_though_it_is_killed_right_after_the_answers() {
    let database = TestDatabase::create().await;
    let options = Options { opportunities: ROUNDS * IN_A_ROUND, requests_per_second: 0.0, ..Options::default() };
    let setting = Setting { lever: options.clone(), ..Setting::default() };
    let lever = FakeLever::start(options).await.expect("the stand-in starts");
    let port = free_port();
    let mut service = Service::start(&setting, &lever, &database.url, port).await;
    let mut admin = Person::new(&service.base, ORGANIZATION, "admin", Utc::now());
    admin.connect(&lever, 0).await;
    run_until(&admin, "the first sync has ended", |run| run["status"] == "succeeded").await;

    let account = lever.accounts().swap_remove(0);
    let webhooks = lever.webhooks(&account.id).expect("the account");
    assert_eq!(webhooks.len(), WANTED.len());
    let hook = webhooks.iter().find(|webhook| webhook.event == "candidateStageChange").expect("registered");
    let candidates: Vec<&String> = account.active.iter().chain(&account.archived).collect();
    assert_eq!(candidates.len(), ROUNDS * IN_A_ROUND);
    let inside = lever.inside(&account.id).quietly();
    for round in candidates.chunks(IN_A_ROUND) {
        for candidate in round {
            let now = lever.opportunity(&account.id, candidate).expect("a candidate")["stage"].clone();
            let other = account.stages.iter().find(|stage| now != stage.as_str()).expect("another stage");
            inside.change_stage(candidate, other).expect("moved");
        }
        let http = reqwest::Client::new();
        let answers: Vec<u16> = iter(round)
            .map(|candidate| {
                let delivery = http.post(&hook.url).json(&body(hook, json!({"opportunityId": candidate})));
                async move { delivery.send().await.expect("an answer").status().as_u16() }
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        service.kill().await;
        assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
        service = Service::start(&setting, &lever, &database.url, port).await;
    }

    let (stored, open) = settled(&database).await;
    assert_eq!((stored, open), ((ROUNDS * IN_A_ROUND) as i64, 0));
    let shown = stages(&admin).await;
    for candidate in candidates {
        let there = lever.opportunity(&account.id, candidate).expect("a candidate")["stage"].clone();
        assert_eq!(there, shown[candidate.as_str()].as_str(), "{candidate}");
    }
    service.kill().await;
    assert!(lever.unexpected().is_empty(), "{:?}", lever.unexpected());
    lever.stop().await;
    drop(database);
}

/// How many deliveries there are, once every one is settled.
async fn settled(database: &TestDatabase) -> (i64, i64) {
    let mut connection = PgConnection::connect(&database.url).await.expect("the database of this test");
    let mut counts = (0, 0);
    for _ in 0..PATIENCE {
        counts = sqlx::query_as("SELECT count(*), count(*) FILTER (WHERE settled_at IS NULL) FROM webhook_deliveries")
            .fetch_one(&mut connection)
            .await
            .expect("the deliveries can be read");
        if counts.1 == 0 {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    counts
}

/// The stage of every candidate, as the API shows it.
async fn stages(person: &Person) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let mut stages = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page = person.get(&format!("/v1/opportunities?archived=any&limit=200{cursor}")).await.expect(200).json();
        stages.extend(page["data"].as_array().expect("a list").iter().map(|it| (text(&it["id"]), text(&it["stage"]["id"]))));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return stages,
        }
    }
}
