//! The form in trouble: what is wrong is said and stays said, what is not known is not taken for free, and nothing is sent twice.

use lever_integration::fake_lever::{Event, NewCandidate};
use serde_json::json;

use crate::calendar::{after_tuesday, tuesday};
use crate::chromium::Chromium;
use crate::schedule::{fill_in, pick};
use crate::stage::{Scene, Stage, play};

const ESCAPE: &str = "\u{e00c}";
/// `meddle(method, part, answer)`: answers such requests of the page; `leave()`: no longer.
const MEDDLE: &str = "const real = window.fetch; let rules = [];
    window.meddle = (method, part, answer) => rules.unshift({ method, part, answer });
    window.leave = () => { rules = []; };
    window.fetch = (address, options = {}) => {
        const rule = rules.find(({ method, part }) => (options.method ?? 'GET') === method && String(address).includes(part));
        return rule ? rule.answer(() => real(address, options), options) : real(address, options);
    };";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_form_says_what_is_wrong_and_sends_nothing_twice() {
    play(Scene::default(), async |stage| {
        stage.connected().await;
        let browser = &stage.browser;
        browser.before_each_page(MEDDLE).await;
        stage.open(&format!("/candidates/{}", stage.account().active[3])).await;
        what_is_missing_stays_said(stage).await;
        unknown_is_not_free(browser).await;
        one_key_for_one_request(browser).await;
        what_is_being_sent_is_not_closed(browser).await;
        no_zone_and_no_time_are_not_made_up(browser).await;
        somebody_else_was_quicker(stage).await;
        booked_anyway(stage).await;
        a_candidate_who_goes_leaves_what_was_typed(stage).await;
        feedback_forms_are_there_when_the_form_is(stage).await;
    })
    .await;
}

async fn what_is_missing_stays_said(stage: &Stage) {
    let browser = &stage.browser;
    fill_in(browser, &tuesday(), "10:00").await;
    browser.click("#add-interview").await;
    browser.until("document.querySelector('.interview:nth-child(2).current')").await;
    browser.click("#save").await;
    // The focus moves to the first interview, and the form is drawn anew.
    browser.until("document.querySelector('.interview:nth-child(1).current') && document.activeElement.role === 'combobox'").await;
    let said = "[...document.querySelectorAll('#interviews .field-error')].map((p) => !p.hidden && p.textContent.includes('Pick at least one'))";
    assert_eq!(browser.ask(&format!("return {said}")).await, json!([true, true]));
    let described = "return document.activeElement.getAttribute('aria-describedby') === document.querySelector('.interview .field-error').id";
    assert_eq!(browser.ask(described).await, true);
    stage.look("30-missing").await;
    // What is mended is complained of no longer; the rest is.
    pick(browser, 1, "a").await;
    browser.until(&format!("{said}.join() === 'false,true'")).await;
    browser.click(".interview:nth-child(2) .remove").await;
}

async fn unknown_is_not_free(browser: &Chromium) {
    browser.ask("meddle('GET', '/v1/conflicts', () => Promise.reject(new TypeError('no network')))").await;
    browser.set("#interviews [name=day]", &after_tuesday(3)).await;
    browser.until("!document.querySelector('#unseen-day').hidden").await;
    browser.click("#interviews .free").await;
    browser.until("document.querySelector('#interviews .field-error').textContent.includes('We cannot see who is booked')").await;
    assert_eq!(browser.ask("return document.querySelector('#interviews [name=time]').value").await, "10:00", "no time is guessed");
    browser.ask("leave()").await;
    browser.set("#interviews [name=day]", &tuesday()).await;
    browser.until("document.querySelector('#unseen-day').hidden").await;
}

async fn one_key_for_one_request(browser: &Chromium) {
    browser
        .ask(
            "window.keys = [];
             meddle('POST', '/panels', async (go, { headers }) => {
                 keys.push(headers['Idempotency-Key']);
                 return new Response(JSON.stringify({ code: 'request_in_progress', detail: 'It runs.' }), { status: 409 });
             });",
        )
        .await;
    for presses in 1..=2 {
        browser.click("#save").await;
        browser.until(&format!("keys.length === {presses} && document.querySelector('#form-said').innerText.includes('still being sent')")).await;
    }
    browser.type_into("#interviews [name=subject]", ", again").await;
    browser.click("#save").await;
    browser.until("keys.length === 3").await;
    assert_eq!(browser.ask("return [keys[0] === keys[1], keys[1] === keys[2]]").await, json!([true, false]));
    browser.ask("leave()").await;
}

async fn what_is_being_sent_is_not_closed(browser: &Chromium) {
    browser.ask("meddle('POST', '/panels', (go) => new Promise((done) => { window.release = () => done(go()); }))").await;
    browser.until("!document.querySelector('#save').disabled").await;
    browser.click("#panel-more summary").await;
    browser.type_into("#panel-note", "Bring a kite").await;
    browser.click("#save").await;
    browser.until("window.release").await;
    browser.press(ESCAPE).await;
    browser.press(ESCAPE).await;
    assert_eq!(browser.ask("return document.querySelector('#schedule').open").await, true);
    browser.ask("leave(); release()").await;
    browser.until("document.body.innerText.includes('Scheduled. It is in Lever now.') && !document.querySelector('#schedule').open").await;
    browser.until("document.querySelector('[data-edit]')").await;
}

