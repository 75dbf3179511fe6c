//! What is refused before Lever is asked: where the mistake is, what it is, and what to do.

use std::time::Duration;

use http::Method;
use lever_integration::fake_lever::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::world::{World, interview_path, panel_path};

/// The mistakes of a panel after `change`, as pointer, code and sentence.
async fn mistakes(world: &World, change: impl FnOnce(&mut Value)) -> Vec<(String, String, String)> {
    let mut draft = world.draft(&[world.interview(0, 0), world.interview(1, 1)]);
    change(&mut draft);
    let answer = world.schedule(draft).await.expect(422);
    assert_eq!(answer.code(), "invalid_request");
    let problem = answer.json();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    problem["errors"].as_array().expect("a list").iter().map(|it| (text(&it["pointer"]), text(&it["code"]), text(&it["message"]))).collect()
}

#[tokio::test]
async fn every_mistake_is_named_with_its_place_its_code_and_what_to_do() {
    let world = World::begin().await;
    let gone = world.account.users.iter().find(|user| !user.active).expect("somebody has left").clone();
    let shared = world.people[0].id.clone();
    type Change<'a> = Box<dyn FnOnce(&mut Value) + 'a>;
    let cases: Vec<(&str, &str, &str, Change<'_>)> = vec![
        ("/timezone", "unknown_time_zone", "America/Los_Angeles", Box::new(|it| it["timezone"] = json!("Pacific Time"))),
        ("/timezone", "required", "required", Box::new(|it| drop(it.as_object_mut().expect("a map").remove("timezone")))),
        ("/interviews", "wrong_size", "1 to", Box::new(|it| it["interviews"] = json!([]))),
        ("/interviews/0/durationMinutes", "out_of_range", "1 to 1440", Box::new(|it| it["interviews"][0]["durationMinutes"] = json!(0))),
        ("/interviews/0/durationMinutes", "out_of_range", "1 to 1440", Box::new(|it| it["interviews"][0]["durationMinutes"] = json!(1441))),
        ("/interviews/0/interviewers", "wrong_size", "1 to", Box::new(|it| it["interviews"][0]["interviewers"] = json!([]))),
        (
            "/interviews/0/interviewers/0/id",
            "unknown_interviewer",
            "nobody",
            Box::new(|it| it["interviews"][0]["interviewers"][0]["id"] = json!("nobody")),
        ),
        (
            "/interviews/0/interviewers/0/id",
            "deactivated_interviewer",
            &gone.name,
            Box::new(|it| it["interviews"][0]["interviewers"][0]["id"] = json!(gone.id)),
        ),
        (
            "/interviews/0/feedbackTemplateId",
            "unknown_template",
            "t-none",
            Box::new(|it| it["interviews"][0]["feedbackTemplateId"] = json!("t-none")),
        ),
        (
            "/interviews/1/interviewers/0/feedbackTemplateId",
            "unknown_template",
            "t-none",
            Box::new(|it| it["interviews"][1]["interviewers"][0]["feedbackTemplateId"] = json!("t-none")),
        ),
        ("/interviews/1/start", "in_the_past", "allowPast", Box::new(|it| it["interviews"][1]["start"] = json!("2020-01-01T09:00:00Z"))),
        ("/interviews/1/start", "not_a_time", "RFC 3339", Box::new(|it| it["interviews"][1]["start"] = json!("next Tuesday"))),
        ("/interviews/1/start", "time_without_offset", "offset", Box::new(|it| it["interviews"][1]["start"] = json!("2027-06-01T09:00:00"))),
        ("/interviews/1/start", "local_time_in_gap", "clocks go forward", Box::new(|it| it["interviews"][1]["start"] = json!("2027-03-14T02:30:00"))),
        (
            "/interviews/1/start",
            "local_time_in_gap",
            "clocks go forward",
            Box::new(|it| it["interviews"][1]["start"] = json!("2027-03-14T02:30:00-08:00")),
        ),
        ("/interviews/1/start", "local_time_twice", "twice", Box::new(|it| it["interviews"][1]["start"] = json!("2027-11-07T01:30:00"))),
        ("/interviews/1/end", "unknown_field", "durationMinutes", Box::new(|it| it["interviews"][1]["end"] = json!("2027-03-14T02:30:00Z"))),
        ("/externallyManaged", "unknown_field", "timezone", Box::new(|it| it["externallyManaged"] = json!(false))),
        ("/applicationIds/0", "unknown_application", "this opportunity", Box::new(|it| it["applicationIds"] = json!(["none"]))),
        ("/feedbackReminder", "unknown_word", "once", Box::new(|it| it["feedbackReminder"] = json!("hourly"))),
        ("/externalUrl", "not_a_web_address", "https://", Box::new(|it| it["externalUrl"] = json!("javascript:alert(1)"))),
        (
            "/interviews/1/interviewers/0/id",
            "overlap",
            "allowConflicts",
            Box::new(|it| {
                it["interviews"][1]["start"] = it["interviews"][0]["start"].clone();
                it["interviews"][1]["interviewers"][0]["id"] = json!(shared);
            }),
        ),
    ];
    for (pointer, code, hint, change) in cases {
        let found = mistakes(&world, change).await;
        assert_eq!(found.len(), 1, "{pointer} {code}: {found:?}");
        assert_eq!((found[0].0.as_str(), found[0].1.as_str()), (pointer, code), "{found:?}");
        assert!(found[0].2.contains(hint), "{pointer} {code}: {}", found[0].2);
    }
    let several = mistakes(&world, |it| {
        it["timezone"] = json!("Nowhere");
        it["interviews"][0]["durationMinutes"] = json!("45");
        it["extra"] = json!(1);
    });
    assert_eq!(several.await.len(), 3);
    assert_eq!((world.writes(), world.at_lever()), (Vec::new(), Vec::new()));
    assert!(world.operations().await.is_empty(), "nothing that was refused here is in the log of what was sent");
    world.story.end().await;
}

