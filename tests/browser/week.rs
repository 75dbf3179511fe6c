//! The week of interviews: by candidate and by interviewer, a panel's details, and what changes in Lever while one looks.

use chrono::TimeDelta;
use lever_integration::fake_lever::Event;
use serde_json::json;

use crate::calendar::{at, tuesday};
use crate::stage::{Scene, Stage, play};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_week_is_read_in_many_ways() {
    play(Scene::default(), async |stage| {
        made_in_lever(stage);
        stage.connected().await;
        made_here(stage).await;
        by_candidate_and_by_interviewer(stage).await;
        details_of_a_panel(stage).await;
        a_panel_moves_inside_lever(stage).await;
        in_another_zone(stage).await;
        on_a_phone(stage).await;
    })
    .await;
}

/// The week that the story looks at.
fn week() -> String {
    format!("/interviews?week={}", tuesday())
}

/// Two panels in that week that Lever's own people planned.
fn made_in_lever(stage: &Stage) {
    let account = stage.account();
    for (candidate, hour) in account.active.iter().zip([15, 17]) {
        let panel = json!({"timezone": "America/New_York", "interviews": [{
            "date": at(hour).timestamp_millis(), "duration": 45, "subject": "Portfolio", "interviewers": [{"id": account.super_admin().id}],
        }]});
        stage.lever.inside(&account.id).quietly().schedule_panel(candidate, &panel).expect("scheduled");
    }
}

/// One more, scheduled from here.
async fn made_here(stage: &Stage) {
    let account = stage.account();
    let panel = json!({"timezone": "America/New_York", "interviews": [
        {"start": at(19).to_rfc3339(), "durationMinutes": 30, "subject": "Values", "interviewers": [{"id": account.super_admin().id}]},
    ]});
    stage.send("POST", &format!("/v1/opportunities/{}/panels", account.active[2]), &panel).await;
}

async fn by_candidate_and_by_interviewer(stage: &Stage) {
    let browser = &stage.browser;
    stage.open(&week()).await;
    browser
        .until("document.querySelectorAll('.entry').length > 2 && document.querySelector('.entry.ours') && document.querySelector('.entry.theirs')")
        .await;
    stage.look("40-week-by-candidate").await;
    let title = browser.ask("return document.querySelector('#week h2').textContent").await;
    browser.click("#by-interviewer").await;
    browser.until("document.querySelector('#by-interviewer').getAttribute('aria-current') && location.search.includes('by=interviewer')").await;
    stage.look("41-week-by-interviewer").await;
    // One person alone, and everyone again.
    let name = browser.ask("return document.querySelector('tbody th a').textContent").await;
    browser.click("tbody th a").await;
    browser.until(&format!("document.querySelector('.only')?.innerText.includes({name}) && location.search.includes('interviewerId=')")).await;
    browser.click("#everyone").await;
    browser.until("!document.querySelector('.only')").await;
    browser.click("#week-after").await;
    browser.until(&format!("document.querySelector('#week h2').textContent !== {title}")).await;
    browser.driver.back().await.expect("the week before");
    browser.until(&format!("document.querySelector('#week h2').textContent === {title}")).await;
    // Far away, nothing is planned.
    stage.open("/interviews?week=8031-05-05").await;
    assert!(browser.text().await.contains("Nothing this week"));
    stage.look("42-empty-week").await;
}

async fn details_of_a_panel(stage: &Stage) {
    let browser = &stage.browser;
    stage.open(&week()).await;
    browser.click(".entry.theirs").await;
    browser
        .until("document.querySelector('#panel-dialog').matches(':modal') && document.querySelector('#details').innerText.includes('Made in Lever')")
        .await;
    assert!(browser.text().await.contains("Change it in Lever"), "why it cannot be changed here");
    stage.look("43-details").await;
    browser.press("\u{e00c}").await;
    browser.until("!document.querySelector('#panel-dialog').open && !location.search.includes('panel=')").await;
    // One of ours leads to the form.
    browser.click(".entry.ours").await;
    browser
        .until(
            "document.querySelector('#panel-dialog').matches(':modal') && document.querySelector('#details').innerText.includes('Change or cancel')",
        )
        .await;
    browser.click("#details .button:not(.quiet)").await;
    browser.until("location.pathname.startsWith('/candidates/') && document.querySelector('#schedule')?.open").await;
}

async fn a_panel_moves_inside_lever(stage: &Stage) {
    let (browser, account) = (&stage.browser, stage.account());
    stage.lever.switch(&account.id, Event::InterviewUpdated, true).expect("the account");
    stage.open(&week()).await;
    let column = "[...document.querySelectorAll('.entry.theirs')].map((entry) => entry.closest('td').cellIndex).sort().join()";
    browser.until(&format!("{column} === '2,2'")).await;
    let panels = stage.lever.panels_of(&account.id, &account.active[0]).expect("the candidate");
    let mut moved = panels.into_iter().find(|panel| panel["interviews"][0]["subject"] == "Portfolio").expect("made in Lever");
    moved["interviews"][0]["date"] = json!((at(15) + TimeDelta::days(2)).timestamp_millis());
    stage.lever.inside(&account.id).replace_panel(&account.active[0], moved["id"].as_str().expect("an id"), &moved).expect("moved");
    browser.until(&format!("{column} === '2,4'")).await;
    // A canceled one is shown to those who ask.
    stage.lever.inside(&account.id).quietly().cancel_panel(&account.active[0], moved["id"].as_str().expect("an id")).expect("canceled");
    stage.lever.switch(&account.id, Event::InterviewDeleted, true).expect("the account");
    let other = stage.lever.panels_of(&account.id, &account.active[1]).expect("the candidate");
    let other = other.iter().find(|panel| panel["interviews"][0]["subject"] == "Portfolio").expect("made in Lever");
    stage.lever.inside(&account.id).cancel_panel(&account.active[1], other["id"].as_str().expect("an id")).expect("canceled");
    browser.until(&format!("!{column}.includes('2')")).await;
    browser.click("#canceled").await;
    browser.until("document.querySelector('.entry.canceled')").await;
    stage.look("44-canceled-shown").await;
}

async fn in_another_zone(stage: &Stage) {
    let browser = &stage.browser;
    browser.zone("Pacific/Honolulu").await;
    stage.open(&week()).await;
    // 19:00 in UTC, all year round.
    browser
        .until("document.querySelector('.legend').innerText.includes('Honolulu') && document.querySelector('.entry.ours').innerText.includes('9:00')")
        .await;
    browser.zone("").await;
}

async fn on_a_phone(stage: &Stage) {
    let browser = &stage.browser;
    browser.screen(390, 844).await;
    for page in [&week(), "/candidates", "/integrations"] {
        stage.open(page).await;
        let wide = browser.ask("return document.documentElement.scrollWidth").await;
        assert_eq!(wide, json!(390), "{page} fits a phone");
    }
    stage.open("/candidates").await;
    browser.click(".people-list a").await;
    browser.click("#schedule-button").await;
    browser.until("document.querySelector('#schedule').open").await;
    assert_eq!(browser.ask("return document.querySelector('#panel-form').scrollWidth").await, json!(390));
    browser.own_screen().await;
}
