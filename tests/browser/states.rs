//! Profiles and pages in states that are rare: ended, confidential and forgotten candidates, papers, and how a Connect flow may end.

use serde_json::json;

use crate::stage::{Scene, Stage, play};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rare_states_are_said_in_words() {
    play(Scene::default(), async |stage| {
        let account = stage.account();
        let inside = stage.lever.inside(&account.id).quietly();
        let contact = |at: usize| stage.lever.opportunity(&account.id, &account.active[at]).expect("it is there")["contact"].clone();
        inside.anonymize(contact(5).as_str().expect("an id")).expect("it is there");
        inside.add_note(&account.active[6], "Between the two of us: a rival asks as well.", true).expect("it is there");
        inside.add_resume(&account.active[6], "Kites and more kites", true).expect("it is there");
        stage.connected().await;
        ends_of_a_connect_flow(stage).await;
        candidates_who_are_closed(stage).await;
        papers(stage).await;
        lists(stage).await;
    })
    .await;
}

async fn ends_of_a_connect_flow(stage: &Stage) {
    let browser = &stage.browser;
    for (outcome, says) in [("incomplete", "only a part"), ("another_account", "another Lever account"), ("failed", "did not complete")] {
        stage.open(&format!("/integrations?outcome={outcome}")).await;
        assert!(browser.text().await.contains(says), "{outcome}");
        browser.audit(outcome).await;
    }
    // Another word than the one that is asked for ends nothing.
    browser.click("[data-action=ask]").await;
    browser.type_into("#word", "disconect").await;
    assert_eq!(browser.ask("return document.querySelector('#confirm').disabled").await, true);
    browser.click("[data-action=leave]").await;
}

async fn candidates_who_are_closed(stage: &Stage) {
    let (browser, account) = (&stage.browser, stage.account());
    let settled = "!document.querySelector('#notes').hasAttribute('aria-busy') && !document.querySelector('#resumes').hasAttribute('aria-busy')";
    for (candidate, says) in [(&account.archived[0], "archived in Lever"), (&account.active[5], "anonymized in Lever")] {
        stage.open(&format!("/candidates/{candidate}")).await;
        browser.until(settled).await;
        let closed = browser
            .ask("return [document.querySelector('#closed').textContent, document.querySelectorAll('#schedule-button, #note-form').length]")
            .await;
        assert!(closed[0].as_str().is_some_and(|text| text.contains(says)), "{closed}");
        assert_eq!(closed[1], 0);
        browser.audit(says).await;
    }
    let confidential = account.confidential.iter().find(|id| account.active.contains(id)).expect("one is active");
    stage.open(&format!("/candidates/{confidential}")).await;
    browser.until(settled).await;
    assert!(browser.text().await.contains("Confidential"));
    browser.audit("confidential").await;
}

async fn papers(stage: &Stage) {
    let (browser, candidate) = (&stage.browser, stage.account().active[6].clone());
    stage.open(&format!("/candidates/{candidate}")).await;
    browser.until("document.querySelector('#resumes').innerText.includes('Clockwork Kites')").await;
    browser.until("document.querySelector('#notes').innerText.includes('a rival asks')").await;
    assert!(browser.text().await.contains("secret"));
    stage.look("34-papers").await;
    // A note of somebody else appears while one looks.
    stage.send("POST", &format!("/v1/opportunities/{candidate}/notes"), &json!({"value": "Seen at the kite fair."})).await;
    browser.until("document.querySelector('#notes').innerText.includes('Seen at the kite fair.')").await;
    // And one's own, under a key of its own.
    browser.ask("const real = fetch; window.fetch = (address, options = {}) => { if (options.method === 'POST') window.key = options.headers['Idempotency-Key']; return real(address, options); }").await;
    browser.type_into("#note-text", "A note of my own").await;
    browser.click("#note-form button").await;
    browser
        .until("document.querySelector('#notes').innerText.includes('A note of my own') && document.querySelector('#note-text').value === ''")
        .await;
    assert!(browser.ask("return window.key").await.as_str().is_some_and(|key| key.len() > 20));
}

async fn lists(stage: &Stage) {
    let browser = &stage.browser;
    stage.open("/candidates?archived=any").await;
    browser.click("a.button[href*=cursor]").await;
    browser.until("location.search.includes('cursor=')").await;
    let back = browser.ask("return [...document.querySelectorAll('.pages a')][0].getAttribute('href')").await;
    assert_eq!(back, "/candidates?archived=any", "the filters stay");
    browser.set("select[name=archived]", "true").await;
    browser.until("document.querySelector('.people-list') && [...document.querySelectorAll('.people-list li')].every((li) => li.innerText.includes('Archived'))").await;
    stage.browser.audit("archived candidates").await;
    stage.open("/integrations/activity").await;
    assert!(browser.text().await.contains("Note written"));
    stage.look("35-activity-log").await;
}
