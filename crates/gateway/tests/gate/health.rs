//! Targets that are killed, hang and flap, and visitors who stay with theirs.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicUsize, Ordering},
    },
    time::Duration,
};

use kernel::{ManualClock, Timestamp};
use tokio::{net::TcpListener, sync::watch, task::AbortHandle};

use crate::harness::{Answer, Client, Gate, Setup};

/// A target that answers with its name, and can be made to do otherwise.
struct Moody {
    address: SocketAddr,
    /// The status of `/healthz` and of everything else.
    health: Arc<AtomicU16>,
    status: Arc<AtomicU16>,
    /// Requests that were not checks.
    requests: Arc<AtomicUsize>,
    /// Checks that were answered.
    checks: watch::Receiver<usize>,
    listener: AbortHandle,
}

/// Never answers.
const HANG: u16 = 0;

/// Well and unwell in turn.
const FLAP: u16 = 1;

impl Moody {
    async fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self::on(name, listener)
    }

    fn on(name: &'static str, listener: TcpListener) -> Self {
        let address = listener.local_addr().expect("an address");
        let (health, status) = (Arc::new(AtomicU16::new(200)), Arc::new(AtomicU16::new(200)));
        let requests = Arc::new(AtomicUsize::new(0));
        let (counter, checks) = watch::channel(0);
        let (said, heard, count) = (health.clone(), status.clone(), requests.clone());
        let listener = tokio::spawn(async move {
            // Connections end with the target.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (said, heard, count, counter) = (said.clone(), heard.clone(), count.clone(), counter.clone());
                connections.spawn(async move {
                    let mut connection = Client::from(stream);
                    while let Some(request) = connection.message().await {
                        let is_check = request.start.starts_with("GET /healthz ");
                        let status = if is_check { &said } else { &heard }.load(Ordering::SeqCst);
                        if is_check {
                            counter.send_modify(|checks| *checks += 1);
                        } else {
                            count.fetch_add(1, Ordering::SeqCst);
                        }
                        let status = match status {
                            FLAP if *counter.borrow() % 2 == 0 => 200,
                            FLAP => 503,
                            other => other,
                        };
                        if status == HANG {
                            std::future::pending::<()>().await;
                        }
                        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{name}", name.len());
                        connection.send(answer).await;
                    }
                });
            }
        });
        Self { address, health, status, requests, checks, listener: listener.abort_handle() }
    }

    /// The target dies, and all its connections with it.
    fn kill(&self) {
        self.listener.abort();
    }

    /// Waits for so many more checks.
    async fn checked(&mut self, times: usize) {
        let until = *self.checks.borrow() + times;
        self.checks.wait_for(|checks| *checks >= until).await.expect("the target lives");
    }

    fn seen(&self) -> usize {
        self.requests.swap(0, Ordering::SeqCst)
    }
}

fn config(targets: &[&Moody], settings: &str) -> String {
    let urls: Vec<String> = targets.iter().map(|target| format!("\"http://{}\"", target.address)).collect();
    format!(
        "[upstreams.u]\ntargets = [{}]\n{settings}\n[[routes]]\nname = \"all\"\nmatch = {{ path = \"/{{*rest}}\" }}\n\
         upstream = \"u\"\nauth = \"none\"\n[[routes]]\nname = \"too\"\nmatch = {{ path = \"/too\" }}\nupstream = \"u\"\n",
        urls.join(", ")
    )
}

fn gate(targets: &[&Moody], settings: &str) -> (Gate, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::from_secs(1_800_000_000)));
    let setup = Setup { clock: clock.clone(), ..Setup::new(&config(targets, settings)) };
    (setup.open(), clock)
}

/// Which target answered each of so many requests.
async fn names(gate: &Gate, count: usize) -> String {
    let mut names = String::new();
    for _ in 0..count {
        names += &gate.get("/", "").await.text();
    }
    names
}

