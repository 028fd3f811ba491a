//! Breached passwords, online against a server that speaks the public API's shape and otherwise, and offline.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicUsize, Ordering},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::get,
};

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn hex(hash: &[u8]) -> String {
    hash.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}

/// How the service behaves.
#[derive(Clone, Copy)]
enum Manner {
    Good,
    Silent,
    Huge,
    Garbage,
    Failing,
    Elsewhere,
}

struct Service {
    manner: Mutex<Manner>,
    asked: AtomicUsize,
}

/// The service knows the password `breached`, and has `padding` as padding.
async fn range(State(service): State<Arc<Service>>, Path(prefix): Path<String>, headers: HeaderMap) -> Response {
    service.asked.fetch_add(1, Ordering::SeqCst);
    assert_eq!((prefix.len(), headers["add-padding"].as_bytes()), (5, &b"true"[..]));
    let manner = *service.manner.lock().expect("a manner");
    match manner {
        Manner::Good => {
            let mut body = String::new();
            for (password, times) in [("breached", 7), ("padding", 0)] {
                let hash = hex(&sha1(password));
                if let Some(rest) = hash.strip_prefix(&prefix) {
                    let _ = write!(body, "{rest}:{times}\r\n");
                }
            }
            for i in 0..800_u32 {
                let _ = write!(body, "{i:035X}:1\r\n");
            }
            body.into_response()
        }
        Manner::Silent => std::future::pending().await,
        Manner::Huge => {
            let line = "0123456789ABCDEF0123456789ABCDEF012:1\r\n".repeat(1000);
            let forever = futures_util::stream::repeat_with(move || Ok::<_, std::io::Error>(line.clone()));
            Body::from_stream(forever).into_response()
        }
        Manner::Garbage => "<html>Welcome to our hotspot</html>".into_response(),
        Manner::Failing => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Manner::Elsewhere => (StatusCode::FOUND, [("location", "http://169.254.169.254/")]).into_response(),
    }
}

