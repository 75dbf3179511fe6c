//! A connected and synced organization with a candidate to schedule interviews for, and eyes on what Lever really has.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use http::Method;
use lever_integration::fake_lever::{AccountView, Fault, FaultKind, Inside, UserView};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::story::{Answer, Person, Setting, Story, token};

/// See the module.
pub struct World {
    pub story: Story,
    pub organization: Uuid,
    pub admin: Person,
    pub account: AccountView,
    /// An active opportunity without panels.
    pub opportunity: String,
    /// Active Lever users.
    pub people: Vec<UserView>,
    /// A day on which nobody is booked yet.
    pub day: DateTime<Utc>,
}

impl World {
    pub async fn begin() -> Self {
        Self::with(Setting::default()).await
    }

    pub async fn with(setting: Setting) -> Self {
        Self::of(Story::with(setting).await).await
    }

    pub async fn of(story: Story) -> Self {
        let organization = Uuid::new_v4();
        let mut admin = story.admin(organization);
        story.connect_and_sync(&mut admin, 0).await;
        let account = story.account(0);
        let empty = |id: &&String| story.lever.panels_of(&account.id, id).expect("an opportunity").is_empty();
        let opportunity = account.active.iter().find(empty).expect("an opportunity without panels").clone();
        let people: Vec<UserView> = account.users.iter().filter(|user| user.active).cloned().collect();
        let day = story.clock.now().date_naive().and_hms_opt(9, 0, 0).expect("a time").and_utc() + TimeDelta::days(100);
        story.lever.clear_ledger();
        Self { story, organization, admin, account, opportunity, people, day }
    }

    /// The same organization's caller with another address and so, perhaps, another Lever user.
    pub fn caller(&self, email: &str) -> Person {
        let token = token(self.organization, "member", email, self.story.clock.now());
        Person { token, email: email.to_owned(), ..self.story.member(self.organization) }
    }

    /// An hour of the empty day, as callers write it.
    pub fn at(&self, hour: i64) -> String {
        rfc3339(self.day + TimeDelta::hours(hour))
    }

    /// An interview of 45 minutes with one person, as callers send it.
    pub fn interview(&self, person: usize, hour: i64) -> Value {
        json!({"start": self.at(hour), "durationMinutes": 45, "interviewers": [{"id": self.people[person].id}]})
    }

    /// A panel to schedule.
    pub fn draft(&self, interviews: &[Value]) -> Value {
        json!({"timezone": "America/Los_Angeles", "interviews": interviews})
    }

    pub fn path(&self) -> String {
        format!("/v1/opportunities/{}/panels", self.opportunity)
    }

    pub async fn schedule(&self, draft: Value) -> Answer {
        self.admin.post(&self.path(), draft).await
    }

    /// A panel that was scheduled through us.
    pub async fn scheduled(&self, interviews: &[Value]) -> Value {
        self.schedule(self.draft(interviews)).await.expect(201).json()
    }

    pub async fn panel(&self, id: &Value) -> Answer {
        self.admin.get(&panel_path(id)).await
    }

    /// A call with further headers.
    pub async fn call(&self, method: Method, path: &str, body: Value, headers: &[(&str, &str)]) -> Answer {
        self.admin.call(method, path, Some(body), headers).await
    }

    /// The panels that Lever has on the opportunity, canceled ones too.
    pub fn at_lever(&self) -> Vec<Value> {
        self.story.lever.panels_of(&self.account.id, &self.opportunity).expect("the opportunity")
    }

    /// The one panel that Lever has on the opportunity.
    #[track_caller]
    pub fn only_panel(&self) -> Value {
        let mut panels = self.at_lever();
        assert_eq!(panels.len(), 1, "{panels:#?}");
        panels.remove(0)
    }

    /// A person at work inside Lever, of whom no webhook tells.
    pub fn inside(&self) -> Inside {
        self.story.lever.inside(&self.account.id).quietly()
    }

    /// What goes wrong at Lever, once.
    pub fn fault(&self, method: &str, pattern: &str, kind: FaultKind) {
        self.story.lever.fault(Fault::new(method, pattern, kind).times(1));
    }

    /// The writes that reached Lever since the last look, as method and last word of the path.
    pub fn writes(&self) -> Vec<String> {
        let ledger = self.story.lever.ledger();
        let writes = ledger.iter().filter(|entry| entry.method != "GET" && entry.path.starts_with("/v1/opportunities/"));
        let writes = writes.map(|entry| format!("{} {}", entry.method, entry.path.split('/').nth(4).unwrap_or_default())).collect();
        self.story.lever.clear_ledger();
        writes
    }

    /// Moves the clock in small steps, doing what falls due, as time would.
    pub async fn pass(&self, seconds: u64) {
        for _ in 0..seconds.div_ceil(5) {
            self.story.clock.advance(Duration::from_secs(5));
            self.story.work().await;
        }
    }

    /// Every write about a candidate, newest first.
    pub async fn operations(&self) -> Vec<Value> {
        let page = self.admin.get("/v1/operations?limit=200").await.expect(200).json();
        page["data"].as_array().expect("a list").iter().filter(|it| it["opportunityId"].is_string()).cloned().collect()
    }
}

pub fn panel_path(id: &Value) -> String {
    format!("/v1/panels/{}", text(id))
}

pub fn interview_path(id: &Value) -> String {
    format!("/v1/interviews/{}", text(id))
}

#[track_caller]
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not text: {value}"))
}

pub fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The ids of a list of objects.
pub fn ids(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|it| text(&it["id"])).collect()
}
