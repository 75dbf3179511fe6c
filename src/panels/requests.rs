//! The bodies of writes, as the OpenAPI document shows them. They are read by hand (`draft`), so that every mistake gets its
//! pointer at once; a test holds the two against each other.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// A panel to schedule.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "timezone": "America/Los_Angeles", "note": "Onsite", "interviews": [{
        "start": "2026-12-01T17:00:00Z", "durationMinutes": 45, "subject": "System design",
        "interviewers": [{"id": "5f2a8c1e-0000-4000-8000-000000000001"}]}]}))]
pub struct PanelRequest {
    /// IANA name.
    #[schema(example = "America/Los_Angeles")]
    pub timezone: String,
    #[schema(min_items = 1, max_items = 40)]
    pub interviews: Vec<NewInterview>,
    /// By default the opportunity's application.
    #[schema(min_items = 1, max_items = 10)]
    pub application_ids: Option<Vec<String>>,
    pub note: Option<String>,
    /// An address of your own that Lever shows with the panel.
    #[schema(example = "https://app.example.com/loops/42")]
    pub external_url: Option<String>,
    #[schema(value_type = Option<FeedbackReminder>)]
    pub feedback_reminder: Option<String>,
    #[serde(flatten)]
    pub wishes: WriteWishes,
}

/// A merge patch (RFC 7396) of a panel: what is left out stays, null takes away.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "note": null, "interviews": [
        {"id": "9a3e77f4-0000-4000-8000-000000000001", "location": "Room 4"},
        {"start": "2026-12-01T18:00:00Z", "durationMinutes": 30, "interviewers": [{"id": "5f2a8c1e-0000-4000-8000-000000000001"}]}]}))]
pub struct PanelPatch {
    /// IANA name.
    #[schema(value_type = String, required = false)]
    pub timezone: Option<String>,
    /// The whole list. Those that stay carry their `id`, and of them only what changes; those without `id` are new, and whole.
    #[schema(value_type = Vec<KeptInterview>, required = false, min_items = 1, max_items = 40)]
    pub interviews: Option<Vec<KeptInterview>>,
    #[schema(value_type = Vec<String>, required = false, min_items = 1, max_items = 10)]
    pub application_ids: Option<Vec<String>>,
    pub note: Option<String>,
    pub external_url: Option<String>,
    #[schema(value_type = Option<FeedbackReminder>)]
    pub feedback_reminder: Option<String>,
    #[serde(flatten)]
    pub wishes: WriteWishes,
}

/// How often Lever reminds interviewers of their feedback.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FeedbackReminder {
    Once,
    Daily,
    Frequently,
    None,
}

/// An interview of a panel that is edited.
#[derive(Default, Serialize, ToSchema)]
pub struct KeptInterview {
    /// Of an interview that stays.
    pub id: Option<String>,
    #[serde(flatten)]
    pub fields: InterviewFields,
}

/// An interview to add to a panel.
#[derive(Default, Serialize, ToSchema)]
#[schema(example = json!({
    "start": "2026-12-01T18:00:00Z", "durationMinutes": 30, "subject": "Team fit",
    "interviewers": [{"id": "5f2a8c1e-0000-4000-8000-000000000001", "feedbackTemplateId": "no-feedback"}]}))]
pub struct InterviewRequest {
    #[serde(flatten)]
    pub interview: NewInterview,
    #[serde(flatten)]
    pub wishes: WriteWishes,
}

/// A merge patch of an interview: what is left out stays, null takes away.
#[derive(Default, Serialize, ToSchema)]
#[schema(example = json!({"start": "2026-12-01T19:00:00Z", "location": null}))]
pub struct InterviewPatch {
    #[serde(flatten)]
    pub fields: InterviewFields,
    #[serde(flatten)]
    pub wishes: WriteWishes,
}

/// A new interview.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewInterview {
    pub start: DateTime<Utc>,
    #[schema(minimum = 1, maximum = 1440, example = 45)]
    pub duration_minutes: i64,
    #[schema(min_items = 1, max_items = 40)]
    pub interviewers: Vec<InterviewerRequest>,
    #[serde(flatten)]
    pub details: InterviewDetails,
}

/// An interview that is there already: any of its fields.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InterviewFields {
    #[schema(value_type = DateTime<Utc>, required = false)]
    pub start: Option<DateTime<Utc>>,
    #[schema(value_type = i64, required = false, minimum = 1, maximum = 1440, example = 45)]
    pub duration_minutes: Option<i64>,
    #[schema(value_type = Vec<InterviewerRequest>, required = false, min_items = 1, max_items = 40)]
    pub interviewers: Option<Vec<InterviewerRequest>>,
    #[serde(flatten)]
    pub details: InterviewDetails,
}

