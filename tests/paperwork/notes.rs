//! Notes as callers see them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::support::story::Person;
use crate::{OURS, connected};

async fn values(person: &Person, opportunity: &str) -> Vec<Value> {
    let list = person.get(&format!("/v1/opportunities/{opportunity}/notes?limit=200")).await.expect(200).json();
    list["data"].as_array().expect("a list").iter().map(|note| note["value"].clone()).collect()
}

#[tokio::test]
async fn secret_notes_are_for_admins_alone() {
    let (story, admin, account) = connected().await;
    let id = &account.active[0];
    let inside = story.lever.inside(&account.id).quietly();
    inside.add_note(id, "For everybody", false).expect("added");
    inside.add_note(id, "For the few", true).expect("added");
    story.work().await;
    let (all, open) = (values(&admin, id).await, values(&story.member(OURS), id).await);
    assert!(all.contains(&json!("For everybody")) && all.contains(&json!("For the few")), "{all:?}");
    assert!(open.contains(&json!("For everybody")) && !open.contains(&json!("For the few")), "{open:?}");
    assert_eq!(open.len(), story.lever.notes_of(&account.id, id).expect("there").iter().filter(|note| note["secret"] == false).count());
    story.end().await;
}

#[tokio::test]
async fn a_note_has_its_author_and_its_comments() {
    let (story, admin, account) = connected().await;
    let id = &account.active[0];
    let note = story.lever.inside(&account.id).quietly().add_note(id, "Prefers mornings", false).expect("added");
    story.work().await;
    let list = admin.get(&format!("/v1/opportunities/{id}/notes")).await.expect(200).json();
    let shown = list["data"].as_array().expect("a list").iter().find(|shown| shown["id"] == note.as_str()).expect("the note").clone();
    assert_eq!(shown["value"], "Prefers mornings");
    assert_eq!((&shown["secret"], &shown["comments"]), (&json!(false), &json!([])));
    let raw = story.lever.notes_of(&account.id, id).expect("there").into_iter().find(|raw| raw["id"] == note.as_str()).expect("the note");
    let author = account.users.iter().find(|user| raw["user"] == user.id.as_str()).expect("a user");
    assert_eq!(shown["user"], json!({"id": author.id, "name": author.name}));
    assert!(shown["createdAt"].is_string() && shown["syncedAt"].is_string());
    story.end().await;
}

#[tokio::test]
async fn the_newest_come_first_page_by_page() {
    let (story, admin, account) = connected().await;
    let id = &account.active[1];
    let inside = story.lever.inside(&account.id).quietly();
    for number in 0..5 {
        story.lever.set_now_ms(Some(1_790_000_000_000 + number / 2));
        inside.add_note(id, &format!("Note {number}"), false).expect("added");
    }
    story.lever.set_now_ms(None);
    story.work().await;
    let whole = admin.get(&format!("/v1/opportunities/{id}/notes?limit=200")).await.expect(200).json();
    let (mut walked, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("/v1/opportunities/{id}/notes?limit=2{cursor}")).await.expect(200).json();
        walked.extend(page["data"].as_array().expect("a list").clone());
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(json!(walked), whole["data"]);
    let times: Vec<DateTime<Utc>> = walked.iter().map(|note| note["createdAt"].as_str().expect("a time").parse().expect("a time")).collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
    story.end().await;
}
