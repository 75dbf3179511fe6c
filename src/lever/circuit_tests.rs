//! Rows of failures, the probes that follow, and whom they hold back.

use super::*;

fn at_rest() -> (Circuit, Clock) {
    let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).expect("a time"));
    (Circuit::new(clock.clone()), clock)
}

fn calls() -> [Call; 2] {
    [Call::get("opportunities/{}", &["one"]), Call::get("users", &[])]
}

async fn fail(circuit: &Circuit, call: &Call, times: usize) {
    for _ in 0..times {
        circuit.failed(Lane::FirstSync, call, Instant::now(), false).await;
    }
}

async fn open() -> (Circuit, Clock) {
    let (circuit, clock) = at_rest();
    let [one, other] = calls();
    fail(&circuit, &one, FAILURES - 1).await;
    assert!(circuit.is_closed());
    fail(&circuit, &other, 1).await;
    assert!(!circuit.is_closed());
    (circuit, clock)
}

/// Open, and a person has found it so.
async fn open_for_people() -> (Circuit, Clock) {
    let (circuit, clock) = open().await;
    circuit.failed(Lane::Person, &calls()[0], Instant::now(), false).await;
    (circuit, clock)
}

async fn enter(circuit: &Circuit, lane: Lane) -> Result<Option<Probe>, Error> {
    circuit.enter(lane, &calls()[0], Instant::now() + Duration::from_secs(60)).await
}

