//! The pages of Lever that a person uses, and the controls that another process uses.

use lever_integration::fake_lever::{AccountView, FakeLever, NewCandidate, Options};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::connected::{ALL_SCOPES, authorize_url, http, small};

struct Visitor {
    lever: FakeLever,
    account: AccountView,
    http: Client,
}

impl Visitor {
    async fn new(options: Options) -> Self {
        let lever = FakeLever::start(options).await.unwrap();
        let account = lever.accounts().remove(0);
        Self { lever, account, http: http() }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.lever.base_url())
    }

    async fn see(&self, path: &str) -> String {
        let answer = self.http.get(self.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }

    /// Sends a form of a page below the account's; every one leads back to a page.
    async fn submit(&self, path: &str, form: &[(&str, &str)]) {
        let url = self.url(&format!("/lever/{}{path}", self.account.id));
        let answer = self.http.post(url).form(form).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        self.see(answer.headers()["location"].to_str().unwrap()).await;
    }

    async fn control(&self, path: &str, body: &Value) -> Value {
        let answer = self.http.post(self.url(path)).json(body).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, 200, "{path}: {text}");
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() }
    }

    fn opportunity(&self, id: &str) -> Value {
        self.lever.opportunity(&self.account.id, id).unwrap()
    }

    fn panels(&self, id: &str) -> Vec<Value> {
        self.lever.panels_of(&self.account.id, id).unwrap()
    }
}

#[tokio::test]
async fn a_person_finds_a_candidate_page_by_page_and_by_name() {
    let it = Visitor::new(Options { opportunities: 200, active_share: 0.5, ..small() }).await;
    let new = NewCandidate { name: "Zephyrine Quick".to_owned(), ..NewCandidate::default() };
    let id = it.lever.inside(&it.account.id).add_candidate(new).unwrap();
    assert!(it.see("/").await.contains(&it.account.name.replace('&', "&#38;")));
    let list = format!("/lever/{}", it.account.id);
    let mut links = 0;
    for page in 1..=9 {
        let html = it.see(&format!("{list}?state=all&page={page}")).await;
        assert!(html.contains("Stand-in Lever — invented people"));
        links += html.matches("/candidates/").count();
    }
    assert_eq!(links, 201);
    let html = it.see(&format!("{list}?q=zephyrine")).await;
    assert!(html.contains("1 found") && html.contains(&id));
}

#[tokio::test]
async fn a_person_archives_schedules_and_deletes_on_the_candidates_page() {
    let it = Visitor::new(small()).await;
    let id = &it.account.active[0];
    let page = format!("/candidates/{id}");
    it.submit(&format!("{page}/archive"), &[("reason", &it.account.archive_reasons[0])]).await;
    assert_eq!(it.opportunity(id)["archived"]["reason"], json!(it.account.archive_reasons[0]));
    it.submit(&format!("{page}/unarchive"), &[]).await;
    assert_eq!(it.opportunity(id)["archived"], Value::Null);
    it.submit(&format!("{page}/stage"), &[("stage", "offer")]).await;
    assert_eq!(it.opportunity(id)["stage"], "offer");
    let before = it.panels(id).len();
    let interview = [
        ("subject", "Kite flying"),
        ("at", "2031-12-01T09:00"),
        ("minutes", "30"),
        ("timezone", "America/New_York"),
        ("interviewer", &it.account.super_admin().id),
    ];
    it.submit(&format!("{page}/interviews"), &interview).await;
    let panel = it.panels(id).pop().unwrap();
    assert_eq!(it.panels(id).len(), before + 1);
    assert_eq!(panel["externallyManaged"], false);
    assert_eq!(panel["start"], json!(1_953_900_000_000_i64), "14:00 UTC");
    let interview = panel["interviews"][0]["id"].as_str().unwrap();
    it.submit(&format!("{page}/interviews/{interview}/delete"), &[]).await;
    assert!(it.panels(id).pop().unwrap()["canceledAt"].is_i64());
}

