//! A headless Chromium of the test's own, driven through chromedriver, and gone when the test is.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{By, ChromiumLikeCapabilities, DesiredCapabilities, TypingData, WebDriver};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const CHROMEDRIVER: &str = "/usr/bin/chromedriver";
/// Long enough for a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(45);
const FLAGS: [&str; 9] = [
    "--window-size=1280,900",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// A browser with nothing in it.
pub struct Chromium {
    pub driver: WebDriver,
    chromedriver: Child,
    _profile: TempDir,
}

impl Chromium {
    /// `None`, with a line that says so, where there is no chromedriver.
    pub async fn start() -> Option<Self> {
        if !Path::new(CHROMEDRIVER).exists() {
            skip("REQUIRE_BROWSER", &format!("{CHROMEDRIVER} is missing; on Debian: apt-get install chromium chromium-driver"));
            return None;
        }
        let (chromedriver, port) = start_chromedriver().await;
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let mut wanted = DesiredCapabilities::chrome();
        let folder = format!("--user-data-dir={}", profile.path().display());
        for flag in FLAGS.into_iter().chain([folder.as_str()]) {
            wanted.add_arg(flag).expect("a flag");
        }
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted).await.expect("Chromium starts");
        Some(Self { driver, chromedriver, _profile: profile })
    }

    /// Ends the browser, then its driver.
    pub async fn quit(mut self) {
        self.driver.quit().await.expect("Chromium ends");
        self.chromedriver.kill().await.expect("chromedriver ends");
    }

    /// Waits until a JavaScript expression holds on the page.
    pub async fn until(&self, expression: &str) {
        let began = Instant::now();
        let script = format!("return Boolean({expression})");
        // Between two pages there is nothing to ask.
        while !self.driver.execute(&script, []).await.is_ok_and(|answer| answer.json() == &json!(true)) {
            if began.elapsed() > PATIENCE {
                let _ = self.driver.screenshot(&screenshots().join("failed.png")).await;
                let said = self.ask("return [...document.querySelectorAll('dialog:modal, main')].at(-1)?.innerText.slice(0, 3000)").await;
                panic!("the page says: {said}; waited in vain until {expression}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Runs a script before anything of each page that is opened from now on.
    pub async fn before_each_page(&self, script: &str) {
        self.driver.cdp().send_raw("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await.expect("a script");
    }

    /// What the page says, as people read it.
    pub async fn text(&self) -> String {
        let answer = self.driver.execute("return document.body.innerText", []).await.expect("a page");
        answer.json().as_str().expect("text").to_owned()
    }

    /// Clicks what a selector finds, as soon as it is there to be seen.
    pub async fn click(&self, selector: &str) {
        self.until(&format!("document.querySelector({})?.getClientRects().length", json!(selector))).await;
        self.driver.find(By::Css(selector)).await.expect("it is there").click().await.expect("it can be clicked");
    }

    /// Types into what a selector finds, as soon as it is there.
    pub async fn type_into(&self, selector: &str, text: &str) {
        self.until(&format!("document.querySelector({})", json!(selector))).await;
        self.driver.find(By::Css(selector)).await.expect("it is there").send_keys(text).await.expect("it takes text");
    }

    /// Presses keys wherever the focus is.
    pub async fn press(&self, keys: impl Into<TypingData>) {
        self.driver.action_chain().send_keys(keys).perform().await.expect("keys can be pressed");
    }

    /// Runs a script on the page and answers what it returns.
    pub async fn ask(&self, script: &str) -> Value {
        self.driver.execute(script, []).await.expect("a page").json().clone()
    }

    /// Gives a field a value, as picking a date does.
    pub async fn set(&self, selector: &str, value: &str) {
        let script = format!(
            "const field = document.querySelector({}); field.value = {}; field.dispatchEvent(new Event('input', {{ bubbles: true }}));
             field.dispatchEvent(new Event('change', {{ bubbles: true }}));",
            json!(selector),
            json!(value)
        );
        self.ask(&script).await;
    }

    /// `light`, `dark`, or nothing for the machine's own.
    pub async fn theme(&self, theme: &str) {
        let features = if theme.is_empty() { json!([]) } else { json!([{ "name": "prefers-color-scheme", "value": theme }]) };
        self.driver.cdp().send_raw("Emulation.setEmulatedMedia", json!({ "features": features })).await.expect("a theme");
    }

    /// Clocks of this time zone; nothing for the machine's own.
    pub async fn zone(&self, id: &str) {
        self.driver.cdp().send_raw("Emulation.setTimezoneOverride", json!({ "timezoneId": id })).await.expect("a zone");
    }

    /// A screen of this width; a phone's when it is that narrow.
    pub async fn screen(&self, width: u64, height: u64) {
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.driver.cdp().send_raw("Emulation.setDeviceMetricsOverride", screen).await.expect("a screen");
    }

    /// The window's own size again.
    pub async fn own_screen(&self) {
        self.driver.cdp().send_raw("Emulation.clearDeviceMetricsOverride", json!({})).await.expect("the window's own size");
    }

    /// Keeps pictures of the whole page for people to look at: wide and as on a phone, light and dark.
    pub async fn picture(&self, name: &str) {
        let folder = screenshots();
        for (form, width) in [("desktop", 1280), ("phone", 390)] {
            for theme in ["light", "dark"] {
                self.theme(theme).await;
                self.screen(width, 844).await;
                let height = self.ask("return document.querySelector('dialog:modal') ? 844 : document.documentElement.scrollHeight").await;
                self.screen(width, height.as_u64().expect("a number").min(4000)).await;
                self.driver.screenshot(&folder.join(format!("{name}-{form}-{theme}.png"))).await.expect("a picture");
            }
        }
        self.own_screen().await;
        self.theme("").await;
    }
}

/// Says that something is left out, where the test's own output is not swallowed; fails where this variable asks for it.
pub fn skip(required_by: &str, reason: &str) {
    assert!(std::env::var_os(required_by).is_none(), "{required_by} is set, but {reason}");
    let _ = writeln!(std::io::stderr(), "SKIPPED: {reason}");
}

/// Where pictures are kept.
fn screenshots() -> PathBuf {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target/screenshots"));
    std::fs::create_dir_all(&folder).expect("target can be written");
    folder
}

/// Port 0 lets it choose; it says which.
async fn start_chromedriver() -> (Child, u16) {
    let mut chromedriver = Command::new(CHROMEDRIVER)
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("chromedriver starts");
    let mut lines = BufReader::new(chromedriver.stdout.take().expect("piped")).lines();
    while let Some(line) = lines.next_line().await.expect("chromedriver says its port") {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            let port = port.trim_end_matches('.').parse().expect("a port");
            // Its later words go nowhere, but must be taken.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (chromedriver, port);
        }
    }
    panic!("chromedriver ended without naming its port");
}