/// Asks until the condition holds.
async fn until(gate: &Gate, holds: impl Fn(&str) -> bool) {
    while !holds(&names(gate, 8).await) {}
}

#[tokio::test]
async fn a_target_that_fails_its_checks_gets_nothing() {
    let (mut a, mut b) = (Moody::start("a").await, Moody::start("b").await);
    let settings = "check = { path = \"/healthz\", interval = \"10ms\", healthy = 2, unhealthy = 2 }";
    let (gate, _) = gate(&[&a, &b], settings);
    a.checked(1).await;
    b.checked(1).await;
    assert_eq!(names(&gate, 4).await.matches('a').count(), 2);

    // Unwell by its own account, while it still answers.
    a.health.store(503, Ordering::SeqCst);
    a.checked(4).await;
    assert_eq!(names(&gate, 8).await, "bbbbbbbb");
    // It flaps: one good check is not enough.
    a.health.store(FLAP, Ordering::SeqCst);
    for _ in 0..4 {
        a.checked(2).await;
        assert_eq!(names(&gate, 4).await, "bbbb");
    }
    a.health.store(200, Ordering::SeqCst);
    until(&gate, |names| names.contains('a')).await;

    // It hangs: the check runs into its time-out.
    let slow = settings.replace("interval", "timeout = \"20ms\", interval");
    gate.reload(&config(&[&a, &b], &slow));
    a.health.store(HANG, Ordering::SeqCst);
    a.checked(4).await;
    until(&gate, |names| !names.contains('a')).await;
    a.seen();
    assert_eq!(names(&gate, 8).await, "bbbbbbbb");
    assert_eq!(a.seen(), 0);

    // All are unwell: all are used.
    b.health.store(500, Ordering::SeqCst);
    until(&gate, |names| names.contains('a') && names.contains('b')).await;
    let numbers = gate.running.table().upstreams().next().expect("one").numbers();
    assert_eq!((numbers.targets, numbers.targets_available, numbers.panic), (2, 0, 1));
    assert!(numbers.checks_failed > 4);
}

