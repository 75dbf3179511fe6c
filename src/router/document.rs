//! The OpenAPI document: what the endpoints say about themselves, and what is true of all of them, said once.
//!
//! An endpoint names the refusals that are its own. Those that every request can meet (a body that is too large or too slow, our own
//! faults), the form of every refusal, and that unknown fields are refused are added here, so that none can be forgotten.

use serde_json::{Map, Value, json};

const PROBLEM: &str = "#/components/schemas/Problem";
const PROBLEM_TYPE: &str = "application/problem+json";
const METHODS: [&str; 4] = ["get", "post", "patch", "delete"];
/// Bodies that callers write. An unknown field in one is 422.
const WRITTEN: [&str; 8] =
    ["PanelRequest", "PanelPatch", "NewInterview", "KeptInterview", "InterviewRequest", "InterviewPatch", "InterviewerRequest", "NoteRequest"];

/// The document that callers read, made of what the endpoints say.
pub(super) fn finished(document: &utoipa::openapi::OpenApi) -> Value {
    let mut document = serde_json::to_value(document).expect("a document is plain data");
    let schemas = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
    for name in WRITTEN {
        if let Some(schema) = schemas.get(name) {
            document["components"]["schemas"][name] = closed(schema, &schemas);
        }
    }
    describe_problem(&mut document["components"]["schemas"]["Problem"]);
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                finish(operation, method, path.starts_with("/v1/"));
            }
        }
    }
    document
}

/// One operation: its refusals in their real form with an example each, and those that any request can meet.
fn finish(operation: &mut Value, method: &str, is_api: bool) {
    let body = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut);
    let has_body = body.is_some();
    if let Some(content) = body.filter(|_| method == "patch")
        && let Some(json) = content.get("application/json").cloned()
    {
        content.insert("application/merge-patch+json".into(), json);
    }
    let mut common = vec![("400", "The request cannot be read"), ("408", "The body came too slowly"), ("413", "The request is too large")];
    if is_api {
        common.push(("401", "No caller, or a token that is not valid"));
    }
    if has_body {
        common.push(("415", "The body is not JSON"));
    }
    if method != "get" {
        common.push(("403", "`admin_required`, or `cross_site_request`: a browser sent it from another site"));
    }
    common.extend([("500", "Our own fault"), ("503", "Something that is needed is not available; see `Retry-After`"), ("504", "It took too long")]);
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    for (status, description) in common {
        responses.entry(status).or_insert_with(|| json!({"description": description, "content": {PROBLEM_TYPE: {"schema": {"$ref": PROBLEM}}}}));
    }
    // The connection answers it before there is a request, and ends.
    responses.insert("431".into(), json!({"description": "The address and the headers are longer than 8 KiB together; without a body"}));
    for (status, response) in responses {
        if let Some(code) = status.parse().ok().filter(|status| *status >= 400 && *status != 431) {
            refusal(code, response);
        }
    }
}

fn refusal(status: u16, response: &mut Value) {
    let Some(response) = response.as_object_mut() else { return };
    response.insert("content".into(), json!({PROBLEM_TYPE: {"schema": {"$ref": PROBLEM}}}));
    let said = response.get("description").and_then(Value::as_str).unwrap_or_default();
    let own = said.split('`').nth(1).filter(|code| !code.is_empty() && code.bytes().all(|it| it.is_ascii_lowercase() || it == b'_'));
    let example = example(status, own);
    if said.is_empty() {
        response.insert("description".into(), example["detail"].clone());
    }
    response["content"][PROBLEM_TYPE]["example"] = example;
    if status == 503 {
        response.entry("headers").or_insert_with(|| json!({}))["Retry-After"] =
            json!({"description": "Seconds to wait before trying again", "schema": {"type": "integer"}});
    }
}

