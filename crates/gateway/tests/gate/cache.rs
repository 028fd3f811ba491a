//! Answers that are kept: given to whom they may be given, for as long as they may be, and to nobody else.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kernel::{ManualClock, Timestamp, gate::Purge};
use tokio::sync::Notify;

use crate::harness::{Answer, Gate, Setup, open_to, serve};

/// A service that answers with what the function makes of the request and of how many came before it.
async fn origin<F>(answer: F) -> (SocketAddr, Arc<AtomicUsize>)
where
    F: Fn(&Answer, usize) -> String + Send + Sync + 'static,
{
    let (count, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(answer));
    let counted = count.clone();
    let address = serve(move |mut connection| {
        let (counted, answer) = (counted.clone(), answer.clone());
        async move {
            while let Some(request) = connection.message().await {
                let response = answer(&request, counted.fetch_add(1, Ordering::SeqCst));
                if response.is_empty() {
                    return;
                }
                let breaks_off = response.ends_with("half");
                connection.send(response).await;
                if breaks_off {
                    return;
                }
            }
        }
    })
    .await;
    (address, count)
}

fn ok(fields: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// Counts its answers: `1`, `2`, …, with these fields.
async fn counting(fields: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    origin(move |_, before| ok(fields, &(before + 1).to_string())).await
}

fn gate(upstream: SocketAddr, cache: &str) -> (Gate, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::from_secs(1_800_000_000)));
    let setup = Setup::new(&format!("{}cache = {{ {cache} }}\n", open_to(upstream)));
    (Setup { clock: clock.clone(), ..setup }.open(), clock)
}

fn status(answer: &Answer) -> &str {
    answer.field("cache-status").unwrap_or("none")
}

#[tokio::test]
async fn what_is_fresh_comes_from_memory() {
    let (upstream, count) = counting("Cache-Control: max-age=60\r\nETag: \"a\"\r\nSurrogate-Key: x\r\n").await;
    let (gate, clock) = gate(upstream, "");
    let first = gate.get("/x?a=1", "").await;
    assert_eq!((first.text().as_str(), status(&first)), ("1", "portcullis; fwd=uri-miss; stored"));
    assert_eq!((first.field("surrogate-key"), first.field("etag")), (None, Some("\"a\"")));
    clock.advance(Duration::from_secs(10));
    let again = gate.get("/y/../x?a=1", "").await;
    assert_eq!(
        (again.text().as_str(), again.field("age"), status(&again)),
        ("1", Some("10"), "portcullis; hit; ttl=50")
    );
    let has = gate.get("/x?a=1", "If-None-Match: W/\"a\"\r\n").await;
    assert_eq!((has.status(), has.field("etag"), has.body.len()), (304, Some("\"a\""), 0));
    let mut client = gate.connect().await;
    client.send("HEAD /x?a=1 HTTP/1.1\r\nHost: gate.test\r\n\r\n").await;
    let head = String::from_utf8(client.until("\r\n\r\n").await).expect("text");
    assert!(head.contains("content-length: 1\r\n") && head.contains("age: 10\r\n"), "{head}");
    assert_eq!(count.load(Ordering::SeqCst), 1);
    assert_eq!(gate.get("/x?a=2", "").await.text(), "2", "another query is another thing");
    clock.advance(Duration::from_secs(50));
    assert_eq!(gate.get("/x?a=1", "").await.text(), "3");
    let told = gate.ledger.finished(6).await;
    assert_eq!(told[1].upstream.as_deref(), Some("cache"));
    let (_, numbers) = gate.running.table().caches().next().map(|(r, n)| (r.to_owned(), n)).expect("a cache");
    assert_eq!((numbers.hits, numbers.misses, numbers.stored), (3, 3, 3));
}

