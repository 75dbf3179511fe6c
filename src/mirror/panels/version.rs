//! A panel's version: the hash of its whole JSON, whatever order its fields come in. The `ETag` that callers see, and what tells
//! an editor that somebody else was faster.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The version of a panel as Lever sent it. The same for the same content, fresh from Lever or read back from our copy.
pub fn version(raw: &Value) -> String {
    let mut hash = Sha256::new();
    feed(&mut hash, raw);
    // Half of it is plenty to tell versions apart.
    hex::encode(&hash.finalize()[..16])
}

fn feed(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            hash.update(b"{");
            for (name, value) in fields {
                feed(hash, &Value::String(name.clone()));
                feed(hash, value);
            }
            hash.update(b"}");
        }
        Value::Array(items) => {
            hash.update(b"[");
            items.iter().for_each(|item| feed(hash, item));
            hash.update(b"]");
        }
        // As JSON, so that a text never looks like a number, nor two texts like one.
        plain => hash.update(plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_fields_makes_no_version_and_everything_else_does() {
        let panel = json!({"id": "p", "note": null, "interviews": [{"id": "i", "duration": 45}]});
        assert_eq!(version(&panel), version(&json!({"interviews": [{"duration": 45, "id": "i"}], "note": null, "id": "p"})));
        for other in [
            json!({"id": "p", "note": "", "interviews": [{"id": "i", "duration": 45}]}),
            json!({"id": "p", "note": null, "interviews": [{"id": "i", "duration": "45"}]}),
            json!({"id": "p", "note": null, "interviews": [{"id": "i"}, {"duration": 45}]}),
            json!({"id": "p", "note": null, "interviews": []}),
        ] {
            assert_ne!(version(&panel), version(&other));
        }
    }
}