async fn no_zone_and_no_time_are_not_made_up(browser: &Chromium) {
    browser
        .ask(
            "meddle('GET', '/v1/panels/', async (go) => {
                 const answer = await go();
                 const panel = await answer.json();
                 panel.timezone = panel.interviews[0].start = null;
                 return new Response(JSON.stringify(panel), { headers: { ETag: answer.headers.get('ETag') } });
             });
             meddle('PATCH', '/v1/panels/', async (go, { body }) => {
                 window.sent = JSON.parse(body);
                 return new Response(JSON.stringify({ code: 'x', detail: 'No.' }), { status: 409 });
             });",
        )
        .await;
    browser.click("[data-edit]").await;
    browser.until("document.querySelector('#schedule').open").await;
    assert_eq!(browser.ask("return document.querySelector('#interviews [name=day]').value").await, "");
    browser.type_into("#interviews [name=location]", "Room Kettledrum").await;
    browser.click("#save").await;
    browser.until("window.sent").await;
    assert_eq!(
        browser.ask("return ['timezone' in sent, 'start' in sent.interviews[0], sent.interviews[0].location]").await,
        json!([false, false, "Room Kettledrum"])
    );
    browser.ask("leave()").await;
    browser.until("!document.querySelector('#close-form').disabled").await;
    browser.click("#close-form").await;
}

async fn somebody_else_was_quicker(stage: &Stage) {
    let browser = &stage.browser;
    browser.click("[data-edit]").await;
    browser.until("document.querySelector('#schedule').open").await;
    assert_eq!(note_in_lever(stage), "Bring a kite");
    let id = browser.ask("return document.querySelector('[data-edit]').dataset.edit").await;
    stage.send("PATCH", &format!("/v1/panels/{}", id.as_str().expect("an id")), &json!({"note": "Changed elsewhere"})).await;
    browser.type_into("#interviews [name=location]", "Room Kettledrum").await;
    browser.click("#save").await;
    browser.until("document.querySelector('#form-said').innerText.includes('Somebody changed this panel meanwhile')").await;
    browser.until("document.querySelector('#panel-note').value === 'Changed elsewhere'").await;
    stage.look("31-changed-meanwhile").await;
    browser.type_into("#interviews [name=location]", "Room Kettledrum").await;
    browser.click("#save").await;
    browser.until("document.querySelector('#said').innerText.includes('Changed. Lever has it now.')").await;
    assert_eq!(note_in_lever(stage), "Changed elsewhere", "what was not touched is as it was");
}

/// The note of the panel that the story made.
fn note_in_lever(stage: &Stage) -> String {
    let account = stage.account();
    let panels = stage.lever.panels_of(&account.id, &account.active[3]).expect("the candidate");
    let ours = panels.iter().find(|panel| panel["externalUrl"].as_str().is_some_and(|url| url.starts_with(&stage.base))).expect("made here");
    ours["note"].as_str().unwrap_or_default().to_owned()
}

async fn booked_anyway(stage: &Stage) {
    let browser = &stage.browser;
    let booked = browser.ask("return document.querySelector('#panels .slots p').textContent.split(',')[0]").await;
    fill_in(browser, &tuesday(), "10:15").await;
    browser.type_into("#interviews [role=combobox]", booked.as_str().expect("a name")).await;
    browser.until("document.querySelector('#interviews [role=option] .busy')").await;
    stage.browser.audit("the open list of people").await;
    browser.press("\u{e007}").await;
    browser.click("#anyway input").await;
    browser.click("#save").await;
    browser.until("document.querySelectorAll('#panels [data-edit]').length === 2").await;
}

async fn a_candidate_who_goes_leaves_what_was_typed(stage: &Stage) {
    let (browser, account) = (&stage.browser, stage.account().id);
    stage.lever.switch(&account, Event::CandidateDeleted, true).expect("the account");
    let inside = stage.lever.inside(&account);
    let short = inside.clone().quietly().add_candidate(NewCandidate { name: "Wren Short".into(), ..NewCandidate::default() }).expect("a candidate");
    stage.open(&format!("/candidates/{short}")).await;
    fill_in(browser, &tuesday(), "10:00").await;
    inside.delete_opportunity(&short).expect("it is there");
    browser.until("!document.querySelector('#refused').hidden").await;
    assert_eq!(browser.ask("return document.querySelector('#interviews [name=subject]').value").await, "System design");
    browser.click("#close-form").await;
    browser.until("document.querySelector('h1').textContent === 'Nothing here'").await;
    stage.look("32-nothing-here").await;
}

async fn feedback_forms_are_there_when_the_form_is(stage: &Stage) {
    let browser = &stage.browser;
    browser
        .before_each_page(
            "meddle('GET', '/v1/feedback-templates', (go) => new Promise((done, fail) => { window.late = { done: () => done(go()), fail }; }))",
        )
        .await;
    stage.open(&format!("/candidates/{}", stage.account().active[3])).await;
    browser.until("window.late").await;
    browser.click("#schedule-button").await;
    assert_eq!(browser.ask("return document.querySelector('#schedule').open").await, false);
    browser.ask("late.done()").await;
    browser
        .until("document.querySelector('#schedule').open && document.querySelectorAll('#interviews [name=feedbackTemplateId] option').length > 1")
        .await;

    stage.open(&format!("/candidates/{}", stage.account().active[3])).await;
    browser.until("window.late").await;
    browser.click("#schedule-button").await;
    browser.ask("late.fail(new TypeError('no network')); leave()").await;
    browser.until("document.querySelector('#form-said').innerText.includes('feedback forms could not be read')").await;
    browser.click("#close-form").await;
    browser.click("#schedule-button").await;
    browser
        .until("document.querySelectorAll('#interviews [name=feedbackTemplateId] option').length > 1 && document.querySelector('#form-said').hidden")
        .await;
}