#[tokio::test]
async fn a_person_throws_switches_and_deactivates_users() {
    let it = Visitor::new(small()).await;
    let settings = format!("/lever/{}/settings", it.account.id);
    let html = it.see(&settings).await;
    assert_eq!(html.matches(">Turn on<").count(), 10, "all are off at first");
    assert!(html.contains("Candidate archive state change") && html.contains("Interview deleted"));
    it.submit("/settings/switches/interviewDeleted", &[("on", "true")]).await;
    let html = it.see(&settings).await;
    assert_eq!(html.matches(">Turn off<").count(), 1);
    it.submit("/settings/switches/interviewDeleted", &[("on", "false")]).await;
    assert!(!it.see(&settings).await.contains(">Turn off<"));
    let user = &it.account.users_of_role("interviewer")[0].id;
    it.submit(&format!("/users/{user}/deactivate"), &[]).await;
    let is_active = || {
        let users = it.lever.accounts().remove(0).users;
        users.iter().find(|it| it.id == *user).unwrap().active
    };
    assert!(!is_active());
    it.submit(&format!("/users/{user}/reactivate"), &[]).await;
    assert!(is_active());
}

#[tokio::test]
async fn what_people_type_is_not_markup() {
    let it = Visitor::new(small()).await;
    let new = NewCandidate { name: "<script>x</script>".to_owned(), ..NewCandidate::default() };
    it.lever.inside(&it.account.id).add_candidate(new).unwrap();
    let html = it.see(&format!("/lever/{}?q=%22%3E%3Cscript", it.account.id)).await;
    let all = it.see(&format!("/lever/{}", it.account.id)).await;
    assert!(!html.contains("<script") && !all.contains("<script"));
}

#[tokio::test]
async fn another_process_looks_and_changes_through_the_controls() {
    let it = Visitor::new(small()).await;
    let (account, id) = (&it.account.id, &it.account.active[0]);
    let changes = format!("/_fake/accounts/{account}/changes");
    let reason = &it.account.archive_reasons[0];
    let archive = json!({"change": "archive", "opportunity": id, "reason": reason, "quietly": true});
    it.control(&changes, &archive).await;
    let shown = it.see(&format!("/_fake/accounts/{account}/opportunities/{id}")).await;
    assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), it.opportunity(id));
    let added = json!({"change": "add_candidate", "name": "Tansy Inkwell"});
    let added = it.control(&changes, &added).await;
    assert_eq!(it.opportunity(added["id"].as_str().unwrap())["name"], "Tansy Inkwell");
    let panels = it.see(&format!("/_fake/accounts/{account}/opportunities/{id}/panels")).await;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&panels).unwrap(), it.panels(id));
    let summary: Value = serde_json::from_str(&it.see("/_fake/state").await).unwrap();
    assert_eq!(summary["accounts"][0]["counts"]["opportunities"], 61);
    let accounts: Value = serde_json::from_str(&it.see("/_fake/accounts").await).unwrap();
    assert_eq!(accounts[0]["users"].as_array().unwrap().len(), it.account.users.len());
    assert!(it.lever.ledger().is_empty(), "the controls are not in the ledger");
}

#[tokio::test]
async fn another_process_orders_faults_switches_and_consent() {
    let it = Visitor::new(small()).await;
    let fault = json!({"pathPattern": "/v1/**", "kind": "status", "code": 418});
    it.control("/_fake/faults", &fault).await;
    assert_eq!(it.http.get(it.url("/v1/users")).send().await.unwrap().status(), 418);
    it.http.delete(it.url("/_fake/faults")).send().await.unwrap();
    assert_eq!(it.http.get(it.url("/v1/users")).send().await.unwrap().status(), 401);
    let ledger: Value = serde_json::from_str(&it.see("/_fake/ledger").await).unwrap();
    assert_eq!((&ledger[0]["status"], &ledger[1]["status"]), (&json!(418), &json!(401)));
    it.http.delete(it.url("/_fake/ledger")).send().await.unwrap();
    assert!(it.lever.ledger().is_empty());
    let switch = json!({"account": it.account.id, "event": "interviewDeleted", "on": true});
    it.control("/_fake/switches", &switch).await;
    let settings = it.see(&format!("/lever/{}/settings", it.account.id)).await;
    assert!(settings.contains(">Turn off<"));
    let approval = json!({"authorizeUrl": authorize_url(&it.lever, ALL_SCOPES),
        "account": it.account.id, "user": it.account.super_admin().id});
    let back = it.control("/_fake/approve", &approval).await;
    assert!(back["location"].as_str().unwrap().contains("code="));
    it.control("/_fake/clock", &json!({"nowMs": 5})).await;
    it.http.get(it.url("/v1/users")).send().await.unwrap();
    assert_eq!(it.lever.ledger()[0].at_ms, 5);
    let unknown = it.http.get(it.url("/_fake/accounts/x/webhooks")).send().await.unwrap();
    assert_eq!(unknown.status(), 404);
}
