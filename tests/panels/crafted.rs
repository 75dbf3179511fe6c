//! Requests made by hand to break something: they are the caller's mistake, and never ours.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::{Value, json};

use crate::world::{World, interview_path, panel_path};

#[tokio::test]
async fn an_id_that_lever_cannot_have_names_nothing() {
    let world = World::begin().await;
    let long = ["x".repeat(256), "x".repeat(512), "x".repeat(2000)];
    for id in ["deleted", "%0A", "%00", "%FF"].into_iter().chain(long.iter().map(String::as_str)) {
        let calls = [
            (Method::POST, format!("/v1/opportunities/{id}/panels"), world.draft(&[world.interview(0, 0)])),
            (Method::POST, format!("/v1/opportunities/{id}/notes"), json!({"value": "x"})),
            (Method::POST, format!("/v1/panels/{id}/interviews"), world.interview(0, 0)),
            (Method::PATCH, format!("/v1/panels/{id}"), json!({"note": "x"})),
            (Method::DELETE, format!("/v1/panels/{id}"), Value::Null),
            (Method::PATCH, format!("/v1/interviews/{id}"), json!({"note": "x"})),
            (Method::DELETE, format!("/v1/interviews/{id}"), Value::Null),
            (Method::GET, format!("/v1/opportunities/{id}/panels"), Value::Null),
            (Method::GET, format!("/v1/operations/{id}"), Value::Null),
        ];
        for (method, path, body) in calls {
            assert_eq!(world.call(method.clone(), &path, body, &[]).await.expect(404).code(), "not_found", "{method} {path}");
        }
    }
    assert!(world.story.lever.ledger().is_empty());
    world.story.end().await;
}

#[tokio::test]
async fn a_performer_that_no_database_can_hold_is_refused() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    for path in [panel_path(&panel["id"]), interview_path(&panel["interviews"][0]["id"])] {
        for query in ["performAs=%00", "performAs=a%00b", "performAs=a&performAs=b"] {
            assert_eq!(world.admin.delete(&format!("{path}?{query}")).await.expect(400).code(), "invalid_parameter", "{query}");
        }
    }
    assert_eq!(world.writes(), ["POST panels"]);
    world.story.end().await;
}

#[tokio::test]
async fn a_cursor_beyond_the_calendar_is_no_cursor() {
    let world = World::begin().await;
    for year in ["+200000", "-200000", "+10000"] {
        let time = format!("{year}-01-01T00:00:00Z");
        let keys = [json!([time, "x"]), json!([time, "00000000-0000-4000-8000-000000000000"]), json!([time, "x", "y"]), json!([[time], time])];
        for cursor in keys.map(|key| URL_SAFE_NO_PAD.encode(key.to_string())) {
            let conflicts = format!("/v1/conflicts?interviewerId=x&from={}&to={}&cursor={cursor}", world.at(0), world.at(1));
            let lists = ["/v1/panels", "/v1/interviews", "/v1/operations", "/v1/opportunities", "/v1/lever/syncs"];
            for path in lists.map(|list| format!("{list}?cursor={cursor}")).into_iter().chain([conflicts]) {
                assert_eq!(world.admin.get(&path).await.expect(400).code(), "invalid_parameter", "{path}");
            }
        }
    }
    world.story.end().await;
}