#[tokio::test]
async fn a_target_that_is_killed_is_left_out_and_comes_back() {
    let (a, b) = (Moody::start("a").await, Moody::start("b").await);
    // Without a path, connecting is the check.
    let (gate, _) = gate(&[&a, &b], "check = { interval = \"10ms\", healthy = 1, unhealthy = 1 }");
    until(&gate, |names| names.contains('a') && names.contains('b')).await;
    a.kill();
    until(&gate, |names| names == "bbbbbbbb").await;
    let numbers = || gate.running.table().upstreams().next().expect("one").numbers();
    while numbers().targets_available == 2 {
        tokio::task::yield_now().await;
    }
    let listener = TcpListener::bind(a.address).await.expect("the port is free again");
    let _again = Moody::on("A", listener);
    until(&gate, |names| names.contains('A') && names.contains('b')).await;
    while numbers().targets_available == 1 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn checks_run_once_whatever_the_number_of_routes_and_threads_and_end_with_the_upstream() {
    let mut a = Moody::start("a").await;
    let settings = "check = { path = \"/healthz\", interval = \"1h\" }";
    let text = config(&[&a], settings);
    let gate = Setup { workers: 2, ..Setup::new(&text) }.open();
    a.checked(1).await;
    assert_eq!(gate.get("/", "").await.status(), 200);
    // The same configuration is the same upstream, and is not checked anew.
    gate.reload(&text);
    gate.reload(&text.replace("\"too\"", "\"three\""));
    // Another one is.
    gate.reload(&text.replace("1h", "2h"));
    a.checked(1).await;
    assert_eq!(*a.checks.borrow(), 2);
}

#[tokio::test]
async fn a_target_whose_requests_fail_is_ejected_for_longer_and_longer() {
    let (a, b) = (Moody::start("a").await, Moody::start("b").await);
    let settings = "timeout = \"1h\"\neject = { consecutive = 2, base_time = \"10s\", max_time = \"1h\" }";
    let (gate, clock) = gate(&[&a, &b], settings);
    assert_eq!(names(&gate, 4).await.matches('a').count(), 2);

    // A broken page of one caller is not the target's end.
    a.status.store(500, Ordering::SeqCst);
    names(&gate, 8).await;
    assert_eq!(a.seen(), 6);
    for length in [10, 20, 40] {
        a.status.store(503, Ordering::SeqCst);
        names(&gate, 4).await;
        assert_eq!(a.seen(), 2, "two failures and no more");
        a.status.store(200, Ordering::SeqCst);
        clock.advance(Duration::from_secs(length - 1));
        assert_eq!(names(&gate, 4).await, "bbbb", "{length}");
        clock.advance(Duration::from_secs(1));
        assert_eq!(names(&gate, 4).await.matches('a').count(), 2, "{length}");
        a.seen();
    }
    // The last one is never ejected, whatever it does.
    a.status.store(503, Ordering::SeqCst);
    b.status.store(503, Ordering::SeqCst);
    b.seen();
    names(&gate, 12).await;
    let mut left = [a.seen(), b.seen()];
    left.sort_unstable();
    assert_eq!(left, [2, 10], "one of them serves on");
    let numbers = gate.running.table().upstreams().next().expect("one").numbers();
    assert_eq!((numbers.ejections, numbers.targets_available, numbers.panic), (4, 1, 0));

    // What is known survives a reload that keeps the target.
    gate.reload(&config(&[&a, &b], &settings.replace("1h", "2h")));
    let before = [a.seen(), b.seen()];
    names(&gate, 4).await;
    assert_eq!(before, [0, 0]);
    assert!([a.seen(), b.seen()].contains(&0), "the ejected one still is");
}

#[tokio::test]
async fn a_target_that_hangs_is_ejected() {
    let (a, b) = (Moody::start("a").await, Moody::start("b").await);
    let (gate, clock) = gate(&[&a, &b], "timeout = \"30ms\"\neject = { consecutive = 1, base_time = \"5m\" }");
    a.status.store(HANG, Ordering::SeqCst);
    let answers = [gate.get("/", "").await, gate.get("/", "").await];
    assert_eq!(answers.iter().filter(|answer| answer.status() == 504).count(), 1, "one pays for it");
    assert_eq!(names(&gate, 8).await, "bbbbbbbb");
    a.status.store(200, Ordering::SeqCst);
    clock.advance(Duration::from_secs(300));
    assert_eq!(names(&gate, 8).await.matches('a').count(), 4);
}

/// The cookie that an answer sets, as the browser sends it back, and its attributes.
fn cookie(answer: &Answer) -> (String, String) {
    let field = answer.field("set-cookie").expect("a cookie");
    let (pair, attributes) = field.split_once("; ").expect("attributes");
    (pair.to_owned(), attributes.to_owned())
}

#[tokio::test]
async fn a_visitor_stays_with_a_target_by_a_cookie_that_says_nothing() {
    let (a, b, c) = (Moody::start("a").await, Moody::start("b").await, Moody::start("c").await);
    let settings = "sticky = { cookie = \"lb\" }\neject = { consecutive = 1, base_time = \"5m\" }";
    let (gate, _) = gate(&[&a, &b, &c], settings);
    let first = gate.get("/", "").await;
    let (pair, attributes) = cookie(&first);
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Lax");
    let (name, id) = pair.split_once('=').expect("a value");
    assert!(name == "lb" && id.len() == 24 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{pair}");
    let with = |pair: &str| format!("Cookie: theme=dark; {pair}\r\n");
    for _ in 0..5 {
        let again = gate.get("/", &with(&pair)).await;
        assert_eq!(again.text(), first.text());
        assert_eq!(again.field("set-cookie"), None, "who has it need not be told again");
    }
    // Another node, another process: the same target.
    let (other, _) = self::gate(&[&c, &b, &a], settings);
    assert_eq!(other.get("/", &with(&pair)).await.text(), first.text());

    // Made up, or of a target that is gone: the balance chooses, and the cookie follows.
    for wrong in ["lb=", "lb=zz", "lb=000000000000000000000000", "lb=127.0.0.1"] {
        assert_ne!(cookie(&gate.get("/", &with(wrong)).await).0, wrong);
    }
    let own = [&a, &b, &c].into_iter().find(|target| first.text() == name_of(target, [&a, &b, &c])).expect("one");
    own.status.store(503, Ordering::SeqCst);
    assert_eq!(gate.get("/", &with(&pair)).await.status(), 503);
    let moved = gate.get("/", &with(&pair)).await;
    assert_ne!(moved.text(), first.text());
    let (pair, _) = cookie(&moved);
    assert_eq!(gate.get("/", &with(&pair)).await.text(), moved.text());
}

fn name_of(target: &Moody, all: [&Moody; 3]) -> &'static str {
    let at = all.iter().position(|other| other.address == target.address).expect("one of them");
    ["a", "b", "c"][at]
}

#[tokio::test]
async fn the_cookie_has_the_attributes_that_are_asked_for() {
    let a = Moody::start("a").await;
    let sticky = "sticky = { cookie = \"__Host-lb\", max_age = \"1h\", same_site = \"none\", secure = true }";
    let (gate, _) = gate(&[&a], sticky);
    assert_eq!(cookie(&gate.get("/", "").await).1, "Path=/; HttpOnly; SameSite=None; Secure; Max-Age=3600");
    // Behind a proxy that speaks TLS, it is secure by itself.
    let behind =
        Setup { trusted_proxies: vec!["127.0.0.1"], ..Setup::new(&config(&[&a], "sticky = { cookie = \"lb\" }")) };
    let behind = behind.open();
    let answer = behind.get("/", "X-Forwarded-Proto: https\r\n").await;
    assert_eq!(cookie(&answer).1, "Path=/; HttpOnly; SameSite=Lax; Secure");
}

#[tokio::test]
async fn callers_are_told_apart_by_what_the_operator_names() {
    let targets = [Moody::start("a").await, Moody::start("b").await, Moody::start("c").await];
    let targets: Vec<&Moody> = targets.iter().collect();
    for (by, field) in
        [("{ header = \"x-account\" }", "X-Account: N"), ("{ cookie = \"cart\" }", "Cookie: x=y; cart=N")]
    {
        let (gate, _) = gate(&targets, &format!("balance = \"hash\"\nhash_by = {by}"));
        let mut used = std::collections::BTreeSet::new();
        for n in 0..12 {
            let field = format!("{}\r\n", field.replace('N', &n.to_string()));
            let first = gate.get("/", &field).await.text();
            assert_eq!(gate.get("/other", &field).await.text(), first, "{by}: the same caller, the same target");
            used.insert(first);
        }
        assert_eq!(used.len(), 3, "{by}: different callers, different targets");
        let alone = names(&gate, 4).await;
        assert_eq!(alone.replace(&alone[..1], ""), "", "{by}: without it, by address");
    }
}

#[tokio::test]
async fn the_gate_prefers_its_own_zone() {
    let (a, b) = (Moody::start("a").await, Moody::start("b").await);
    let text = config(&[&a, &b], "eject = { consecutive = 1, base_time = \"5m\" }").replace(
        &format!("\"http://{}\"", a.address),
        &format!("{{ url = \"http://{}\", zone = \"here\" }}", a.address),
    );
    let mut setup = Setup::new(&text);
    setup.config.zone = Some("here".to_owned());
    let gate = setup.open();
    assert_eq!(names(&gate, 6).await, "aaaaaa");
    a.status.store(503, Ordering::SeqCst);
    names(&gate, 1).await;
    assert_eq!(names(&gate, 6).await, "bbbbbb");
}
