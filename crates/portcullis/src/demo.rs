//! A small service to stand behind the gate, and routes to it: for trying things out.
//!
//! It answers with what it received, so that one sees what the gate adds and takes away. It listens on
//! loopback like any other upstream; nothing about it is special.

use std::{io, net::SocketAddr};

use axum::{Json, Router, extract::Request, http::HeaderMap};
use gateway::{
    config::{RouteConfig, UpstreamConfig},
    limit::{LimitBy, LimitConfig},
};
use kernel::Rate;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::config::Config;

/// The service, listening.
pub(crate) struct Demo {
    address: SocketAddr,
}

impl Demo {
    /// Starts it on a free port, on the caller's runtime.
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, Router::new().fallback(echo)).await {
                tracing::error!(%error, "the demo service has stopped");
            }
        });
        Ok(Self { address })
    }

    /// Puts it behind the gate: `/demo` for everybody who is known, ten times a minute each, and
    /// `/demo/reports` for those who may see analytics.
    pub(crate) fn add_to(&self, config: &mut Config) {
        let name = "demo";
        config.upstreams.insert(name.to_owned(), UpstreamConfig::new([format!("http://{}", self.address)]));
        let rate = Rate { limit: 10, window: std::time::Duration::from_secs(60) };
        let limits = vec![LimitConfig::new(LimitBy::User, rate)];
        let permissions = "analytics:view".parse().into_iter().collect();
        config.routes.push(RouteConfig { limits, ..RouteConfig::new(name, "/demo/{*rest}", name) });
        config
            .routes
            .push(RouteConfig { permissions, ..RouteConfig::new("demo-reports", "/demo/reports/{*rest}", name) });
    }
}

/// Answers with what arrived.
async fn echo(headers: HeaderMap, request: Request) -> Json<Value> {
    let text = |value: &axum::http::HeaderValue| Value::from(String::from_utf8_lossy(value.as_bytes()));
    let headers: Map<String, Value> = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    Json(json!({
        "service": "demo",
        "method": request.method().as_str(),
        "path": request.uri().path(),
        "headers": headers,
    }))
}

/// What to type to see it work.
pub(crate) fn tour(public_url: &str) -> String {
    format!(
        r#"

Try it (the demo service is behind /demo):

  url={public_url}
  curl -i $url/demo/hello                                   # 401: nobody is known
  curl -s $url/api/v1/auth/register -H 'Content-Type: application/json' \
    -d '{{"email":"ada@example.com","password":"Correct-Horse-7-Battery"}}'
  token=$(curl -s $url/api/v1/auth/login -H 'Content-Type: application/json' \
    -d '{{"email":"ada@example.com","password":"Correct-Horse-7-Battery"}}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  curl -s $url/demo/hello -H "Authorization: Bearer $token"     # 200, with who is calling in the headers
  curl -i $url/demo/reports -H "Authorization: Bearer $token"   # 403: needs analytics:view
  for i in $(seq 11); do curl -s -o /dev/null -w '%{{http_code}} ' $url/demo/hello -H "Authorization: Bearer $token"; done
  curl -X POST $url/api/v1/auth/logout -H "Authorization: Bearer $token"
  curl -i $url/demo/hello -H "Authorization: Bearer $token"     # 401: logged out, at once

  API browser: {public_url}/docs"#
    )
}
