//! The life of a panel, and Lever's rules about it.

use reqwest::Method;
use serde_json::{Value, json};

use lever_integration::fake_lever::Options;

use super::connected::{Connected, small};

fn panels_of(opportunity: &str) -> String {
    format!("/opportunities/{opportunity}/panels")
}

async fn created(it: &Connected, opportunity: &str) -> Value {
    let path = it.as_someone(&panels_of(opportunity));
    let (status, answer) = it.send(Method::POST, &path, &it.panel()).await;
    assert_eq!(status, 201, "{answer}");
    answer["data"].clone()
}

#[tokio::test]
async fn a_panel_gets_its_defaults_and_spans_its_interviews() {
    let it = Connected::new(small()).await;
    let panel = created(&it, &it.account.active[0]).await;
    assert_eq!(panel["externallyManaged"], true);
    assert_eq!(panel["feedbackReminder"], "daily");
    assert_eq!(panel["interviews"][0]["feedbackTemplate"], "no-feedback");
    assert_eq!(panel["start"], panel["interviews"][0]["date"]);
    assert_eq!(panel["end"], json!(1_900_003_600_000_i64 + 30 * 60_000));
    let opportunity = it.lever.opportunity(&it.account.id, &it.account.active[0]).unwrap();
    assert_eq!(panel["applications"], opportunity["applications"]);
    assert_eq!(it.lever.panels_of(&it.account.id, &it.account.active[0]).unwrap().last(), Some(&panel));
}

#[tokio::test]
async fn the_same_panel_is_accepted_three_times() {
    let it = Connected::new(small()).await;
    let opportunity = &it.account.active[0];
    let before = it.ids_of(&panels_of(opportunity)).await.len();
    for _ in 0..3 {
        created(&it, opportunity).await;
    }
    assert_eq!(it.ids_of(&panels_of(opportunity)).await.len(), before + 3);
}

#[tokio::test]
async fn a_panel_on_an_archived_opportunity_has_no_applications() {
    let it = Connected::new(small()).await;
    let panel = created(&it, &it.account.archived[0]).await;
    assert_eq!(panel["applications"], json!([]));
}

#[tokio::test]
async fn an_incomplete_panel_is_refused() {
    let it = Connected::new(small()).await;
    let path = panels_of(&it.account.active[0]);
    assert_eq!(it.send(Method::POST, &path, &it.panel()).await.0, 400);
    let gone = it.account.users.iter().find(|user| !user.active).unwrap();
    let as_gone = format!("{path}?perform_as={}", gone.id);
    assert_eq!(it.send(Method::POST, &as_gone, &it.panel()).await.0, 400);
    let wrong = [
        ("/timezone", json!("Mars/Olympus")),
        ("/timezone", Value::Null),
        ("/interviews", json!([])),
        ("/interviews/0/interviewers", json!([])),
        ("/interviews/0/interviewers/0/id", json!("nobody")),
        ("/interviews/0/duration", json!(0)),
        ("/interviews/0/date", json!("tomorrow")),
        ("/interviews/0/feedbackReminder", json!("hourly")),
    ];
    for (pointer, value) in wrong {
        let mut panel = it.panel();
        panel["interviews"][0]["feedbackReminder"] = json!("once");
        *panel.pointer_mut(pointer).unwrap() = value;
        let (status, _) = it.send(Method::POST, &it.as_someone(&path), &panel).await;
        assert_eq!(status, 400, "{pointer}");
    }
    let mut panel = it.panel();
    panel["applications"] = json!([]);
    assert_eq!(it.send(Method::POST, &it.as_someone(&path), &panel).await.0, 400);
    let committed = it.lever.ledger().iter().filter(|entry| entry.committed).count();
    assert_eq!(committed, 1, "only the token exchange changed anything");
}

#[tokio::test]
async fn a_put_replaces_the_whole_panel() {
    let it = Connected::new(small()).await;
    let opportunity = &it.account.active[0];
    let panel = created(&it, opportunity).await;
    let id = panel["id"].as_str().unwrap();
    it.lever.inside(&it.account.id).set_panel_field(opportunity, id, "futureField", json!({"kept": true})).unwrap();
    let mut body = it.panel();
    let kept = &panel["interviews"][0]["id"];
    body["interviews"][0]["id"] = kept.clone();
    body["futureField"] = json!({"kept": true});
    body.as_object_mut().unwrap().remove("note");
    let path = it.as_someone(&format!("{}/{id}", panels_of(opportunity)));
    let (status, answer) = it.send(Method::PUT, &path, &body).await;
    assert_eq!(status, 200);
    let after = &answer["data"];
    assert_eq!(after["interviews"][0]["id"], *kept);
    assert_eq!(after["interviews"][0]["feedbackTemplate"], Value::Null);
    assert_ne!(after["interviews"][1]["id"], panel["interviews"][1]["id"]);
    assert_eq!(after["interviews"][1]["feedbackTemplate"], "no-feedback");
    assert_eq!(after["note"], Value::Null);
    assert_eq!(after["externalUrl"], panel["externalUrl"]);
    assert_eq!(after["futureField"], json!({"kept": true}));
    body.as_object_mut().unwrap().remove("futureField");
    let (_, answer) = it.send(Method::PUT, &path, &body).await;
    assert_eq!(answer["data"].get("futureField"), None);
}

