//! One API request with its rights, and what it is answered.

use std::str::FromStr;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::super::model::User;
use super::super::oauth::Scopes;
use super::super::refusal::Refusal;
use super::super::state::Account;

pub struct Call {
    /// The path's segments after `/v1`.
    pub segments: Vec<String>,
    pub query: Vec<(String, String)>,
    pub body: Bytes,
    pub now: i64,
    /// The OAuth client whose token it carries.
    pub client: String,
    pub scopes: Scopes,
    pub api_url: String,
    /// See `Options::deleted_panels_vanish`.
    pub deleted_panels_vanish: bool,
}

pub enum Answer {
    Json(u16, Value),
    /// 204 with an empty body.
    Empty,
    Pdf(Bytes),
}

impl Answer {
    /// `{"data": ...}`
    pub fn ok(data: Value) -> Result<Self, Refusal> {
        Ok(Self::Json(200, json!({"data": data})))
    }

    pub fn created(data: Value) -> Result<Self, Refusal> {
        Ok(Self::Json(201, json!({"data": data})))
    }
}

impl Call {
    /// The first value of a query parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a repeated parameter.
    pub fn params<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that is a number or a word.
    ///
    /// # Errors
    /// 400 when it is there and cannot be read.
    pub fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let parse = |value: &str| value.parse().map_err(|_| Refusal::bad(format!("{name} is not valid")));
        self.param(name).map(parse).transpose()
    }

    pub fn segment(&self, index: usize) -> &str {
        self.segments.get(index).map_or("", String::as_str)
    }

    /// The opportunity that the path names.
    pub fn opportunity(&self) -> &str {
        self.segment(1)
    }

    pub fn json_body(&self) -> Result<Value, Refusal> {
        let body: Value = serde_json::from_slice(&self.body).map_err(|_| Refusal::bad("Request body is not valid JSON"))?;
        if body.is_object() { Ok(body) } else { Err(Refusal::bad("Request body is not an object")) }
    }

    /// The user on whose behalf this is done, who must be an active one.
    pub fn performer<'a>(&self, account: &'a Account) -> Result<Option<&'a User>, Refusal> {
        let Some(id) = self.param("perform_as") else {
            return Ok(None);
        };
        (account.user(id).filter(|user| user.is_active())).map(Some).ok_or_else(|| Refusal::bad("perform_as is not an active user of this account"))
    }

    pub fn required_performer(&self, account: &Account) -> Result<String, Refusal> {
        (self.performer(account)?.map(|user| user.id.clone())).ok_or_else(|| Refusal::bad("perform_as is required"))
    }

    /// Keeps `id` and the fields that `include` names, when it names any.
    pub fn narrow(&self, answer: &mut Value) {
        let names: Vec<&str> = self.params("include").collect();
        if names.is_empty() {
            return;
        }
        let keep = |object: &mut Map<String, Value>| {
            object.retain(|name, _| name == "id" || names.contains(&name.as_str()));
        };
        match answer.get_mut("data") {
            Some(Value::Object(object)) => keep(object),
            Some(Value::Array(list)) => list.iter_mut().filter_map(Value::as_object_mut).for_each(keep),
            _ => {}
        }
    }
}
