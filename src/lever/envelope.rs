//! The envelopes Lever wraps its answers in.
//!
//! Recorded answers are `{"data": X}`, lists with `hasNext` and `next` beside it. The documentation also shows objects wrapped
//! twice, an object as a list of one, and bare ones. All of them are read; anything else is not guessed at.

use serde_json::{Map, Value};

/// A list as it came: its entries, and the offset of the next page.
pub(super) struct List {
    pub(super) entries: Vec<Value>,
    pub(super) next: Option<String>,
}

/// The object inside an answer, or `None` when there is none.
pub(super) fn object(answer: Value) -> Option<Value> {
    match answer {
        Value::Object(mut outer) if is_envelope(&outer) => object(outer.remove("data")?),
        Value::Object(object) => Some(Value::Object(object)),
        Value::Array(mut only) if only.len() == 1 => object(only.remove(0)),
        _ => None,
    }
}

/// The list inside an answer. `None` when there is none, or when it promises a next page without saying where that begins:
/// reading it as the last page would lose the rest in silence.
pub(super) fn list(answer: Value) -> Option<List> {
    match answer {
        Value::Array(entries) => Some(List { entries, next: None }),
        Value::Object(mut outer) if is_envelope(&outer) => match outer.remove("data")? {
            Value::Array(entries) => Some(List { entries, next: next(&outer)? }),
            inner => list(inner),
        },
        _ => None,
    }
}

/// An object with `data` is an envelope unless it has an `id`, which no envelope has.
fn is_envelope(object: &Map<String, Value>) -> bool {
    object.contains_key("data") && !object.contains_key("id")
}

/// `hasNext` and `next` may both be absent on a last page; `hasNext: false` outranks a left-over `next`.
fn next(envelope: &Map<String, Value>) -> Option<Option<String>> {
    let offset = envelope.get("next").and_then(Value::as_str).filter(|offset| !offset.is_empty());
    match (envelope.get("hasNext").and_then(Value::as_bool), offset) {
        (Some(false), _) | (None, None) => Some(None),
        (Some(true), None) => None,
        (_, Some(offset)) => Some(Some(offset.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_found_in_every_envelope() {
        let panel = json!({"id": "p", "note": null});
        for answer in [
            panel.clone(),
            json!({"data": panel}),
            json!({"data": panel, "deduped": true}),
            json!({"data": {"data": panel}}),
            json!({"data": {"data": [panel], "hasNext": false}}),
        ] {
            assert_eq!(object(answer), Some(panel.clone()));
        }
    }

    #[test]
    fn an_object_with_its_own_data_field_is_not_opened() {
        let own = json!({"data": {"id": "p", "data": {"x": 1}}});
        assert_eq!(object(own), Some(json!({"id": "p", "data": {"x": 1}})));
    }

    #[test]
    fn what_is_no_object_is_not_guessed_at() {
        for answer in [json!(null), json!("ok"), json!({"data": null}), json!({"data": []}), json!([1, 2])] {
            assert!(object(answer).is_none());
        }
    }

    #[test]
    fn a_list_is_found_in_every_envelope() {
        for answer in [json!([1, 2]), json!({"data": [1, 2]}), json!({"data": {"data": [1, 2], "hasNext": false}})] {
            let list = list(answer).expect("a list");
            assert_eq!(list.entries, [json!(1), json!(2)]);
            assert_eq!(list.next, None);
        }
        assert!(list(json!({"data": {"id": "one"}})).is_none());
    }

    #[test]
    fn the_next_page_is_where_lever_says() {
        let next = |answer| list(answer).map(|list| list.next);
        assert_eq!(next(json!({"data": [], "hasNext": true, "next": "%5B3%5D"})), Some(Some("%5B3%5D".into())));
        assert_eq!(next(json!({"data": [], "next": "a"})), Some(Some("a".into())));
        assert_eq!(next(json!({"data": [], "hasNext": false, "next": "a"})), Some(None));
        assert_eq!(next(json!({"data": []})), Some(None));
        assert_eq!(next(json!({"data": [], "hasNext": true})), None);
    }
}
