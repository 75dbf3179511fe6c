//! A panel scheduled without a mouse.

use crate::stage::play;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const DOWN: &str = "\u{e015}";
const ESCAPE: &str = "\u{e00c}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_can_be_done_with_the_keyboard() {
    play(0.0, async |stage| {
        let browser = &stage.browser;
        stage.connected().await;
        stage.open("/candidates").await;
        browser.press(TAB).await;
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
    })
    .await;
}

/// Presses Tab until the focus is there; each stop on the way can be seen.
async fn tab_to(stage: &crate::stage::Stage, there: &str) {
    for _ in 0..120 {
        if stage.browser.ask(&format!("return Boolean({there})")).await == true {
            return;
        }
        stage.browser.press(TAB).await;
    }
    panic!("the keyboard does not reach {there}");
}
