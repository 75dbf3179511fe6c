//! Tags on candidates and postings.

use super::call::{Call, Paging};
use super::{Account, Error, Page};

model! {
    /// A tag. It has no id: its text is its key.
    pub struct Tag {
        pub text: String,
        /// How many candidates carry it.
        pub count: Option<i64>,
    }
}
resource!(Tag, "Tag", text);

impl Account {
    /// Tags.
    pub async fn list_tags(&self, page: &Paging) -> Result<Page<Tag>, Error> {
        self.page(Call::get("tags", &[]), page).await
    }
}
