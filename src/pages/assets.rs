//! The pages' stylesheet and scripts, built into the binary. There is no build step: the scripts are modules that browsers load as
//! they are.
//!
//! Each file is served under a name that holds a hash of its content: browsers may keep it for ever, and a new version is a new
//! name. A module that imports another names it as it lies in the folder (`./dom.js`); the served text names it by its hash.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::header;

use crate::crypto;
use crate::error::{Error, Result};

/// One file.
struct Asset {
    /// As templates and modules call it.
    name: &'static str,
    path: String,
    content_type: &'static str,
    body: String,
}

const STYLES: &str = concat!(
    include_str!("assets/css/base.css"),
    include_str!("assets/css/integrations.css"),
    include_str!("assets/css/candidates.css"),
    include_str!("assets/css/week.css"),
    include_str!("assets/css/schedule.css"),
);

/// Each module comes after those that it imports.
const MODULES: &[(&str, &str)] = &[
    ("dom.js", include_str!("assets/js/dom.js")),
    ("times.js", include_str!("assets/js/times.js")),
    ("request.js", include_str!("assets/js/request.js")),
    ("page.js", include_str!("assets/js/page.js")),
    ("live.js", include_str!("assets/js/live.js")),
    ("pace.js", include_str!("assets/js/pace.js")),
    ("integrations.js", include_str!("assets/js/integrations.js")),
    ("candidates.js", include_str!("assets/js/candidates.js")),
    ("follow.js", include_str!("assets/js/follow.js")),
    ("people_picker.js", include_str!("assets/js/people_picker.js")),
    ("day_grid.js", include_str!("assets/js/day_grid.js")),
    ("interview_fields.js", include_str!("assets/js/interview_fields.js")),
    ("mistakes.js", include_str!("assets/js/mistakes.js")),
    ("panel_draft.js", include_str!("assets/js/panel_draft.js")),
    ("clashes.js", include_str!("assets/js/clashes.js")),
    ("panel_interviews.js", include_str!("assets/js/panel_interviews.js")),
    ("panel_form.js", include_str!("assets/js/panel_form.js")),
    ("panel_sending.js", include_str!("assets/js/panel_sending.js")),
    ("paperwork.js", include_str!("assets/js/paperwork.js")),
    ("candidate.js", include_str!("assets/js/candidate.js")),
    ("interviews.js", include_str!("assets/js/interviews.js")),
];

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let mut assets = vec![Asset::new("pages.css", "text/css; charset=utf-8", STYLES.to_owned())];
    for (name, source) in MODULES {
        let body =
            assets.iter().fold((*source).to_owned(), |body, asset| body.replace(&format!("\"./{}\"", asset.name), &format!("\"{}\"", asset.path)));
        assets.push(Asset::new(name, "text/javascript; charset=utf-8", body));
    }
    assets
});

/// Where a file is. Its name is one of those above, which a test holds against the templates.
pub(super) fn path(name: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map_or("", |asset| &asset.path)
}

impl Asset {
    fn new(name: &'static str, content_type: &'static str, body: String) -> Self {
        let hash = hex::encode(&crypto::hash(&body)[..8]);
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        Self { name, path: format!("/assets/{stem}.{hash}.{extension}"), content_type, body }
    }
}

/// `GET /assets/{file}`.
pub(super) async fn serve(Path(file): Path<String>) -> Result<Response> {
    let asset = ASSETS.iter().find(|asset| asset.path.strip_prefix("/assets/") == Some(file.as_str())).ok_or_else(Error::not_found)?;
    let headers = [(header::CONTENT_TYPE, asset.content_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, asset.body.as_str()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_changes_with_the_content() {
        let path = |body: &str| Asset::new("pages.css", "text/css", body.to_owned()).path;
        assert_eq!(path("a{}"), path("a{}"));
        assert_ne!(path("a{}"), path("b{}"));
    }

    #[test]
    fn every_import_names_a_module_by_its_hash() {
        for asset in ASSETS.iter() {
            assert!(!asset.body.contains("\"./"), "{} imports a module that is not above it in the list", asset.name);
        }
        assert!(ASSETS.iter().any(|asset| asset.body.contains(path("dom.js"))));
    }

    #[test]
    fn every_file_that_a_template_names_is_there() {
        let templates = concat!(env!("CARGO_MANIFEST_DIR"), "/src/pages/templates");
        let mut named = 0;
        for file in std::fs::read_dir(templates).expect("the templates") {
            let text = std::fs::read_to_string(file.expect("a file").path()).expect("text");
            for name in text.split("asset(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                assert_ne!(path(name), "", "{name}");
                named += 1;
            }
        }
        assert!(named > 1, "the layout names files");
    }

    #[tokio::test]
    async fn only_the_current_version_is_there() {
        let name = path("pages.css").trim_start_matches("/assets/").to_owned();
        assert!(serve(Path(name)).await.is_ok());
        assert!(serve(Path("pages.0000000000000000.css".into())).await.is_err());
    }
}
