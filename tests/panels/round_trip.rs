//! Whatever a panel holds: scheduled, read and edited without a change it is at Lever as it was, byte for byte; and edited there and
//! back, through two whole-object writes, as well.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use crate::world::{World, interview_path, panel_path, text};

const CASES: usize = 60;

/// Any text that Lever and Postgres can hold.
fn any_text(longest: usize) -> impl Strategy<Value = Value> {
    proptest::collection::vec(any::<char>().prop_filter("no NUL", |c| *c != '\0'), 0..longest).prop_map(|chars| Value::from(String::from_iter(chars)))
}

fn reminder() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![json!("once"), json!("daily"), json!("frequently"), json!("none")])
}

/// An object of the fields that are there.
fn object(fields: Vec<(&'static str, Option<Value>)>) -> Value {
    Value::Object(fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Map<_, _>>())
}

fn interview(people: Vec<String>, templates: Vec<Value>, day: chrono::DateTime<chrono::Utc>) -> impl Strategy<Value = Value> {
    let template = prop::option::of(prop::sample::select(templates));
    let seats = prop::sample::subsequence(people, 1..4).prop_shuffle();
    let texts = (prop::option::of(any_text(30)), prop::option::of(any_text(200)), prop::option::of(any_text(60)));
    let times = (0..60 * 24 * 40i64, 1..=1440i64);
    (seats, prop::collection::vec(template.clone(), 4), texts, template, prop::option::of(reminder()), times).prop_map(
        move |(seats, seat_templates, (subject, note, location), template, reminder, (minute, duration))| {
            let seats: Vec<Value> = seats
                .into_iter()
                .zip(seat_templates)
                .map(|(id, template)| object(vec![("id", Some(json!(id))), ("feedbackTemplateId", template)]))
                .collect();
            object(vec![
                ("start", Some(json!(crate::world::rfc3339(day + chrono::TimeDelta::minutes(minute))))),
                ("durationMinutes", Some(json!(duration))),
                ("interviewers", Some(json!(seats))),
                ("subject", subject),
                ("note", note),
                ("location", location),
                ("feedbackTemplateId", template),
                ("feedbackReminder", reminder),
            ])
        },
    )
}

fn panel(world: &World) -> impl Strategy<Value = Value> + use<> {
    let people = world.people.iter().map(|user| user.id.clone()).collect();
    let templates = world.account.templates.iter().map(|id| json!(id)).chain([json!("no-feedback")]).collect();
    let zone = prop::sample::select(vec!["America/Los_Angeles", "Europe/Lisbon", "Asia/Kathmandu", "UTC", "Australia/Lord_Howe"]);
    let url =
        prop::option::of(prop::sample::select(vec![json!("https://a.example/x?y=1"), json!("https://a.example/#part"), json!("http://b.example")]));
    let interviews = prop::collection::vec(interview(people, templates, world.day), 1..5);
    (zone, prop::option::of(any_text(200)), url, prop::option::of(reminder()), interviews).prop_map(|(zone, note, url, reminder, interviews)| {
        object(vec![
            ("timezone", Some(json!(zone))),
            ("interviews", Some(json!(interviews))),
            ("note", note),
            ("externalUrl", url),
            ("feedbackReminder", reminder),
            ("allowConflicts", Some(json!(true))),
        ])
    })
}

/// What a caller would send who shows everything in a form and saves it as it is.
fn echo(view: &Value) -> Value {
    let pick = |from: &Value, names: &[&str]| Value::Object(names.iter().map(|name| ((*name).to_owned(), from[*name].clone())).collect());
    let mut all = pick(view, &["timezone", "note", "externalUrl", "feedbackReminder", "applicationIds"]);
    let interviews = view["interviews"].as_array().expect("a list").iter().map(|interview| {
        let names = ["id", "start", "durationMinutes", "subject", "note", "location", "feedbackTemplateId", "feedbackReminder"];
        let mut all = pick(interview, &names);
        let seats = interview["interviewers"].as_array().expect("a list").iter();
        all["interviewers"] = seats.map(|seat| pick(seat, &["id", "feedbackTemplateId"])).collect();
        all
    });
    all["interviews"] = interviews.collect();
    all
}

/// A caller may change what was read and send all of it back.
#[tokio::test]
async fn what_was_read_can_be_sent_back_as_it_is() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0), world.interview(1, 1)]).await;
    let path = panel_path(&panel["id"]);
    world.writes();
    let read = world.panel(&panel["id"]).await.expect(200).json();
    assert_eq!(world.admin.patch(&path, read.clone()).await.expect(200).json()["interviews"], read["interviews"]);
    let alone = interview_path(&read["interviews"][0]["id"]);
    let interview = world.admin.get(&alone).await.expect(200).json();
    world.admin.patch(&alone, interview.clone()).await.expect(200);
    assert_eq!(world.writes(), Vec::<String>::new(), "nothing was changed");

    let mut changed = world.panel(&panel["id"]).await.expect(200).json();
    changed["interviews"][1]["location"] = json!("Room 4");
    changed["interviews"].as_array_mut().expect("a list").push(world.interview(2, 2));
    let edited = world.admin.patch(&path, changed).await.expect(200).json();
    assert_eq!((edited["interviews"].as_array().map(Vec::len), &edited["interviews"][1]["location"]), (Some(3), &json!("Room 4")));

    // What cannot be set is not set by the way.
    for (path, mut body, name, value) in [(&path, read, "status", json!("canceled")), (&alone, interview, "editable", json!(false))] {
        body[name] = value;
        let refused = world.admin.patch(path, body).await.expect(422).json();
        assert_eq!((&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]), (&json!(format!("/{name}")), &json!("unknown_field")));
    }
    world.story.end().await;
}

/// The object as text that is the same for the same content.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            let fields: Vec<String> = fields.into_iter().map(|(name, value)| format!("{}:{}", json!(name), canonical(value))).collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        plain => plain.to_string(),
    }
}

#[tokio::test]
async fn a_panel_that_is_read_and_not_changed_is_not_changed() {
    let world = World::begin().await;
    let strategy = panel(&world);
    let mut runner = TestRunner::deterministic();
    for case in 0..CASES {
        let draft = strategy.new_tree(&mut runner).expect("a panel").current();
        let shown = world.schedule(draft.clone()).await.expect(201).json();
        let id = text(&shown["id"]);
        world.inside().set_panel_field(&world.opportunity, id, "newField", json!({"deep": [case, null, "ünï"]})).expect("set");
        let there = || canonical(world.at_lever().iter().find(|panel| panel["id"] == id).expect("the panel"));
        let before = there();
        let path = panel_path(&shown["id"]);
        for nothing in [json!({}), echo(&shown)] {
            world.admin.patch(&path, nothing).await.expect(200);
            assert_eq!(there(), before, "{draft}");
        }
        assert_eq!(world.writes(), ["POST panels"], "{draft}");

        let last = shown["interviews"].as_array().expect("a list").len() - 1;
        let mut changed = echo(&shown);
        changed["note"] = json!("changed");
        changed["interviews"][last]["location"] = json!("elsewhere");
        world.admin.patch(&path, changed).await.expect(200);
        assert_ne!(there(), before);
        world.admin.patch(&path, echo(&shown)).await.expect(200);
        assert_eq!(there(), before, "{draft}");
        assert_eq!(world.writes(), ["PUT panels", "PUT panels"]);
        world.admin.delete(&path).await.expect(204);
        world.writes();
    }
    world.story.end().await;
}
