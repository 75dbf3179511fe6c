//! Lists, filters, expand, rate limit, and the order of the checks.

use std::collections::HashSet;

use lever_integration::fake_lever::{FakeLever, NewCandidate, Options};
use reqwest::Method;
use serde_json::{Value, json};

use super::connected::{Connected, small};

#[tokio::test]
async fn paging_visits_each_opportunity_once() {
    let it = Connected::new(Options { opportunities: 230, ..small() }).await;
    let ids = it.ids_of("/opportunities?confidentiality=all&limit=17").await;
    assert_eq!(ids.len(), 230);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 230);
}

#[tokio::test]
async fn an_offset_is_taken_as_handed_out_and_decoded() {
    let it = Connected::new(small()).await;
    let (_, first) = it.get("/opportunities?limit=5").await;
    let next = first["next"].as_str().unwrap();
    assert!(next.starts_with("%5B"), "{next}");
    // Raw in the query it is decoded once, as a query value twice.
    let (_, once) = it.get(&format!("/opportunities?limit=5&offset={next}")).await;
    let twice = it.request(Method::GET, "/opportunities").query(&[("limit", "5"), ("offset", next)]);
    let twice: Value = twice.send().await.unwrap().json().await.unwrap();
    assert_eq!(once, twice);
    assert_ne!(once["data"], first["data"]);
}

#[tokio::test]
async fn an_unknown_offset_and_a_limit_out_of_range_are_refused() {
    let it = Connected::new(small()).await;
    for list in ["/opportunities", "/users"] {
        let (status, body) = it.get(&format!("{list}?offset=nonsense")).await;
        assert_eq!((status.as_u16(), &body["message"]), (400, &json!("Invalid offset token")));
        assert_eq!(it.get(&format!("{list}?limit=0")).await.0, 400);
        assert_eq!(it.get(&format!("{list}?limit=101")).await.0, 400);
    }
}

#[tokio::test]
async fn filters_split_the_list_and_leave_nothing_out() {
    let it = Connected::new(Options { opportunities: 300, ..small() }).await;
    let all: HashSet<_> = it.ids_of("/opportunities?confidentiality=all").await.into_iter().collect();
    let halves = [("archived=true", "archived=false"), ("created_at_end=1700000000000", "created_at_start=1700000000001")];
    for (one, other) in halves {
        let mut both = HashSet::new();
        for half in [one, other] {
            let ids = it.ids_of(&format!("/opportunities?confidentiality=all&{half}")).await;
            both.extend(ids);
        }
        assert_eq!(both, all, "{one} and {other}");
    }
    let open: HashSet<_> = it.ids_of("/opportunities").await.into_iter().collect();
    let hidden: HashSet<_> = it.ids_of("/opportunities?confidentiality=confidential").await.into_iter().collect();
    assert!(!hidden.is_empty() && open.is_disjoint(&hidden));
    assert_eq!(open.len() + hidden.len(), all.len());
}

#[tokio::test]
async fn a_change_is_found_by_its_time() {
    let it = Connected::new(small()).await;
    // A little ahead of everything generated, and within the life of the token.
    let now = it.lever.ledger().last().unwrap().at_ms + 60_000;
    it.lever.set_now_ms(Some(now));
    let stage = &it.account.stages[7];
    it.lever.inside(&it.account.id).change_stage(&it.account.archived[0], stage).unwrap();
    let path = format!("/opportunities?confidentiality=all&updated_at_start={now}");
    assert_eq!(it.ids_of(&path).await, [it.account.archived[0].clone()]);
}

#[tokio::test]
async fn expand_puts_objects_in_place_of_ids() {
    let it = Connected::new(small()).await;
    let new = NewCandidate { name: "Tansy Inkwell".to_owned(), ..NewCandidate::default() };
    let id = it.lever.inside(&it.account.id).add_candidate(new).unwrap();
    let (_, plain) = it.get(&format!("/opportunities/{id}")).await;
    assert!(plain["data"]["contact"].is_string() && plain["data"]["stage"].is_string());
    let expand = "expand=contact&expand=applications&expand=stage&expand=owner&expand=followers";
    let (_, full) = it.get(&format!("/opportunities/{id}?{expand}")).await;
    let full = &full["data"];
    assert_eq!(full["contact"]["id"], plain["data"]["contact"]);
    assert_eq!(full["contact"]["name"], "Tansy Inkwell");
    assert_eq!(full["applications"][0]["id"], plain["data"]["applications"][0]);
    assert_eq!(full["applications"][0]["opportunityId"], json!(id));
    assert_eq!(full["stage"]["text"], "New lead");
    assert_eq!(full["owner"]["accessRole"], "super admin");
    assert_eq!(full["followers"][0], full["owner"]);
    let (_, narrow) = it.get(&format!("/opportunities/{id}?include=name")).await;
    assert_eq!(narrow["data"], json!({"id": id, "name": "Tansy Inkwell"}));
}

