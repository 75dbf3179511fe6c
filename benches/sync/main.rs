//! The sync: how much of Lever's budget it uses, how few requests it needs, how soon people can work, how fast it is without a limit,
//! and how soon it is back after `kill -9`.
//!
//! `cargo bench --bench sync` takes some minutes. `-- paced --whole` reads 10,000 candidates at ten requests a second with the regular sync
//! beside, which takes as long as it takes at Lever: fifty minutes. `-- paced usable frugal rows killed` names the parts wanted.

#[path = "../common/mod.rs"]
mod common;
mod frugal;
mod killed;
mod paced;
mod rows;

use common::{Asked, postgres};

#[tokio::main]
async fn main() {
    let asked = Asked::read();
    let cluster = postgres("sync").await;
    if asked.part("frugal") {
        frugal::run(&cluster).await;
    }
    if asked.part("rows") {
        rows::run(&cluster).await;
    }
    if asked.part("killed") {
        killed::run(&cluster).await;
    }
    if asked.part("usable") {
        paced::usable(&cluster).await;
    }
    if asked.part("paced") {
        paced::run(&cluster, asked.switch("whole")).await;
    }
    cluster.stop().await.expect("Postgres stops");
}
