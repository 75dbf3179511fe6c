//! Panels: the interviews one candidate has in one go.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::call::{Call, Paging};
use super::{Account, Error, Interview, Page, Record, Ref, Stage, User};

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
resource!(Panel, "Panel", id);

impl Account {
    /// One page of an opportunity's panels, canceled ones included.
    pub async fn list_panels(&self, opportunity: &str, page: &Paging) -> Result<Page<Panel>, Error> {
        self.page(Call::get("opportunities/{}/panels", &[opportunity]), page).await
    }

    /// All of an opportunity's panels, as one page without a next.
    pub async fn all_panels(&self, opportunity: &str) -> Result<Page<Panel>, Error> {
        self.whole(|| Call::get("opportunities/{}/panels", &[opportunity])).await
    }

    /// One panel.
    pub async fn get_panel(&self, opportunity: &str, panel: &str) -> Result<Record<Panel>, Error> {
        self.object(Call::get("opportunities/{}/panels/{}", &[opportunity, panel])).await
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
