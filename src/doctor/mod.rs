//! `doctor`: is this installation able to work? Each finding says what is wrong and how to mend it. What works all the same, and should
//! be mended, is a warning and no illness.

mod database;

use std::time::Duration;

use serde_json::Value;
use url::Url;

use crate::config::{Config, Variables, VerifierConfig};
use crate::outbound;

const PATIENCE: Duration = Duration::from_secs(10);

/// How one thing is, in words.
enum Finding {
    Well(String),
    /// It works, and should be mended all the same.
    Doubtful(String),
    Wrong(String),
}

impl From<Result<String, String>> for Finding {
    fn from(found: Result<String, String>) -> Self {
        found.map_or_else(Self::Wrong, Self::Well)
    }
}

/// Checks configuration, database, keys and reachability of Lever, printing a line for each. True: nothing is wrong.
pub async fn examine(vars: &Variables) -> bool {
    let config = match Config::read(vars) {
        Ok(config) => config,
        Err(error) => return report("configuration", Err(format!("{error}. `.env.example` lists every variable."))),
    };
    let mut well = report("configuration", Ok("complete, and every encryption key has 32 bytes".into()));
    if report("database", database::reachable(&config).await) {
        well &= report("stored secrets", database::secrets(&config).await);
    } else {
        well = false;
    }
    for (name, variable, url) in [
        ("Lever's API", "LEVER_API_URL", &config.lever.api_url),
        ("Lever's sign-in", "LEVER_AUTHORIZE_URL", &config.lever.authorize_url),
        ("Lever's token endpoint", "LEVER_TOKEN_URL", &config.lever.token_url),
    ] {
        // Any answer will do: without a token Lever refuses, and that it refuses shows that it is there.
        let answer = ask(url).await.map(|answer| format!("{url} answers ({})", answer.status().as_u16()));
        well &= report(name, answer.map_err(|error| format!("{url} does not answer ({error}). Check the network and {variable}.")));
    }
    well &= report("callers' tokens", callers(&config).await);
    well & report("public address", public_address(&config))
}

async fn ask(url: &Url) -> Result<reqwest::Response, reqwest::Error> {
    let http = outbound::client(url).timeout(PATIENCE).build()?;
    http.get(url.clone()).send().await.map_err(reqwest::Error::without_url)
}

async fn callers(config: &Config) -> Finding {
    let VerifierConfig::Jwks(url) = &config.auth.verifier else {
        return match config.auth.verifier.is_weak() {
            true => Finding::Doubtful("AUTH_JWT_SECRET has fewer than 32 characters. Make one with: openssl rand -base64 32".into()),
            false => Finding::Well("verified by a key that is long enough".into()),
        };
    };
    match published_keys(url).await {
        Ok(1..) => Finding::Well(format!("verified by the keys published at {url}")),
        Ok(0) => Finding::Wrong(format!("{url} answers, but publishes no keys. Check AUTH_JWKS_URL.")),
        Err(error) => Finding::Wrong(format!("the keys at {url} cannot be read ({error}). Check the network and AUTH_JWKS_URL.")),
    }
}

async fn published_keys(url: &Url) -> Result<usize, reqwest::Error> {
    let published: Value = ask(url).await?.error_for_status()?.json().await.map_err(reqwest::Error::without_url)?;
    Ok(published["keys"].as_array().map_or(0, Vec::len))
}

fn public_address(config: &Config) -> Finding {
    let host = config.http.public_url.host_str().unwrap_or_default();
    let local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    if config.http.is_https() || local {
        Finding::Well(format!("register this redirect address at Lever: {}", config.http.public("/integrations/lever/callback")))
    } else {
        let said = "PUBLIC_URL is not https: Lever delivers webhooks to https only; for example PUBLIC_URL=https://lever.example.com";
        Finding::Doubtful(said.into())
    }
}

/// Prints a line. False: something is wrong.
fn report(what: &str, finding: impl Into<Finding>) -> bool {
    let finding = finding.into();
    match &finding {
        Finding::Well(said) => println!("ok     {what}: {said}"),
        Finding::Doubtful(said) => println!("warn   {what}: {said}"),
        Finding::Wrong(said) => println!("WRONG  {what}: {said}"),
    }
    !matches!(finding, Finding::Wrong(_))
}
