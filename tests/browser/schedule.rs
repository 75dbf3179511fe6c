//! From a search to a scheduled panel: conflicts while choosing, changed, canceled; and an answer from Lever that never comes.

use serde_json::{Value, json};

use crate::calendar::tuesday;
use crate::chromium::Chromium;
use crate::stage::{Scene, Stage, play};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_coordinator_schedules_changes_and_cancels() {
    play(Scene::default(), async |stage| {
        stage.connected().await;
        let name = find_a_candidate(stage).await;
        schedule(stage).await;
        a_conflict_is_shown_while_choosing(stage, &name).await;
        change(stage).await;
        cancel(stage).await;
        the_activity_log_tells(stage, &name).await;
    })
    .await;
}

/// The name of the candidate whose page is open in the end.
async fn find_a_candidate(stage: &Stage) -> String {
    let browser = &stage.browser;
    stage.open("/candidates").await;
    browser.until("document.querySelectorAll('.people-list li').length > 20").await;
    stage.look("20-candidates").await;
    let name = browser.ask("return document.querySelectorAll('.people-list a')[3].textContent").await.as_str().expect("a name").to_owned();
    browser.type_into("input[name=q]", &name).await;
    browser.until(&format!("location.search.includes('q=') && document.querySelectorAll('.people-list li').length < 5 && document.querySelector('.people-list a').textContent === {}", json!(name))).await;
    browser.set("input[name=q]", "nobody is called that").await;
    browser.until("document.body.innerText.includes('Nobody matches')").await;
    stage.look("21-nobody-matches").await;
    browser.set("input[name=q]", &name).await;
    browser.until("document.querySelector('.people-list a')").await;
    browser.click(".people-list a").await;
    browser.until("location.pathname.startsWith('/candidates/')").await;
    browser
        .until("!document.querySelector('#notes').hasAttribute('aria-busy') && !document.querySelector('#resumes').hasAttribute('aria-busy')")
        .await;
    assert_eq!(browser.ask("return document.querySelector('h1').textContent").await, json!(name));
    stage.look("22-candidate").await;
    name
}

pub async fn fill_in(browser: &Chromium, day: &str, time: &str) {
    browser.click("#schedule-button").await;
    browser.until("document.querySelector('#schedule').open").await;
    browser.type_into("#interviews [name=subject]", "System design").await;
    browser.set("#interviews [name=day]", day).await;
    browser.set("#interviews [name=time]", time).await;
}

/// Searches for people and picks the first; the name that was picked.
pub async fn pick(browser: &Chromium, interview: usize, search: &str) -> String {
    let field = format!("#interviews .interview:nth-child({interview}) [role=combobox]");
    browser.type_into(&field, search).await;
    let option = format!("#interviews .interview:nth-child({interview}) [role=option][aria-selected=true]:not([aria-disabled])");
    browser
        .until(&format!("document.querySelector({}) && document.querySelector({}).innerText.match(/Free|Busy/)", json!(option), json!(option)))
        .await;
    let picked = browser.ask(&format!("return document.querySelector({}).firstChild.textContent", json!(option))).await;
    browser.press("\u{e007}").await;
    browser.until(&format!("document.querySelector('#interviews .interview:nth-child({interview}) .picked').innerText.includes({picked})")).await;
    picked.as_str().expect("a name").to_owned()
}

async fn schedule(stage: &Stage) {
    let browser = &stage.browser;
    fill_in(browser, &tuesday(), "10:00").await;
    pick(browser, 1, "a").await;
    pick(browser, 1, "e").await;
    browser.until("document.querySelectorAll('.lane .block.new').length === 2").await;
    browser.click("#add-interview").await;
    browser.until("document.querySelectorAll('#interviews .interview').length === 2").await;
    browser.type_into("#interviews .interview:nth-child(2) [name=subject]", "Values").await;
    pick(browser, 2, "o").await;
    browser.until("document.querySelectorAll('.lane .block.new').length === 3").await;
    let template = &stage.account().templates[1];
    browser.set("#interviews .interview:nth-child(1) [name=feedbackTemplateId]", template).await;
    stage.look("23-scheduling").await;
    browser.click("#save").await;
    browser.until("document.body.innerText.includes('Scheduled. It is in Lever now.')").await;
    browser.until("document.querySelector('#panels').innerText.includes('System design')").await;
    stage.look("24-scheduled").await;
    let panel = lever_panel(stage).await;
    assert_eq!(panel["interviews"].as_array().map(Vec::len), Some(2), "{panel}");
    assert_eq!(templates_at_lever(stage, &panel), [json!(template), json!("no-feedback")], "as picked, and none where none was");
    assert_eq!(browser.ask("return document.querySelector('#said a').getAttribute('href')").await, json!(format!("/interviews?week={}", tuesday())));
    // The link that people see in Lever leads back here.
    let here = browser.ask("return location.pathname").await;
    let link = panel["externalUrl"].as_str().expect("a link");
    stage.open(link.strip_prefix(&stage.base).expect("ours")).await;
    assert_eq!(browser.ask("return location.pathname").await, here);
}

