//! `doctor`: is this installation able to work? Each finding says what is wrong and how to mend it.

use std::time::Duration;

use crate::config::{Config, Variables};
use crate::db::Db;

/// Checks configuration, database and reachability of Lever, printing a line for each. True: all is well.
pub async fn examine(vars: &Variables) -> bool {
    let config = match Config::read(vars) {
        Ok(config) => config,
        Err(error) => return report("configuration", Err(format!("{error}. `.env.example` lists every variable."))),
    };
    let mut well = report("configuration", Ok("complete, and every encryption key has 32 bytes".into()));
    well &= report("database", database(&config).await);
    let http = reqwest::Client::builder().timeout(Duration::from_secs(10)).redirect(reqwest::redirect::Policy::none()).build();
    let http = match http {
        Ok(http) => http,
        Err(error) => return report("network", Err(format!("no HTTP client could be made: {error}"))),
    };
    for (name, variable, url) in [
        ("Lever's API", "LEVER_API_URL", &config.lever.api_url),
        ("Lever's sign-in", "LEVER_AUTHORIZE_URL", &config.lever.authorize_url),
        ("Lever's token endpoint", "LEVER_TOKEN_URL", &config.lever.token_url),
    ] {
        // Any answer will do: without a token Lever refuses, and that it refuses shows that it is there.
        let answer = http.get(url.clone()).send().await;
        well &= report(
            name,
            match answer {
                Ok(answer) => Ok(format!("{url} answers ({})", answer.status().as_u16())),
                Err(error) => Err(format!("{url} does not answer ({}). Check the network and {variable}.", error.without_url())),
            },
        );
    }
    well &= report("callers' tokens", callers(&config));
    well & report("public address", public_address(&config))
}

fn callers(config: &Config) -> Result<String, String> {
    match config.auth.verifier.is_weak() {
        true => Err("AUTH_JWT_SECRET has fewer than 32 characters. Make one with: openssl rand -base64 32".into()),
        false => Ok("verified by a key that is long enough".into()),
    }
}

async fn database(config: &Config) -> Result<String, String> {
    let mend = "Check DATABASE_URL, and that Postgres accepts connections from here.";
    let db = Db::open(&config.database).map_err(|error| format!("{error}. {mend}"))?;
    match db.is_migrated().await {
        Ok(true) => Ok("reachable and migrated".into()),
        Ok(false) => Err("not migrated to this version. Run `lever-integration migrate`.".into()),
        // The migrations make the roles that every connection takes.
        Err(error) if error.as_database_error().is_some() => Err(format!("reachable, but not migrated ({error}). Run `lever-integration migrate`.")),
        Err(error) => Err(format!("{error}. {mend}")),
    }
}

fn public_address(config: &Config) -> Result<String, String> {
    let host = config.http.public_url.host_str().unwrap_or_default();
    let local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    if config.http.is_https() || local {
        Ok(format!("register this redirect address at Lever: {}", config.http.public("/integrations/lever/callback")))
    } else {
        Err("PUBLIC_URL is not https: Lever delivers webhooks to https only; for example PUBLIC_URL=https://lever.example.com".into())
    }
}

fn report(what: &str, finding: Result<String, String>) -> bool {
    match &finding {
        Ok(said) => println!("ok     {what}: {said}"),
        Err(said) => println!("WRONG  {what}: {said}"),
    }
    finding.is_ok()
}