/// Our copy is too old to book by, and yet Lever is asked nothing about what cannot be done anyway.
#[tokio::test]
async fn what_cannot_be_costs_lever_no_request() {
    let world = World::begin().await;
    let panel = world.scheduled(&[world.interview(0, 0), world.interview(1, 1)]).await;
    let gone = &world.account.users.iter().find(|user| !user.active).expect("somebody has left").id;
    let kept = json!({"id": panel["interviews"][1]["id"]});
    world.story.clock.advance(Duration::from_secs(61));
    world.story.work().await;
    world.story.lever.clear_ledger();
    let wrong = [
        json!({"start": "2020-01-01T09:00:00Z"}),
        json!({"start": "2027-03-14T02:30:00"}),
        json!({"durationMinutes": 0}),
        json!({"interviewers": [{"id": "nobody"}]}),
        json!({"interviewers": [{"id": gone}]}),
        json!({"feedbackTemplateId": "t-none"}),
    ];
    let mut requests = Vec::new();
    for change in wrong {
        let interview = with(world.interview(0, 5), &change);
        requests.push((world.draft(std::slice::from_ref(&interview)), json!({"interviews": [interview, kept]}), interview, change));
    }
    let by = json!({"performAs": gone});
    let (new, edit) = (world.draft(&[world.interview(0, 5)]), json!({"note": "by somebody who has left"}));
    requests.push((with(new, &by), with(edit, &by), with(world.interview(0, 5), &by), with(json!({"location": "Room 4"}), &by)));

    let path = panel_path(&panel["id"]);
    for (new, edit, added, changed) in requests {
        for (method, path, body) in [
            (Method::POST, world.path(), new),
            (Method::PATCH, path.clone(), edit),
            (Method::POST, format!("{path}/interviews"), added),
            (Method::PATCH, interview_path(&panel["interviews"][0]["id"]), changed),
        ] {
            let answer = world.call(method, &path, body, &[]).await.expect(422);
            assert_eq!((answer.code(), world.story.lever.ledger().len()), ("invalid_request".into(), 0), "{path} {}", answer.text);
        }
    }
    // What can be done is worth a look.
    world.scheduled(&[world.interview(0, 5)]).await;
    assert!(world.story.lever.ledger().iter().any(|entry| entry.method == "GET" && entry.path.ends_with("/panels")));
    world.story.end().await;
}

