//! Everything done without a mouse: connected, scheduled, changed, canceled, looked at and disconnected.

use crate::stage::{Scene, Stage, play};

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const DOWN: &str = "\u{e015}";
const ESCAPE: &str = "\u{e00c}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_can_be_done_with_the_keyboard() {
    play(Scene::default(), async |stage| {
        let browser = &stage.browser;
        connect(stage).await;
        stage.open("/candidates").await;
        tab_to(stage, "document.activeElement !== document.body").await;
        browser.until("document.activeElement.classList.contains('skip') && document.activeElement.getBoundingClientRect().left >= 0").await;
        tab_to(stage, "document.activeElement.matches('.people-list a')").await;
        browser.press(ENTER).await;
        browser.until("location.pathname.startsWith('/candidates/')").await;
        tab_to(stage, "document.activeElement.id === 'schedule-button'").await;
        browser.press(ENTER).await;
        browser.until("document.querySelector('#schedule').open && document.activeElement.name === 'subject'").await;
        browser.press("Keyboard interview").await;
        tab_to(stage, "document.activeElement.role === 'combobox'").await;
        browser.press("a").await;
        browser.until("document.querySelector('[role=option] .at-ease, [role=option] .busy')").await;
        browser.press(DOWN).await;
        browser.until("document.activeElement.getAttribute('aria-activedescendant')").await;
        browser.press(ENTER).await;
        browser.until("document.querySelectorAll('.picked li').length === 1").await;
        // Escape closes the list and keeps the form; a second one closes the form.
        browser.press("e").await;
        browser.until("!document.querySelector('[role=listbox]').hidden").await;
        browser.press(ESCAPE).await;
        browser.until("document.querySelector('[role=listbox]').hidden && document.querySelector('#schedule').open").await;
        tab_to(stage, "document.activeElement.matches('.free')").await;
        browser.press(ENTER).await;
        tab_to(stage, "document.activeElement.id === 'save'").await;
        browser.press(ENTER).await;
        browser.until("document.body.innerText.includes('Scheduled. It is in Lever now.') && document.querySelector('#panels').innerText.includes('Keyboard interview')").await;
        change_and_cancel(stage).await;
        look_at_a_panel(stage).await;
        disconnect(stage).await;
    })
    .await;
}

async fn connect(stage: &Stage) {
    let browser = &stage.browser;
    stage.open("/sign-in").await;
    tab_to(stage, "document.activeElement.value === 'northwind-maya'").await;
    browser.press(ENTER).await;
    browser.until("location.pathname === '/integrations'").await;
    tab_to(stage, "document.activeElement.id === 'connect'").await;
    browser.press(ENTER).await;
    browser.until("location.pathname === '/authorize'").await;
    tab_to(stage, "document.activeElement.value === 'accept'").await;
    browser.press(ENTER).await;
    browser.until("document.querySelector('#progress')?.dataset.syncState === 'ended'").await;
}

async fn change_and_cancel(stage: &Stage) {
    let browser = &stage.browser;
    browser.until("document.querySelector('[data-edit]')").await;
    tab_to(stage, "document.activeElement.dataset.edit").await;
    browser.press(ENTER).await;
    browser.until("document.querySelector('#schedule').open && document.activeElement.name === 'subject'").await;
    browser.press(", longer").await;
    tab_to(stage, "document.activeElement.id === 'save'").await;
    browser.press(ENTER).await;
    browser
        .until("document.body.innerText.includes('Changed. Lever has it now.') && document.querySelector('#panels').innerText.includes('longer')")
        .await;
    tab_to(stage, "document.activeElement.dataset.edit").await;
    browser.press(ENTER).await;
    browser.until("document.querySelector('#schedule').open").await;
    tab_to(stage, "document.activeElement.id === 'cancel-panel'").await;
    browser.press(ENTER).await;
    browser.until("document.querySelector('#cancel-question').open").await;
    tab_to(stage, "document.activeElement.id === 'cancel-now'").await;
    browser.press(ENTER).await;
    browser.until("document.body.innerText.includes('Canceled, in Lever too.')").await;
}

/// The canceled panel in its week; the focus comes back to where it was.
async fn look_at_a_panel(stage: &Stage) {
    let browser = &stage.browser;
    stage.open("/interviews?canceled=true").await;
    if browser.ask("return document.querySelector('.entry') === null").await == true {
        // What is found on the last day of a week may lie in the next.
        browser.click("#week-after").await;
        browser.until("document.querySelector('.entry')").await;
    }
    tab_to(stage, "document.activeElement.matches('.entry')").await;
    let entry = browser.ask("return document.activeElement.id").await;
    browser.press(ENTER).await;
    browser.until("document.querySelector('#panel-dialog').matches(':modal')").await;
    tab_to(stage, "document.activeElement.id === 'details-close'").await;
    browser.press(ENTER).await;
    browser.until(&format!("!document.querySelector('#panel-dialog').open && document.activeElement.id === {entry}")).await;
}

async fn disconnect(stage: &Stage) {
    let browser = &stage.browser;
    stage.open("/integrations").await;
    tab_to(stage, "document.activeElement.dataset.action === 'ask'").await;
    browser.press(ENTER).await;
    browser.until("document.querySelector('#question').open").await;
    tab_to(stage, "document.activeElement.id === 'word'").await;
    browser.press("disconnect").await;
    tab_to(stage, "document.activeElement.id === 'confirm'").await;
    browser.press(ENTER).await;
    browser.until("document.body.innerText.includes('Not connected')").await;
}

/// Presses Tab until the focus is there; each stop on the way can be seen.
async fn tab_to(stage: &Stage, there: &str) {
    for _ in 0..120 {
        if stage.browser.ask(&format!("return Boolean({there})")).await == true {
            return;
        }
        stage.browser.press(TAB).await;
    }
    panic!("the keyboard does not reach {there}");
}
