//! `demo`: the main job once, unattended, every step checked against the stand-in's own state.
//!
//! A step that says "done" was seen to be done; the first that was not ends the demo with exit code 1.

mod caller;
mod connect;
mod panel;
mod sync;
mod webhook;

use std::net::SocketAddr;
use std::time::Instant;

use super::parts::{Parts, Plan};
use crate::fake_lever::Options;
use caller::Caller;

/// Arguments of `demo`.
#[derive(Clone, Debug, clap::Args)]
pub struct DemoArgs {
    /// Opportunities in the stand-in's account
    #[arg(long, default_value_t = 100)]
    opportunities: usize,
    /// The same seed gives the same people
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

/// Does the main job and stops everything.
///
/// # Errors
/// A step did not do what it should, or `stop` came first.
pub async fn demo(args: DemoArgs, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let began = Instant::now();
    println!("Starting Postgres, a stand-in Lever with {} invented candidates, and the service.", args.opportunities);
    let lever = Options { opportunities: args.opportunities, seed: args.seed, ..Options::default() };
    let parts = Parts::start(Plan { database: "lever_demo", listen: SocketAddr::from(([127, 0, 0, 1], 0)), lever }).await?;
    let told = tokio::select! {
        told = main_job(&parts) => told,
        () = stop => Err(anyhow::anyhow!("stopped before the end")),
    };
    parts.stop().await?;
    told?;
    println!("The main job is done, and every step was checked ({:.0} s).", began.elapsed().as_secs_f64());
    Ok(())
}

async fn main_job(parts: &Parts) -> anyhow::Result<()> {
    let caller = Caller::new(&parts.address, &parts.jwt_secret)?;
    let account = connect::connect(&caller, &parts.lever).await?;
    sync::follow(&caller, &parts.lever, &account).await?;
    panel::schedule_edit_cancel(&caller, &parts.lever, &account).await?;
    webhook::archive_in_lever(&caller, &parts.lever, &account).await
}

/// One step that was seen to be done.
fn done(step: &str, what: impl std::fmt::Display) {
    println!("  ✓ {step:<9} {what}");
}
