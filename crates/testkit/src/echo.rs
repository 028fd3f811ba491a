//! An upstream that answers with what it received, and remembers it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Json, Router, extract::Request, routing::any};
use serde_json::{Map, Value, json};

/// The upstream. It stops with the runtime of its test.
#[derive(Clone, Debug)]
pub struct Echo {
    /// Where it listens.
    pub addr: SocketAddr,
    received: Arc<Mutex<Vec<Value>>>,
}

impl Echo {
    /// Starts it on a free port.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = received.clone();
        let answer = move |request: Request| {
            let log = log.clone();
            async move {
                let seen = describe(request).await;
                log.lock().expect("the log").push(seen.clone());
                Json(seen)
            }
        };
        let router = Router::new().fallback(any(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { addr, received }
    }

    /// What it received so far, oldest first: `{method, uri, headers, body}`.
    pub fn received(&self) -> Vec<Value> {
        self.received.lock().expect("the log").clone()
    }
}

async fn describe(request: Request) -> Value {
    let (parts, body) = request.into_parts();
    let mut headers = Map::new();
    for (name, value) in &parts.headers {
        headers.insert(name.to_string(), String::from_utf8_lossy(value.as_bytes()).into());
    }
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_default();
    json!({
        "method": parts.method.as_str(),
        "uri": parts.uri.to_string(),
        "headers": headers,
        "body": String::from_utf8_lossy(&body),
    })
}
