//! What a merge keeps and what it changes.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// A panel as Lever shows it, with invented people and with fields of tomorrow at every level.
fn fresh() -> Value {
    json!({
        "id": "p1", "applications": ["a1"], "canceledAt": null, "createdAt": 1, "start": 1_000, "end": 9_000, "externallyManaged": true,
        "externalUrl": "https://x.example/i/1", "feedbackReminder": "once", "note": "bring a laptop", "stage": "lead-new",
        "timezone": "Europe/Berlin", "user": "u9", "videoRoom": {"link": "https://v.example"}, "color": null,
        "interviews": [
            {"id": "i1", "date": 1_000, "duration": 30, "feedbackReminder": "daily", "feedbackTemplate": "t1", "location": null, "note": null,
             "subject": "First", "recording": true,
             "interviewers": [{"id": "u1", "name": "Uma Invented", "email": "uma@acme.example", "responseStatus": "accepted",
                               "feedbackTemplate": "t7", "shadow": true}]},
            {"id": "i2", "date": 5_000, "duration": 60, "feedbackReminder": "daily", "feedbackTemplate": null, "location": "Room 2", "note": "n",
             "subject": "Second", "interviewers": [{"id": "u2", "name": "Udo Invented", "email": "udo@acme.example", "feedbackTemplate": "no-feedback"}]},
            {"id": "i3", "date": 6_000, "duration": 60, "canceledAt": 5, "interviewers": [{"id": "u2"}]}]
    })
}

fn patched(patch: Value) -> Value {
    panel(&fresh(), &PanelDraft::patch(&patch, None).expect("a right patch")).expect("a merge")
}

#[test]
fn an_edit_of_nothing_sends_back_all_that_is_not_levers_own_to_say() {
    assert_eq!(
        patched(json!({})),
        json!({
            "applications": ["a1"], "externalUrl": "https://x.example/i/1", "feedbackReminder": "once", "note": "bring a laptop",
            "timezone": "Europe/Berlin", "videoRoom": {"link": "https://v.example"}, "color": null,
            "interviews": [
                {"id": "i1", "date": 1_000, "duration": 30, "feedbackReminder": "daily", "feedbackTemplate": "t1", "subject": "First",
                 "recording": true, "interviewers": [{"id": "u1", "feedbackTemplate": "t7", "shadow": true}]},
                {"id": "i2", "date": 5_000, "duration": 60, "feedbackReminder": "daily", "location": "Room 2", "note": "n",
                 "subject": "Second", "interviewers": [{"id": "u2", "feedbackTemplate": "no-feedback"}]}]
        })
    );
}

#[test]
fn null_takes_away_and_a_value_replaces() {
    let body = patched(json!({"note": null, "feedbackReminder": "none", "timezone": "America/New_York"}));
    assert_eq!(body.get("note"), None);
    assert_eq!((&body["feedbackReminder"], &body["timezone"]), (&json!("none"), &json!("America/New_York")));
    assert_eq!(body["interviews"], patched(json!({}))["interviews"]);
}

#[test]
fn of_the_interviews_some_stay_some_go_and_some_are_new() {
    let body = patched(json!({"interviews": [
        {"id": "i2", "location": "Room 5", "interviewers": [{"id": "u2"}, {"id": "u3", "feedbackTemplateId": "t3"}]},
        {"start": "2026-12-01T17:00:00Z", "durationMinutes": 45, "interviewers": [{"id": "u4"}], "feedbackTemplateId": "t4"}]}));
    assert_eq!(
        body["interviews"],
        json!([
            {"id": "i2", "date": 5_000, "duration": 60, "feedbackReminder": "daily", "location": "Room 5", "note": "n", "subject": "Second",
             "interviewers": [{"id": "u2", "feedbackTemplate": "no-feedback"}, {"id": "u3", "feedbackTemplate": "t3"}]},
            {"date": 1_796_144_400_000_i64, "duration": 45, "interviewers": [{"id": "u4"}], "feedbackTemplate": "t4"}])
    );
}

#[test]
fn an_interview_of_another_panel_or_a_canceled_one_is_a_mistake() {
    let draft = PanelDraft::patch(&json!({"interviews": [{"id": "i1"}, {"id": "elsewhere"}, {"id": "i3"}]}), None).expect("right");
    let mistakes = panel(&fresh(), &draft).expect_err("no such interviews");
    assert_eq!(mistakes.iter().map(|it| it.pointer.as_str()).collect::<Vec<_>>(), ["/interviews/1/id", "/interviews/2/id"]);
}

#[test]
fn interviews_that_lever_does_not_show_whole_are_not_put_at_risk() {
    let mut fresh = fresh();
    fresh["interviews"] = json!(["i1", "i2"]);
    assert!(panel(&fresh, &PanelDraft::default()).is_err());
}

#[test]
fn one_interview_alone_keeps_what_was_not_touched() {
    let (draft, _) = InterviewDraft::patch(&json!({"durationMinutes": 40, "feedbackTemplateId": null}), None).expect("right");
    assert_eq!(
        interview(&fresh()["interviews"][0], &draft),
        json!({"date": 1_000, "duration": 40, "feedbackReminder": "daily", "subject": "First", "recording": true,
               "interviewers": [{"id": "u1", "feedbackTemplate": "t7", "shadow": true}]})
    );
}

/// Any JSON that an unknown field might hold.
fn unknown() -> impl Strategy<Value = Value> {
    prop_oneof![Just(Value::Null), any::<i32>().prop_map(Value::from), ".{0,6}".prop_map(Value::from), Just(json!({"a": [1, {"b": null}]}))]
}

proptest! {
    #[test]
    fn what_nobody_touched_survives(names in proptest::collection::btree_set("[a-z]{3}X", 0..5), value in unknown(), note in proptest::option::of("\\PC{0,6}")) {
        let mut fresh = fresh();
        for name in &names {
            fresh[name] = value.clone();
            fresh["interviews"][0][name] = value.clone();
            fresh["interviews"][1]["interviewers"][0][name] = value.clone();
        }
        let patch = json!({"note": note, "interviews": [{"id": "i1", "durationMinutes": 20}, {"id": "i2", "interviewers": [{"id": "u2"}]}]});
        let body = panel(&fresh, &PanelDraft::patch(&patch, None).expect("right")).expect("a merge");
        for name in &names {
            prop_assert_eq!(body.get(name), Some(&value));
            prop_assert_eq!(body["interviews"][0].get(name), Some(&value));
            prop_assert_eq!(body["interviews"][1]["interviewers"][0].get(name), Some(&value));
        }
        prop_assert_eq!(&body["interviews"][0]["id"], "i1");
        prop_assert_eq!(&body["interviews"][1]["id"], "i2");
        prop_assert_eq!(body.get("note").and_then(Value::as_str), note.as_deref());
    }
}
