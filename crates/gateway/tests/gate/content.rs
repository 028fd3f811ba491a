//! Bodies that are validated, changed and compressed.

use std::io::Read as _;

use crate::harness::{Answer, Gate, Upstream, open_to, serve};

async fn post(gate: &Gate, path: &str, kind: &str, body: &str) -> Answer {
    let length = body.len();
    gate.ask(&format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
    ))
    .await
}

fn json(text: &[u8]) -> serde_json::Value {
    serde_json::from_slice(text).expect("JSON")
}

#[tokio::test]
async fn json_bodies_change_both_ways() {
    let upstream = Upstream::answering(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"1\"\r\nContent-Length: 38\r\n\r\n{\"id\": 7, \"secret\": \"s\", \"user\": null}",
    )
    .await;
    let gate = Gate::open(&format!(
        "{}{}",
        open_to(upstream.address),
        r#"
        [routes.request.json]
        remove = ["/admin"]
        set = { "/tenant" = "{tenant}", "/user" = "{user.id}" }
        max_body = "1KiB"
        [routes.response.json]
        template = { order = "{body./id}", links = { self = "/orders/{body./id}" } }
        "#
    ));
    let answer =
        post(&gate, "/x", "application/json; charset=utf-8", r#"{"admin": true, "n": [1, 2.5], "user": "root"}"#).await;
    assert_eq!(
        (answer.status(), json(&answer.body)),
        (200, serde_json::json!({"order": 7, "links": {"self": "/orders/7"}}))
    );
    assert_eq!(answer.field("etag"), None);
    let seen = upstream.only();
    assert_eq!(json(&seen.body), serde_json::json!({"n": [1, 2.5], "tenant": "default"}));
    assert_eq!(seen.field("accept-encoding"), Some("identity"));

    for (kind, body, refusal) in [
        ("application/json", "{\"a\": 1, \"a\": 2}", (400, "request.malformed")),
        ("application/json", "{", (400, "request.malformed")),
        ("text/plain", "{}", (415, "request.media_type")),
        ("application/json", &format!("\"{}\"", "x".repeat(1_024)), (413, "request.too_large")),
    ] {
        assert_eq!(post(&gate, "/x", kind, body).await.problem(), (refusal.0, refusal.1.to_owned()), "{body}");
    }
    // In pieces of unknown number, the same bound holds.
    let chunk = format!("200\r\n{}\r\n", "x".repeat(0x200));
    let chunked = format!(
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}{chunk}{chunk}0\r\n\r\n"
    );
    assert_eq!(gate.ask(&chunked).await.problem(), (413, "request.too_large".into()));
    assert_eq!(gate.get("/none", "").await.status(), 200, "without a body there is nothing to change");
    assert_eq!(upstream.seen.lock().len(), 2);
}

#[tokio::test]
async fn a_response_that_is_no_json_is_not_passed_on_as_one() {
    let upstream =
        Upstream::answering("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{\"a").await;
    let gate = Gate::open(&format!("{}[routes.response.json]\nremove = ['/secret']\n", open_to(upstream.address)));
    assert_eq!(gate.get("/x", "").await.problem(), (502, "upstream.invalid_response".into()));
    let page = Upstream::answering("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>").await;
    let gate = Gate::open(&format!("{}[routes.response.json]\nremove = ['/secret']\n", open_to(page.address)));
    assert_eq!(gate.get("/x", "").await.text(), "<p>");
}

#[tokio::test]
async fn requests_must_look_as_the_schema_says() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("order.json");
    std::fs::write(&file, r#"{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}"#)
        .expect("written");
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&format!(
        "{}[routes.validate]\nschema = '{}'\nbody_required = true\n",
        open_to(upstream.address),
        file.display()
    ));
    let body = "{ \"id\": 7 }";
    assert_eq!(post(&gate, "/x", "application/json", body).await.status(), 200);
    assert_eq!(upstream.only().text(), body, "byte for byte");
    let refused = post(&gate, "/x", "application/json", r#"{"id": "seven"}"#).await;
    assert_eq!(refused.problem(), (400, "request.invalid".into()));
    let errors = json(&refused.body)["errors"].clone();
    assert_eq!((errors[0]["field"].as_str(), errors[0]["code"].as_str()), (Some("/id"), Some("type")));
    assert_eq!(gate.get("/x", "").await.problem(), (400, "request.invalid".into()));
    // The last member counts for one parser, the first one for another.
    let twice = post(&gate, "/x", "application/json", r#"{"id": "x", "id": 7}"#).await;
    assert_eq!(twice.problem(), (400, "request.malformed".into()));
    assert_eq!(upstream.seen.lock().len(), 1);
}

#[tokio::test]
async fn requests_must_look_as_the_document_says() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("openapi.json");
    let document = serde_json::json!({"openapi": "3.1.0", "paths": {"/orders/{id}": {
        "parameters": [{"name": "id", "in": "path", "schema": {"type": "integer"}}],
        "get": {}, "put": {"requestBody": {"required": true, "content": {"application/json": {"schema": {"type": ["object", "null"]}}}}},
    }}});
    std::fs::write(&file, document.to_string()).expect("written");
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&format!(
        "{}[routes.validate]\nopenapi = '{}'\nbase = '/api'\n",
        open_to(upstream.address),
        file.display()
    ));
    assert_eq!(gate.get("/api/orders/7", "").await.status(), 200);
    assert_eq!(gate.get("/api/orders/x", "").await.problem(), (400, "request.invalid".into()));
    assert_eq!(gate.get("/api/other", "").await.problem(), (404, "not_found".into()));
    assert_eq!(post(&gate, "/api/orders/7", "application/json", "{}").await.problem().0, 405);
    let put = "PUT /api/orders/7 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n";
    assert_eq!(gate.ask(&format!("{put}{{}}")).await.status(), 200);
    assert_eq!(gate.ask(&format!("{put}[]")).await.problem(), (400, "request.invalid".into()));
}