#[tokio::test]
async fn what_says_so_is_not_kept() {
    let kept = |fields: &'static str, cache: &'static str| async move {
        let (upstream, count) = counting(fields).await;
        let (gate, _) = gate(upstream, cache);
        gate.get("/x", "").await;
        let second = gate.get("/x", "").await;
        assert_eq!(second.text(), count.load(Ordering::SeqCst).to_string());
        count.load(Ordering::SeqCst) == 1
    };
    for (fields, cache, is_kept) in [
        ("Cache-Control: max-age=9\r\n", "", true),
        ("Cache-Control: s-maxage=9, max-age=0\r\n", "", true),
        ("Expires: Sat, 06 Nov 2094 08:49:37 GMT\r\n", "", true),
        ("", "default_ttl = '9s'", true),
        ("", "", false),
        ("Expires: 0\r\n", "default_ttl = '9s'", false),
        ("Cache-Control: max-age=9, no-store\r\n", "", false),
        ("Cache-Control: max-age=9, private\r\n", "", false),
        ("Cache-Control: max-age=9\r\nSet-Cookie: a=1\r\n", "", false),
        ("Cache-Control: max-age=9\r\nVary: *\r\n", "", false),
        ("Cache-Control: max-age=9\r\nVary: X-Forwarded-For\r\n", "", false),
        ("Cache-Control: max-age=9\r\nAge: 9\r\n", "", false),
        ("Cache-Control: max-age=9\r\n", "statuses = [404]", false),
        ("Cache-Control: max-age=9, max-age=0\r\n", "", false),
    ] {
        assert_eq!(kept(fields, cache).await, is_kept, "{fields} {cache}");
    }
}

const ADA: &str = "X-API-Key: pk_live_ada\r\n";

fn gate_for_callers(upstream: SocketAddr, cache: &str) -> Gate {
    Gate::open(&format!("{}cache = {{ {cache} }}\n", open_to(upstream).replace("\"none\"", "\"optional\"")))
}

