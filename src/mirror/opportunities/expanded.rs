//! Taking an expanded opportunity apart: the contact and the application it carries, and itself with plain ids again.
//!
//! With plain ids the raw JSON is what Lever sends without `expand`, and a person's data lies in one place.

use serde_json::Value;

/// The opportunity with `contact` and `applications` as ids. What is no object with an id stays as it came.
pub fn collapse(raw: &Value) -> Value {
    let mut raw = raw.clone();
    if let Some(contact) = raw.get_mut("contact") {
        collapse_reference(contact);
    }
    if let Some(Value::Array(applications)) = raw.get_mut("applications") {
        applications.iter_mut().for_each(collapse_reference);
    }
    raw
}

fn collapse_reference(reference: &mut Value) {
    if let Some(id) = reference.get("id").filter(|id| id.is_string()) {
        *reference = id.clone();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_expanded_opportunity_becomes_what_lever_sends_without_expand() {
        let expanded =
            json!({"id": "o", "contact": {"id": "c", "name": "Ada Example"}, "applications": [{"id": "a", "posting": "p"}], "new": {"id": 1}});
        let plain = json!({"id": "o", "contact": "c", "applications": ["a"], "new": {"id": 1}});
        assert_eq!(collapse(&expanded), plain);
        assert_eq!(collapse(&plain), plain);
    }

    #[test]
    fn what_is_of_another_form_stays() {
        for odd in [json!({"contact": null, "applications": null}), json!({"contact": {"name": "x"}, "applications": [{}, 3]}), json!([])] {
            assert_eq!(collapse(&odd), odd);
        }
    }
}
