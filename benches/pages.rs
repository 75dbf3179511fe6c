//! The pages: how long one takes against the REST reads that hold what it shows, and what it weighs.
//!
//! `cargo bench --bench pages`

mod common;

use std::time::Instant;

use common::client::{Client, get};
use common::numbers::median;
use common::{Rig, Wish, postgres};
use lever_integration::app::Jobs;
use lever_integration::fake_lever::Options;

const TIMES: usize = 300;

#[tokio::main]
async fn main() {
    let cluster = postgres("pages").await;
    let lever = Options { opportunities: 1_000, accounts: 1, active_share: 0.5, requests_per_second: 0.0, ..Options::default() };
    let mut rig = Rig::start(&cluster, Wish { jobs: Jobs::ByHand, ..Wish::of(lever) }).await;
    rig.connect().await;
    rig.work().await;
    let interviews = rig.admin.get("/v1/interviews?limit=200").await.expect(200).json();
    let booked = interviews["data"][0]["opportunityId"].as_str().expect("somebody has an interview").to_owned();
    let (from, to) = week();
    for (page, reads) in [
        ("/integrations".to_owned(), vec!["/v1/lever/connection".to_owned(), "/v1/lever/syncs?limit=6".into(), "/v1/operations?limit=10".into()]),
        ("/interviews".to_owned(), vec![format!("/v1/interviews?from={from}&to={to}&status=scheduled&limit=200")]),
        ("/candidates".to_owned(), vec!["/v1/opportunities".to_owned()]),
        (format!("/candidates/{booked}"), vec![format!("/v1/opportunities/{booked}"), format!("/v1/opportunities/{booked}/panels?limit=200")]),
    ] {
        compare(&rig, &page, &reads).await;
    }
    rig.stop().await;
    cluster.stop().await.expect("Postgres stops");
}

/// This week, from Monday on.
fn week() -> (String, String) {
    use chrono::{Datelike, Days, Utc};
    let today = Utc::now().date_naive();
    let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
    (format!("{monday}T00:00:00Z"), format!("{}T00:00:00Z", monday + Days::new(7)))
}

async fn compare(rig: &Rig, page: &str, reads: &[String]) {
    let cookie = rig.admin.cookie.clone().expect("signed in to connect");
    let mut client = Client::connect(&rig.admin.base).await;
    let address = get(page, ("cookie", &cookie));
    let reads: Vec<Vec<u8>> = reads.iter().map(|path| get(path, ("cookie", &cookie))).collect();
    let (mut pages, mut whole, mut heaviest) = (Vec::new(), Vec::new(), vec![Vec::new(); reads.len()]);
    let mut html = String::new();
    // Turn by turn, so that what else the machine does concerns both.
    for _ in 0..TIMES {
        let began = Instant::now();
        let body = client.send(&address).await;
        pages.push(began.elapsed().as_secs_f64() * 1e3);
        html = String::from_utf8_lossy(body).into_owned();
        let began = Instant::now();
        for (read, took) in reads.iter().zip(&mut heaviest) {
            let began = Instant::now();
            client.send(read).await;
            took.push(began.elapsed().as_secs_f64() * 1e3);
        }
        whole.push(began.elapsed().as_secs_f64() * 1e3);
    }
    let heaviest = heaviest.iter().map(|took| median(took)).fold(0.0, f64::max);
    let mut weight = html.len();
    for asset in assets(&html) {
        weight += client.send(&get(&asset, ("cookie", &cookie))).await.len();
    }
    println!(
        "{}: {:.2} ms, {:.2} x the {} reads it shows, {:.2} x the heaviest of them; {} bytes, {weight} with styles and scripts",
        page.split('/').take(2).collect::<Vec<_>>().join("/") + if page.matches('/').count() > 1 { "/{id}" } else { "" },
        median(&pages),
        median(&pages) / median(&whole),
        reads.len(),
        median(&pages) / heaviest,
        html.len()
    );
}

/// The files that a page loads.
fn assets(html: &str) -> Vec<String> {
    let mut found: Vec<String> = html.split('"').filter(|text| text.starts_with("/assets/")).map(str::to_owned).collect();
    found.sort();
    found.dedup();
    found
}