#[tokio::test]
async fn nobody_gets_what_was_said_to_somebody_else() {
    for secret in ["Cache-Control: max-age=60\r\n", "Cache-Control: max-age=60, must-revalidate\r\n"] {
        let (upstream, count) = counting(secret).await;
        let gate = gate_for_callers(upstream, "");
        for fields in
            [ADA, "Authorization: Basic eDp5\r\n", "Cookie: sid=7\r\n", "X-API-Key: pk_live_ada\r\nCookie: a=1\r\n"]
        {
            let before = count.load(Ordering::SeqCst);
            gate.get("/x", fields).await;
            gate.get("/x", fields).await;
            assert_eq!(count.load(Ordering::SeqCst), before + 2, "{fields}");
        }
        // What a stranger was given is nobody else's either, unless it says that it is for all.
        gate.get("/x", "").await;
        let before = count.load(Ordering::SeqCst);
        gate.get("/x", "").await;
        assert_eq!(count.load(Ordering::SeqCst), before);
        gate.get("/x", ADA).await;
        assert_eq!(count.load(Ordering::SeqCst), before + 1);
    }
    let (upstream, count) = counting("Cache-Control: public, max-age=60\r\n").await;
    let gate = gate_for_callers(upstream, "");
    for fields in [ADA, "", "Cookie: sid=7\r\n"] {
        assert_eq!(gate.get("/x", fields).await.text(), "1", "{fields}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn each_caller_may_have_answers_of_their_own() {
    let (upstream, _) = counting("Cache-Control: private, max-age=60\r\n").await;
    let gate = gate_for_callers(upstream, "by = 'user'");
    assert_eq!(gate.get("/x", ADA).await.text(), "1");
    assert_eq!(gate.get("/x", ADA).await.text(), "1");
    assert_eq!(gate.get("/x", "").await.text(), "2", "a stranger is not Ada");
    assert_eq!(gate.get("/x", "").await.text(), "3", "and what is private is nobody's");
    assert_eq!(gate.get("/x", &format!("{ADA}Cookie: other=1\r\n")).await.text(), "1");

    let (upstream, _) = counting("Cache-Control: max-age=60\r\n").await;
    let gate = gate_for_callers(upstream, "by = 'tenant'");
    assert_eq!(gate.get("/x", ADA).await.text(), "1");
    assert_eq!(gate.get("/x", ADA).await.text(), "1");
    assert_eq!(gate.get("/x", "").await.text(), "2", "who is not known is in no tenant");
    assert_eq!(gate.get("/t/acme/x", "").await.text(), "3", "and another tenant has its own");
}

#[tokio::test]
async fn answers_vary_as_they_say() {
    let (upstream, count) = origin(|request, _| {
        let language = request.field("accept-language").unwrap_or("none").to_owned();
        ok("Cache-Control: max-age=60\r\nVary: Accept-Language\r\n", &language)
    })
    .await;
    let (gate, _) = gate(upstream, "");
    for language in ["de", "en", "de , en;q=0.5"] {
        for _ in 0..2 {
            let answer = gate.get("/x", &format!("Accept-Language: {language}\r\n")).await;
            assert_eq!(answer.text(), language);
        }
    }
    assert_eq!(gate.get("/x", "Accept-Language: de,en;q=0.5\r\n").await.text(), "de , en;q=0.5");
    assert_eq!(gate.get("/x", "").await.text(), "none");
    assert_eq!(count.load(Ordering::SeqCst), 4);
    let long = format!("Accept-Language: {}\r\n", "a".repeat(5_000));
    assert_eq!(gate.get("/x", &long).await.text().len(), 5_000, "too long to be told apart, and served");
}

#[tokio::test]
async fn answers_do_not_vary_by_what_the_service_did_not_see() {
    let (upstream, _) = origin(|request, _| {
        let language = request.field("accept-language").unwrap_or("none").to_owned();
        ok("Cache-Control: max-age=60\r\nVary: Accept-Language\r\n", &language)
    })
    .await;
    let (gate, _) = gate(upstream, "");
    gate.get("/x", "").await;
    assert_eq!(gate.get("/x", "Accept-Language: de\r\nConnection: Accept-Language\r\n").await.text(), "none");
    assert_eq!(gate.get("/x", "Accept-Language: de\r\n").await.text(), "de");
}

#[tokio::test]
async fn what_a_trusted_proxy_tells_is_told_apart() {
    let (upstream, count) =
        origin(|request, _| ok("Cache-Control: max-age=60\r\n", request.field("forwarded").unwrap_or("-"))).await;
    let setup = Setup::new(&format!("{}cache = {{}}\n", open_to(upstream)));
    let gate = Setup { trusted_proxies: vec!["127.0.0.0/8"], ..setup }.open();
    let via = |told: &str| format!("Forwarded: {told}\r\n");
    let good = gate.get("/x", &via("for=192.0.2.1;host=gate.test")).await.text();
    assert!(gate.get("/x", &via("for=192.0.2.1; Host=evil.test")).await.text().contains("evil.test"));
    assert_eq!(
        gate.get("/x", &via("for=192.0.2.9;host=gate.test")).await.text(),
        good,
        "an address tells nothing apart"
    );
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_age_beyond_all_ages_is_old() {
    for age in ["18446744073709551615", "99999999999999999999999"] {
        let (upstream, count) =
            origin(move |_, _| ok(&format!("Cache-Control: max-age=60\r\nAge: {age}\r\n"), "x")).await;
        let (gate, _) = gate(upstream, "");
        gate.get("/x", "").await;
        assert_eq!(gate.get("/x", "").await.status(), 200);
        assert_eq!(count.load(Ordering::SeqCst), 2, "{age}");
    }
}

#[tokio::test]
async fn what_another_upstream_says_instead_is_not_kept() {
    let (primary, _) = origin(|request, before| match before {
        0 => ok("Cache-Control: max-age=10\r\nETag: \"v1\"\r\n", "primary"),
        1 => {
            assert_eq!(request.field("if-none-match"), Some("\"v1\""));
            "HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n".into()
        }
        _ => ok("Cache-Control: max-age=10\r\n", "again"),
    })
    .await;
    let (other, _) = origin(|request, _| match request.field("if-none-match") {
        Some(_) => "HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\n\r\n".into(),
        None => ok("Cache-Control: max-age=60\r\n", "other"),
    })
    .await;
    let (gate, clock) = gate(
        primary,
        &format!("}}\nfallback = {{ upstream = \"other\" }}\n[upstreams.other]\ntargets = [\"http://{other}\"]\n#{{"),
    );
    assert_eq!(gate.get("/x", "").await.text(), "primary");
    clock.advance(Duration::from_secs(11));
    let instead = gate.get("/x", "").await;
    assert_eq!((instead.text().as_str(), status(&instead)), ("other", "portcullis; fwd=stale; detail=fallback"));
    assert_eq!(gate.get("/x", "").await.text(), "again");
}

#[tokio::test]
async fn what_one_client_has_already_is_kept_for_the_others() {
    let (upstream, count) = origin(|_, _| {
        "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nETag: \"a\"\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n".into()
    })
    .await;
    let (gate, _) = gate(upstream, "wait = '60s'");
    assert_eq!(gate.get("/x", "If-None-Match: \"a\"\r\n").await.status(), 304);
    let next = gate.get("/x", "").await;
    assert_eq!((next.text().as_str(), count.load(Ordering::SeqCst)), ("x", 1));
}

#[tokio::test]
async fn no_visitor_poisons_the_next_one() {
    let (upstream, count) = origin(|request, _| {
        let said = [
            "x-forwarded-host",
            "x-forwarded-proto",
            "x-original-url",
            "x-host",
            "x-http-method-override",
            "cookie",
            "x-lang",
        ]
        .map(|name| request.field(name).unwrap_or("-").to_owned());
        ok("Cache-Control: public, max-age=60\r\n", &format!("{} {}", request.start, said.join(" ")))
    })
    .await;
    let (gate, _) = gate(upstream, "query = ['page'], drop_cookies = true, headers = ['X-Lang']");
    let clean = gate.get("/x?page=1", "").await.text();
    assert_eq!(clean, "GET /x?page=1 HTTP/1.1 gate.test http - - - - -");
    // Each is asked first for a path of its own: what it leaves behind is what the next visitor gets.
    for (i, evil) in [
        "X-Forwarded-Host: evil.test\r\n",
        "X-Forwarded-Proto: https\r\n",
        "Forwarded: host=evil.test\r\n",
        "X-Original-URL: /admin\r\n",
        "X-Rewrite-URL: /admin\r\n",
        "X-Host: evil.test\r\n",
        "X-HTTP-Method-Override: DELETE\r\n",
        "Cookie: evil=1\r\n",
        "X-Lang: evil\r\n",
        "Origin: https://evil.test\r\n",
        "Host: evil.test\r\n",
    ]
    .into_iter()
    .enumerate()
    {
        let first = match evil.starts_with("Host") {
            true => gate.ask(&format!("GET /{i} HTTP/1.1\r\n{evil}\r\n")).await,
            false => gate.get(&format!("/{i}"), evil).await,
        };
        assert_eq!(first.status(), 200);
        let next = gate.get(&format!("/{i}"), "").await.text();
        assert_eq!(next, format!("GET /{i} HTTP/1.1 gate.test http - - - - -"), "{evil}");
    }
    let before = count.load(Ordering::SeqCst);
    assert_eq!(gate.get("/x?utm_source=evil&p%61ge=1&x", "").await.text(), clean.replace("page", "p%61ge"));
    assert_eq!(gate.get("/x?utm_source=evil&page=1", "").await.text(), clean, "what is not kept apart is not sent");
    assert_eq!(count.load(Ordering::SeqCst), before + 1);
    // What `Connection` names the service does not see, so it is not what answers are told apart by either.
    for (i, name) in ["X-Lang", "Origin", "Cookie"].into_iter().enumerate() {
        let own = gate.get(&format!("/own/{i}"), &format!("{name}: de\r\n")).await.text();
        gate.get(&format!("/named/{i}"), &format!("{name}: de\r\nConnection: {name}\r\n")).await;
        let next = gate.get(&format!("/named/{i}"), &format!("{name}: de\r\n")).await.text();
        assert_eq!(next, own.replace("/own", "/named"), "{name}");
    }
    // A body with a GET, and a part of an answer, go past what is kept.
    let fat = "GET /x?page=1 HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 4\r\n\r\nevil";
    assert_eq!(status(&gate.ask(fat).await), "portcullis; fwd=bypass");
    assert_eq!(status(&gate.get("/x?page=1", "Range: bytes=0-1\r\n").await), "portcullis; fwd=bypass");
}

#[tokio::test]
async fn the_service_is_asked_whether_it_still_holds() {
    let (upstream, count) = origin(|request, before| match (request.field("if-none-match"), before) {
        (Some("\"v1\""), 1) => {
            "HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\nCache-Control: max-age=20\r\nX-News: yes\r\n\r\n".into()
        }
        (None, 0) => ok("Cache-Control: max-age=10\r\nETag: \"v1\"\r\n", "one"),
        _ => ok("Cache-Control: max-age=10\r\nETag: \"v2\"\r\n", "two"),
    })
    .await;
    let (gate, clock) = gate(upstream, "");
    // The client's own condition is not the cache's.
    assert_eq!(gate.get("/x", "If-None-Match: \"v0\"\r\n").await.text(), "one");
    clock.advance(Duration::from_secs(11));
    let renewed = gate.get("/x", "").await;
    assert_eq!((renewed.text().as_str(), renewed.field("x-news")), ("one", Some("yes")));
    assert_eq!(status(&renewed), "portcullis; fwd=stale; fwd-status=304; stored");
    clock.advance(Duration::from_secs(19));
    assert_eq!(status(&gate.get("/x", "").await), "portcullis; hit; ttl=1");
    clock.advance(Duration::from_secs(1));
    let changed = gate.get("/x", "If-None-Match: \"v2\"\r\n").await;
    assert_eq!((changed.status(), count.load(Ordering::SeqCst)), (304, 3));
    assert_eq!(gate.get("/x", "").await.text(), "two");
}

#[tokio::test]
async fn what_is_stale_is_renewed_in_the_background_and_stands_in_for_failures() {
    let fields = "Cache-Control: max-age=10, stale-while-revalidate=10, stale-if-error=100\r\n";
    let (upstream, count) = origin(move |_, before| match before {
        0 | 1 => ok(fields, &(before + 1).to_string()),
        2 => "HTTP/1.1 503 Away\r\nContent-Length: 0\r\n\r\n".into(),
        3 => format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 9\r\n\r\nhalf"),
        _ => String::new(),
    })
    .await;
    let (gate, clock) = gate(upstream, "");
    assert_eq!(gate.get("/x", "").await.text(), "1");
    clock.advance(Duration::from_secs(15));
    let stale = gate.get("/x", "").await;
    assert_eq!((stale.text().as_str(), status(&stale)), ("1", "portcullis; hit; ttl=-5"));
    while gate.get("/x", "").await.text() != "2" {
        tokio::task::yield_now().await;
    }
    assert_eq!(count.load(Ordering::SeqCst), 2, "once in the background");
    clock.advance(Duration::from_secs(60));
    let stood_in = gate.get("/x", "").await;
    assert_eq!((stood_in.status(), stood_in.text().as_str()), (200, "2"));
    assert!(status(&stood_in).contains("fwd-status=503"), "{}", status(&stood_in));
    clock.advance(Duration::from_secs(60));
    assert_eq!(gate.get("/x", "").await.problem().1, "upstream.invalid_response", "after that it does not");
}

#[tokio::test]
async fn a_herd_asks_once() {
    let (asked, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let count = Arc::new(AtomicUsize::new(0));
    let (tell, wait, counted) = (asked.clone(), go.clone(), count.clone());
    let upstream = serve(move |mut connection| {
        let (tell, wait, counted) = (tell.clone(), wait.clone(), counted.clone());
        async move {
            while connection.message().await.is_some() {
                let before = counted.fetch_add(1, Ordering::SeqCst);
                tell.notify_one();
                wait.notified().await;
                if before == 0 {
                    // The first breaks off: the others must not have to pay for it.
                    return;
                }
                connection.send(ok("Cache-Control: max-age=60\r\n", "herd")).await;
            }
        }
    })
    .await;
    let (gate, _) = gate(upstream, "wait = '60s'");
    let gate = Arc::new(gate);
    let mut clients = Vec::new();
    for _ in 0..50 {
        let gate = gate.clone();
        clients.push(tokio::spawn(async move { gate.get("/x", "").await }));
    }
    asked.notified().await;
    let collapsed = || gate.running.table().caches().next().map(|(_, numbers)| numbers.collapsed).unwrap_or_default();
    while collapsed() < 49 {
        tokio::task::yield_now().await;
    }
    go.notify_one();
    asked.notified().await;
    go.notify_one();
    let mut answers = Vec::new();
    for client in clients {
        answers.push(client.await.expect("it ends").status());
    }
    answers.sort_unstable();
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 49);
    assert_eq!((answers[49], count.load(Ordering::SeqCst)), (502, 2), "one failed, one fetched for all others");
}

#[tokio::test]
async fn a_change_makes_forget() {
    let (upstream, _) = origin(|request, before| match request.start.starts_with("GET") {
        true => ok("Cache-Control: max-age=60\r\nSurrogate-Key: all p-7\r\n", &before.to_string()),
        false if request.start.contains("/fails") => "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n".into(),
        false => ok("", ""),
    })
    .await;
    let (gate, _) = gate(upstream, "");
    assert_eq!(gate.get("/a", "").await.text(), "0");
    assert_eq!(gate.get("/fails", "").await.text(), "1");
    for path in ["/a", "/fails"] {
        let post = format!("POST {path} HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 0\r\n\r\n");
        gate.ask(&post).await;
    }
    assert_eq!(gate.get("/fails", "").await.text(), "1", "what was refused has changed nothing");
    assert_eq!(gate.get("/a", "").await.text(), "4");
    let purge = |route: Option<&str>, path: Option<&str>, tag: Option<&str>| {
        let own = |text: Option<&str>| text.map(str::to_owned);
        gate.running.view().purge(&Purge { route: own(route), path: own(path), tag: own(tag) });
    };
    purge(Some("other"), None, None);
    purge(None, Some("/b"), None);
    purge(None, None, Some("p-8"));
    purge(None, Some("/a"), Some("p-8"));
    assert_eq!(gate.get("/a", "").await.text(), "4", "none of that was meant");
    purge(None, None, Some("p-7"));
    assert_eq!(gate.get("/a", "").await.text(), "5");
    purge(Some("all"), Some("/a"), None);
    assert_eq!(gate.get("/a", "").await.text(), "6");
    purge(None, None, None);
    assert_eq!(gate.get("/a", "").await.text(), "7");
    assert!(gate.running.view().cache_size().0 > 0);
}

#[tokio::test]
async fn what_is_purged_while_it_is_fetched_is_not_kept() {
    let (asked, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let count = Arc::new(AtomicUsize::new(0));
    let (tell, wait, counted) = (asked.clone(), go.clone(), count.clone());
    let upstream = serve(move |mut connection| {
        let (tell, wait, counted) = (tell.clone(), wait.clone(), counted.clone());
        async move {
            while let Some(request) = connection.message().await {
                if request.start.starts_with("GET") && counted.fetch_add(1, Ordering::SeqCst) < 2 {
                    tell.notify_one();
                    wait.notified().await;
                }
                connection.send(ok("Cache-Control: max-age=60\r\n", "x")).await;
            }
        }
    })
    .await;
    let (gate, _) = gate(upstream, "");
    let gate = Arc::new(gate);
    for way in ["purge", "post"] {
        let slow = tokio::spawn({
            let gate = gate.clone();
            async move { gate.get("/x", "").await }
        });
        asked.notified().await;
        match way {
            "purge" => gate.running.view().purge(&Purge { tag: Some("anything".into()), ..Purge::default() }),
            _ => drop(gate.ask("POST /x HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 0\r\n\r\n").await),
        }
        go.notify_one();
        assert_eq!(status(&slow.await.expect("it ends")), "portcullis; fwd=uri-miss; detail=purged", "{way}");
    }
    gate.get("/x", "").await;
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn checks_come_before_memory() {
    let (upstream, count) = counting("Cache-Control: public, max-age=60\r\n").await;
    let gate = Gate::open(&format!(
        "{}cache = {{}}\nlimits = [{{ by = \"ip\", rate = \"3/hour\" }}]\n",
        open_to(upstream).replace("auth = \"none\"", "permissions = [\"orders:read\"]")
    ));
    assert_eq!(gate.get("/x", ADA).await.status(), 200);
    let hit = gate.get("/x", ADA).await;
    assert_eq!(hit.status(), 200);
    assert!(status(&hit).contains("hit"));
    assert_eq!(gate.get("/x", "").await.status(), 401);
    assert_eq!(gate.get("/x", "X-API-Key: pk_live_eve\r\n").await.status(), 401);
    gate.get("/x", ADA).await;
    assert_eq!(gate.get("/x", ADA).await.status(), 429);
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn memory_is_bounded_whatever_comes() {
    let (upstream, _) = origin(|request, _| {
        let size = if request.start.contains("/large") { 200_000 } else { 10_000 };
        match request.start.contains("/chunked") {
            false => ok("Cache-Control: max-age=60\r\n", &"x".repeat(size)),
            true => format!(
                "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n{size:x}\r\n{}\r\n0\r\n\r\n",
                "x".repeat(size)
            ),
        }
    })
    .await;
    let gate = Gate::open(&format!(
        "[http]\ncache_memory = '1MiB'\n[upstreams.u]\ntargets = ['http://{upstream}']\n[[routes]]\nname = 'all'\nmatch.path = '/{{*rest}}'\n\
         upstream = 'u'\nauth = 'none'\ncache = {{ max_object = '100KiB' }}\n"
    ));
    let mut client = gate.connect().await;
    for i in 0..400 {
        client.send(&format!("GET /{i} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        assert_eq!(client.answer().await.body.len(), 10_000);
        let (bytes, _) = gate.running.view().cache_size();
        assert!(bytes <= 1 << 20, "{bytes}");
    }
    assert!(gate.running.view().cache_size().0 > 500_000, "and it is used");
    for path in ["/chunked", "/chunked"] {
        assert_eq!(gate.get(path, "").await.body.len(), 10_000);
    }
    assert!(status(&gate.get("/chunked", "").await).contains("hit"));
    for path in ["/large", "/large", "/large/chunked", "/large/chunked"] {
        let answer = gate.get(path, "").await;
        assert_eq!(answer.body.len(), 200_000);
        assert!(!status(&answer).contains("hit"), "{path}");
    }
}

#[tokio::test]
async fn what_the_gate_changes_it_changes_for_each_client() {
    let (upstream, count) = origin(|_, _| {
        ok("Cache-Control: max-age=60\r\nContent-Type: text/plain\r\nETag: \"a\"\r\n", &"words ".repeat(500))
    })
    .await;
    let gate = Gate::open(&format!(
        "{}cache = {{}}\n[routes.compress]\n[routes.response.headers]\nset = {{ X-Lang = '{{header.accept-language}}' }}\n",
        open_to(upstream)
    ));
    let first = gate.get("/x", "Accept-Encoding: gzip\r\nAccept-Language: de\r\n").await;
    let second = gate.get("/x", "Accept-Language: en\r\n").await;
    assert_eq!((first.field("content-encoding"), first.field("x-lang")), (Some("gzip"), Some("de")));
    assert_eq!((second.field("content-encoding"), second.field("x-lang")), (None, Some("en")));
    assert_eq!((second.body.len(), count.load(Ordering::SeqCst)), (3_000, 1));
    // The tag that a compressed answer had is the one of what is kept.
    assert_eq!(gate.get("/x", "If-None-Match: W/\"a\"\r\nAccept-Encoding: gzip\r\n").await.status(), 304);
}

#[tokio::test]
async fn clients_decide_where_they_are_let() {
    let (upstream, _) = counting("Cache-Control: max-age=60\r\n").await;
    let (own, clock) = gate(upstream, "client_control = true");
    assert_eq!(own.get("/x", "Cache-Control: only-if-cached\r\n").await.problem(), (504, "cache.missing".into()));
    assert_eq!(own.get("/x", "").await.text(), "1");
    assert_eq!(own.get("/x", "Cache-Control: only-if-cached\r\n").await.text(), "1");
    assert_eq!(status(&own.get("/x", "Cache-Control: no-cache\r\n").await), "portcullis; fwd=request; stored");
    clock.advance(Duration::from_secs(10));
    assert_eq!(own.get("/x", "Cache-Control: max-age=10\r\n").await.text(), "2");
    assert_eq!(own.get("/x", "Cache-Control: max-age=9\r\n").await.text(), "3");
    assert_eq!(own.get("/y", "Cache-Control: no-store\r\n").await.text(), "4");
    assert_eq!(own.get("/y", "").await.text(), "5");
    let (upstream, _) = counting("Cache-Control: max-age=60\r\n").await;
    let (strict, _) = gate(upstream, "");
    assert_eq!(strict.get("/x", "").await.text(), "1");
    assert_eq!(strict.get("/x", "Cache-Control: no-cache\r\nPragma: no-cache\r\n").await.text(), "1");
}

#[tokio::test]
async fn other_rules_find_nothing_of_what_was_kept_under_the_old_ones() {
    let (upstream, _) = counting("Cache-Control: max-age=60\r\n").await;
    let text = |more: &str| format!("{}cache = {{}}\n{more}", open_to(upstream));
    let gate = Gate::open(&text(""));
    assert_eq!(gate.get("/x", "").await.text(), "1");
    gate.reload(&text(""));
    assert_eq!(gate.get("/x", "").await.text(), "1");
    gate.reload(&text("preserve_host = true\n"));
    assert_eq!(gate.get("/x", "").await.text(), "2");
    let problems = Setup::new(&text("").replace(
        "cache = {}",
        "cache = { statuses = [206, 500], headers = ['a b'], max_object = '9MiB', wait = '2m' }",
    ))
    .problems();
    let places: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    let expected = ["max_object", "statuses[0]", "statuses[1]", "headers[0]", "wait"]
        .map(|part| format!("routes[0].cache.{part}"));
    assert_eq!(places, expected);
}

#[tokio::test]
async fn answers_that_are_read_slowly_leave_room_for_others() {
    let upstream = serve(|mut connection| async move {
        while let Some(request) = connection.message().await {
            if request.start.contains("/slow") {
                let head = "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n";
                connection.send(format!("{head}4\r\nslow\r\n")).await;
                connection.rest().await;
                return;
            }
            connection.send(ok("Cache-Control: max-age=60\r\n", &"x".repeat(100_000))).await;
        }
    })
    .await;
    let gate =
        Gate::open(&format!("http.cache_memory = '1MiB'\n{}cache = {{ max_object = '100KiB' }}\n", open_to(upstream)));
    let mut slow = Vec::new();
    for i in 0..5 {
        let mut client = gate.connect().await;
        client.send(&format!("GET /slow/{i} HTTP/1.1\r\nHost: gate.test\r\n\r\n")).await;
        client.until("slow").await;
        slow.push(client);
    }
    gate.get("/x", "").await;
    assert!(status(&gate.get("/x", "").await).contains("hit"));
}

#[tokio::test]
async fn renewals_in_the_background_take_turns_like_all_others() {
    let (hung, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let count = Arc::new(AtomicUsize::new(0));
    let (tell, wait, counted) = (hung.clone(), go.clone(), count.clone());
    let upstream = serve(move |mut connection| {
        let (tell, wait, counted) = (tell.clone(), wait.clone(), counted.clone());
        async move {
            while let Some(request) = connection.message().await {
                if request.start.contains("/hang") {
                    tell.notify_one();
                    wait.notified().await;
                    connection.send(ok("", "late")).await;
                    continue;
                }
                let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
                let fields = "Cache-Control: max-age=10, stale-while-revalidate=60\r\n";
                connection.send(ok(fields, &number.to_string())).await;
            }
        }
    })
    .await;
    let turns = "}\nconcurrency = { max = 1, queue = 1, queue_timeout = '1h' }\n#{";
    let (gate, clock) = gate(upstream, turns);
    gate.get("/x", "").await;
    clock.advance(Duration::from_secs(11));
    let mut hanging = gate.connect().await;
    hanging.send("GET /hang HTTP/1.1\r\nHost: gate.test\r\n\r\n").await;
    hung.notified().await;
    assert_eq!(gate.get("/x", "").await.text(), "1");
    assert_eq!(gate.get("/y", "").await.status(), 503, "the renewal has the one place to wait");
    assert_eq!(count.load(Ordering::SeqCst), 1, "and waits");
    go.notify_one();
    assert_eq!(hanging.answer().await.text(), "late");
    while gate.get("/x", "").await.text() != "2" {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn questions_about_heads_are_told_apart_in_what_is_said() {
    let (upstream, count) = counting("Cache-Control: max-age=10\r\n").await;
    let (gate, clock) = gate(upstream, "");
    let head = async |said: &str| {
        let mut client = gate.connect().await;
        client.send("HEAD /x HTTP/1.1\r\nHost: gate.test\r\n\r\n").await;
        let head = String::from_utf8(client.until("\r\n\r\n").await).expect("text");
        assert!(head.contains(&format!("cache-status: portcullis; {said}\r\n")), "{head}");
    };
    head("fwd=uri-miss; detail=head").await;
    gate.get("/x", "").await;
    head("hit; ttl=10").await;
    clock.advance(Duration::from_secs(11));
    head("fwd=stale; detail=head").await;
    assert_eq!(count.load(Ordering::SeqCst), 3);
    let numbers = gate.running.table().caches().next().map(|(_, numbers)| numbers).expect("one cache");
    assert_eq!((numbers.hits, numbers.misses, numbers.bypassed), (1, 3, 0));
}
