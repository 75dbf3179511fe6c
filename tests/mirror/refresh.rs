//! One opportunity read from Lever again: found with its panels, half readable, gone, refused.

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

#[tokio::test]
async fn a_refresh_makes_our_copy_as_lever_has_it() {
    let house = House::open().await;
    let there = || get("/v1/opportunities/o", 200, json!({"data": opportunity("o")}));
    let before = vec![there(), panels_of_o(json!([panel("p", json!([interview("i", 0, 30, &["u"])])), panel("q", json!([]))]))];
    let (_server, account) = lever_that_says(before).await;
    let refreshed = refresh::opportunity(house.state(), OURS, &account, "o").await.expect("refreshed");
    assert_eq!(refreshed, Refreshed::Found);
    let listed = house.walk("/v1/opportunities/o/panels", 10, "id").await;
    assert_eq!(listed, ["p", "q"]);

    // Lever sends an entry that cannot be read: who knows which panel that was? Nothing is taken for gone.
    let (_server, account) = lever_that_says(vec![there(), panels_of_o(json!([panel("q", json!([])), "garbage"]))]).await;
    refresh::opportunity(house.state(), OURS, &account, "o").await.expect("refreshed");
    assert_eq!(house.walk("/v1/opportunities/o/panels", 10, "id").await, ["p", "q"]);

    let (_server, account) = lever_that_says(vec![there(), panels_of_o(json!([panel("q", json!([]))]))]).await;
    refresh::opportunity(house.state(), OURS, &account, "o").await.expect("refreshed");
    assert_eq!(house.walk("/v1/opportunities/o/panels", 10, "id").await, ["q"]);
}

#[tokio::test]
async fn what_lever_does_not_have_is_gone_here_too() {
    let house = House::open().await;
    let first = vec![get("/v1/opportunities/o", 200, json!({"data": opportunity("o")})), panels_of_o(json!([panel("p", json!([]))]))];
    let (_server, account) = lever_that_says(first).await;
    refresh::opportunity(house.state(), OURS, &account, "o").await.expect("refreshed");
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
    refresh::opportunity(house.state(), OURS, &account, "o").await.expect("refreshed");
    let refused = json!({"code": "Forbidden", "message": "no"});
    for answers in [
        vec![get("/v1/opportunities/o", 403, refused.clone())],
        vec![get("/v1/opportunities/o", 200, json!({"data": opportunity("o")})), get("/v1/opportunities/o/panels", 403, refused.clone())],
    ] {
        let (_server, account) = lever_that_says(answers).await;
        let error = refresh::opportunity(house.state(), OURS, &account, "o").await.expect_err("refused");
        assert_eq!(error.code(), "lever_rejected");
    }
    let mut tx = house.tx(OURS).await;
    assert!(opportunities::find(&mut tx, "o").await.expect("read").is_some_and(|row| row.gone_at.is_none()));
    assert!(panels::find(&mut tx, "p").await.expect("read").is_some_and(|row| row.gone_at.is_none()));
    assert!(interviews::find(&mut tx, "i").await.expect("read").is_some_and(|row| row.gone_at.is_none()));
}
