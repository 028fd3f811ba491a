use std::sync::mpsc::{Receiver, Sender, channel};

use kernel::{AuthMethod, Subject, TenantId, Timestamp, UserId, exchange::Fault};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

/// A sink that remembers.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().clone();
        String::from_utf8(bytes).expect("text").lines().map(str::to_owned).collect()
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A sink that says when it is written to and waits for leave.
struct Slow(Sender<()>, Receiver<()>, Memory);

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(());
        let _ = self.1.recv();
        self.2.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn exchange() -> Exchange<'static> {
    Exchange {
        started: Timestamp::from_micros(1_800_000_000_000_042),
        duration: Duration::from_micros(1_234),
        upstream_duration: Some(Duration::from_micros(1_000)),
        request_id: "0197-abc",
        method: "GET",
        path: "/orders/1",
        protocol: "HTTP/1.1",
        host: "gate.example.com",
        user_agent: "curl/8",
        client_ip: [10, 0, 0, 1].into(),
        tenant: Some(TenantId::from_uuid(Uuid::from_u128(1))),
        subject: Some(Subject::User(UserId::from_uuid(Uuid::from_u128(2)))),
        auth_method: Some(AuthMethod::Jwt),
        upstream: Some("127.0.0.1:9001"),
        version: None,
        status: 200,
        code: None,
        fault: Fault::None,
        bytes_in: 0,
        bytes_out: 512,
    }
}

fn written(format: Format, exchange: &Exchange<'_>) -> String {
    let memory = Memory::default();
    let log = AccessLog::to(format, Box::new(memory.clone())).expect("a thread");
    log.record("orders", exchange);
    log.flush();
    let lines = memory.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.into_iter().next().expect("a line")
}

fn parsed(exchange: &Exchange<'_>) -> Value {
    serde_json::from_str(&written(Format::Json, exchange)).expect("an object")
}

#[test]
fn a_line_says_everything_about_its_request() {
    let expected = json!({
        "time": "2027-01-15T08:00:00.000042Z", "kind": "access", "request_id": "0197-abc", "route": "orders",
        "tenant": "00000000-0000-0000-0000-000000000001", "subject": "00000000-0000-0000-0000-000000000002",
        "auth": "jwt", "ip": "10.0.0.1", "method": "GET", "host": "gate.example.com", "path": "/orders/1",
        "protocol": "HTTP/1.1", "status": 200, "fault": "none", "duration_us": 1234,
        "upstream": "127.0.0.1:9001", "upstream_us": 1000, "bytes_in": 0, "bytes_out": 512, "user_agent": "curl/8",
    });
    assert_eq!(parsed(&exchange()), expected);
    let refused = Exchange {
        tenant: None,
        subject: None,
        auth_method: None,
        upstream: None,
        upstream_duration: None,
        user_agent: "",
        status: 401,
        code: Some("credentials.missing"),
        fault: Fault::Client,
        client_ip: "2001:db8::1".parse().expect("address"),
        bytes_in: u64::MAX,
        ..exchange()
    };
    let line = parsed(&refused);
    assert_eq!((&line["code"], &line["fault"]), (&json!("credentials.missing"), &json!("client")));
    assert_eq!((&line["ip"], &line["bytes_in"]), (&json!("2001:db8::1"), &json!(u64::MAX)));
    for absent in ["tenant", "subject", "auth", "upstream", "upstream_us", "user_agent"] {
        assert_eq!(line.get(absent), None, "{absent}");
    }
}

#[test]
fn a_line_for_people_reads_at_a_glance() {
    assert_eq!(
        written(Format::Text, &Exchange { code: Some("limit.exceeded"), status: 429, ..exchange() }),
        "2027-01-15T08:00:00.000042Z 429 GET gate.example.com/orders/1 1.234ms [orders > 127.0.0.1:9001] 10.0.0.1 \
         00000000-0000-0000-0000-000000000002 limit.exceeded id=0197-abc"
    );
}

#[test]
fn nothing_from_outside_breaks_a_line_or_a_terminal() {
    let hostile = "a\"b\\c\r\nd\x1b[2Je\0f\u{9b}g\u{2028}h\u{202e}i\u{200b}jé日";
    let odd = Exchange {
        path: hostile,
        user_agent: hostile,
        host: hostile,
        method: hostile,
        request_id: hostile,
        ..exchange()
    };
    let line = parsed(&odd);
    for field in ["path", "user_agent", "host", "method", "request_id"] {
        assert_eq!(line[field], hostile, "{field}: JSON keeps it, escaped");
    }
    for format in [Format::Json, Format::Text] {
        let line = written(format, &odd);
        let harmful = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{202e}' | '\u{200b}');
        assert!(!line.contains(harmful), "{line}");
        assert!(line.contains("é日"), "letters stay: {line}");
    }
}

