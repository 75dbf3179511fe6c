//! Lever users: recruiters, coordinators and interviewers.

use chrono::{DateTime, Utc};

use super::call::{Call, Paging};
use super::{Account, Error, Page, Record};

model! {
    /// A person with an account at Lever, deactivated ones included: old panels still name them.
    pub struct User {
        pub id: String,
        /// May be an e-mail address.
        pub name: Option<String>,
        pub username: Option<String>,
        pub email: Option<String>,
        /// `super admin`, `admin`, `team member`, `limited team member`, `interviewer`, or the id of a custom role.
        pub access_role: Option<String>,
        /// Address of a picture.
        pub photo: Option<String>,
        pub external_directory_id: Option<String>,
        pub linked_contact_ids: Vec<String>,
        pub job_title: Option<String>,
        pub manager_id: Option<String>,
        pub created_at: Option<DateTime<Utc>>,
        /// Set when the user can no longer sign in or act.
        pub deactivated_at: Option<DateTime<Utc>>,
    }
}
resource!(User, "User", id);

impl Account {
    /// Users, the deactivated among them.
    pub async fn list_users(&self, page: &Paging) -> Result<Page<User>, Error> {
        self.page(Call::get("users", &[]).query("includeDeactivated", "true"), page).await
    }

    /// One user.
    pub async fn get_user(&self, id: &str) -> Result<Record<User>, Error> {
        self.object(Call::get("users/{}", &[id])).await
    }
}
