//! Interviews: one conversation each, always inside a panel.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::call::{Call, Paging};
use super::{Account, Error, Page, Record, Ref, Stage, User, forms};

model! {
    /// One interview. Inside a panel Lever leaves out what the panel says already.
    pub struct Interview {
        pub id: String,
        pub panel: Option<String>,
        pub opportunity_id: Option<String>,
        pub subject: Option<String>,
        pub note: Option<String>,
        pub interviewers: Vec<Interviewer>,
        /// IANA name.
        pub timezone: Option<String>,
        pub created_at: Option<DateTime<Utc>>,
        /// When it begins.
        pub date: Option<DateTime<Utc>>,
        /// Minutes.
        pub duration: Option<i64>,
        pub location: Option<String>,
        pub feedback_template: Option<String>,
        pub feedback_forms: Vec<Value>,
        /// `once`, `daily`, `frequently` or `none`.
        pub feedback_reminder: Option<String>,
        pub user: Option<Ref<User>>,
        pub stage: Option<Ref<Stage>>,
        pub canceled_at: Option<DateTime<Utc>>,
        pub postings: Vec<String>,
        pub gcal_event_url: Option<String>,
    }
}
resource!(Interview, "Interview", id, forms::interview);

model! {
    /// Somebody who interviews.
    pub struct Interviewer {
        /// Lever user; empty when Lever sent none.
        pub id: String,
        pub name: Option<String>,
        pub email: Option<String>,
        pub feedback_template: Option<String>,
        pub response_status: Option<String>,
    }
}

impl Account {
    /// One page of an opportunity's interviews.
    pub async fn list_interviews(&self, opportunity: &str, page: &Paging) -> Result<Page<Interview>, Error> {
        self.page(Call::get("opportunities/{}/interviews", &[opportunity]), page).await
    }

    /// All of an opportunity's interviews, as one page without a next.
    pub async fn all_interviews(&self, opportunity: &str) -> Result<Page<Interview>, Error> {
        self.whole(|| Call::get("opportunities/{}/interviews", &[opportunity])).await
    }

    /// One interview. After candidates were merged it may sit on another opportunity of the same contact.
    pub async fn get_interview(&self, opportunity: &str, interview: &str) -> Result<Record<Interview>, Error> {
        self.object(Call::get("opportunities/{}/interviews/{}", &[opportunity, interview])).await
    }

    /// Adds an interview to an externally managed panel, which the body names.
    pub async fn create_interview(&self, opportunity: &str, perform_as: &str, interview: &Value) -> Result<Record<Interview>, Error> {
        let call = Call::post("opportunities/{}/interviews", &[opportunity]);
        self.object(call.perform_as(perform_as).json(interview)).await
    }

    /// Replaces a whole interview: what is left out is deleted.
    pub async fn replace_interview(&self, opportunity: &str, interview: &str, perform_as: &str, whole: &Value) -> Result<Record<Interview>, Error> {
        let call = Call::put("opportunities/{}/interviews/{}", &[opportunity, interview]);
        self.object(call.perform_as(perform_as).json(whole)).await
    }

    /// Deletes an interview. The last one of a panel stays listed as canceled, and so does the panel.
    pub async fn delete_interview(&self, opportunity: &str, interview: &str, perform_as: &str) -> Result<(), Error> {
        let call = Call::delete("opportunities/{}/interviews/{}", &[opportunity, interview]);
        self.nothing(call.perform_as(perform_as)).await
    }
}
