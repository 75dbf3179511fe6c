//! Resumes: what was parsed from them, and the files themselves, which are streamed and never kept.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream::{self, BoxStream};
use reqwest::Response;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde_json::Value;
use tokio::time::timeout;

use super::call::{Call, Paging, Window};
use super::{Account, Error, Page};

model! {
    /// A candidate's resume.
    pub struct Resume {
        pub id: String,
        pub created_at: Option<DateTime<Utc>>,
        pub file: Option<File>,
        pub parsed_data: Option<ParsedData>,
    }
}
resource!(Resume, "Resume", id);

model! {
    /// The uploaded file. Lever's own `downloadUrl` is for signed-in people; files are fetched by id.
    pub struct File {
        pub name: Option<String>,
        pub ext: Option<String>,
        /// `processed`, `error`, ...
        pub status: Option<String>,
        /// Bytes.
        pub size: Option<i64>,
        pub uploaded_at: Option<DateTime<Utc>>,
    }
}

model! {
    /// What Lever read out of the file.
    pub struct ParsedData {
        pub positions: Vec<Value>,
        pub schools: Vec<Value>,
    }
}

/// A file on its way from Lever.
pub struct Download {
    /// As Lever says; `None` when it says nothing.
    pub content_type: Option<String>,
    /// Bytes, when known before.
    pub content_length: Option<u64>,
    /// The file's bytes, each wait bounded; ends with an error when Lever stops in the middle.
    pub bytes: BoxStream<'static, Result<Bytes, Error>>,
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download").field("content_length", &self.content_length).finish_non_exhaustive()
    }
}

impl Account {
    /// One page of an opportunity's resumes, of all or of those uploaded in that time.
    pub async fn list_resumes(&self, opportunity: &str, uploaded_at: &Window, page: &Paging) -> Result<Page<Resume>, Error> {
        let call = Call::get("opportunities/{}/resumes", &[opportunity]);
        self.page(call.window("uploaded_at_start", "uploaded_at_end", uploaded_at), page).await
    }

    /// All of an opportunity's resumes, as one page without a next.
    pub async fn all_resumes(&self, opportunity: &str) -> Result<Page<Resume>, Error> {
        self.whole(|| Call::get("opportunities/{}/resumes", &[opportunity])).await
    }

    /// A resume's file. One that Lever could not process answers 422.
    pub async fn download_resume(&self, opportunity: &str, resume: &str) -> Result<Download, Error> {
        let call = Call::get("opportunities/{}/resumes/{}/download", &[opportunity, resume]);
        let response = self.request(call, |response| async { Ok(response) }).await?;
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        Ok(Download {
            content_type: text(CONTENT_TYPE).map(str::to_owned),
            content_length: text(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
            bytes: pieces(response, self.lever.options().chunk_timeout),
        })
    }
}

fn pieces(response: Response, limit: Duration) -> BoxStream<'static, Result<Bytes, Error>> {
    let pieces = stream::try_unfold(response, move |mut response| async move {
        match timeout(limit, response.chunk()).await {
            Ok(Ok(piece)) => Ok(piece.map(|piece| (piece, response))),
            Ok(Err(_)) => Err(Error::NoAnswer { reason: "cut off in the middle" }),
            Err(_) => Err(Error::NoAnswer { reason: "timed out" }),
        }
    });
    Box::pin(pieces)
}
