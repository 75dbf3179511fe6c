//! The forms that interviewers fill in.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::call::{Call, Paging};
use super::{Account, Error, Page, Record, Ref, Stage};

model! {
    /// A feedback form. The default one, `no-feedback`, is named by interviews and in no list.
    pub struct FeedbackTemplate {
        pub id: String,
        pub text: Option<String>,
        /// Absent as well when Lever sends an empty text.
        pub group: Option<Group>,
        pub instructions: Option<String>,
        pub stage: Option<Ref<Stage>>,
        /// The questions, as Lever describes them.
        pub fields: Vec<Value>,
        pub created_at: Option<DateTime<Utc>>,
        pub updated_at: Option<DateTime<Utc>>,
    }
}
resource!(FeedbackTemplate, "FeedbackTemplate", id);

model! {
    /// What a template is filed under.
    pub struct Group {
        pub id: Option<String>,
        pub name: Option<String>,
    }
}

impl Account {
    /// Active feedback templates.
    pub async fn list_feedback_templates(&self, page: &Paging) -> Result<Page<FeedbackTemplate>, Error> {
        self.page(Call::get("feedback_templates", &[]), page).await
    }

    /// One feedback template.
    pub async fn get_feedback_template(&self, id: &str) -> Result<Record<FeedbackTemplate>, Error> {
        self.object(Call::get("feedback_templates/{}", &[id])).await
    }
}
