//! The pages' stylesheet and script, built into the binary.
//!
//! Each is served under a name that holds a hash of its content: browsers may keep it for ever, and a new version is a new name.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header;

use crate::crypto;
use crate::error::{Error, Result};

/// One file.
struct Asset {
    path: String,
    content_type: &'static str,
    body: &'static str,
}

static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| Asset::new("pages", "css", "text/css; charset=utf-8", include_str!("assets/pages.css")));
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| Asset::new("pages", "js", "text/javascript; charset=utf-8", include_str!("assets/pages.js")));

/// Where the stylesheet is.
pub(super) fn stylesheet() -> &'static str {
    &STYLESHEET.path
}

/// Where the script is.
pub(super) fn script() -> &'static str {
    &SCRIPT.path
}

impl Asset {
    fn new(name: &str, extension: &str, content_type: &'static str, body: &'static str) -> Self {
        let hash = hex::encode(&crypto::hash(body)[..8]);
        Self { path: format!("/assets/{name}.{hash}.{extension}"), content_type, body }
    }
}

/// `GET /assets/{file}`.
pub(super) async fn serve(Path(file): Path<String>) -> Result<Response> {
    let named = |asset: &&LazyLock<Asset>| asset.path.strip_prefix("/assets/") == Some(file.as_str());
    let asset = [&STYLESHEET, &SCRIPT].into_iter().find(named).ok_or_else(Error::not_found)?;
    let headers = [(header::CONTENT_TYPE, asset.content_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, asset.body).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_changes_with_the_content() {
        let path = |body| Asset::new("pages", "css", "text/css", body).path;
        assert_eq!(path("a{}"), path("a{}"));
        assert_ne!(path("a{}"), path("b{}"));
    }

    #[tokio::test]
    async fn only_the_current_version_is_there() {
        let name = stylesheet().trim_start_matches("/assets/").to_owned();
        assert!(serve(Path(name)).await.is_ok());
        assert!(serve(Path("pages.0000000000000000.css".into())).await.is_err());
    }
}
