//! Postings: the jobs.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::call::{Call, Paging, Window};
use super::{Account, Error, Page, Record, Ref, User};

model! {
    /// A job.
    pub struct Posting {
        pub id: String,
        /// Its title.
        pub text: Option<String>,
        /// `published`, `internal`, `closed`, `draft`, `pending` or `rejected`.
        pub state: Option<String>,
        pub distribution_channels: Vec<String>,
        /// `confidential` or `non-confidential`.
        pub confidentiality: Option<String>,
        pub user: Option<Ref<User>>,
        pub owner: Option<Ref<User>>,
        pub hiring_manager: Option<Ref<User>>,
        pub categories: Option<Categories>,
        pub tags: Vec<String>,
        pub content: Option<Value>,
        /// ISO 3166-1 alpha-2.
        pub country: Option<String>,
        pub followers: Vec<Ref<User>>,
        pub req_code: Option<String>,
        pub requisition_codes: Vec<String>,
        pub urls: Option<PostingUrls>,
        pub workplace_type: Option<String>,
        pub salary_range: Option<Value>,
        pub created_at: Option<DateTime<Utc>>,
        pub updated_at: Option<DateTime<Utc>>,
        /// Only in the list of deleted postings.
        pub deleted_at: Option<DateTime<Utc>>,
    }
}
resource!(Posting, "Posting", id);

model! {
    /// Where a job sits in the customer's organization.
    pub struct Categories {
        pub team: Option<String>,
        pub department: Option<String>,
        pub location: Option<String>,
        pub all_locations: Vec<String>,
        pub commitment: Option<String>,
        pub level: Option<String>,
    }
}

model! {
    /// A job's pages.
    pub struct PostingUrls {
        pub list: Option<String>,
        pub show: Option<String>,
        pub apply: Option<String>,
    }
}

/// Which postings to list. Confidential ones are always included.
#[derive(Clone, Debug, Default)]
pub struct PostingFilter {
    /// Only those in one of these states.
    pub states: Vec<String>,
    /// Only those distributed so (`public`, `internal`). A list without it leaves out published jobs that are internal only, so a
    /// whole read asks once without and once with both.
    pub distribution_channels: Vec<String>,
    /// Only those that changed then. Lever accepts no other filter beside it: the two above are left out when it is set.
    pub updated_at: Window,
}

impl Account {
    /// Postings, confidential ones included.
    pub async fn list_postings(&self, filter: &PostingFilter, page: &Paging) -> Result<Page<Posting>, Error> {
        let call = Call::get("postings", &[]).query("confidentiality", "all");
        let call = if filter.updated_at.is_open() {
            call.queries("state", &filter.states).queries("distributionChannel", &filter.distribution_channels)
        } else {
            call.window("updated_at_start", "updated_at_end", &filter.updated_at)
        };
        self.page(call, page).await
    }

    /// One posting.
    pub async fn get_posting(&self, id: &str) -> Result<Record<Posting>, Error> {
        self.object(Call::get("postings/{}", &[id])).await
    }

    /// Postings deleted in that time.
    pub async fn list_deleted_postings(&self, deleted_at: &Window, page: &Paging) -> Result<Page<Posting>, Error> {
        let call = Call::get("postings/deleted", &[]).window("deleted_at_start", "deleted_at_end", deleted_at);
        self.page(call, page).await
    }
}
