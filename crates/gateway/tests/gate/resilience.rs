//! Targets that are killed, hang or flap: requests are sent again where that does no harm, and who fails is
//! left alone for a while.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::net::TcpListener;

use crate::harness::{Answer, Client, Gate, Setup, Upstream, open_to, serve};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const BUSY: &str = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy";

/// A service whose behaviour a test changes while it runs.
#[derive(Clone, Default)]
struct Flapping {
    ill: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
}

impl Flapping {
    async fn start(&self, ill_answer: &'static str) -> std::net::SocketAddr {
        let this = self.clone();
        serve(move |mut connection| {
            let this = this.clone();
            async move {
                while connection.message().await.is_some() {
                    this.asked.fetch_add(1, Ordering::SeqCst);
                    if this.ill.load(Ordering::SeqCst) {
                        if ill_answer.is_empty() {
                            return;
                        }
                        connection.send(ill_answer).await;
                    } else {
                        connection.send(OK).await;
                    }
                }
            }
        })
        .await
    }
    fn set_ill(&self, ill: bool) {
        self.ill.store(ill, Ordering::SeqCst);
    }
    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// One upstream `u` of these targets with these settings, and one open route to everything.
fn open(targets: &[std::net::SocketAddr], settings: &str) -> String {
    let list: Vec<String> = targets.iter().map(|target| format!("\"http://{target}\"")).collect();
    let one = open_to(targets[0]).replace(&format!("[\"http://{}\"]", targets[0]), &format!("[{}]", list.join(", ")));
    let lines: String = settings.lines().map(|line| format!("upstreams.u.{}\n", line.trim())).collect();
    format!("{lines}{one}")
}

async fn put(gate: &Gate, body: &str) -> Answer {
    gate.ask(&format!("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len())).await
}

#[tokio::test]
async fn a_request_that_may_be_repeated_is_sent_to_another_target() {
    let (closing, busy, well) = (Flapping::default(), Flapping::default(), Flapping::default());
    closing.set_ill(true);
    busy.set_ill(true);
    let targets = [closing.start("").await, busy.start(BUSY).await, well.start(BUSY).await];
    let gate = Gate::open(&open(&targets, "retries = { attempts = 3, backoff = \"1ms\" }"));
    for _ in 0..6 {
        assert_eq!(gate.get("/", "").await.status(), 200);
    }
    assert_eq!(well.asked(), 6);
    let again = closing.asked() + busy.asked();
    assert!(again > 0, "the others were asked first");
    let numbers = gate.running.table().upstreams().next().expect("u").numbers();
    assert_eq!((numbers.retries, numbers.retries_denied), (again as u64, 0));

    // What may have been acted upon is not repeated.
    let before = well.asked() + closing.asked() + busy.asked();
    let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    let mut refused = 0;
    for _ in 0..3 {
        refused += usize::from(gate.ask(post).await.status() != 200);
    }
    assert_eq!(well.asked() + closing.asked() + busy.asked(), before + 3, "each was sent once");
    assert_eq!(refused, 2);
}

#[tokio::test]
async fn the_last_answer_is_passed_on_when_no_attempt_is_left() {
    let busy = Flapping::default();
    busy.set_ill(true);
    let gate = Gate::open(&open(&[busy.start(BUSY).await], "retries = { attempts = 4, backoff = \"1ms\" }"));
    let answer = gate.get("/", "").await;
    assert_eq!((answer.status(), answer.text()), (503, "busy".into()));
    assert_eq!(busy.asked(), 4);
}

#[tokio::test]
async fn a_body_is_repeated_only_where_it_was_kept() {
    let upstream = Upstream::answering(BUSY).await;
    let retries = "retries = { attempts = 2, backoff = \"1ms\", max_body = \"8B\" }";
    let gate = Gate::open(&open(&[upstream.address], retries));
    assert_eq!(put(&gate, "12345678").await.status(), 503);
    assert_eq!(put(&gate, "123456789").await.status(), 503);
    let chunked = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    assert_eq!(gate.ask(chunked).await.status(), 503);
    let bodies: Vec<String> = upstream.seen.lock().iter().map(Answer::text).collect();
    assert_eq!(bodies, ["12345678", "12345678", "123456789", "x"]);
    assert!(upstream.seen.lock()[..3].iter().all(|seen| seen.field("content-length").is_some()));
    let told = gate.ledger.finished(3).await;
    assert_eq!(told.iter().map(|told| told.bytes_in).collect::<Vec<_>>(), [8, 9, 1], "each body came once");
}

#[tokio::test]
async fn a_target_that_hangs_costs_one_attempt() {
    let hung = serve(|mut connection| async move { while connection.more().await {} }).await;
    let well = Upstream::ok().await;
    let settings = "retries = { per_try_timeout = \"50ms\", backoff = \"0s\" }\ntimeout = \"1h\"";
    let gate = Gate::open(&open(&[hung, well.address], settings));
    for _ in 0..4 {
        assert_eq!(gate.get("/", "").await.status(), 200);
    }
    assert_eq!(well.seen.lock().len(), 4);
}

#[tokio::test]
async fn the_time_out_holds_for_all_attempts_together() {
    let hung = serve(|mut connection| async move { while connection.more().await {} }).await;
    let settings = "retries = { attempts = 10, per_try_timeout = \"30ms\", backoff = \"0s\" }\ntimeout = \"100ms\"";
    let gate = Gate::open(&open(&[hung], settings));
    assert_eq!(gate.get("/", "").await.problem(), (504, "upstream.timeout".into()));
    let numbers = gate.running.table().upstreams().next().expect("u").numbers();
    assert!((1..=3).contains(&numbers.retries), "{numbers:?}");
}

#[tokio::test]
async fn an_outage_is_not_made_worse_by_retries() {
    let busy = Flapping::default();
    busy.set_ill(true);
    let settings = "retries = { attempts = 10, backoff = \"0s\", budget = \"10%\" }";
    let gate = Gate::open(&open(&[busy.start(BUSY).await], settings));
    let began = std::time::Instant::now();
    let mut client = gate.connect().await;
    for _ in 0..300 {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(client.answer().await.status(), 503);
    }
    // 32 saved up, a tenth of the requests, and one a second.
    let most = 300 + 32 + 30 + 1 + usize::try_from(began.elapsed().as_secs()).expect("seconds");
    assert!((358..=most).contains(&busy.asked()), "{} of at most {most}", busy.asked());
    assert!(gate.running.table().upstreams().next().expect("u").numbers().retries_denied > 200);
}

#[tokio::test]
async fn a_circuit_opens_and_closes_with_its_target() {
    for per in ["target", "upstream"] {
        let service = Flapping::default();
        service.set_ill(true);
        let settings = format!("breaker = {{ per = \"{per}\", min_requests = 5, open_for = \"200ms\", probes = 2 }}");
        let gate = Gate::open(&open(&[service.start(BUSY).await], &settings));
        for _ in 0..5 {
            assert_eq!(gate.get("/", "").await.text(), "busy");
        }
        let refused = gate.get("/", "").await;
        assert_eq!(refused.problem(), (503, "upstream.circuit_open".into()));
        assert_eq!(refused.field("retry-after"), Some("1"));
        assert_eq!(service.asked(), 5, "nothing is asked while the circuit is open");
        let numbers = || gate.running.table().upstreams().next().expect("u").numbers();
        assert_eq!((numbers().circuits_open, numbers().circuits_opened, numbers().circuit_refusals), (1, 1, 1));
        assert_eq!(gate.ledger.finished(6).await[5].fault, "upstream");

        // It is tried again after its time. Ill still: it opens again.
        while gate.get("/", "").await.text() != "busy" {}
        assert_eq!((service.asked(), numbers().circuits_opened), (6, 2));
        service.set_ill(false);
        while gate.get("/", "").await.status() != 200 {}
        assert_eq!(gate.get("/", "").await.status(), 200, "the second probe");
        assert_eq!((service.asked(), numbers().circuits_open), (8, 0));
    }
}

#[tokio::test]
async fn targets_whose_circuit_is_open_are_passed_over() {
    let (ill, well) = (Flapping::default(), Flapping::default());
    ill.set_ill(true);
    let targets = [ill.start(BUSY).await, well.start(BUSY).await];
    let gate = Gate::open(&open(&targets, "breaker = { min_requests = 3, open_for = \"1h\" }"));
    let mut busy = 0;
    for _ in 0..40 {
        busy += usize::from(gate.get("/", "").await.status() != 200);
    }
    assert_eq!((busy, ill.asked(), well.asked()), (3, 3, 37));
}

#[tokio::test]
async fn a_killed_target_opens_its_circuit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let gate = Gate::open(&open(&[address], "breaker = { min_requests = 2, open_for = \"1h\" }"));
    for _ in 0..2 {
        assert_eq!(gate.get("/", "").await.problem().1, "upstream.unreachable");
    }
    assert_eq!(gate.get("/", "").await.problem().1, "upstream.circuit_open");
}

#[tokio::test]
async fn the_clients_own_failure_is_not_the_targets() {
    let upstream = Upstream::ok().await;
    let settings = "breaker = { min_requests = 1, open_for = \"1h\", slow = \"10ms\", slow_rate = \"1%\" }";
    let gate = Gate::open(&format!("http.body_timeout = \"50ms\"\n{}", open(&[upstream.address], settings)));
    // Sends half of its body and no more.
    let mut slow = gate.connect().await;
    slow.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe").await;
    assert_eq!(slow.answer().await.status(), 408);
    let numbers = gate.running.table().upstreams().next().expect("u").numbers();
    assert_eq!(numbers.circuits_open, 0);
}

/// Targets die and come back under load. No request that may be repeated fails, as long as one target lives.
#[tokio::test]
async fn flapping_targets_under_load_fail_no_request() {
    let services: [Flapping; 3] = Default::default();
    let mut targets = Vec::new();
    for service in &services {
        targets.push(service.start("").await);
    }
    let settings = "retries = { attempts = 6, backoff = \"1ms\", budget = \"100%\" }";
    let gate = Arc::new(Setup { workers: 2, ..Setup::new(&open(&targets, settings)) }.open());
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..6)
        .map(|_| {
            let (gate, stop) = (gate.clone(), stop.clone());
            tokio::spawn(async move {
                let mut client: Client = gate.connect().await;
                while !stop.load(Ordering::Relaxed) {
                    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
                    assert_eq!(client.answer().await.status(), 200);
                }
            })
        })
        .collect();
    let total = || services.iter().map(Flapping::asked).sum::<usize>();
    for turn in 0..30 {
        let ill = &services[turn % 3];
        ill.set_ill(true);
        let (before, answered) = (ill.asked(), total());
        // It has failed a few times, and all is well for a while; then another one fails. One at a time: what
        // is asked of one that has just died is asked of one that lives.
        while ill.asked() < before + 5 {
            assert!(clients.iter().all(|client| !client.is_finished()), "a request failed");
            tokio::task::yield_now().await;
        }
        ill.set_ill(false);
        while total() < answered + 60 {
            tokio::task::yield_now().await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.expect("no request failed");
    }
}

/// One target hangs: whoever is sent to it is answered by another one soon, and the hung request is called off.
#[tokio::test]
async fn a_second_target_is_asked_when_the_first_takes_long() {
    let left = Arc::new(AtomicUsize::new(0));
    let gone = left.clone();
    let hung = serve(move |mut connection| {
        let gone = gone.clone();
        async move {
            connection.message().await;
            connection.rest().await;
            gone.fetch_add(1, Ordering::SeqCst);
        }
    })
    .await;
    let well = Upstream::ok().await;
    let settings = "retries = { hedge_after = \"30ms\" }\ntimeout = \"1h\"\nbalance = \"round_robin\"";
    let gate = Gate::open(&open(&[hung, well.address], settings));
    let numbers = || gate.running.table().upstreams().next().expect("u").numbers();
    for _ in 0..6 {
        assert_eq!(gate.get("/", "").await.status(), 200);
    }
    let hedges = usize::try_from(numbers().hedges).expect("few");
    assert!(hedges >= 2, "{:?}", numbers());
    assert_eq!((numbers().hedges_won, numbers().retries), (numbers().hedges, 0));
    while left.load(Ordering::SeqCst) < hedges {
        tokio::task::yield_now().await;
    }
}

/// A target may close a connection just as it is used again. That costs nobody an error, nor half a body.
#[tokio::test]
async fn a_kept_body_survives_a_connection_that_has_gone_stale() {
    let bodies: Arc<parking_lot::Mutex<Vec<String>>> = Arc::default();
    let connections = Arc::new(AtomicUsize::new(0));
    let (remember, count) = (bodies.clone(), connections.clone());
    let upstream = serve(move |mut connection| {
        let (remember, number) = (remember.clone(), count.fetch_add(1, Ordering::SeqCst));
        async move {
            let mut asked = 0;
            while let Some(request) = connection.message().await {
                remember.lock().push(request.text());
                asked += 1;
                if number == 0 && asked == 2 {
                    return;
                }
                connection.send(OK).await;
            }
        }
    })
    .await;
    // The mirror is why the body is kept; nothing is retried.
    let mirror = Upstream::ok().await;
    let text = format!("upstreams.m.targets = [\"http://{}\"]\n{}", mirror.address, open_to(upstream));
    let gate = Gate::open(&format!("{text}mirror = {{ upstream = \"m\" }}\n"));
    assert_eq!(put(&gate, "one").await.status(), 200);
    assert_eq!(put(&gate, "two").await.status(), 200);
    assert_eq!(*bodies.lock(), ["one", "two", "two"]);
    assert_eq!(connections.load(Ordering::SeqCst), 2);
}

/// What is long, the gate has learned.
#[tokio::test]
async fn a_second_target_is_asked_after_what_few_answers_take() {
    let ill = Arc::new(AtomicBool::new(false));
    let (turns_ill, left) = (ill.clone(), Arc::new(AtomicUsize::new(0)));
    let gone = left.clone();
    let first = serve(move |mut connection| {
        let (ill, gone) = (turns_ill.clone(), gone.clone());
        async move {
            while connection.message().await.is_some() {
                if ill.load(Ordering::SeqCst) {
                    connection.rest().await;
                    gone.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
            }
        }
    })
    .await;
    let well = Upstream::ok().await;
    let settings = "retries = { hedge_after = \"p95\" }\ntimeout = \"1h\"\nbalance = \"round_robin\"";
    let gate = Gate::open(&open(&[first, well.address], settings));
    let mut client = gate.connect().await;
    for _ in 0..128 {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(client.answer().await.status(), 200);
    }
    ill.store(true, Ordering::SeqCst);
    for _ in 0..6 {
        assert_eq!(gate.get("/", "").await.status(), 200, "nobody waits for an hour");
    }
    while left.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    assert!(gate.running.table().upstreams().next().expect("u").numbers().hedges_won > 0);
}

/// That a target refuses at once says nothing about how long answers take.
#[tokio::test]
async fn quick_refusals_do_not_make_answers_seem_late() {
    let recovered = Arc::new(AtomicBool::new(false));
    let well = recovered.clone();
    let address = serve(move |mut connection| {
        let well = well.clone();
        async move {
            while connection.message().await.is_some() {
                if !well.load(Ordering::SeqCst) {
                    connection.send("HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n").await;
                } else {
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    connection.send(OK).await;
                }
            }
        }
    })
    .await;
    let gate = Gate::open(&open(&[address], "retries = { hedge_after = \"p95\" }"));
    let mut client = gate.connect().await;
    for status in std::iter::repeat_n(503, 128).chain([200, 200]) {
        recovered.store(status == 200, Ordering::SeqCst);
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert_eq!(client.answer().await.status(), status);
    }
    assert_eq!(gate.running.table().upstreams().next().expect("u").numbers().hedges, 0);
}
