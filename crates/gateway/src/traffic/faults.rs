//! Failures on purpose.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use kernel::Random;

use super::{FaultConfig, Fields, check_percent, is_drawn};
use crate::{body::Body, config::Findings};

/// The failures of one route.
#[derive(Debug)]
pub(crate) struct Faults {
    fields: Fields,
    delay: Option<(Duration, u8)>,
    abort: Option<(StatusCode, u8)>,
}

impl Faults {
    /// Compiles `[routes.fault]`.
    pub(crate) fn compile(config: &FaultConfig, at: &str, findings: &mut Findings) -> Self {
        if config.delay.is_none() && config.abort.is_none() {
            findings.add(at, "fails nothing", "Give it a delay or an abort, or leave it out.");
        }
        if let Some(delay) = &config.delay {
            check_percent(delay.percent, &format!("{at}.delay.percent"), findings);
            if delay.time.is_zero() || delay.time.get() > Duration::from_secs(60) {
                findings.add(format!("{at}.delay.time"), "must be from 1ms to 1m", "Write a time such as 2s.");
            }
        }
        let mut abort = None;
        if let Some(config) = &config.abort {
            check_percent(config.percent, &format!("{at}.abort.percent"), findings);
            match StatusCode::from_u16(config.status).ok().filter(|s| s.is_client_error() || s.is_server_error()) {
                Some(status) => abort = Some((status, config.percent)),
                None => findings.add(format!("{at}.abort.status"), "is not an error", "Write 400 to 599."),
            }
        }
        Self {
            fields: Fields::compile(&config.headers, &format!("{at}.headers"), findings),
            delay: config.delay.as_ref().map(|delay| (delay.time.get(), delay.percent)),
            abort,
        }
    }

    /// Holds the request up, or answers it, if it is its turn.
    pub(crate) async fn strike(&self, headers: &HeaderMap, random: &dyn Random) -> Option<Response<Body>> {
        if !self.fields.are_in(headers) {
            return None;
        }
        if let Some((time, percent)) = self.delay
            && is_drawn(percent, random)
        {
            tokio::time::sleep(time).await;
        }
        let (status, _) = self.abort.filter(|(_, percent)| is_drawn(*percent, random))?;
        let mut response = Response::new(Body::Full(Bytes::from_static(b"This failure is on purpose.\n")));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Some(response)
    }
}