/// The object with these fields.
fn with(mut object: Value, fields: &Value) -> Value {
    object.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    object
}

#[tokio::test]
async fn what_is_meant_can_be_confirmed() {
    let world = World::begin().await;
    let mut past = world.draft(&[world.interview(0, 0), world.interview(0, 0)]);
    past["interviews"][0]["start"] = json!("2020-01-01T09:00:00Z");
    past["interviews"][1]["start"] = json!("2020-01-01T09:00:00Z");
    assert_eq!(world.schedule(past.clone()).await.expect(422).json()["errors"].as_array().map(Vec::len), Some(3));
    past["allowPast"] = json!(true);
    past["allowConflicts"] = json!(true);
    let panel = world.schedule(past).await.expect(201).json();
    assert_eq!(panel["start"], "2020-01-01T09:00:00Z");
    // What is over may still be annotated.
    world.admin.patch(&panel_path(&panel["id"]), json!({"note": "It went well"})).await.expect(200);
    world.story.end().await;
}

#[tokio::test]
async fn a_body_that_is_no_panel_at_all_is_refused() {
    let world = World::begin().await;
    let path = format!("{}{}", world.story.base, world.path());
    let send = async |kind: &str, body: &str| {
        let request = world.admin.http.post(&path).bearer_auth(&world.admin.token).header("content-type", kind).body(body.to_owned());
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.json::<Value>().await.expect("a problem")["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(send("application/json", "{").await, (400, "invalid_body".into()));
    assert_eq!(send("application/json", "[]").await, (422, "invalid_request".into()));
    assert_eq!(send("application/json", &"[".repeat(100_000)).await, (400, "invalid_body".into()));
    assert_eq!(send("text/plain", "{}").await, (415, "unsupported_media_type".into()));
    world.story.end().await;
}

#[tokio::test]
async fn an_archived_or_unknown_candidate_gets_no_panel() {
    let world = World::begin().await;
    let archived = World { opportunity: world.account.archived[0].clone(), ..world };
    let refused = archived.schedule(archived.draft(&[archived.interview(0, 0)])).await.expect(409);
    assert_eq!(refused.code(), "opportunity_archived");
    let unknown = World { opportunity: "nobody".into(), ..archived };
    assert_eq!(unknown.schedule(unknown.draft(&[unknown.interview(0, 0)])).await.expect(404).code(), "not_found");
    assert_eq!(unknown.writes(), Vec::<String>::new());
    // That Lever refuses to show it is the same to whoever asks.
    let refusal = FaultKind::Status { code: 403, retry_after_seconds: None };
    unknown.story.lever.fault(Fault::new("GET", "/v1/opportunities/**", refusal));
    let foreign = World { opportunity: "somebody-elses".into(), ..unknown };
    assert_eq!(foreign.schedule(foreign.draft(&[foreign.interview(0, 0)])).await.expect(404).code(), "not_found");
    foreign.story.lever.clear_faults();
    foreign.story.end().await;
}

/// Lever's own refusals are passed on with its code and words.
#[tokio::test]
async fn what_lever_refuses_is_told_in_levers_words() {
    let world = World::begin().await;
    // Deactivated inside Lever, and our copy does not know yet.
    world.inside().deactivate_user(&world.people[1].id).expect("deactivated");
    let answer = world.schedule(world.draft(&[world.interview(1, 0)])).await.expect(422);
    assert_eq!(answer.code(), "lever_rejected");
    let problem = answer.json();
    assert_eq!(problem["leverStatus"], 400);
    assert!(problem["leverMessage"].as_str().expect("words").contains("interviewer"), "{problem}");
    let operation = &world.operations().await[0];
    assert_eq!((&operation["status"], &operation["error"]["code"]), (&json!("failed"), &json!("lever_rejected")));
    world.story.work().await;
    world.story.end().await;
}
