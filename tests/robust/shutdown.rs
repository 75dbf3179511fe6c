//! Signals to the real binary: it stops softly, and nothing that it acknowledged is lost.

use chrono::Utc;
use lever_integration::fake_lever::{FakeLever, Options};
use uuid::Uuid;

use crate::support::database::TestDatabase;
use crate::support::process::{Service, free_port, run_until};
use crate::support::story::{Person, Setting};

#[tokio::test]
async fn sigterm_under_load_hands_the_work_back_and_exits_with_success() {
    let database = TestDatabase::create().await;
    let options = Options { opportunities: 300, requests_per_second: 0.0, ..Options::default() };
    let setting = Setting { lever: options.clone(), requests_per_second: 40.0, ..Setting::default() };
    let lever = FakeLever::start(options).await.expect("the stand-in starts");
    let mut service = Service::start(&setting, &lever, &database.url, free_port()).await;
    let mut admin = Person::new(&service.base, Uuid::from_u128(1), "admin", Utc::now());
    admin.connect(&lever, 0).await;
    run_until(&admin, "the sync is under way", |run| run["requests"].as_u64() > Some(10)).await;

    let load: Vec<_> = (0..20)
        .map(|_| {
            let person = admin.clone();
            tokio::spawn(async move {
                // Until nobody listens any more; what is answered at all is answered in full.
                let (mut answered, address) = (0, format!("{}/v1/opportunities", person.base));
                while let Ok(answer) = person.http.get(&address).bearer_auth(&person.token).send().await {
                    assert_eq!(answer.status(), 200);
                    answer.bytes().await.expect("the answer is whole");
                    answered += 1;
                }
                answered
            })
        })
        .collect();
    run_until(&admin, "it went on under load", |run| run["requests"].as_u64() > Some(15)).await;
    service.terminate();
    let status = service.ended().await;
    assert!(status.success(), "{status}: {}", service.log());
    let mut answered = 0;
    for client in load {
        answered += client.await.expect("every answer was whole");
    }
    assert!(answered > 0);

    // Another process goes on at once: the leases were handed back.
    let service = Service::start(&setting, &lever, &database.url, free_port()).await;
    admin.base.clone_from(&service.base);
    let run = run_until(&admin, "the sync has ended", |run| run["status"] != "running" && run["status"] != "queued").await;
    assert_eq!(run["status"], "succeeded", "{run}");
    assert!(!service.log().contains("panicked"));
    service.kill().await;
    lever.stop().await;
}
