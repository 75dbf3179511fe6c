//! A client that has been through the consent, as every story begins.

use lever_integration::fake_lever::{AccountView, FakeLever, Options};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use url::Url;

pub const ALL_SCOPES: &str = "offline_access applications:read:admin archive_reasons:read:admin \
    confidential:access:admin contact:read:admin feedback_templates:read:admin \
    interviews:write:admin notes:write:admin opportunities:write:admin panels:write:admin \
    postings:read:admin resumes:read:admin stages:read:admin tags:read:admin users:read:admin \
    webhooks:write:admin";
pub const REDIRECT: &str = "http://localhost:9/callback";

pub struct Connected {
    pub lever: FakeLever,
    pub account: AccountView,
    pub http: reqwest::Client,
    pub token: String,
    pub refresh_token: String,
}

/// Small and without a rate limit, so that a story is about one thing.
pub fn small() -> Options {
    Options { opportunities: 60, requests_per_second: 0.0, ..Options::default() }
}

pub fn http() -> reqwest::Client {
    let redirects = reqwest::redirect::Policy::none();
    reqwest::Client::builder().redirect(redirects).no_proxy().build().unwrap()
}

pub fn authorize_url(lever: &FakeLever, scopes: &str) -> String {
    let query = [
        ("client_id", lever.client_id()),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("state", "state-of-the-story"),
        ("scope", scopes),
        ("audience", &lever.audience()),
    ];
    Url::parse_with_params(&lever.authorize_url(), query).unwrap().into()
}

pub fn value_of(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Calls the token endpoint with the client's own id and secret.
pub async fn ask_for_token(lever: &FakeLever, http: &reqwest::Client, more: &[(&str, &str)]) -> (StatusCode, Value) {
    let mut form = vec![("client_id", lever.client_id()), ("client_secret", lever.client_secret())];
    form.extend_from_slice(more);
    let answer = http.post(lever.token_url()).form(&form).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

impl Connected {
    pub async fn new(options: Options) -> Self {
        Self::with_scopes(options, ALL_SCOPES).await
    }

    pub async fn with_scopes(options: Options, scopes: &str) -> Self {
        let lever = FakeLever::start(options).await.unwrap();
        let account = lever.accounts().remove(0);
        let http = http();
        let user = &account.super_admin().id;
        let back = lever.approve(&authorize_url(&lever, scopes), &account.id, user, None).unwrap();
        let code = value_of(&back, "code").unwrap();
        let grant = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", REDIRECT)];
        let (status, tokens) = ask_for_token(&lever, &http, &grant).await;
        assert_eq!(status, 200);
        let text = |name: &str| tokens[name].as_str().unwrap_or_default().to_owned();
        let (token, refresh_token) = (text("access_token"), text("refresh_token"));
        Self { lever, account, http, token, refresh_token }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.lever.api_url());
        self.http.request(method, url).bearer_auth(&self.token)
    }

    pub async fn send(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        read(self.request(method, path).json(body).send().await.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        read(self.request(Method::GET, path).send().await.unwrap()).await
    }

    /// The ids of every record of a list, page by page.
    pub async fn ids_of(&self, path: &str) -> Vec<String> {
        let mut ids = Vec::new();
        let mut offset: Option<String> = None;
        loop {
            let query = offset.iter().map(|it| ("offset", it.as_str())).collect::<Vec<_>>();
            let request = self.request(Method::GET, path).query(&query);
            let (status, page) = read(request.send().await.unwrap()).await;
            assert_eq!(status, 200, "{page}");
            let records = page["data"].as_array().unwrap();
            ids.extend(records.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
            assert_eq!(page["hasNext"].as_bool(), Some(page.get("next").is_some()));
            match page["next"].as_str() {
                Some(next) => offset = Some(next.to_owned()),
                None => return ids,
            }
        }
    }

    /// Two active users who can be interviewers.
    pub fn interviewers(&self) -> [&str; 2] {
        let active: Vec<&str> = (self.account.users.iter().filter(|user| user.active)).map(|user| user.id.as_str()).collect();
        [active[0], active[1]]
    }

    /// A panel of two interviews, as a client would send it.
    pub fn panel(&self) -> Value {
        let [first, second] = self.interviewers();
        json!({
            "timezone": "America/Los_Angeles",
            "externalUrl": "https://scheduler.example/mark",
            "note": "Bring a pencil",
            "interviews": [
                {"subject": "One", "date": 1_900_000_000_000_i64, "duration": 45,
                 "interviewers": [{"id": first}]},
                {"subject": "Two", "date": 1_900_003_600_000_i64, "duration": 30,
                 "interviewers": [{"id": second}]},
            ],
        })
    }

    /// Path of a write on behalf of an active user.
    pub fn as_someone(&self, path: &str) -> String {
        format!("{path}?perform_as={}", self.interviewers()[0])
    }
}

async fn read(answer: Response) -> (StatusCode, Value) {
    let status = answer.status();
    let body = answer.bytes().await.unwrap();
    (status, if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() })
}
