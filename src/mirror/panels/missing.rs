//! What Lever may leave out of a panel though it is known otherwise.

use chrono::{DateTime, Utc};

use super::link;
use crate::lever::{Interview, Panel};
use crate::mirror::interviews::end_of;

/// When it begins: as Lever says, else when the first of its interviews does.
pub(super) fn start<'a>(said: Option<DateTime<Utc>>, interviews: impl IntoIterator<Item = &'a Interview>) -> Option<DateTime<Utc>> {
    said.or_else(|| interviews.into_iter().filter_map(|interview| interview.date).min())
}

/// When it ends, as [`start`].
pub(super) fn end<'a>(said: Option<DateTime<Utc>>, interviews: impl IntoIterator<Item = &'a Interview>) -> Option<DateTime<Utc>> {
    said.or_else(|| interviews.into_iter().filter_map(end_of).max())
}

/// Whether it was made through the API: as Lever says, else when it carries a mark of ours.
pub(super) fn externally_managed(panel: &Panel) -> bool {
    panel.externally_managed.unwrap_or_else(|| panel.external_url.as_deref().and_then(link::mark_of).is_some())
}

/// Those of its interviews that it shows.
pub(super) fn interviews(panel: &Panel) -> impl Iterator<Item = &Interview> {
    panel.interviews.iter().filter_map(|interview| Some(&interview.object.as_ref()?.typed))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::lever::Record;

    fn panel(changed: Value) -> Panel {
        let mut raw = json!({"id": "p", "interviews": [{"id": "i", "date": 60_000, "duration": 2}, {"id": "j", "date": 0, "duration": 1}, "k"]});
        raw.as_object_mut().expect("an object").extend(changed.as_object().cloned().expect("an object"));
        Record::read(raw).expect("a panel").typed
    }

    #[test]
    fn a_panel_without_times_takes_as_long_as_its_interviews() {
        let span = |panel: &Panel| (start(panel.start, interviews(panel)), end(panel.end, interviews(panel)));
        let seconds = |from, to| (DateTime::from_timestamp(from, 0), DateTime::from_timestamp(to, 0));
        assert_eq!(span(&panel(json!({"start": null}))), seconds(0, 180));
        assert_eq!(span(&panel(json!({"start": 1000, "end": 2000}))), seconds(1, 2));
        assert_eq!(span(&panel(json!({"interviews": []}))), (None, None));
    }

    #[test]
    fn a_panel_with_our_mark_was_made_through_the_api_unless_lever_says_otherwise() {
        let url = "https://a.example/i/00112233445566778899aabbccddeeff";
        assert!(externally_managed(&panel(json!({"externalUrl": url}))));
        assert!(!externally_managed(&panel(json!({"externalUrl": url, "externallyManaged": false}))));
        assert!(!externally_managed(&panel(json!({"externalUrl": "https://a.example/"}))));
        assert!(externally_managed(&panel(json!({"externallyManaged": true}))));
    }
}
