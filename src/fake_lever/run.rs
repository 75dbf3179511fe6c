//! The `fake-lever` subcommand.

use std::io;

use tokio_util::sync::CancellationToken;

use super::{Args, FakeLever};

/// Runs a stand-in until it is told to stop, after printing how to reach it.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn run(args: Args, shutdown: CancellationToken) -> io::Result<()> {
    let client_id = args.client_id.clone();
    let lever = FakeLever::start(args.into()).await?;
    println!("Stand-in Lever, invented people: {}", lever.base_url());
    println!("  LEVER_API_URL={}", lever.api_url());
    println!("  LEVER_AUTHORIZE_URL={}", lever.authorize_url());
    println!("  LEVER_TOKEN_URL={}", lever.token_url());
    println!("  LEVER_AUDIENCE={}", lever.audience());
    println!("  LEVER_CLIENT_ID={client_id}");
    // As invented as the people.
    println!("  LEVER_CLIENT_SECRET={}", lever.client_secret());
    shutdown.cancelled().await;
    lever.stop().await;
    Ok(())
}
