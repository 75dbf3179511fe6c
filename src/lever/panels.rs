//! Panels: the interviews one candidate has in one go.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::call::{Call, Paging};
use super::{Account, Error, Interview, Page, Record, Ref, Stage, User, forms};

model! {
    /// A panel. Only an externally managed one can be changed through the API.
    pub struct Panel {
        pub id: String,
        pub applications: Vec<String>,
        pub canceled_at: Option<DateTime<Utc>>,
        pub created_at: Option<DateTime<Utc>>,
        pub start: Option<DateTime<Utc>>,
        pub end: Option<DateTime<Utc>>,
        /// IANA name.
        pub timezone: Option<String>,
        /// `once`, `daily`, `frequently` or `none`.
        pub feedback_reminder: Option<String>,
        /// Who scheduled it.
        pub user: Option<Ref<User>>,
        pub stage: Option<Ref<Stage>>,
        pub note: Option<String>,
        /// Made through the API.
        pub externally_managed: Option<bool>,
        pub external_url: Option<String>,
        pub interviews: Vec<Ref<Interview>>,
    }
}
resource!(Panel, "Panel", id, forms::panel);

model! {
    /// A panel that is read only to be shown: from what a [`Panel`] is read from, without a copy of each interview as JSON.
    pub struct PanelContent {
        pub applications: Vec<String>,
        pub start: Option<DateTime<Utc>>,
        pub end: Option<DateTime<Utc>>,
        pub timezone: Option<String>,
        pub feedback_reminder: Option<String>,
        pub user: Option<Ref<User>>,
        pub stage: Option<Ref<Stage>>,
        pub note: Option<String>,
        pub external_url: Option<String>,
        /// Those that are shown, and not only named.
        pub interviews: Vec<Interview>,
    }
}

impl Record<Panel> {
    /// Whether it says of every one of its interviews when and by whom it is held. Lever may show them as ids, or leave them out.
    pub fn shows_its_interviews(&self) -> bool {
        self.raw.get("interviews").and_then(Value::as_array).is_some_and(|interviews| interviews.iter().all(is_shown))
    }

    /// The same panel with its interviews as they are among `all`, those of its opportunity.
    fn with_its_interviews(self, all: &[Record<Interview>]) -> Result<Self, Error> {
        let listed = self.raw.get("interviews").and_then(Value::as_array);
        let interviews: Vec<Value> = match listed {
            Some(listed) => listed.iter().map(|shown| found(shown, all).unwrap_or_else(|| shown.clone())).collect(),
            None => all.iter().filter(|it| it.panel.as_ref() == Some(&self.id)).map(|it| it.raw.clone()).collect(),
        };
        let mut raw = self.raw;
        raw["interviews"] = Value::Array(interviews);
        Self::read(raw).ok_or(Error::Unreadable { status: 200, reason: "a panel without a key" })
    }
}

fn is_shown(interview: &Value) -> bool {
    ["date", "interviewers"].iter().all(|name| interview.get(name).is_some())
}

/// Whether an interview is in its panel only by its id: it is there, and that is all that is known of it.
pub fn is_only_named(interview: &Value) -> bool {
    ["date", "interviewers", "canceledAt"].iter().all(|name| interview.get(name).is_none_or(Value::is_null))
}

/// The interview that a panel names, by its id or by little more.
fn found(shown: &Value, all: &[Record<Interview>]) -> Option<Value> {
    let id = id(shown)?;
    all.iter().find(|interview| interview.id == id).map(|interview| interview.raw.clone())
}

/// The ids of the interviews that these panels only name, and that are not among `all`.
fn only_named(panels: &[Record<Panel>], all: &[Record<Interview>]) -> Vec<String> {
    let shown = panels.iter().filter_map(|panel| panel.raw.get("interviews")?.as_array()).flatten();
    let named = shown.filter(|interview| is_only_named(interview)).filter_map(id);
    named.filter(|id| all.iter().all(|interview| interview.id != *id)).map(str::to_owned).collect()
}

fn id(shown: &Value) -> Option<&str> {
    shown.as_str().or_else(|| shown.get("id")?.as_str())
}

impl Account {
    /// One page of an opportunity's panels, canceled ones included, as Lever lists them.
    pub async fn list_panels(&self, opportunity: &str, page: &Paging) -> Result<Page<Panel>, Error> {
        self.page(Call::get("opportunities/{}/panels", &[opportunity]), page).await
    }

    /// All of an opportunity's panels with their interviews, as one page without a next.
    pub async fn all_panels(&self, opportunity: &str) -> Result<Page<Panel>, Error> {
        let mut panels: Page<Panel> = self.whole(|| Call::get("opportunities/{}/panels", &[opportunity])).await?;
        panels.records = self.with_interviews(opportunity, panels.records).await?;
        Ok(panels)
    }

    /// One panel with its interviews.
    pub async fn get_panel(&self, opportunity: &str, panel: &str) -> Result<Record<Panel>, Error> {
        let panel = self.object(Call::get("opportunities/{}/panels/{}", &[opportunity, panel])).await?;
        let whole = self.with_interviews(opportunity, vec![panel]).await?.pop();
        whole.ok_or(Error::Unreadable { status: 200, reason: "no panel" })
    }

    /// The panels, each with its interviews; where Lever shows less of them, they are asked for.
    async fn with_interviews(&self, opportunity: &str, panels: Vec<Record<Panel>>) -> Result<Vec<Record<Panel>>, Error> {
        if panels.iter().all(Record::shows_its_interviews) {
            return Ok(panels);
        }
        let all = self.all_interviews(opportunity).await.map_err(|error| match error.is_not_found() {
            // The panels are there: it is not they that were not found.
            true => Error::Unreadable { status: 404, reason: "panels without their interviews" },
            false => error,
        })?;
        let mut all = all.records;
        all.extend(self.unlisted(opportunity, only_named(&panels, &all)).await?);
        panels.into_iter().map(|panel| if panel.shows_its_interviews() { Ok(panel) } else { panel.with_its_interviews(&all) }).collect()
    }

    /// Interviews that no list shows, each as it is alone. One that Lever does not show either way is left out: it stays as it was.
    async fn unlisted(&self, opportunity: &str, ids: Vec<String>) -> Result<Vec<Record<Interview>>, Error> {
        let mut found = Vec::new();
        for id in ids {
            match self.get_interview(opportunity, &id).await {
                Ok(interview) => found.push(interview),
                Err(Error::Rejected { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Schedules a panel as that Lever user. Sent once: Lever refuses nothing twice.
    pub async fn create_panel(&self, opportunity: &str, perform_as: &str, panel: &Value) -> Result<Record<Panel>, Error> {
        let call = Call::post("opportunities/{}/panels", &[opportunity]);
        self.object(call.perform_as(perform_as).json(panel)).await
    }

    /// Replaces a whole panel: what is left out is deleted, an interview without an `id` is a new one.
    pub async fn replace_panel(&self, opportunity: &str, panel: &str, perform_as: &str, whole: &Value) -> Result<Record<Panel>, Error> {
        let call = Call::put("opportunities/{}/panels/{}", &[opportunity, panel]);
        self.object(call.perform_as(perform_as).json(whole)).await
    }

    /// Cancels a panel.
    pub async fn delete_panel(&self, opportunity: &str, panel: &str, perform_as: &str) -> Result<(), Error> {
        let call = Call::delete("opportunities/{}/panels/{}", &[opportunity, panel]);
        self.nothing(call.perform_as(perform_as)).await
    }
}
