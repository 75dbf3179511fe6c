//! Lever's answers come in more forms than were recorded, and say less than was hoped for. Whatever they look like: what Lever has is what
//! callers read, and no booking is there twice.

use chrono::{DateTime, SecondsFormat, Utc};
use http::Method;
use lever_integration::fake_lever::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::world::{World, ids, interview_path, panel_path, text};

const PANELS: &str = "/v1/opportunities/*/panels";
const PANEL: &str = "/v1/opportunities/*/panels/*";
const INTERVIEWS: &str = "/v1/opportunities/*/interviews";
const INTERVIEW: &str = "/v1/opportunities/*/interviews/*";

/// A form that an answer may have: what it does to the status and to the object inside `data`.
type Form = (&'static str, fn(&mut u16, &mut Value));

/// Other forms of the same panel.
const OTHERS: [Form; 4] = [
    ("interviewers as ids", |_, panel| each_interview(panel, |it| it["interviewers"] = ids_of(&it["interviewers"]))),
    ("interviews as ids", |_, panel| panel["interviews"] = ids_of(&panel["interviews"])),
    ("times as text", |_, panel| each_time(panel, |millis| json!(millis.to_string()))),
    ("times as dates", |_, panel| each_time(panel, as_date)),
];
/// More or less of it.
const MORE_OR_LESS: [Form; 5] = [
    ("the other success", |status, _| *status = 401 - *status),
    ("without externalUrl", |_, panel| drop(panel.as_object_mut().map(|panel| panel.remove("externalUrl")))),
    ("nothing at all", |_, panel| *panel = Value::Null),
    ("nothing but the id", |_, panel| *panel = json!({"id": panel["id"]})),
    ("fields of tomorrow", |_, panel| {
        panel["tomorrow"] = json!({"deep": [1, null]});
        each_interview(panel, |it| it["tomorrow"] = json!("x"));
    }),
];
const NULLS: Form = ("nulls for lists", |_, panel| {
    for name in ["applications", "interviews"] {
        panel[name] = Value::Null;
    }
});

fn any_form() -> impl Iterator<Item = Form> {
    OTHERS.into_iter().chain(MORE_OR_LESS).chain([NULLS])
}

fn ids_of(list: &Value) -> Value {
    list.as_array().expect("a list").iter().map(|it| it["id"].clone()).collect()
}

fn each_interview(panel: &mut Value, change: fn(&mut Value)) {
    panel["interviews"].as_array_mut().into_iter().flatten().for_each(change);
}

/// Writes every time of a panel or an interview in another way.
fn each_time(object: &mut Value, write: fn(i64) -> Value) {
    for name in ["createdAt", "start", "end", "date", "canceledAt"] {
        if let Some(millis) = object[name].as_i64() {
            object[name] = write(millis);
        }
    }
    for interview in object["interviews"].as_array_mut().into_iter().flatten() {
        each_time(interview, write);
    }
}

fn as_date(millis: i64) -> Value {
    json!(DateTime::from_timestamp_millis(millis).expect("a time").to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// Lever does what is asked, and answers the next request of that kind in this form.
fn answered(world: &World, method: &str, pattern: &str, form: fn(&mut u16, &mut Value)) {
    world.fault(method, pattern, FaultKind::altered(move |status, body| form(status, &mut body["data"])));
}

/// What callers read of the one panel is what Lever has, and the mark is on no second one.
async fn is_true(world: &World, form: &str, answer: &Value) {
    let there = world.only_panel();
    let millis = |time: &Value| time.as_str().map(|time| time.parse::<DateTime<Utc>>().expect("a time").timestamp_millis());
    let shown = world.panel(&there["id"]).await.expect(200).json();
    assert_eq!(&shown, answer, "{form}: what was answered is what is read");
    assert_eq!((&shown["note"], &shown["externalUrl"]), (&there["note"], &there["externalUrl"]), "{form}");
    assert_eq!((&shown["applicationIds"], millis(&shown["end"])), (&there["applications"], there["end"].as_i64()), "{form}");
    let (seen, true_ones) = (shown["interviews"].as_array().expect("a list"), there["interviews"].as_array().expect("a list"));
    assert_eq!(ids(&shown["interviews"]), ids(&there["interviews"]), "{form}");
    for (seen, true_one) in seen.iter().zip(true_ones) {
        assert_eq!((millis(&seen["start"]), &seen["durationMinutes"]), (true_one["date"].as_i64(), &true_one["duration"]), "{form}");
        assert_eq!((&seen["subject"], ids(&seen["interviewers"])), (&true_one["subject"], ids(&true_one["interviewers"])), "{form}");
    }
}

#[tokio::test]
async fn a_booking_is_what_lever_has_in_whatever_form_that_is_answered() {
    for (form, change) in any_form() {
        let world = World::begin().await;
        answered(&world, "POST", PANELS, change);
        let panel = world.schedule(world.draft(&[world.interview(0, 0), world.interview(1, 1)])).await.expect(201);
        assert_eq!(panel.location(), panel_path(&world.only_panel()["id"]), "{form}");
        is_true(&world, form, &panel.json()).await;
        world.pass(90).await;
        assert_eq!(world.writes(), ["POST panels"], "{form}");
        world.story.end().await;
    }
}

#[tokio::test]
async fn an_edit_is_what_lever_has_in_whatever_form_that_is_answered() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0), world.interview(1, 1)]).await;
    let (path, kept) = (panel_path(&panel["id"]), panel["interviews"][0]["id"].clone());
    let mark = world.only_panel()["externalUrl"].clone();
    for (hour, (form, change)) in (2..).zip(any_form()) {
        answered(&world, "PUT", PANEL, change);
        let list = json!([{"id": kept, "subject": form}, world.interview(2, hour)]);
        let edited = world.admin.patch(&path, json!({"note": form, "interviews": list})).await.expect(200);
        assert_eq!((&world.only_panel()["note"], &world.only_panel()["externalUrl"]), (&json!(form), &mark));
        is_true(&world, form, &edited.json()).await;
    }
    world.story.work().await;
    world.story.end().await;
}