#[tokio::test]
async fn a_panel_made_inside_lever_is_read_only() {
    let it = Connected::new(small()).await;
    let opportunity = &it.account.active[0];
    let inside = it.lever.inside(&it.account.id);
    let id = inside.schedule_panel(opportunity, &it.panel()).unwrap();
    let path = it.as_someone(&format!("{}/{id}", panels_of(opportunity)));
    assert_eq!(it.send(Method::PUT, &path, &it.panel()).await.0, 403);
    assert_eq!(it.send(Method::DELETE, &path, &json!({})).await.0, 403);
    let mut interview = it.panel()["interviews"][0].clone();
    interview["panel"] = json!(id);
    let interviews = it.as_someone(&format!("/opportunities/{opportunity}/interviews"));
    assert_eq!(it.send(Method::POST, &interviews, &interview).await.0, 403);
    inside.cancel_panel(opportunity, &id).unwrap();
}

#[tokio::test]
async fn interviews_come_and_go_and_the_last_one_cancels_the_panel() {
    let it = Connected::new(small()).await;
    let opportunity = &it.account.active[0];
    let panel = created(&it, opportunity).await;
    let interviews = format!("/opportunities/{opportunity}/interviews");
    let mut third = it.panel()["interviews"][0].clone();
    third["panel"] = panel["id"].clone();
    let (status, added) = it.send(Method::POST, &it.as_someone(&interviews), &third).await;
    assert_eq!((status.as_u16(), &added["data"]["panel"]), (201, &panel["id"]));
    let third = added["data"]["id"].as_str().unwrap().to_owned();
    let one = |id: &str| it.as_someone(&format!("{interviews}/{id}"));
    let mut later = it.panel()["interviews"][1].clone();
    later["duration"] = json!(90);
    let (_, replaced) = it.send(Method::PUT, &one(&third), &later).await;
    assert_eq!(replaced["data"]["duration"], 90);
    assert_eq!(replaced["data"]["feedbackTemplate"], Value::Null);
    let read = || async {
        let panels = it.lever.panels_of(&it.account.id, opportunity).unwrap();
        panels.into_iter().find(|it| it["id"] == panel["id"]).unwrap()
    };
    assert_eq!(read().await["end"], json!(1_900_003_600_000_i64 + 90 * 60_000));
    let ids: Vec<String> = ["0", "1"].map(|n| panel.pointer(&format!("/interviews/{n}/id")).unwrap().as_str().unwrap().to_owned()).to_vec();
    for id in [&third, &ids[1]] {
        assert_eq!(it.send(Method::DELETE, &one(id), &json!({})).await.0, 204);
        assert_eq!(it.get(&format!("{interviews}/{id}")).await.0, 404);
    }
    assert_eq!(read().await["end"], json!(1_900_000_000_000_i64 + 45 * 60_000));
    assert_eq!(it.send(Method::DELETE, &one(&ids[0]), &json!({})).await.0, 204);
    let canceled = read().await;
    assert!(canceled["canceledAt"].is_i64());
    assert_eq!(canceled["interviews"][0]["canceledAt"], canceled["canceledAt"]);
}

#[tokio::test]
async fn a_deleted_panel_stays_listed_as_canceled_and_cannot_be_deleted_twice() {
    let it = Connected::new(small()).await;
    let opportunity = &it.account.active[0];
    let panel = created(&it, opportunity).await;
    let path = format!("{}/{}", panels_of(opportunity), panel["id"].as_str().unwrap());
    let delete = it.as_someone(&path);
    assert_eq!(it.send(Method::DELETE, &path, &json!({})).await.0, 400);
    assert_eq!(it.send(Method::DELETE, &delete, &json!({})).await.0, 204);
    assert!(it.get(&path).await.1["data"]["canceledAt"].is_i64());
    assert_eq!(it.send(Method::DELETE, &delete, &json!({})).await.0, 404);
}

#[tokio::test]
async fn told_to_it_answers_as_documented_and_lets_deleted_panels_vanish() {
    let options = Options { documented_answers: true, deleted_panels_vanish: true, ..small() };
    let it = Connected::new(options).await;
    let panels = panels_of(&it.account.active[0]);
    let (_, answer) = it.send(Method::POST, &it.as_someone(&panels), &it.panel()).await;
    let id = answer["data"]["data"][0]["id"].as_str().unwrap();
    let path = format!("{panels}/{id}");
    assert_eq!(it.send(Method::DELETE, &it.as_someone(&path), &json!({})).await.0, 204);
    assert_eq!(it.get(&path).await.0, 404);
}

#[tokio::test]
async fn a_merge_moves_a_panel_to_the_other_opportunity_of_the_person() {
    let it = Connected::new(Options { opportunities: 400, ..small() }).await;
    let ids = it.account.active.iter().chain(&it.account.archived);
    let mut seen = std::collections::HashMap::new();
    let twice = ids.into_iter().find_map(|id| {
        let contact = it.lever.opportunity(&it.account.id, id).unwrap()["contact"].to_string();
        seen.insert(contact, id.clone()).map(|other| (other, id.clone()))
    });
    let (from, to) = twice.expect("some people have two opportunities");
    let panel = created(&it, &from).await;
    let id = panel["id"].as_str().unwrap();
    it.lever.inside(&it.account.id).move_panel(&from, id, &to).unwrap();
    assert_eq!(it.get(&format!("{}/{id}", panels_of(&from))).await.0, 404);
    assert_eq!(it.get(&format!("{}/{id}", panels_of(&to))).await.1["data"], panel);
    let stranger = it.account.active.iter().find(|id| **id != from && **id != to).unwrap();
    assert!(it.lever.inside(&it.account.id).move_panel(&to, id, stranger).is_err());
}
