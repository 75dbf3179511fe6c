//! `dev`: the parts, running until Ctrl-C, with a page to click through.

use std::net::SocketAddr;

use super::parts::{Parts, Plan};
use crate::fake_lever::Options;
use crate::health;

/// Arguments of `dev`.
#[derive(Clone, Debug, clap::Args)]
pub struct DevArgs {
    /// Address of the service and its page
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Address of the stand-in Lever
    #[arg(long, default_value = "127.0.0.1:8090")]
    lever_listen: SocketAddr,
    /// Opportunities in each of the stand-in's accounts
    #[arg(long, default_value_t = 1_000)]
    opportunities: usize,
    /// The same seed gives the same people
    #[arg(long, default_value_t = 7)]
    seed: u64,
}

/// Runs until `stop`.
///
/// # Errors
/// A part does not start or stop.
pub async fn dev(args: DevArgs, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    health::collect_metrics();
    let lever = Options { listen: args.lever_listen, opportunities: args.opportunities, seed: args.seed, ..Options::default() };
    let parts = Parts::start(Plan { database: "lever_dev", listen: args.listen, lever }).await?;
    println!();
    println!("  ModernLoop   {}/sign-in   sign in as one of the demo people, then press Connect", parts.address);
    println!("  Lever        {}   the stand-in: archive a candidate, schedule an interview, switch webhooks on", parts.lever.base_url());
    println!("  API          {}/docs", parts.address);
    println!();
    println!("  Everyone here is invented, and each start begins afresh. Ctrl-C stops all of it.");
    println!();
    stop.await;
    println!("Stopping.");
    parts.stop().await
}
