//! An admin of an invented organization, who calls the API as ModernLoop's web app would.

use anyhow::{Context, ensure};
use http::Method;
use jsonwebtoken::{EncodingKey, Header, encode};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use serde_json::{Value, json};

use crate::clock::Clock;

const ORGANIZATION: &str = "0a5c1d7e-0000-4000-8000-00000000de30";

pub(super) struct Caller {
    address: String,
    http: reqwest::Client,
    token: String,
}

impl Caller {
    pub(super) fn new(address: &str, jwt_secret: &str) -> anyhow::Result<Self> {
        let claims = json!({ "sub": "demo-admin", "org": ORGANIZATION, "role": "admin", "email": "demo.admin@modernloop.example", "exp": Clock::system().now().timestamp() + 3600 });
        Ok(Self {
            address: address.to_owned(),
            http: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?,
            token: encode(&Header::default(), &claims, &EncodingKey::from_secret(jwt_secret.as_bytes()))?,
        })
    }

    /// Calls the API and expects this status; the answer's JSON (null when empty).
    pub(super) async fn call(&self, method: Method, path: &str, body: Option<Value>, status: u16) -> anyhow::Result<Value> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.address)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let answered = answer.status().as_u16();
        let text = answer.text().await?;
        ensure!(answered == status, "{method} {path} answered {answered} instead of {status}: {text}");
        if text.is_empty() { Ok(Value::Null) } else { serde_json::from_str(&text).with_context(|| format!("{method} {path} answered no JSON")) }
    }

    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, path, None, 200).await
    }

    /// The whole list, page by page.
    pub(super) async fn list(&self, path: &str) -> anyhow::Result<Vec<Value>> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let join = if path.contains('?') { '&' } else { '?' };
            let mut page = self.get(&format!("{path}{join}limit=200{cursor}")).await?;
            all.append(page["data"].as_array_mut().context("a list has data")?);
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(all),
            }
        }
    }

    /// Begins a browser session; its cookie.
    pub(super) async fn sign_in(&self) -> anyhow::Result<String> {
        let answer = self.http.post(format!("{}/auth/session", self.address)).bearer_auth(&self.token).send().await?.error_for_status()?;
        let cookie = answer.headers().get(SET_COOKIE).context("a session sets a cookie")?.to_str()?;
        Ok(cookie.split(';').next().unwrap_or_default().to_owned())
    }

    /// Opens an address in the browser session; where it redirects to.
    pub(super) async fn browse(&self, address: &str, cookie: &str) -> anyhow::Result<String> {
        let address = if address.starts_with('/') { format!("{}{address}", self.address) } else { address.to_owned() };
        let answer = self.http.get(&address).header(COOKIE, cookie).send().await?;
        let location = answer.headers().get(LOCATION).with_context(|| format!("the page answered {} and redirects nowhere", answer.status()))?;
        Ok(location.to_str()?.to_owned())
    }
}
