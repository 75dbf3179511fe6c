//! Twenty organizations at once on the same few connections, many callers gone before their answer: nobody ever sees a row of another.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use lever_integration::fake_lever::Options;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use uuid::Uuid;

use crate::support::story::{Person, Setting, Story};

const ORGANIZATIONS: usize = 20;
const ROUNDS: usize = 50;
const AT_ONCE: usize = 100;
const LISTS: [&str; 6] = ["/v1/opportunities?archived=any", "/v1/panels?status=any", "/v1/users", "/v1/postings", "/v1/stages", "/v1/interviews"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_ever_sees_a_row_of_another_organization() {
    let lever = Options { accounts: ORGANIZATIONS, opportunities: 6, ..Setting::default().lever };
    let story = Story::with(Setting { lever, ..Setting::default() }).await;
    let mut people = Vec::new();
    for at in 0..ORGANIZATIONS {
        let mut person = story.admin(Uuid::from_u128(1 + at as u128));
        story.connect(&mut person, at).await;
        people.push(person);
    }
    let mut own = Vec::new();
    // On a machine that is busy with other things a job may fail; it is tried again when its pause is over.
    for _ in 0..5 {
        story.work().await;
        own.clear();
        for person in &people {
            own.push(ids(person).await);
        }
        if own.iter().all(|ids| ids.len() > 20) {
            break;
        }
        story.clock.advance(Duration::from_secs(600));
    }
    let shared: HashSet<&String> = own[0].intersection(&own[1]).collect();
    assert!(
        own.iter().all(|ids| ids.len() > 20) && shared.iter().all(|id| !id.contains('-') || id.len() < 36),
        "accounts share no records: {shared:?}"
    );

    let (people, own) = (Arc::new(people), Arc::new(own));
    let mut random = StdRng::seed_from_u64(47);
    for _ in 0..ROUNDS {
        let requests: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (who, list) = (random.random_range(0..ORGANIZATIONS), LISTS[random.random_range(0..LISTS.len())]);
                let patience = random.random_bool(0.3).then(|| Duration::from_micros(random.random_range(0..3000)));
                let (people, own) = (people.clone(), own.clone());
                tokio::spawn(async move {
                    let answer = people[who].get(list);
                    let Ok(answer) = tokio::time::timeout(patience.unwrap_or(Duration::MAX), answer).await else { return 0 };
                    let seen = listed(&answer.expect(200).json());
                    let strange: Vec<_> = seen.iter().filter(|id| !own[who].contains(*id)).collect();
                    assert!(strange.is_empty(), "{list} shows what is another's: {strange:?}");
                    1
                })
            })
            .collect();
        let mut answered = 0;
        for request in requests {
            answered += request.await.expect("no stranger's row");
        }
        assert!(answered > AT_ONCE / 2);
    }
    story.end().await;
}

/// Every id that the organization's own lists show.
async fn ids(person: &Person) -> HashSet<String> {
    let mut seen = HashSet::new();
    for list in LISTS {
        seen.extend(listed(&person.get(list).await.expect(200).json()));
    }
    seen
}

fn listed(page: &Value) -> Vec<String> {
    page["data"].as_array().expect("a list").iter().map(|record| record["id"].as_str().expect("an id").to_owned()).collect()
}