/// What an interview may have.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InterviewDetails {
    #[schema(example = "System design")]
    pub subject: Option<String>,
    pub note: Option<String>,
    pub location: Option<String>,
    pub feedback_template_id: Option<String>,
    #[schema(value_type = Option<FeedbackReminder>)]
    pub feedback_reminder: Option<String>,
}

/// Who interviews.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InterviewerRequest {
    /// Lever user.
    pub id: String,
    pub feedback_template_id: Option<String>,
}

/// About the write itself.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WriteWishes {
    /// The Lever user in whose name it is done; by default the active one with the caller's address, else the one who connected.
    pub perform_as: Option<String>,
    /// Book people who are booked already.
    pub allow_conflicts: Option<bool>,
    /// Schedule in the past.
    pub allow_past: Option<bool>,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::draft::{InterviewDraft, PanelDraft};
    use super::*;

    fn details() -> InterviewDetails {
        InterviewDetails {
            subject: Some("s".into()),
            note: Some("n".into()),
            location: Some("l".into()),
            feedback_template_id: Some("t".into()),
            feedback_reminder: Some("once".into()),
        }
    }

    fn interview() -> NewInterview {
        let interviewers = vec![InterviewerRequest { id: "u".into(), feedback_template_id: Some("t".into()) }];
        let start = DateTime::from_timestamp(1_796_144_400, 0).expect("a time");
        NewInterview { start, duration_minutes: 45, interviewers, details: details() }
    }

    fn kept() -> InterviewFields {
        let NewInterview { start, duration_minutes, interviewers, details } = interview();
        InterviewFields { start: Some(start), duration_minutes: Some(duration_minutes), interviewers: Some(interviewers), details }
    }

    fn wishes() -> WriteWishes {
        WriteWishes { perform_as: Some("u".into()), allow_conflicts: Some(true), allow_past: Some(true) }
    }

    /// The names that a body has, at its top and in its first interview.
    fn names(body: &Value) -> Vec<&str> {
        let nested = body["interviews"][0].as_object().into_iter().chain(body["interviewers"][0].as_object());
        body.as_object().into_iter().chain(nested).flat_map(|object| object.keys().map(String::as_str)).collect()
    }

    #[test]
    fn every_field_that_is_described_is_understood() {
        let panel = json!(PanelRequest {
            timezone: "Europe/Berlin".into(),
            interviews: vec![interview()],
            application_ids: Some(vec!["a".into()]),
            note: Some("n".into()),
            external_url: Some("https://app.example.com/".into()),
            feedback_reminder: Some("once".into()),
            wishes: wishes(),
        });
        let patch = json!(PanelPatch {
            timezone: Some("Europe/Berlin".into()),
            interviews: Some(vec![KeptInterview { id: Some("i".into()), fields: kept() }]),
            wishes: wishes(),
            ..PanelPatch::default()
        });
        let alone = json!(InterviewRequest { interview: interview(), wishes: wishes() });
        let alone_patch = json!(InterviewPatch { fields: kept(), wishes: wishes() });
        assert!(PanelDraft::new(&panel).is_ok(), "{:?}", PanelDraft::new(&panel));
        assert!(InterviewDraft::new(&alone, None).is_ok() && InterviewDraft::patch(&alone_patch, None).is_ok());
        // Null is no value for these: a patch that leaves them out does.
        let mistakes = PanelDraft::patch(&patch, None).expect_err("null for what cannot be taken away");
        assert_eq!(mistakes.iter().map(|mistake| mistake.pointer.as_str()).collect::<Vec<_>>(), ["/applicationIds"]);
    }

    #[test]
    fn every_field_that_is_understood_is_described() {
        let empty = json!(PanelRequest { interviews: vec![interview()], ..PanelRequest::default() });
        let described = names(&empty);
        let unknown = PanelDraft::new(&json!({"surely not": 1, "interviews": [{"surely not": 1}]})).expect_err("unknown fields");
        for mistake in unknown.iter().filter(|mistake| mistake.pointer.ends_with("surely not")) {
            let (_, known) = mistake.message.split_once(": ").expect("a list of the fields there are");
            for name in known.split(", ") {
                assert!(described.contains(&name), "{name}");
            }
        }
    }
}
