//! A write that is to be sent once more, made anew for what Lever has now. Pure.
//!
//! Only called when a read has shown that the write did not happen. A booking is sent again with the same mark. An edit is merged
//! again, because somebody else may have changed other things; what it would make new and is there already gets its id.

use serde_json::Value;

use super::draft::{InterviewDraft, PanelDraft};
use super::write::Write;
use super::{alone, edit, edit_interview, evidence, merge};
use crate::config::HttpConfig;
use crate::mirror::panels;
use crate::operations::failure::Failure;

/// The write as it is to be sent now. `fresh` is the panel that it is about, as Lever has it.
///
/// # Errors
/// It cannot be made any more.
pub(super) fn renewed(write: &Write, fresh: Option<&Value>, http: &HttpConfig) -> Result<Write, Failure> {
    match (write, fresh) {
        (Write::EditPanel { panel, patch, before, pinned, alone, .. }, Some(fresh)) => {
            let fresh = &alone::with_rests(fresh, alone);
            if *pinned && panels::version(fresh) != panels::version(before) {
                return Err(Failure::changed());
            }
            let body = PanelDraft::patch(patch, None).and_then(|draft| edit::merged(http, fresh, &draft)).map_err(|_| Failure::changed())?;
            let body = evidence::map_new(&body, fresh, &evidence::ids(before)).ok_or_else(Failure::changed)?;
            Ok(Write::EditPanel { panel: panel.clone(), body, patch: patch.clone(), before: before.clone(), alone: alone.clone(), pinned: *pinned })
        }
        (Write::EditInterview { panel, interview, patch, before, pinned, alone, .. }, Some(fresh)) => {
            let now = alone::with_rest(evidence::by_id(fresh, Some(interview)).ok_or_else(Failure::gone)?, alone);
            let plain = merge::interview(&now, &InterviewDraft::default());
            if *pinned && panels::interview_version(&plain) != panels::interview_version(before) {
                return Err(Failure::changed());
            }
            let (draft, _) = InterviewDraft::patch(patch, None).map_err(|_| Failure::changed())?;
            let body = edit_interview::merged(panel, &now, &draft);
            Ok(Write::EditInterview {
                panel: panel.clone(),
                interview: interview.clone(),
                body,
                patch: patch.clone(),
                before: before.clone(),
                alone: alone.clone(),
                pinned: *pinned,
            })
        }
        (same, _) => Ok(same.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::{Config, Variables};

    fn http() -> HttpConfig {
        let vars = Variables::from_pairs([
            ("DATABASE_URL", "postgres://localhost/x"),
            ("PUBLIC_URL", "https://lever.example.com"),
            ("LEVER_CLIENT_ID", "x"),
            ("LEVER_CLIENT_SECRET", "x"),
            ("AUTH_JWT_SECRET", "0123456789abcdef0123456789abcdef"),
            ("ENCRYPTION_KEYS", "k:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
        ]);
        Config::read(&vars).expect("complete").http
    }

    fn write(pinned: bool) -> Write {
        let before = json!({"id": "p", "note": "a", "interviews": [{"id": "i1", "date": 1, "duration": 2, "interviewers": [{"id": "u"}]}]});
        let patch = json!({"interviews": [{"id": "i1"}, {"start": "2026-12-01T17:00:00Z", "durationMinutes": 30, "interviewers": [{"id": "v"}]}]});
        Write::EditPanel { panel: "p".into(), body: json!({}), patch, before, alone: Value::Null, pinned }
    }

    /// As before, but for a note that somebody else wrote, and with the new interview there already.
    fn fresh() -> Value {
        json!({"id": "p", "note": "b", "interviews": [
            {"id": "i1", "date": 1, "duration": 2, "interviewers": [{"id": "u"}]},
            {"id": "n1", "date": 1_796_144_400_000_i64, "duration": 30, "interviewers": [{"id": "v"}]}]})
    }

    #[test]
    fn an_edit_is_merged_into_what_is_there_now_and_makes_nothing_twice() {
        let Ok(Write::EditPanel { body, .. }) = renewed(&write(false), Some(&fresh()), &http()) else { panic!("an edit") };
        assert_eq!((&body["note"], &body["interviews"][1]["id"]), (&json!("b"), &json!("n1")));
    }

    #[test]
    fn another_form_of_the_same_version_is_no_other_version() {
        let before = fresh();
        let Write::EditPanel { patch, .. } = write(true) else { panic!("an edit") };
        let edit = Write::EditPanel { panel: "p".into(), body: json!({}), patch, before: before.clone(), alone: Value::Null, pinned: true };
        let mut now = before;
        now["interviews"].as_array_mut().expect("a list").reverse();
        now["interviews"][0]["location"] = Value::Null;
        now["interviews"][1]["interviewers"][0]["responseStatus"] = json!("accepted");
        assert!(renewed(&edit, Some(&now), &http()).is_ok());
    }

    #[test]
    fn an_edit_of_one_version_is_not_merged_into_another() {
        let failure = renewed(&write(true), Some(&fresh()), &http()).map(|_| ()).map_err(|failure| failure.code);
        assert_eq!(failure, Err("panel_changed"));
    }
}
