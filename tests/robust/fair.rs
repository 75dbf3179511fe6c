//! Lever hangs for one organization: its hundreds of jobs wait, and nobody else's do.

use std::time::Duration;

use futures_util::future::join_all;
use lever_integration::app::Jobs;
use lever_integration::fake_lever::{Fault, FaultKind, Options};
use lever_integration::ids::TenantId;
use lever_integration::jobs::{self, AT_ONCE_EACH, Job, LEAST_URGENT};
use uuid::Uuid;

use crate::support::process::run_until;
use crate::support::story::{Setting, Story};

const MANY: usize = 300;
const HANGING: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

#[tokio::test]
async fn one_organizations_hanging_jobs_leave_the_worker_to_the_others() {
    let lever = Options { accounts: 2, opportunities: 6, ..Setting::default().lever };
    let story = Story::with(Setting { lever, jobs: Jobs::InBackground, ..Setting::default() }).await;
    let (mut hanging, mut other) = (story.admin(HANGING), story.admin(OTHER));
    story.connect(&mut hanging, 0).await;
    story.connect(&mut other, 1).await;
    for person in [&hanging, &other] {
        run_until(person, "the sync has ended", |run| run["status"] == "succeeded").await;
    }

    let ids: Vec<String> = (0..MANY).map(|at| format!("hangs-{at}")).collect();
    for id in &ids {
        story.lever.fault(Fault::new("GET", &format!("/v1/opportunities/{id}"), FaultKind::RequestHeld));
    }
    refresh(&story, HANGING, &ids).await;
    story.lever.wait_held(AT_ONCE_EACH as usize).await;

    // What is asked for later, for somebody else, is done at once.
    let opportunity = story.account(1).active[0].clone();
    let path = format!("/v1/opportunities/{opportunity}");
    let before = other.get(&path).await.expect(200).json()["syncedAt"].clone();
    refresh(&story, OTHER, std::slice::from_ref(&opportunity)).await;
    let mut now = before.clone();
    for _ in 0..1200 {
        now = other.get(&path).await.expect(200).json()["syncedAt"].clone();
        if now != before {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_ne!(now, before, "the other organization waits in vain");
    assert_eq!(story.lever.held(), AT_ONCE_EACH as usize, "one organization has more under way than its share");

    story.lever.clear_faults();
    story.lever.release().await;
    story.app.stop().await;
    story.lever.stop().await;
}

/// However many jobs are in the middle of something, people have connections to the database, and the other way round.
#[tokio::test]
async fn jobs_and_people_do_not_take_each_others_connections() {
    let story = Story::begin().await;
    let mut admin = story.admin(OTHER);
    story.connect(&mut admin, 0).await;
    let state = &story.app.state;
    for (takers, others) in [(state.for_jobs().db, state.for_people().db), (state.for_people().db, state.for_jobs().db)] {
        let taken = join_all((0..12).map(|_| takers.begin(TenantId(OTHER)))).await;
        assert!(taken.iter().all(Result::is_ok));
        let free = others.begin(TenantId(OTHER)).await.expect("somebody else's are all taken");
        free.commit().await.expect("committed");
    }
    let busy = join_all((0..12).map(|_| async { state.for_jobs().db.begin(TenantId(OTHER)).await.expect("a connection") })).await;
    admin.get("/v1/lever/connection").await.expect(200);
    drop(busy);
    story.work().await;
    story.end().await;
}

/// What one claim takes: of each organization no more than its share of each urgency, and the most urgent alone when asked so.
#[tokio::test]
async fn a_claim_takes_no_more_of_one_organization_than_its_share() {
    let story = Story::begin().await;
    for organization in [HANGING, OTHER] {
        story.admin(organization).get("/v1/lever/connection").await.expect(200);
    }
    let ids: Vec<String> = (0..MANY).map(|at| format!("a-{at}")).collect();
    refresh(&story, HANGING, &ids).await;
    refresh(&story, OTHER, &["b".to_owned()]).await;
    let (dispatch, now) = (story.app.state.db.dispatch(), story.clock.now());
    assert!(jobs::claim_due(dispatch, now, 100, jobs::URGENT).await.expect("claimed").is_empty());

    let claims = jobs::claim_due(dispatch, now, 100, LEAST_URGENT).await.expect("claimed");
    let of = |organization| claims.iter().filter(|claim| claim.tenant_id == TenantId(organization)).count();
    assert_eq!((of(HANGING), of(OTHER)), (AT_ONCE_EACH as usize, 1));
    assert!(jobs::claim_due(dispatch, now, 100, LEAST_URGENT).await.expect("claimed").is_empty());
    for claim in claims.iter().take(3) {
        claim.finish(dispatch, jobs::Outcome::Done, now).await.expect("ended");
    }
    assert_eq!(jobs::claim_due(dispatch, now, 100, LEAST_URGENT).await.expect("claimed").len(), 3);
    story.app.stop().await;
    story.lever.stop().await;
}

async fn refresh(story: &Story, organization: Uuid, opportunities: &[String]) {
    let (state, now) = (&story.app.state, story.clock.now());
    let mut tx = state.db.begin(TenantId(organization)).await.expect("begun");
    for opportunity in opportunities {
        jobs::enqueue(&mut tx, &Job::RefreshOpportunity { opportunity: opportunity.clone() }, now, now).await.expect("enqueued");
    }
    tx.commit().await.expect("committed");
    state.work.notify_one();
}