/// The panel of the story, as the API has it.
async fn lever_panel(stage: &Stage) -> Value {
    let script = "const done = arguments[arguments.length - 1];
        fetch(`/v1/opportunities/${document.querySelector('#candidate').dataset.opportunity}/panels?limit=200`).then((answer) => answer.json())
            .then(({ data }) => done(data.filter((panel) => panel.interviews.some(({ subject }) => /System design, /.test(subject) || subject === 'System design' && panel.editable)).at(-1) ?? null));";
    stage.browser.driver.execute_async(script, []).await.expect("an answer").json().clone()
}

/// The feedback forms of a panel's interviews, as Lever has them.
fn templates_at_lever(stage: &Stage, panel: &Value) -> Vec<Value> {
    let opportunity = panel["opportunityId"].as_str().expect("an id");
    let panels = stage.lever.panels_of(&stage.account().id, opportunity).expect("the candidate");
    let panel = panels.iter().find(|other| other["id"] == panel["id"]).expect("it is there");
    panel["interviews"].as_array().expect("a list").iter().map(|interview| interview["feedbackTemplate"].clone()).collect()
}

async fn a_conflict_is_shown_while_choosing(stage: &Stage, name: &str) {
    let browser = &stage.browser;
    let booked = browser
        .ask("return [...document.querySelectorAll('#panels .slots p')].find((p) => !p.classList.contains('fine')).textContent.split(',')[0]")
        .await;
    let booked = booked.as_str().expect("a name").to_owned();
    fill_in(browser, &tuesday(), "10:15").await;
    let field = "#interviews [role=combobox]";
    browser.type_into(field, &booked).await;
    browser.until("document.querySelector('#interviews [role=option] .busy')").await;
    browser.press("\u{e007}").await;
    browser
        .until(&format!(
            "document.querySelector('#clashes').innerText.includes({}) && document.querySelector('#clashes').innerText.includes({})",
            json!(booked),
            json!(name)
        ))
        .await;
    browser
        .until("document.querySelector('.block.new.clash') && document.querySelector('.picked .clash') && !document.querySelector('#anyway').hidden")
        .await;
    stage.look("25-conflict").await;
    browser.click("#save").await;
    browser.until("document.querySelector('#form-said').innerText.includes('Somebody is already booked then')").await;
    // The next free time is after what is booked, and clears the conflict.
    browser.click("#interviews .free").await;
    browser.until("document.querySelector('#clashes').children.length === 0 && document.querySelector('#anyway').hidden").await;
    let time = browser.ask("return document.querySelector('#interviews [name=time]').value").await;
    assert!(time.as_str().is_some_and(|time| ("10:45"..="17:15").contains(&time)), "{time}");
    browser.click("#close-form").await;
}

async fn change(stage: &Stage) {
    let browser = &stage.browser;
    let before = lever_panel(stage).await;
    let id = before["id"].as_str().expect("an id");
    browser.click(&format!("[data-edit='{id}']")).await;
    browser.until("document.querySelector('#schedule').open && document.querySelector('#interviews [name=subject]').value === 'System design'").await;
    browser.type_into("#interviews [name=subject]", ", deeper").await;
    browser.set("#interviews [name=time]", "09:00").await;
    stage.look("26-changing").await;
    browser.click("#save").await;
    browser.until("document.body.innerText.includes('Changed. Lever has it now.')").await;
    browser.until("document.querySelector('#panels').innerText.includes('System design, deeper')").await;
    let after = lever_panel(stage).await;
    assert_eq!(after["interviews"][1], before["interviews"][1], "what was not touched is as it was");
    assert_ne!(after["interviews"][0]["start"], before["interviews"][0]["start"]);
    assert_eq!(after["interviews"][0]["id"], before["interviews"][0]["id"]);
}

async fn cancel(stage: &Stage) {
    let browser = &stage.browser;
    let id = lever_panel(stage).await["id"].as_str().expect("an id").to_owned();
    browser.click(&format!("[data-edit='{id}']")).await;
    browser.until("document.querySelector('#schedule').open").await;
    browser.click("#cancel-panel").await;
    browser.until("document.querySelector('#cancel-question').open").await;
    stage.look("27-canceling").await;
    browser.click("#cancel-now").await;
    browser.until("document.body.innerText.includes('Canceled, in Lever too.')").await;
    browser.until(&format!("document.getElementById('panel-{id}')?.classList.contains('canceled')")).await;
    stage.look("28-canceled").await;
}

async fn the_activity_log_tells(stage: &Stage, name: &str) {
    let browser = &stage.browser;
    stage.open("/integrations").await;
    let said = browser.ask("return document.querySelector('#activity').innerText").await;
    let said = said.as_str().expect("text");
    for deed in ["Interviews scheduled", "Interviews changed", "Interviews canceled"] {
        assert!(said.contains(&format!("{deed} for {name}")), "{said}");
    }
    assert!(said.contains("maya@northwind.example"), "{said}");
    stage.look("29-activity").await;
}
