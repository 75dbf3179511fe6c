//! Pipeline stages.

use super::call::{Call, Paging};
use super::{Account, Error, Page};

model! {
    /// A stage of the pipeline. Built-in ones have words for ids, such as `lead-new`.
    pub struct Stage {
        pub id: String,
        pub text: Option<String>,
    }
}
resource!(Stage, "Stage", id);

impl Account {
    /// Stages, in pipeline order.
    pub async fn list_stages(&self, page: &Paging) -> Result<Page<Stage>, Error> {
        self.page(Call::get("stages", &[]), page).await
    }
}