#[tokio::test]
async fn a_single_interview_is_what_lever_has_in_whatever_form_that_is_answered() {
    let forms: [Form; 6] = [
        ("the other success", |status, _| *status = 401 - *status),
        ("nothing but the id", |_, interview| *interview = json!({"id": interview["id"]})),
        ("interviewers as ids", |_, interview| interview["interviewers"] = ids_of(&interview["interviewers"])),
        ("times as dates", |_, it| each_time(it, as_date)),
        ("nulls", |_, interview| {
            for name in ["interviewers", "date", "duration", "panel", "postings"] {
                interview[name] = Value::Null;
            }
        }),
        ("fields of tomorrow", |_, interview| interview["tomorrow"] = json!([1])),
    ];
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let path = interview_path(&panel["interviews"][0]["id"]);
    for (hour, (form, change)) in (1..).zip(forms) {
        answered(&world, "POST", INTERVIEWS, change);
        let added = world.admin.post(&format!("{}/interviews", panel_path(&panel["id"])), world.interview(1, hour)).await.expect(201).json();
        assert_eq!((&added["start"], &added["interviewers"][0]["id"]), (&json!(world.at(hour)), &json!(world.people[1].id)), "{form}");
        answered(&world, "PUT", INTERVIEW, change);
        let edited = world.admin.patch(&path, json!({"subject": form})).await.expect(200).json();
        assert_eq!((&edited["subject"], &edited["start"]), (&json!(form), &json!(world.at(0))));
        is_true(&world, form, &world.panel(&panel["id"]).await.json()).await;
    }
    world.story.work().await;
    world.story.end().await;
}

/// Whatever form panels are read in, they are the same panels: nothing is lost by an edit, and no version is another one.
#[tokio::test]
async fn panels_that_are_read_in_another_form_can_be_edited() {
    for (form, change) in OTHERS.into_iter().chain([NULLS]) {
        let world = World::begin().await;
        let panel = world.scheduled(&[world.interview(0, 0), world.interview(1, 1)]).await;
        let etag = world.panel(&panel["id"]).await.header("etag");
        let (before, path) = (world.only_panel(), panel_path(&panel["id"]));
        world.story.lever.fault(Fault::new("GET", PANEL, FaultKind::altered(move |status, body| change(status, &mut body["data"]))));
        // What shows less of the applications, or of the people, looks like another version.
        let version = if [NULLS.0, OTHERS[0].0].contains(&form) { "*" } else { etag.as_str() };
        let edited = world.call(Method::PATCH, &path, json!({"note": "Onsite"}), &[("if-match", version)]).await.expect(200);
        let mut after = world.only_panel();
        assert_eq!((after["note"].take(), &before["note"]), (json!("Onsite"), &Value::Null), "{form}");
        assert_eq!(after, before, "{form}");
        is_true(&world, form, &edited.json()).await;
        world.story.end().await;
    }
}

