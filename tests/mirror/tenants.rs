//! Two organizations with the same ids see nothing of each other.

use lever_integration::lever::{Opportunity, Panel};
use lever_integration::mirror::{opportunities, panels};
use serde_json::json;

use crate::house::{House, OURS, THEIRS, at, interview, opportunity, panel, record, with};

#[tokio::test]
async fn what_one_organization_has_the_other_neither_sees_nor_changes() {
    let house = House::open().await;
    let mut tx = house.tx(OURS).await;
    opportunities::upsert(&mut tx, &[record::<Opportunity>(opportunity("o"))], at(10)).await.expect("stored");
    let set = [record::<Panel>(panel("p", json!([interview("i", 0, 30, &["u"])])))];
    panels::replace_for_opportunity(&mut tx, "o", &set, at(10)).await.expect("stored");
    tx.commit().await.expect("committed");

    let paths = ["/v1/opportunities/o", "/v1/contacts/contact-o", "/v1/opportunities/o/panels", "/v1/panels/p", "/v1/interviews/i"];
    for path in paths {
        assert_eq!(house.get(path).await.status, 200, "{path}");
        assert_eq!(house.get_as(THEIRS, path).await.status, 404, "{path}");
    }
    let busy = "/v1/conflicts?interviewerId=u&from=2000-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";
    for path in ["/v1/opportunities?archived=any", "/v1/panels?status=any", "/v1/interviews", busy] {
        assert_eq!(house.get(path).await.body["data"].as_array().map(Vec::len), Some(1), "{path}");
        assert_eq!(house.get_as(THEIRS, path).await.body, json!({"data": [], "nextCursor": null}), "{path}");
    }

    let mut tx = house.tx(THEIRS).await;
    let theirs = with(opportunity("o"), json!({"name": "Somebody Else"}));
    opportunities::upsert(&mut tx, &[record::<Opportunity>(theirs)], at(20)).await.expect("stored");
    panels::mark_gone(&mut tx, "p", at(20)).await.expect("marked");
    opportunities::mark_gone(&mut tx, "o", at(21)).await.expect("marked");
    tx.commit().await.expect("committed");
    assert_eq!(house.get("/v1/opportunities/o").await.body["name"], "Ada o");
    assert_eq!(house.get("/v1/panels/p").await.status, 200);
}
