//! Applications: how an opportunity relates to a job.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::call::{Call, Paging};
use super::opportunities::Archived;
use super::{Account, Error, Page, Posting, Ref, User};

model! {
    /// An opportunity's tie to a posting; there is at most one.
    pub struct Application {
        pub id: String,
        pub opportunity_id: Option<String>,
        /// `referral`, `user` or `posting`.
        pub r#type: Option<String>,
        pub posting: Option<Ref<Posting>>,
        pub posting_owner: Option<Ref<User>>,
        pub posting_hiring_manager: Option<Ref<User>>,
        pub user: Option<Ref<User>>,
        pub name: Option<String>,
        pub email: Option<String>,
        pub company: Option<String>,
        pub comments: Option<String>,
        pub custom_questions: Vec<Value>,
        pub archived: Option<Archived>,
        pub requisition_for_hire: Option<Value>,
        pub created_at: Option<DateTime<Utc>>,
    }
}
resource!(Application, "Application", id);

impl Account {
    /// The applications of one opportunity; `expand=applications` on the opportunity saves this request.
    pub async fn list_applications(&self, opportunity: &str, page: &Paging) -> Result<Page<Application>, Error> {
        self.page(Call::get("opportunities/{}/applications", &[opportunity]), page).await
    }
}