/// Whatever Lever leaves out of every answer, a panel of ours has its times and can be changed.
#[tokio::test]
async fn a_panel_that_lever_never_shows_whole_is_still_ours() {
    let world = World::begin().await;
    for (method, pattern) in [("POST", PANELS), ("GET", PANELS), ("GET", PANEL), ("PUT", PANEL)] {
        let less = FaultKind::altered(|_, body| {
            let all = if body["data"].is_array() { body["data"].as_array_mut().into_iter().flatten().collect() } else { vec![&mut body["data"]] };
            for panel in all.into_iter().filter_map(Value::as_object_mut) {
                panel.retain(|name, _| !["externallyManaged", "start", "end"].contains(&name.as_str()));
            }
        });
        world.story.lever.fault(Fault::new(method, pattern, less));
    }
    let panel = world.scheduled(&[world.interview(0, 0), world.interview(1, 1)]).await;
    assert_eq!((&panel["start"], &panel["editable"]), (&json!(world.at(0)), &json!(true)));
    let edited = world.admin.patch(&panel_path(&panel["id"]), json!({"note": "Onsite"})).await.expect(200).json();
    is_true(&world, "less", &edited).await;
    let listed = world.admin.get(&format!("/v1/panels?from={}&to={}", world.at(1), world.at(2))).await.expect(200).json();
    assert_eq!(ids(&listed["data"]), [text(&panel["id"])]);
    world.admin.delete(&panel_path(&panel["id"])).await.expect(204);
    world.story.end().await;
}

#[tokio::test]
async fn a_cancellation_may_be_answered_in_any_way() {
    let forms: [Form; 4] = [
        ("no body", |_, _| {}),
        ("200 and the panel", |status, data| (*status, *data) = (200, json!({"id": "x", "canceledAt": null}))),
        ("200 and a word", |status, data| (*status, *data) = (200, json!("deleted"))),
        ("202", |status, _| *status = 202),
    ];
    for (form, change) in forms {
        let world = World::begin().await;
        let panel = world.scheduled(&[world.interview(0, 0), world.interview(1, 1)]).await;
        world.fault("DELETE", INTERVIEW, FaultKind::altered(move |status, body| altered_body(change, status, body)));
        world.admin.delete(&interview_path(&panel["interviews"][0]["id"])).await.expect(204);
        let left = world.panel(&panel["id"]).await.expect(200).json();
        assert_eq!(ids(&left["interviews"]), [text(&panel["interviews"][1]["id"])], "{form}");
        is_true(&world, form, &left).await;
        world.fault("DELETE", PANEL, FaultKind::altered(move |status, body| altered_body(change, status, body)));
        world.admin.delete(&panel_path(&panel["id"])).await.expect(204);
        assert_eq!(world.panel(&panel["id"]).await.expect(200).json()["status"], "canceled", "{form}");
        assert_ne!(world.only_panel()["canceledAt"], Value::Null, "{form}");
        world.story.work().await;
        world.story.end().await;
    }
}

/// Where Lever answers nothing, there is nothing to alter, unless there is to be something.
fn altered_body(form: fn(&mut u16, &mut Value), status: &mut u16, body: &mut Value) {
    let mut data = Value::Null;
    form(status, &mut data);
    if !data.is_null() {
        *body = json!({"data": data});
    }
}

/// A read that is behind a cancellation does not undo it.
#[tokio::test]
async fn a_canceled_panel_is_canceled_although_lever_shows_it_as_it_was() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    world.fault("GET", PANEL, FaultKind::altered(|_, body| body["data"]["canceledAt"] = Value::Null));
    world.admin.delete(&panel_path(&panel["id"])).await.expect(204);
    assert_eq!(world.panel(&panel["id"]).await.expect(200).json()["status"], "canceled");
    world.story.end().await;
}

