//! axe-core, the accessibility checker: fetched by npm into `target/`, because third-party code has no place in the repository.

use std::path::Path;
use std::process::Stdio;
use std::sync::LazyLock;

use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::chromium::{Chromium, skip};

const VERSION: &str = "4.14.1";
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/axe");
/// What WCAG 2.2 AA asks for, as far as a program can tell.
const RULES: [&str; 7] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];
/// Of these, those about colors: the dark theme changes nothing else.
const COLORS: [&str; 2] = ["color-contrast", "link-in-text-block"];
static SOURCE: LazyLock<OnceCell<Option<String>>> = LazyLock::new(OnceCell::new);

impl Chromium {
    /// Fails for every rule that the page breaks, in the light and in the dark theme, on a wide screen and on a phone; and for a page that must be
    /// moved sideways at 320 pixels, which is what somebody sees who reads it four times as large.
    pub async fn audit(&self, name: &str) {
        self.screen(320, 844).await;
        let beyond = "return document.documentElement.scrollWidth <= 320 ? [] : [...document.querySelectorAll('body *')]
            .filter((one) => one.getBoundingClientRect().right > 320).map((one) => `${one.tagName} ${one.id} ${one.className}`)";
        assert_eq!(self.ask(beyond).await, json!([]), "{name} fits 320 pixels");
        self.own_screen().await;
        let Some(source) = SOURCE.get_or_init(fetch).await else { return };
        if self.ask("return !window.axe").await == true {
            self.ask(&format!("(function () {{ {source} }}).call(window);")).await;
        }
        for (theme, phone) in [("light", false), ("dark", false), ("light", true), ("dark", true)] {
            self.theme(theme).await;
            if phone {
                self.screen(390, 844).await;
            }
            let rules = if theme == "dark" { json!({ "type": "rule", "values": COLORS }) } else { json!(RULES) };
            let script = format!(
                "const done = arguments[arguments.length - 1];
                 axe.run(document, {{ runOnly: {rules}, resultTypes: ['violations'] }})
                    .then((found) => done(found.violations.map((rule) => rule.id + ' (' + rule.help + '): '
                        + rule.nodes.map((node) => node.target.join(' ') + ': ' + node.any.concat(node.all, node.none).map((check) => check.message).join('; ')).join(' | '))))
                    .catch((error) => done(['axe failed: ' + error]));"
            );
            let answer = self.driver.execute_async(&script, []).await.expect("axe runs");
            let violations = answer.json().as_array().cloned().unwrap_or_else(|| vec![json!("axe said nothing")]);
            assert_eq!(violations, Vec::<Value>::new(), "{name}, {theme}{}", if phone { ", on a phone" } else { "" });
        }
        self.own_screen().await;
        self.theme("").await;
    }
}

/// `None`, with a line that says so, where npm is not there or fetches nothing.
async fn fetch() -> Option<String> {
    let file = format!("{FOLDER}/package/axe.min.js");
    if !Path::new(&file).exists() {
        std::fs::create_dir_all(FOLDER).expect("target can be written");
        let fetched = format!("npm pack --silent axe-core@{VERSION} && tar -xzf axe-core-{VERSION}.tgz package/axe.min.js");
        let status = Command::new("sh").args(["-c", &fetched]).current_dir(FOLDER).stdout(Stdio::null()).stderr(Stdio::null()).status().await;
        if !status.is_ok_and(|status| status.success()) {
            skip("REQUIRE_AXE", &format!("the accessibility checks need npm, to fetch axe-core {VERSION}"));
            return None;
        }
    }
    std::fs::read_to_string(file).ok()
}
