//! Requests that run count until they have ended, whatever their end.

use crate::harness::{Gate, open_to, serve};

const LIMITED: &str = "limits = [{ by = \"ip\", concurrent = 1 }]\n";

/// An upstream that begins a stream and goes on until its client is gone.
async fn endless() -> std::net::SocketAddr {
    serve(|mut connection| async move {
        while let Some(asked) = connection.message().await {
            if asked.start.contains("/stream") {
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n").await;
            } else if asked.start.contains("/ws") {
                let granted =
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello";
                connection.send(granted).await;
                connection.rest().await;
            } else if asked.start.contains("/broken") {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhello").await;
                return;
            } else {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_slot_is_given_back_at_every_end() {
    let gate = Gate::open(&(open_to(endless().await) + LIMITED));
    let upgrade = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let mut ended = 0;
    for request in ["GET /stream HTTP/1.1\r\nHost: a\r\n\r\n", upgrade, "GET /broken HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let mut client = gate.connect().await;
        client.send(request).await;
        if request.contains("broken") {
            client.rest().await;
        } else {
            client.until("hello").await;
            let refused = gate.get("/", "").await;
            assert_eq!(refused.problem(), (429, "limit.exceeded".into()), "{request}");
            assert_eq!(refused.field("retry-after"), Some("1"));
            assert_eq!(refused.field("ratelimit"), Some("\"ip-1-at-once\";r=0"));
            ended += 1;
        }
        drop(client);
        ended += 1;
        gate.ledger.finished(ended).await;
        assert_eq!(gate.get("/", "").await.status(), 200, "{request}");
        ended += 1;
        gate.ledger.finished(ended).await;
    }
}

#[tokio::test]
async fn fifty_at_once_are_as_many_as_may_run() {
    let gate = Gate::open(&(open_to(endless().await) + "limits = [{ by = \"route\", concurrent = 7 }]\n"));
    let mut clients = Vec::new();
    for _ in 0..50 {
        let mut client = gate.connect().await;
        client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n").await;
        clients.push(client);
    }
    let mut answered = Vec::new();
    for client in &mut clients {
        let head = String::from_utf8(client.until("\r\n\r\n").await).expect("text");
        answered.push(head.starts_with("HTTP/1.1 200"));
    }
    assert_eq!(answered.iter().filter(|allowed| **allowed).count(), 7);
}
