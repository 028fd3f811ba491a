//! Load balancers that pass bytes and say whose they are.

use tokio::io::AsyncWriteExt;

use crate::harness::{Client, Gate, Upstream, open_to};

const GET: &str = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

async fn gate(settings: &str) -> (Gate, Upstream) {
    let upstream = Upstream::ok().await;
    (Gate::open(&format!("{settings}\n{}", open_to(upstream.address))), upstream)
}

/// Whom the gate takes for the client that sends these pieces; `None` when it closes the connection.
async fn taken_for(settings: &str, pieces: &[&[u8]]) -> Option<String> {
    let (gate, _upstream) = gate(settings).await;
    let mut client = Client::connect(gate.address).await;
    for piece in pieces {
        // One that the gate no longer takes shows in the answer.
        let _ = client.stream.write_all(piece).await;
        tokio::task::yield_now().await;
    }
    client.message().await?;
    Some(gate.ledger.finished(1).await.remove(0).client_ip)
}

const TRUSTED: &str = "proxy_protocol.trusted = [\"127.0.0.0/8\"]";
const OTHERS: &str = "proxy_protocol.trusted = [\"10.0.0.0/8\"]";

#[tokio::test]
async fn the_client_is_whom_the_header_names() {
    let v1 = b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n".as_slice();
    let v2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\xdc\x04\x01\xbb".as_slice();
    let get = GET.as_bytes();
    assert_eq!(taken_for(TRUSTED, &[&[v1, get].concat()]).await.as_deref(), Some("192.0.2.1"));
    assert_eq!(taken_for(TRUSTED, &[&[v2, get].concat()]).await.as_deref(), Some("192.0.2.7"));
    // However it is cut.
    let bytes: Vec<&[u8]> = v1.chunks(1).chain(get.chunks(7)).collect();
    assert_eq!(taken_for(TRUSTED, &bytes).await.as_deref(), Some("192.0.2.1"));
    let bytes: Vec<&[u8]> = v2.chunks(5).chain([get]).collect();
    assert_eq!(taken_for(TRUSTED, &bytes).await.as_deref(), Some("192.0.2.7"));
}

#[tokio::test]
async fn health_checks_of_the_balancer_are_its_own() {
    let local = b"\r\n\r\n\0\r\nQUIT\n\x20\x00\0\0".as_slice();
    assert_eq!(taken_for(TRUSTED, &[&[local, GET.as_bytes()].concat()]).await.as_deref(), Some("127.0.0.1"));
    let unknown = b"PROXY UNKNOWN\r\n".as_slice();
    assert_eq!(taken_for(TRUSTED, &[&[unknown, GET.as_bytes()].concat()]).await.as_deref(), Some("127.0.0.1"));
}

#[tokio::test]
async fn a_balancer_must_send_a_header() {
    assert_eq!(taken_for(TRUSTED, &[GET.as_bytes()]).await, None);
    assert_eq!(taken_for(TRUSTED, &[b"PROXY TCP4 1.2.3.4\r\n", GET.as_bytes()]).await, None);
}

#[tokio::test]
async fn nobody_else_is_believed() {
    let header = b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n".as_slice();
    assert_eq!(taken_for(OTHERS, &[&[header, GET.as_bytes()].concat()]).await, None, "required");
    assert_eq!(taken_for(OTHERS, &[GET.as_bytes()]).await, None, "required");
    let optional = format!("{OTHERS}\nproxy_protocol.required = false");
    assert_eq!(taken_for(&optional, &[GET.as_bytes()]).await.as_deref(), Some("127.0.0.1"));
    // To everybody else it is a bad request, never a header.
    let (gate, upstream) = gate(&optional).await;
    let answer = gate.ask(&format!("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n{GET}")).await;
    assert_eq!(answer.status(), 505, "a request in no version of HTTP");
    assert!(upstream.seen.lock().is_empty());
}

#[tokio::test]
async fn a_header_that_never_ends_is_not_waited_for() {
    let (gate, _upstream) = gate(&format!("{TRUSTED}\nproxy_protocol.timeout = \"200ms\"")).await;
    for sent in [b"".as_slice(), b"PROXY TCP4 192.0.2.1", b"\r\n\r\n\0\r\nQUIT\n\x21\x11"] {
        let mut client = gate.connect().await;
        client.send(sent).await;
        assert!(client.rest().await.is_empty());
    }
}

#[tokio::test]
async fn what_the_balancer_says_is_not_a_proxys_word() {
    // Addresses are believed, `X-Forwarded-For` of the client behind them is not.
    let (gate, upstream) = gate(TRUSTED).await;
    let mut client = gate.connect().await;
    let get = "GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.1.1.1\r\n\r\n";
    client.send(format!("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n{get}")).await;
    client.answer().await;
    assert_eq!(upstream.only().field("x-forwarded-for"), Some("192.0.2.1"));
}
