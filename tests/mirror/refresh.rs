//! One opportunity read from Lever again: found with its panels, half readable, gone, refused.

use lever_integration::error::Error;
use lever_integration::lever::Account;
use lever_integration::mirror::refresh::{self, Refreshed};
use lever_integration::mirror::{interviews, opportunities, panels};
use serde_json::{Value, json};

use crate::house::{House, OURS, interview, opportunity, panel};
use crate::lever::{Said, lever_that_says};

fn get(path: &str, status: u16, body: Value) -> Said {
    ("GET".into(), path.into(), None, status, body)
}

fn panels_of_o(list: Value) -> Said {
    get("/v1/opportunities/o/panels", 200, json!({"data": list, "hasNext": false}))
}

/// Reads and stores, as a job does.
async fn read_again(house: &House, account: &Account, id: &str) -> Result<Refreshed, Error> {
    let reading = refresh::read(house.state(), account, id).await?;
    let mut tx = house.tx(OURS).await;
    let refreshed = reading.store(&mut tx).await?;
    tx.commit().await?;
    Ok(refreshed)
}

#[tokio::test]
async fn a_refresh_makes_our_copy_as_lever_has_it() {
    let house = House::open().await;
    let there = || get("/v1/opportunities/o", 200, json!({"data": opportunity("o")}));
    let before = vec![there(), panels_of_o(json!([panel("p", json!([interview("i", 0, 30, &["u"])])), panel("q", json!([]))]))];
    let (_server, account) = lever_that_says(before).await;
    let refreshed = read_again(&house, &account, "o").await.expect("refreshed");
    assert_eq!(refreshed, Refreshed::Found);
    let listed = house.walk("/v1/opportunities/o/panels", 10, "id").await;
    assert_eq!(listed, ["p", "q"]);

    // Lever sends an entry that cannot be read: who knows which panel that was? Nothing is taken for gone.
    let (_server, account) = lever_that_says(vec![there(), panels_of_o(json!([panel("q", json!([])), "garbage"]))]).await;
    read_again(&house, &account, "o").await.expect("refreshed");
    assert_eq!(house.walk("/v1/opportunities/o/panels", 10, "id").await, ["p", "q"]);

    let (_server, account) = lever_that_says(vec![there(), panels_of_o(json!([panel("q", json!([]))]))]).await;
    read_again(&house, &account, "o").await.expect("refreshed");
    assert_eq!(house.walk("/v1/opportunities/o/panels", 10, "id").await, ["q"]);
}

#[tokio::test]
async fn what_lever_does_not_have_is_gone_here_too() {
    let house = House::open().await;
    let first = vec![get("/v1/opportunities/o", 200, json!({"data": opportunity("o")})), panels_of_o(json!([panel("p", json!([]))]))];
    let (_server, account) = lever_that_says(first).await;
    read_again(&house, &account, "o").await.expect("refreshed");
    let (_server, account) = lever_that_says(vec![]).await;
    let reading = refresh::read(house.state(), &account, "o").await.expect("a 404 is an answer");
    assert_eq!(house.get("/v1/opportunities/o").await.status, 200, "nothing is stored by reading");
    let mut tx = house.tx(OURS).await;
    assert_eq!(reading.store(&mut tx).await.expect("stored"), Refreshed::Gone);
    tx.commit().await.expect("committed");
    assert_eq!(house.get("/v1/opportunities/o").await.status, 404);
    assert_eq!(house.get("/v1/panels/p").await.status, 404);
}

#[tokio::test]
async fn a_refusal_changes_nothing() {
    let house = House::open().await;
    let first = vec![
        get("/v1/opportunities/o", 200, json!({"data": opportunity("o")})),
        panels_of_o(json!([panel("p", json!([interview("i", 0, 30, &["u"])]))])),
    ];
    let (_server, account) = lever_that_says(first).await;
    read_again(&house, &account, "o").await.expect("refreshed");
    let refused = json!({"code": "Forbidden", "message": "no"});
    for answers in [
        vec![get("/v1/opportunities/o", 403, refused.clone())],
        vec![get("/v1/opportunities/o", 200, json!({"data": opportunity("o")})), get("/v1/opportunities/o/panels", 403, refused.clone())],
    ] {
        let (_server, account) = lever_that_says(answers).await;
        let error = read_again(&house, &account, "o").await.expect_err("refused");
        assert_eq!(error.code(), "lever_rejected");
    }
    let mut tx = house.tx(OURS).await;
    assert!(opportunities::find(&mut tx, "o").await.expect("read").is_some_and(|row| row.gone_at.is_none()));
    assert!(panels::find(&mut tx, "p").await.expect("read").is_some_and(|row| row.gone_at.is_none()));
    assert!(interviews::find(&mut tx, "i").await.expect("read").is_some_and(|row| row.gone_at.is_none()));
}

/// A set that is not found says nothing about its opportunity.
#[tokio::test]
async fn panels_that_are_not_found_do_not_empty_the_person() {
    let house = House::open().await;
    let there = || get("/v1/opportunities/o", 200, json!({"data": opportunity("o")}));
    let (_server, account) = lever_that_says(vec![there(), panels_of_o(json!([panel("p", json!([]))]))]).await;
    read_again(&house, &account, "o").await.expect("refreshed");
    let name = house.get("/v1/opportunities/o").await.body["name"].clone();
    assert!(name.is_string());

    let (_server, account) = lever_that_says(vec![there()]).await;
    assert_eq!(read_again(&house, &account, "o").await.expect("refreshed"), Refreshed::Found);
    assert_eq!(house.get("/v1/opportunities/o").await.body["name"], name);
    assert_eq!(house.walk("/v1/opportunities/o/panels", 10, "id").await, ["p"]);
}

/// After a merge in Lever the old id answers with the candidate that is left.
#[tokio::test]
async fn a_merged_candidate_is_there_once() {
    let house = House::open().await;
    let at = |id: &str| get(&format!("/v1/opportunities/{id}"), 200, json!({"data": opportunity(id)}));
    let panels = |id: &str, list: Value| get(&format!("/v1/opportunities/{id}/panels"), 200, json!({"data": list, "hasNext": false}));
    let (_server, account) = lever_that_says(vec![at("old"), panels("old", json!([]))]).await;
    read_again(&house, &account, "old").await.expect("refreshed");

    let merged = get("/v1/opportunities/old", 200, json!({"data": opportunity("left")}));
    let (_server, account) = lever_that_says(vec![merged, panels("left", json!([panel("p", json!([]))]))]).await;
    assert_eq!(read_again(&house, &account, "old").await.expect("refreshed"), Refreshed::Found);
    assert_eq!(house.get("/v1/opportunities/old").await.status, 404);
    assert_eq!(house.get("/v1/opportunities/left").await.status, 200);
    assert_eq!(house.walk("/v1/opportunities/left/panels", 10, "id").await, ["p"]);
}
