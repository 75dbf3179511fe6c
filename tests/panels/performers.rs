//! In whose name a write is made at Lever: the one whom the caller names, the caller, or the one who connected.

use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::world::{World, panel_path};

fn performer(world: &World) -> Option<String> {
    let ledger = world.story.lever.ledger();
    let last = ledger.iter().rev().find(|entry| entry.method != "GET")?.perform_as.clone();
    world.story.lever.clear_ledger();
    last
}

#[tokio::test]
async fn a_write_is_made_in_the_name_of_whoever_can_make_it() {
    let world = World::begin().await;
    let connector = world.account.super_admin().id.clone();
    let somebody = &world.people.iter().find(|user| user.id != connector).expect("another user");

    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    assert_eq!(performer(&world), Some(connector.clone()), "the caller has no Lever user");
    let path = panel_path(&panel["id"]);

    let colleague = world.caller(&somebody.email.to_uppercase());
    colleague.patch(&path, json!({"note": "a"})).await.expect(200);
    assert_eq!(performer(&world).as_ref(), Some(&somebody.id), "the caller's own Lever user");

    colleague.patch(&path, json!({"note": "b", "performAs": connector})).await.expect(200);
    assert_eq!(performer(&world), Some(connector.clone()), "the one named");

    let operation = &world.operations().await[1];
    assert_eq!((&operation["performAs"], &operation["caller"]), (&json!(somebody.id), &json!(format!("user-of-{}", colleague.email))));

    colleague.delete(&format!("{path}?performAs={connector}")).await.expect(204);
    assert_eq!(performer(&world), Some(connector));
    world.story.end().await;
}

/// Whoever connected is in Lever, even before our copy knows.
#[tokio::test]
async fn the_one_who_connected_acts_though_no_list_has_shown_them() {
    let world = World::begin().await;
    let connector = world.account.super_admin().id.clone();
    let mut database = PgConnection::connect(&world.story.database.url).await.expect("the database is there");
    sqlx::query("DELETE FROM users WHERE id = $1").bind(&connector).execute(&mut database).await.expect("forgotten");
    let other = (0..world.people.len()).find(|at| world.people[*at].id != connector).expect("another user");
    world.scheduled(&[world.interview(other, 0)]).await;
    assert_eq!(performer(&world), Some(connector));
    world.story.end().await;
}

#[tokio::test]
async fn nobody_acts_who_is_deactivated_or_unknown() {
    let world = World::begin().await;
    let gone = world.account.users.iter().find(|user| !user.active).expect("somebody has left");
    let mut draft = world.draft(&[world.interview(0, 0)]);
    for (who, reason) in [(gone.id.as_str(), "deactivated"), ("nobody", "no Lever user")] {
        draft["performAs"] = json!(who);
        let problem = world.schedule(draft.clone()).await.expect(422).json();
        assert_eq!(problem["errors"][0]["pointer"], "/performAs", "{problem}");
        assert!(problem["detail"].as_str().expect("a sentence").contains(reason), "{problem}");
    }
    // Whoever left cannot be the default either: the one who connected does it.
    let leaver = world.caller(&gone.email);
    leaver.post(&world.path(), world.draft(&[world.interview(0, 0)])).await.expect(201);
    assert_eq!(performer(&world).as_ref(), Some(&world.account.super_admin().id));
    let panel = &world.at_lever()[0];
    let refused = world.admin.delete(&format!("{}?performAs={}", panel_path(&panel["id"]), gone.id)).await.expect(422).json();
    assert_eq!(refused["errors"][0]["pointer"], "/performAs");
    world.story.end().await;
}