/// What such a refusal looks like. `own` is the code that the endpoint names first.
fn example(status: u16, own: Option<&str>) -> Value {
    let (code, detail) = match status {
        400 => ("invalid_parameter", "The parameter limit must be a whole number from 1 to 200."),
        401 => ("unauthenticated", "Send a valid token."),
        403 => ("admin_required", "Only an admin of your organization can do this. Ask one of them."),
        404 => ("not_found", "There is nothing with this id."),
        408 => ("body_too_slow", "The request's body did not arrive in time. Send it again."),
        409 => ("request_in_progress", "A request with this Idempotency-Key is still running."),
        412 => ("panel_changed", "The panel was changed since you read it. Look at it again."),
        413 => ("payload_too_large", "The body is larger than this service accepts."),
        415 => ("unsupported_media_type", "Send the body as application/json."),
        422 => ("invalid_request", "must be a whole number from 1 to 1440"),
        503 => ("lever_unavailable", "Lever does not answer as it should right now. Try again shortly."),
        504 => ("timed_out", "This took too long. Look whether it happened before you repeat it."),
        _ => ("internal_error", "Something went wrong on our side. It was logged under this request's id."),
    };
    let (code, detail) = match own {
        Some(own) if own != code => (own, "What is wrong, and what to do about it."),
        _ => (code, detail),
    };
    let title = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    let mut example = json!({
        "type": format!("urn:lever-integration:problem:{code}"), "title": title, "status": status, "detail": detail, "code": code,
        "requestId": "0198c0de-0000-7000-8000-000000000001",
    });
    if code == "invalid_request" {
        example["errors"] = json!([{"pointer": "/interviews/0/durationMinutes", "code": "out_of_range", "message": detail}]);
    } else if status == 422 {
        example["errors"] = json!([{"pointer": "", "code": code, "message": detail}]);
    }
    example
}

/// The members that some problems have beyond those of all.
fn describe_problem(schema: &mut Value) {
    let members = [
        ("leverStatus", json!({"type": "integer", "description": "`lever_rejected`: the status of Lever's answer"})),
        ("leverCode", json!({"type": "string", "description": "`lever_rejected`: Lever's own code"})),
        ("leverMessage", json!({"type": "string", "description": "`lever_rejected`: Lever's own words"})),
        (
            "conflicts",
            json!({"type": "array", "items": {"type": "object"}, "description": "`interviewer_conflict`: what the people already have then, as `GET /v1/conflicts` lists it; a booking that is being made has an `operationId` and no ids of Lever's yet"}),
        ),
        ("current", json!({"type": ["object", "null"], "description": "`panel_changed`: the panel as it is now"})),
        ("etag", json!({"type": "string", "description": "`panel_changed`: its `ETag`"})),
    ];
    for (name, member) in members {
        schema["properties"][name] = member;
    }
    schema["properties"]["errors"]["description"] = json!("Every mistake in the request, each with its place");
    schema["additionalProperties"] = json!(true);
}

/// An object whose parts are put together, and that takes no field beyond them.
fn closed(schema: &Value, schemas: &Map<String, Value>) -> Value {
    let mut whole = schema.clone();
    let (mut properties, mut required) = (Map::new(), Vec::new());
    gather(schema, schemas, &mut properties, &mut required);
    if let Some(object) = whole.as_object_mut() {
        object.remove("allOf");
        object.insert("type".into(), json!("object"));
        object.insert("properties".into(), Value::Object(properties));
        object.insert("required".into(), Value::Array(required));
        object.insert("additionalProperties".into(), json!(false));
    }
    whole
}

fn gather(schema: &Value, schemas: &Map<String, Value>, properties: &mut Map<String, Value>, required: &mut Vec<Value>) {
    if let Some(named) = schema["$ref"].as_str().and_then(|name| schemas.get(name.rsplit('/').next()?)) {
        gather(named, schemas, properties, required);
    }
    schema["allOf"].as_array().into_iter().flatten().for_each(|part| gather(part, schemas, properties, required));
    properties.extend(schema["properties"].as_object().cloned().unwrap_or_default());
    for name in schema["required"].as_array().into_iter().flatten() {
        if !required.contains(name) {
            required.push(name.clone());
        }
    }
}
