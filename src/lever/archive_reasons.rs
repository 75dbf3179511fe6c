//! Why candidates are archived.

use super::call::{Call, Paging};
use super::{Account, Error, Page};

model! {
    /// A reason to archive somebody; being hired is one of them.
    pub struct ArchiveReason {
        pub id: String,
        pub text: Option<String>,
        /// `active` or `inactive`.
        pub status: Option<String>,
        /// `hired` or `non-hired`.
        pub r#type: Option<String>,
    }
}
resource!(ArchiveReason, "ArchiveReason", id);

impl Account {
    /// Archive reasons.
    pub async fn list_archive_reasons(&self, page: &Paging) -> Result<Page<ArchiveReason>, Error> {
        self.page(Call::get("archive_reasons", &[]), page).await
    }
}