/// An edit of which the answer says next to nothing, and a read is behind: it is shown as edited, and read again.
#[tokio::test]
async fn an_edited_panel_is_shown_as_edited_although_lever_shows_it_as_it_was() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    let path = panel_path(&panel["id"]);
    answered(&world, "PUT", PANEL, |_, data| *data = json!({"id": data["id"]}));
    // The edit's own reading before it is sent, and the one after it.
    let old = FaultKind::altered(|_, body| body["data"]["note"] = Value::Null);
    world.story.lever.fault(Fault::new("GET", PANEL, old).times(2));
    let edited =
        world.admin.patch(&path, json!({"note": "Onsite", "interviews": [{"id": panel["interviews"][0]["id"], "subject": "Team fit"}]})).await;
    let edited = edited.expect(200);
    let (etag, edited) = (edited.header("etag"), edited.json());
    assert_eq!((&edited["note"], &edited["interviews"][0]["subject"]), (&json!("Onsite"), &json!("Team fit")));
    assert_eq!(edited["interviews"][0]["start"], world.at(0));
    world.story.work().await;
    let again = world.panel(&panel["id"]).await.expect(200);
    is_true(&world, "read again", &again.json()).await;
    assert_eq!(again.header("etag"), etag, "put together or read, it is the same version");
    world.story.end().await;
}

#[tokio::test]
async fn of_a_double_the_one_that_was_answered_stays() {
    let world = World::begin().await;
    world.fault("POST", PANELS, FaultKind::CommitTwiceAnswerSecond);
    let panel = world.scheduled(&[world.interview(0, 0)]).await;
    assert_eq!(panel["id"], world.at_lever()[1]["id"], "the second was answered");
    world.pass(90).await;
    let on: Vec<Value> = world.at_lever().into_iter().filter(|it| it["canceledAt"].is_null()).collect();
    assert_eq!(on.iter().map(|it| it["id"].clone()).collect::<Vec<_>>(), [panel["id"].clone()]);
    assert_eq!(world.panel(&panel["id"]).await.expect(200).json()["status"], "scheduled");
    assert_eq!(world.operations().await[0]["kind"], "remove_double");
    world.story.end().await;
}

#[tokio::test]
async fn what_lever_does_not_find_is_taken_away_only_when_it_is_nowhere() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0), world.interview(1, 1)]).await;
    let refusal = || FaultKind::Answer { code: 404, body: json!({"code": "NotFoundError", "message": "Panel was not found"}).to_string() };
    // It is there all the same: Lever means something else.
    world.fault("DELETE", PANEL, refusal());
    let refused = world.admin.delete(&panel_path(&panel["id"])).await.expect(422);
    assert_eq!((refused.code().as_str(), &refused.json()["leverCode"]), ("lever_rejected", &json!("NotFoundError")));
    assert_eq!(world.panel(&panel["id"]).await.json()["status"], "scheduled");
    // Somebody in Lever was faster.
    world.inside().delete_interview(&world.opportunity, text(&panel["interviews"][0]["id"])).expect("deleted");
    world.admin.delete(&interview_path(&panel["interviews"][0]["id"])).await.expect(204);
    world.inside().cancel_panel(&world.opportunity, text(&panel["id"])).expect("canceled");
    world.admin.delete(&panel_path(&panel["id"])).await.expect(204);
    assert_eq!(world.panel(&panel["id"]).await.json()["status"], "canceled");
    world.story.work().await;
    world.story.end().await;
}

#[tokio::test]
async fn a_refusal_is_passed_on_with_whatever_words_it_has() {
    let world = World::begin().await;
    let refusals = [
        (json!({"code": "BadRequestError", "message": "perform_as is invalid"}).to_string(), "BadRequestError", "perform_as is invalid"),
        (json!({"error": {"message": "perform_as is invalid"}}).to_string(), "", "perform_as is invalid"),
        (json!({"errors": ["no", "such"]}).to_string(), "", "no"),
        ("<html>Bad Request</html>".to_owned(), "", ""),
        (String::new(), "", ""),
    ];
    for (body, code, message) in refusals {
        world.fault("POST", PANELS, FaultKind::Answer { code: 400, body });
        let refused = world.schedule(world.draft(&[world.interview(0, 0)])).await.expect(422);
        assert_eq!(refused.code(), "lever_rejected");
        let said = refused.json();
        assert_eq!((&said["leverStatus"], &said["leverCode"], &said["leverMessage"]), (&json!(400), &json!(code), &json!(message)));
        assert_eq!(world.operations().await[0]["status"], "failed");
    }
    assert_eq!(world.at_lever().len(), 0);
    assert_eq!(world.writes(), ["POST panels"; 5]);
    world.story.work().await;
    world.story.end().await;
}