async fn service(timeout: Duration) -> (Breaches, Arc<Service>) {
    let service = Arc::new(Service { manner: Mutex::new(Manner::Good), asked: AtomicUsize::new(0) });
    let router = Router::new().route("/range/{prefix}", get(range)).with_state(service.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/range", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let settings = BreachSettings { url, timeout, ..BreachSettings::default() };
    (Breaches::open(&settings).expect("settings"), service)
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn the_service_is_asked_once_for_what_begins_alike() {
    let (breaches, service) = service(LONG).await;
    let online = async |password, now| breaches.look_up(BreachCheck::Online, &secret(password), now).await;
    assert_eq!(online("breached", NOW).await, Known::Yes);
    assert_eq!(online("breached", NOW).await, Known::Yes);
    assert_eq!(service.asked.load(Ordering::SeqCst), 1, "kept");
    assert_eq!(online("breached", NOW + Duration::from_secs(3_600)).await, Known::Yes);
    assert_eq!(service.asked.load(Ordering::SeqCst), 2, "not for ever");
    assert_eq!(online("padding", NOW).await, Known::No, "what is there for padding is in no breach");
    assert_eq!(online("Violet-Kettle-93-orbit", NOW).await, Known::No);
}

#[tokio::test]
async fn a_service_that_answers_otherwise_is_as_if_not_asked() {
    let (breaches, service) = service(LONG).await;
    let cases = [
        (Manner::Huge, "length limit"),
        (Manner::Garbage, "something else than a range"),
        (Manner::Failing, "answered 503"),
        (Manner::Elsewhere, "answered 302"),
    ];
    for (manner, reason) in cases {
        *service.manner.lock().expect("a manner") = manner;
        let told = breaches.look_up(BreachCheck::Online, &secret("breached"), NOW).await;
        assert!(matches!(&told, Known::Unasked(why) if why.contains(reason)), "{told:?}");
    }
    *service.manner.lock().expect("a manner") = Manner::Good;
    let again = breaches.look_up(BreachCheck::Online, &secret("breached"), NOW).await;
    assert_eq!(again, Known::Yes, "what failed is not kept");
}

#[tokio::test]
async fn a_silent_service_is_not_waited_for() {
    let (breaches, service) = service(Duration::from_millis(20)).await;
    *service.manner.lock().expect("a manner") = Manner::Silent;
    let told = breaches.look_up(BreachCheck::Online, &secret("breached"), NOW).await;
    assert_eq!(told, Known::Unasked("no answer within 20ms".into()));
}

#[test]
fn only_a_service_that_cannot_be_listened_to_is_asked() {
    for url in [
        "http://api.example.com/range/",
        "https://user:pass@api.example.com/",
        "ftp://localhost/",
        "range",
        "https://x/?q=",
    ] {
        let settings = BreachSettings { url: url.into(), ..BreachSettings::default() };
        assert!(matches!(Breaches::open(&settings), Err(BreachError::Url)), "{url}");
    }
    assert!(Breaches::open(&BreachSettings::default()).is_ok());
}

const SORTED: BuildOptions = BuildOptions { min_count: 1, sorted: true };

/// A list as it is published: sorted by hash.
fn list(passwords: &[(&str, u64)]) -> String {
    let mut lines: Vec<String> =
        passwords.iter().map(|(password, times)| format!("{}:{times}", hex(&sha1(password)))).collect();
    lines.sort();
    lines.join("\r\n") + "\r\n"
}

fn build(list: &str, options: BuildOptions) -> Result<(Vec<u8>, Built), BuildError> {
    let mut out = Vec::new();
    let built = build_filter(list.as_bytes(), &mut out, options, |_| {})?;
    Ok((out, built))
}

fn read(bytes: &[u8]) -> Result<Filter, FilterError> {
    Filter::read(bytes, bytes.len() as u64)
}

#[test]
fn a_filter_knows_what_it_was_made_of() {
    let passwords: Vec<String> = (0..3_000).map(|i| format!("breached-{i}")).collect();
    let known: Vec<(&str, u64)> = passwords.iter().map(|p| (p.as_str(), 2)).collect();
    let text = list(&known);
    let (bytes, built) = build(&text, SORTED).expect("a filter");
    assert_eq!(built, Built { lines: 3_000, passwords: 3_000 });
    let filter = read(&bytes).expect("what was written");
    assert_eq!(filter.passwords(), 3_000);
    assert!(passwords.iter().all(|p| filter.contains(&sha1(p))), "none is forgotten");
    let wrong = (0..20_000).filter(|i| filter.contains(&sha1(&format!("fine-{i}")))).count();
    assert!(wrong <= 5, "{wrong} of 20000 taken for breached");

    let mut shuffled: Vec<&str> = text.lines().rev().collect();
    shuffled.push(shuffled[0]);
    let shuffled = shuffled.join("\n");
    assert!(matches!(build(&shuffled, SORTED), Err(BuildError::Unsorted(2))));
    let (again, built) = build(&shuffled, BuildOptions { sorted: false, ..SORTED }).expect("a filter");
    assert_eq!((built.lines, built.passwords), (3_001, 3_000), "what is there twice counts once");
    assert_eq!(again, bytes);
}

#[test]
fn rare_passwords_can_be_left_out() {
    let (bytes, built) =
        build(&list(&[("often", 10), ("seldom", 2)]), BuildOptions { min_count: 10, sorted: true }).expect("a filter");
    assert_eq!(built, Built { lines: 2, passwords: 1 });
    let filter = read(&bytes).expect("a filter");
    assert!(filter.contains(&sha1("often")));
    let none = BuildOptions { min_count: 100, sorted: true };
    assert!(matches!(build(&list(&[("often", 10)]), none), Err(BuildError::Empty)));
}

#[test]
fn a_line_that_is_none_stops_the_building() {
    let good = list(&[("x", 1)]);
    for bad in [
        "x:1",
        &good[..39],
        &good.replace(':', ";"),
        &good.replace(":1", ":-1"),
        &good.replacen(&good[..1], "g", 1),
        &"0".repeat(1 << 20),
    ] {
        assert!(matches!(build(&format!("{bad}\n"), SORTED), Err(BuildError::Line(1))), "{bad:.80}");
    }
    let plain = build(good.split(':').next().expect("a hash"), SORTED).expect("a list without numbers");
    assert_eq!(plain.1.passwords, 1);
}

#[test]
fn a_damaged_filter_is_refused() {
    let (bytes, _) = build(&list(&[("a", 1), ("b", 1), ("c", 1)]), SORTED).expect("a filter");
    for i in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[i] ^= 0x40;
        assert!(read(&damaged).is_err(), "byte {i}");
        assert!(read(&bytes[..i]).is_err(), "the first {i} bytes");
    }
    assert!(matches!(read(&[bytes.as_slice(), b"x"].concat()), Err(FilterError::Damaged)));
    assert!(matches!(read(b"something else, which is long enough to be one"), Err(FilterError::Other)));
    let mut later = bytes;
    later[30] = 9;
    assert!(matches!(read(&later), Err(FilterError::Version(9))));
}

#[tokio::test]
async fn a_changed_file_is_taken_over_and_a_damaged_one_is_not() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("filter");
    let write = |bytes: &[u8]| std::fs::write(&path, bytes).expect("written");
    let settings = BreachSettings { filter: Some(path.clone()), ..BreachSettings::default() };
    assert!(matches!(Breaches::open(&settings), Err(BreachError::Filter { error: FilterError::Io(_), .. })));
    write(&build(&list(&[("first", 1)]), SORTED).expect("a filter").0);
    let breaches = Breaches::open(&settings).expect("a filter");
    let offline = async |password| breaches.look_up(BreachCheck::Offline, &secret(password), NOW).await;
    assert_eq!((offline("first").await, offline("second").await), (Known::Yes, Known::No));

    write(&build(&list(&[("first", 1), ("second", 1), ("third", 1)]), SORTED).expect("a filter").0);
    breaches.refresh().await.expect("taken over");
    assert_eq!(offline("second").await, Known::Yes);
    write(b"not a filter at all, but something else");
    assert!(matches!(breaches.refresh().await, Err(FilterError::Other)));
    assert_eq!(offline("second").await, Known::Yes, "the one before stays in force");

    let none = Breaches::open(&BreachSettings::default()).expect("no filter");
    assert!(matches!(none.look_up(BreachCheck::Offline, &secret("x"), NOW).await, Known::Unasked(_)));
    assert_eq!(none.look_up(BreachCheck::Off, &secret("first"), NOW).await, Known::No);
}
