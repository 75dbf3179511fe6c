//! The binary: reads the command and its configuration, starts things and stops them. It decides nothing else.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use lever_integration::app::{App, Jobs};
use lever_integration::clock::Clock;
use lever_integration::config::{Config, DatabaseConfig, Variables, read_log_filter, read_log_format};
use lever_integration::{db, doctor, health, limits, telemetry};
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
#[command(version, about = "ModernLoop's side of Lever: connect, sync, webhooks, and interview panels scheduled through Lever's API")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything on this machine with nothing set up: Postgres, a stand-in Lever, the service and its page
    #[cfg(feature = "fake-lever")]
    Dev(lever_integration::dev::DevArgs),
    /// Do the main job once, unattended, and check every step
    #[cfg(feature = "fake-lever")]
    Demo(lever_integration::dev::DemoArgs),
    /// Run the service alone, configured by the environment
    Serve,
    /// Apply the migrations and exit
    Migrate,
    /// Run the stand-in Lever server alone
    #[cfg(feature = "fake-lever")]
    FakeLever(lever_integration::fake_lever::Args),
    /// Check configuration, database, keys and reachability of Lever
    Doctor,
}

impl Command {
    /// A person looks at the demo: only what is wrong is logged there.
    fn log_filter(&self) -> &'static str {
        match self {
            #[cfg(feature = "fake-lever")]
            Self::Dev(_) | Self::Demo(_) => "warn",
            _ => "info",
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let command = Cli::parse().command;
    match run(command).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("lever-integration: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let vars = &Variables::from_env_and_file()?;
    telemetry::start(read_log_format(vars)?, read_log_filter(vars, command.log_filter())?);
    match command {
        #[cfg(feature = "fake-lever")]
        Command::Dev(args) => lever_integration::dev::dev(args, stopped()?).await.map(|()| ExitCode::SUCCESS),
        #[cfg(feature = "fake-lever")]
        Command::Demo(args) => lever_integration::dev::demo(args, stopped()?).await.map(|()| ExitCode::SUCCESS),
        Command::Serve => serve(vars).await.map(|()| ExitCode::SUCCESS),
        Command::Migrate => {
            db::migrate(&DatabaseConfig::read(vars)?).await.context("DATABASE_URL: the database cannot be reached or migrated")?;
            Ok(ExitCode::SUCCESS)
        }
        #[cfg(feature = "fake-lever")]
        Command::FakeLever(args) => {
            let token = tokio_util::sync::CancellationToken::new();
            let stop = stopped()?;
            tokio::spawn({
                let token = token.clone();
                async move {
                    stop.await;
                    token.cancel();
                }
            });
            lever_integration::fake_lever::run(args, token).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Doctor => Ok(if doctor::examine(vars).await { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
    }
}

async fn serve(vars: &Variables) -> anyhow::Result<()> {
    let config = Config::read(vars)?;
    limits::forbid_core_dumps();
    limits::raise_open_files();
    health::collect_metrics();
    let stop = stopped()?;
    if config.auth.verifier.is_weak() {
        tracing::warn!("AUTH_JWT_SECRET has fewer than 32 characters: whoever guesses it can call as anybody");
    }
    let app = App::start(config, Clock::system(), Jobs::InBackground).await?;
    tracing::info!(address = %app.address(), "serving");
    stop.await;
    tracing::info!("stopping");
    // A second signal ends it at once.
    let again = stopped()?;
    tokio::select! {
        () = app.stop() => {}
        () = again => tracing::warn!("stopped at once"),
    }
    Ok(())
}

/// Resolves at the first SIGINT or SIGTERM after the call.
fn stopped() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