#[tokio::test]
async fn deactivated_users_and_internal_postings_must_be_asked_for() {
    let it = Connected::new(small()).await;
    let counts = it.lever.counts(&it.account.id).unwrap();
    let active = it.ids_of("/users").await.len();
    let all = it.ids_of("/users?includeDeactivated=true&limit=7").await.len();
    assert!(active < all);
    assert_eq!(all, counts.users);
    let public = it.ids_of("/postings?confidentiality=all").await.len();
    let channels = "distributionChannel=public&distributionChannel=internal";
    let both = it.ids_of(&format!("/postings?confidentiality=all&{channels}")).await.len();
    assert!(public < both);
    assert_eq!(both, counts.postings);
}

#[tokio::test]
async fn the_bucket_lets_a_burst_through_and_then_refuses() {
    let options = Options { requests_per_second: 0.001, burst: 4.0, ..small() };
    let it = Connected::new(options).await;
    for _ in 0..4 {
        assert_eq!(it.get("/stages").await.0, 200);
    }
    let (status, body) = it.get("/stages").await;
    assert_eq!(status, 429);
    assert!(body["code"].is_string() && body["message"].is_string());
    assert_eq!(it.lever.violations().len(), 1);
}

#[tokio::test]
async fn token_then_route_then_scope_then_resource() {
    let it = Connected::with_scopes(small(), "panels:read:admin users:read:admin").await;
    let panels = format!("/opportunities/{}/panels", it.account.active[0]);
    assert_eq!(it.get(&panels).await.0, 200);
    let write = it.as_someone(&panels);
    assert_eq!(it.send(Method::POST, &write, &it.panel()).await.0, 403);
    assert_eq!(it.get("/stages/unknown").await.0, 403);
    assert_eq!(it.get("/users/unknown").await.0, 404);
    assert_eq!(it.get("/opportunities?confidentiality=all").await.0, 403);
    let anonymous = it.http.get(format!("{}/stages", it.lever.api_url())).send().await.unwrap();
    assert_eq!(anonymous.status(), 401);
    assert!(it.lever.unexpected().is_empty());
    assert_eq!(it.get("/spaceships").await.0, 404);
    assert_eq!(it.lever.unexpected()[0].path, "/v1/spaceships");
}

#[tokio::test]
async fn writes_answer_without_the_person_and_reads_with_it() {
    let it = Connected::new(small()).await;
    let new = NewCandidate { name: "Tansy Inkwell".to_owned(), ..NewCandidate::default() };
    let id = it.lever.inside(&it.account.id).add_candidate(new).unwrap();
    let body = json!({"reason": it.account.archive_reasons[0], "cleanInterviews": false});
    let path = it.as_someone(&format!("/opportunities/{id}/archived"));
    let (status, written) = it.send(Method::PUT, &path, &body).await;
    assert_eq!(status, 200);
    assert_eq!((&written["data"]["name"], &written["data"]["emails"]), (&json!(""), &json!([])));
    assert_eq!(written["data"]["archived"]["reason"], body["reason"]);
    let (_, read) = it.get(&format!("/opportunities/{id}")).await;
    assert_eq!(read["data"]["name"], "Tansy Inkwell");
    let tags = it.as_someone(&format!("/opportunities/{id}/addTags"));
    assert_eq!(it.send(Method::POST, &tags, &json!({"tags": ["kite"]})).await.0, 200);
    let (_, with_tag) = it.get("/opportunities?tag=kite").await;
    assert_eq!(with_tag["data"][0]["id"], json!(id));
    let tags = it.as_someone(&format!("/opportunities/{id}/removeTags"));
    it.send(Method::POST, &tags, &json!({"tags": ["kite"]})).await;
    assert!(it.ids_of("/opportunities?tag=kite").await.is_empty());
}

#[tokio::test]
async fn what_is_deleted_or_anonymised_leaves_the_lists() {
    let it = Connected::new(small()).await;
    let inside = it.lever.inside(&it.account.id);
    let (gone, emptied) = (&it.account.active[0], &it.account.active[1]);
    inside.delete_opportunity(gone).unwrap();
    assert_eq!(it.get(&format!("/opportunities/{gone}")).await.0, 404);
    let (_, deleted) = it.get("/opportunities/deleted").await;
    assert_eq!(deleted["data"][0]["id"], json!(gone));
    let before = it.lever.opportunity(&it.account.id, emptied).unwrap();
    inside.anonymize(before["contact"].as_str().unwrap()).unwrap();
    let after = it.lever.opportunity(&it.account.id, emptied).unwrap();
    assert_eq!((&after["isAnonymized"], &after["name"]), (&json!(true), &json!("")));
}

#[tokio::test]
async fn the_same_seed_gives_the_same_people() {
    let day = Some(1_790_000_000_000);
    let start = |seed| FakeLever::start(Options { seed, now_ms: day, ..small() });
    let (one, two, other) = tokio::try_join!(start(5), start(5), start(6)).unwrap();
    let ids = |lever: &FakeLever| lever.accounts()[0].active.clone();
    assert_eq!(ids(&one), ids(&two));
    assert_ne!(ids(&one), ids(&other));
    let account = &one.accounts()[0];
    let id = &account.active[0];
    assert_eq!(one.opportunity(&account.id, id), two.opportunity(&account.id, id));
}