#[tokio::test]
async fn answers_are_compressed_for_who_accepts_it() {
    let text = "words and words and ".repeat(200);
    let upstream = Upstream::answering(&format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: \"v1\"\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    ))
    .await;
    let gate =
        Gate::open(&format!("{}[routes.compress]\n", open_to(upstream.address).replace("\"none\"", "\"optional\"")));
    for coding in ["gzip", "br", "zstd"] {
        let answer = gate.get("/x", &format!("Accept-Encoding: {coding}\r\n")).await;
        assert_eq!((answer.status(), answer.field("content-encoding")), (200, Some(coding)));
        assert_eq!((answer.field("etag"), answer.field("vary")), (Some("W/\"v1\""), Some("accept-encoding")));
        assert_eq!(answer.field("content-length"), None);
        let mut plain = Vec::new();
        match coding {
            "gzip" => flate2::read::GzDecoder::new(&answer.body[..]).read_to_end(&mut plain),
            "br" => brotli::Decompressor::new(&answer.body[..], 4096).read_to_end(&mut plain),
            _ => zstd::stream::read::Decoder::new(&answer.body[..]).and_then(|mut d| d.read_to_end(&mut plain)),
        }
        .expect("it decodes");
        assert_eq!(String::from_utf8_lossy(&plain), text);
    }
    for fields in ["", "Accept-Encoding: gzip;q=0\r\n", "Accept-Encoding: gzip\r\nX-API-Key: pk_live_ada\r\n"] {
        let answer = gate.get("/x", fields).await;
        assert_eq!((answer.field("content-encoding"), answer.text() == text), (None, true), "{fields}");
        assert_eq!(answer.field("etag"), Some("\"v1\""));
    }
    let told = gate.ledger.finished(6).await;
    assert!(told[0].bytes_out < 500 && told[3].bytes_out == text.len() as u64, "what was sent is counted");
}

#[tokio::test]
async fn a_compressed_answer_arrives_as_it_is_made() {
    let (go, wait) = tokio::sync::oneshot::channel::<()>();
    let wait = std::sync::Arc::new(parking_lot::Mutex::new(Some(wait)));
    let upstream = serve(move |mut connection| {
        let wait = wait.lock().take();
        async move {
            connection.message().await;
            connection
                .send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")
                .await;
            if let Some(wait) = wait {
                // Ends when the client has seen the first piece.
                let _ = wait.await;
            }
            connection.send("6\r\nsecond\r\n0\r\n\r\n").await;
        }
    })
    .await;
    let gate = Gate::open(&format!("{}compress.algorithms = ['gzip']\n", open_to(upstream)));
    let mut client = gate.connect().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n").await;
    client.until("\r\n\r\n").await;
    let mut decoder = flate2::write::GzDecoder::new(Vec::new());
    let mut seen = String::new();
    let mut go = Some(go);
    loop {
        let line = client.until("\r\n").await;
        let size = usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).expect("a chunk size");
        let chunk = client.exactly(size + 2).await;
        std::io::Write::write_all(&mut decoder, &chunk[..size]).expect("it decodes");
        std::io::Write::flush(&mut decoder).expect("it decodes");
        seen.push_str(&String::from_utf8_lossy(&std::mem::take(decoder.get_mut())));
        if seen == "first"
            && let Some(go) = go.take()
        {
            go.send(()).expect("the upstream waits");
        }
        if size == 0 {
            break;
        }
    }
    assert_eq!(seen, "firstsecond");
    assert!(go.is_none(), "the first piece came before the second was made");
}