#[test]
fn long_parts_are_cut_between_characters() {
    let (path, agent) = (format!("/{}", "ä".repeat(5_000)), "x".repeat(5_000));
    let line = parsed(&Exchange { path: &path, user_agent: &agent, ..exchange() });
    let path = line["path"].as_str().expect("text");
    assert!(path.ends_with("ä…") && path.len() <= 1_024 + "…".len(), "{}", path.len());
    assert_eq!(line["user_agent"].as_str().map(str::len), Some(256 + "…".len()));
}

#[test]
fn secrets_in_a_path_are_cut_out() {
    let path = "/verify/eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln/pk_live_a1b2c3d4/ppv_a1b2c3d4/x";
    assert_eq!(parsed(&Exchange { path, ..exchange() })["path"], "/verify/[secret]/[secret]/[secret]/x");
}

#[test]
fn the_second_is_formatted_anew_when_it_changes() {
    let memory = Memory::default();
    let log = AccessLog::to(Format::Json, Box::new(memory.clone())).expect("a thread");
    for micros in [1_800_000_000_999_999, 1_800_000_001_000_000, 1_800_000_000_000_001] {
        log.record("orders", &Exchange { started: Timestamp::from_micros(micros), ..exchange() });
    }
    log.flush();
    let times: Vec<Value> = memory
        .lines()
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).expect("object")["time"].clone())
        .collect();
    assert_eq!(times, ["2027-01-15T08:00:00.999999Z", "2027-01-15T08:00:01.000000Z", "2027-01-15T08:00:00.000001Z"]);
}

#[test]
fn many_threads_lose_nothing_and_tear_nothing() {
    let memory = Memory::default();
    let log = Arc::new(AccessLog::to(Format::Json, Box::new(memory.clone())).expect("a thread"));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let log = log.clone();
            thread::spawn(move || (0..1_000).for_each(|_| log.record("orders", &exchange())))
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("thread"));
    log.shutdown();
    let lines = memory.lines();
    assert_eq!(lines.len(), 8_000);
    assert!(lines.iter().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    assert_eq!(log.stats(), AccessStats { written: 8_000, dropped: 0 });
}

#[test]
fn a_slow_disk_costs_lines_and_not_time() {
    let (begun, begins) = channel();
    let (leave, wait) = channel();
    let memory = Memory::default();
    let log = AccessLog::to(Format::Json, Box::new(Slow(begun, wait, memory.clone()))).expect("a thread");
    log.record("orders", &exchange());
    // From here on the writer stands still within a write.
    begins.recv().expect("the first line is being written");
    let path = format!("/{}", "x".repeat(1_000));
    let long = Exchange { path: &path, ..exchange() };
    let total = (WAITING + 20) * FULL / 1_000;
    for _ in 0..total {
        log.record("orders", &long);
    }
    let dropped = log.stats().dropped;
    assert!(dropped > 0, "more than the queue holds");
    drop(leave);
    log.shutdown();
    assert_eq!(log.stats().dropped, dropped);
    assert_eq!(memory.lines().len() as u64 + dropped, total as u64 + 1, "every line was written or counted");
    log.record("orders", &long);
    assert_eq!(log.stats().dropped, dropped + 1, "after the end nothing is written");
}

#[test]
fn a_broken_sink_is_counted() {
    struct Broken;
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let log = AccessLog::to(Format::Json, Box::new(Broken)).expect("a thread");
    log.record("orders", &exchange());
    log.flush();
    assert_eq!(log.stats(), AccessStats { written: 0, dropped: 1 });
}

#[test]
fn a_file_is_appended_to_and_flushed_when_dropped() {
    let path = std::env::temp_dir().join(format!("portcullis-access-{}.log", std::process::id()));
    for _ in 0..2 {
        let log = AccessLog::file(Format::Auto, &path).expect("a file");
        log.record("orders", &exchange());
    }
    let text = std::fs::read_to_string(&path).expect("readable");
    std::fs::remove_file(&path).expect("removable");
    assert_eq!(text.lines().filter(|line| line.starts_with("{\"time\"")).count(), 2);
}