fn wait(entered: Result<Option<Probe>, Error>) -> Duration {
    match entered {
        Err(Error::Down { retry_after }) => retry_after,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_record_or_one_route_that_always_fails_is_no_outage() {
    let (circuit, _) = at_rest();
    fail(&circuit, &Call::get("opportunities/{}", &["one"]), 50).await;
    fail(&circuit, &Call::get("opportunities/{}/panels", &["one"]), 50).await;
    assert!(circuit.is_closed(), "one record");
    let (circuit, _) = at_rest();
    for id in ["a", "b", "c", "d", "e", "f"] {
        fail(&circuit, &Call::get("opportunities/{}/panels", &[id]), 9).await;
    }
    assert!(circuit.is_closed(), "one route");
}

#[tokio::test]
async fn an_answer_in_between_begins_the_row_anew() {
    let (circuit, _) = at_rest();
    let [one, other] = calls();
    for _ in 0..9 {
        fail(&circuit, &one, 2).await;
        fail(&circuit, &other, 2).await;
        circuit.answered(Instant::now()).await;
    }
    assert!(circuit.is_closed());
    // Those that hung since before the answer prove nothing about what came after it.
    let before = Instant::now().checked_sub(Duration::from_secs(1)).expect("the machine runs for longer");
    for call in [&one, &other].repeat(FAILURES) {
        circuit.failed(Lane::FirstSync, call, before, false).await;
    }
    assert!(circuit.is_closed());
}

#[tokio::test]
async fn nobody_asks_until_one_probe_is_due_and_its_answer_lets_everybody_in() {
    let (circuit, clock) = open_for_people().await;
    for lane in [Lane::Person, Lane::Incremental] {
        let left = wait(enter(&circuit, lane).await);
        assert!((15..=30).contains(&left.as_secs()), "{left:?}");
    }
    clock.advance(Duration::from_secs(30));
    assert!(circuit.is_probe_due());
    let write = circuit.enter(Lane::Person, &Call::post("webhooks", &[]), Instant::now()).await;
    assert_eq!(wait(write), Duration::from_secs(1), "a write does not probe");
    let probe = enter(&circuit, Lane::Person).await.expect("the way").expect("the probe");
    assert_eq!(wait(enter(&circuit, Lane::Person).await), Duration::from_secs(1));
    let waiting = tokio::spawn({
        let circuit = circuit.clone();
        async move { enter(&circuit, Lane::Webhook).await.map(|probe| probe.is_some()) }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    circuit.answered(Instant::now()).await;
    drop(probe);
    assert!(!waiting.await.expect("no panic").expect("the way is free"));
    assert!(circuit.is_closed());
}

#[tokio::test]
async fn a_probe_that_fails_or_is_given_up_leaves_it_to_the_next() {
    let (circuit, clock) = open().await;
    for gives_up in [false, true] {
        clock.advance(Duration::from_secs(30));
        let probe = enter(&circuit, Lane::Incremental).await.expect("the way").expect("the probe");
        if !gives_up {
            circuit.failed(Lane::Incremental, &calls()[0], Instant::now(), true).await;
        }
        drop(probe);
        assert!(wait(enter(&circuit, Lane::Incremental).await) >= Duration::from_secs(15));
    }
}

#[tokio::test]
async fn what_the_background_found_out_binds_nobody_else_before_a_person_has_asked_in_vain() {
    let (circuit, clock) = open().await;
    wait(enter(&circuit, Lane::Incremental).await);
    assert!(circuit.is_worth_a_look());
    for _ in 0..2 {
        assert!(enter(&circuit, Lane::Person).await.expect("the way is free").is_none());
    }
    // Also while the background finds out.
    clock.advance(Duration::from_secs(30));
    let probe = enter(&circuit, Lane::Incremental).await.expect("the way").expect("the probe");
    assert!(enter(&circuit, Lane::Person).await.expect("the way is free").is_none());
    circuit.failed(Lane::Incremental, &calls()[0], Instant::now(), true).await;
    drop(probe);
    assert!(enter(&circuit, Lane::Person).await.expect("the way is free").is_none());

    circuit.failed(Lane::Person, &calls()[0], Instant::now(), false).await;
    assert!(wait(enter(&circuit, Lane::Person).await) >= Duration::from_secs(15));
    assert!(!circuit.is_worth_a_look());
    // A later probe that fails leaves it at that.
    clock.advance(Duration::from_secs(30));
    let probe = enter(&circuit, Lane::Incremental).await.expect("the way").expect("the probe");
    circuit.failed(Lane::Incremental, &calls()[0], Instant::now(), true).await;
    drop(probe);
    assert!(wait(enter(&circuit, Lane::Person).await) >= Duration::from_secs(15));
}

#[tokio::test]
async fn a_persons_answer_lets_everybody_in() {
    let (circuit, _) = open().await;
    assert!(enter(&circuit, Lane::Person).await.expect("the way is free").is_none());
    circuit.answered(Instant::now()).await;
    assert!(enter(&circuit, Lane::FirstSync).await.expect("the way is free").is_none());
}

#[test]
fn a_clock_that_was_set_back_keeps_nobody_waiting() {
    let now = DateTime::UNIX_EPOCH;
    assert_eq!(left(now + TimeDelta::days(1), now), None);
    assert_eq!(left(now, now + TimeDelta::days(1)), None);
    assert_eq!(left(now + TimeDelta::milliseconds(1), now), Some(Duration::from_secs(1)));
}

#[derive(Default)]
struct Written(Arc<Mutex<Vec<News>>>);

impl ContactLog for Written {
    fn lost(&self, since: DateTime<Utc>, last: DateTime<Utc>) -> BoxFuture<'static, ()> {
        self.0.lock().expect("no panic").push(News::Lost { since, last });
        Box::pin(std::future::ready(()))
    }

    fn restored(&self) -> BoxFuture<'static, ()> {
        self.0.lock().expect("no panic").push(News::Restored);
        Box::pin(std::future::ready(()))
    }
}

#[tokio::test]
async fn news_is_told_once_and_with_its_first_and_last_failure() {
    let (log, clock) = (Written::default(), Clock::manual(DateTime::UNIX_EPOCH));
    let written = log.0.clone();
    let circuit = Circuit::logged(clock.clone(), Arc::new(log));
    let [one, other] = calls();
    circuit.answered(Instant::now()).await;
    circuit.answered(Instant::now()).await;
    let since = clock.now();
    fail(&circuit, &one, 1).await;
    clock.advance(Duration::from_secs(10));
    fail(&circuit, &other, FAILURES).await;
    let opened = clock.now();
    clock.advance(Duration::from_secs(30));
    let probe = enter(&circuit, Lane::Incremental).await.expect("the way");
    circuit.failed(Lane::Incremental, &one, Instant::now(), true).await;
    drop(probe);
    circuit.answered(Instant::now()).await;
    let told = written.lock().expect("no panic").clone();
    let expected = [News::Restored, News::Lost { since, last: opened }, News::Lost { since, last: clock.now() }, News::Restored];
    assert_eq!(told, expected);
}
