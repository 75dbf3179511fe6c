//! Lever's documentation shows some answers otherwise than they were recorded. A client should take
//! both; [`Options::documented_answers`](super::super::Options) makes the stand-in speak this form.

use serde_json::{Value, json};

/// Puts a recorded answer into the form of the documentation: what a write of a panel, interview or
/// webhook answers is nested once more, a single feedback template is bare, and the last page of a
/// list does without `hasNext`.
pub fn reshape(answer: &mut Value, method: &str, segments: &[String]) {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let data = answer["data"].take();
    *answer = match (method, segments.as_slice()) {
        ("GET", ["feedback_templates", _]) => data,
        ("POST" | "PUT", ["opportunities", _, "panels", ..]) => {
            json!({"data": {"data": [data], "hasNext": false}})
        }
        ("POST" | "PUT", ["opportunities", _, "interviews", ..] | ["webhooks", ..]) => {
            json!({"data": {"data": data}})
        }
        _ => {
            answer["data"] = data;
            if let (Some(false), Some(list)) = (answer["hasNext"].as_bool(), answer.as_object_mut()) {
                list.remove("hasNext");
            }
            answer.take()
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reshaped(method: &str, path: &str, mut answer: Value) -> Value {
        let segments: Vec<String> = path.split('/').map(str::to_owned).collect();
        reshape(&mut answer, method, &segments);
        answer
    }

    #[test]
    fn writes_are_nested_once_more_and_reads_are_not() {
        let one = json!({"data": {"id": "a"}});
        assert_eq!(reshaped("POST", "opportunities/o/panels", one.clone()), json!({"data": {"data": [{"id": "a"}], "hasNext": false}}));
        assert_eq!(reshaped("PUT", "webhooks/w", one.clone()), json!({"data": {"data": {"id": "a"}}}));
        assert_eq!(reshaped("GET", "opportunities/o/panels/p", one.clone()), one);
    }

    #[test]
    fn templates_are_bare_and_last_pages_say_nothing_of_a_next_one() {
        let one = json!({"data": {"id": "a"}});
        assert_eq!(reshaped("GET", "feedback_templates/a", one), json!({"id": "a"}));
        let last = json!({"data": [], "hasNext": false});
        assert_eq!(reshaped("GET", "users", last), json!({"data": []}));
        let first = json!({"data": [], "hasNext": true, "next": "x"});
        assert_eq!(reshaped("GET", "users", first.clone()), first);
    }
}
