//! What keeps people safe: the content security policy on every page, texts from Lever that are texts, pages that are light.

use lever_integration::fake_lever::NewCandidate;
use serde_json::json;

use crate::calendar::{at, tuesday};
use crate::stage::{Scene, Stage, play};

const KILOBYTES: u64 = 150;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_strict_light_and_run_nothing_of_others() {
    play(Scene::default(), async |stage| {
        let browser = &stage.browser;
        let account = stage.account();
        let evil = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
        let stranger = NewCandidate { name: evil.into(), email: Some("evil@people.example".into()), ..NewCandidate::default() };
        let stranger = stage.lever.inside(&account.id).add_candidate(stranger).expect("a candidate");
        a_busy_week(stage);
        stage.connected().await;
        stage.open(&format!("/candidates/{stranger}")).await;
        assert_eq!(browser.ask("return document.querySelector('h1').textContent").await, json!(evil));
        assert_ne!(browser.ask("return document.title").await, json!("owned"));
        stage.open(&format!("/candidates?q={}", "%3Cimg")).await;
        assert!(browser.text().await.contains(evil));

        let week = format!("/interviews?week={}", tuesday());
        let by_interviewer = format!("{week}&by=interviewer");
        for page in ["/integrations", "/candidates", &week, &by_interviewer, "/sign-in", &format!("/candidates/{}", account.active[1])] {
            stage.open(page).await;
            let script = "const done = arguments[arguments.length - 1];
                fetch(location.href).then((answer) => done([answer.headers.get('content-security-policy'), performance.getEntriesByType('resource')
                    .filter(({ name }) => name.includes('/assets/')).concat(performance.getEntriesByType('navigation'))
                    .reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0)]));";
            let answer = browser.driver.execute_async(script, []).await.expect("an answer").json().clone();
            let policy = answer[0].as_str().expect("a policy");
            assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-"), "{page}: {policy}");
            if page.starts_with("/interviews") {
                assert!(browser.text().await.contains("There are more interviews this week than fit here"), "{page}");
            }
            let bytes = answer[1].as_u64().expect("a size");
            assert!(bytes <= KILOBYTES * 1000, "{page} weighs {bytes} bytes");
            println!("{page}: {} kB, uncompressed, with its files", bytes / 1000);
        }

        for (page, read) in [("/candidates", "/v1/opportunities"), ("/interviews", "/v1/interviews?limit=200")] {
            println!("{page}: {} times as long as {read}", compare(stage, page, read).await);
        }

        // The API's own page is a library's; it works under the same policy.
        stage.open("/docs/").await;
        let script = "const done = arguments[arguments.length - 1]; fetch(location.href).then((answer) => done(answer.headers.get('content-security-policy')));";
        let policy = browser.driver.execute_async(script, []).await.expect("an answer").json().clone();
        assert!(policy.as_str().is_some_and(|policy| policy.contains("default-src 'none'") && !policy.contains("unsafe-")), "{policy}");
        browser.until("document.querySelector('.swagger-ui .info .title')").await;
        browser.until("document.querySelectorAll('.opblock').length > 20").await;
        browser.picture("60-docs").await;
    })
    .await;
}

/// More interviews in one week than anybody wants to see at once, each with two people.
fn a_busy_week(stage: &Stage) {
    let account = stage.account();
    let people: Vec<_> = account.users.iter().filter(|user| user.active).collect();
    for (number, candidate) in account.active.iter().cycle().take(75).enumerate() {
        let interviews: Vec<_> = (0..4)
            .map(|turn| {
                json!({"date": at(9).timestamp_millis() + turn * 3_600_000, "duration": 45, "subject": "Portfolio and values",
                       "interviewers": [{"id": people[number % people.len()].id}, {"id": people[(number + 1) % people.len()].id}]})
            })
            .collect();
        let panel = json!({"timezone": "America/New_York", "interviews": interviews});
        stage.lever.inside(&account.id).quietly().schedule_panel(candidate, &panel).expect("scheduled");
    }
}

/// How much longer a page takes than the REST read that it shows: medians, asked for in turn. Told and not judged: the machine does
/// other things as well.
async fn compare(stage: &Stage, page: &str, read: &str) -> f64 {
    let script = "const done = arguments[arguments.length - 1];
        const [page, read] = [arguments[0], arguments[1]];
        const took = async (address) => { const began = performance.now(); await (await fetch(address)).text(); return performance.now() - began; };
        const median = (times) => times.sort((one, other) => one - other)[times.length >> 1];
        (async () => {
            const times = { [page]: [], [read]: [] };
            for (let turn = 0; turn < 40; turn += 1) for (const address of [page, read]) times[address].push(await took(address));
            return median(times[page]) / median(times[read]);
        })().then(done);";
    let answer = stage.browser.driver.execute_async(script, vec![json!(page), json!(read)]).await.expect("an answer");
    answer.json().as_f64().expect("a number")
}
