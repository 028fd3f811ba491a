//! What is answered when an upstream fails and the route says what to do then.
//!
//! Deliberately absent: fallbacks of fallbacks.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use crate::{
    body::Body,
    config::FallbackConfig,
    upstream::{Failure, Troubles, Upstream},
};

/// The fallback of a route, compiled.
#[derive(Debug)]
pub struct Fallback {
    on: Troubles,
    instead: Instead,
}

/// What there is instead.
#[derive(Debug)]
enum Instead {
    Fixed { status: StatusCode, headers: HeaderMap, body: Bytes },
    Upstream(Arc<Upstream>),
}

impl Fallback {
    /// `None` where validation has found something wrong.
    pub(crate) fn new(config: &FallbackConfig, upstream: impl FnOnce(&str) -> Option<Arc<Upstream>>) -> Option<Self> {
        let instead = match (&config.upstream, config.status) {
            (Some(name), None) => Instead::Upstream(upstream(name)?),
            (None, Some(status)) => {
                let field = |(name, value): (&String, &String)| {
                    Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
                };
                Instead::Fixed {
                    status: StatusCode::from_u16(status).ok()?,
                    headers: config.headers.iter().map(field).collect::<Option<_>>()?,
                    body: config.body.clone().into(),
                }
            }
            _ => return None,
        };
        Some(Self { on: Troubles::new(&config.on), instead })
    }

    /// Whether it is used when a request ended so.
    pub(crate) fn is_for(&self, ended: Result<StatusCode, &Failure>) -> bool {
        matches!(ended, Err(Failure::None | Failure::CircuitOpen(_) | Failure::Saturated(_))) || self.on.include(ended)
    }

    /// The upstream that is asked instead, if any.
    pub(crate) const fn upstream(&self) -> Option<&Arc<Upstream>> {
        match &self.instead {
            Instead::Upstream(upstream) => Some(upstream),
            Instead::Fixed { .. } => None,
        }
    }

    /// The fixed answer, if that is what there is.
    pub(crate) fn answer(&self) -> Option<Response<Body>> {
        let Instead::Fixed { status, headers, body } = &self.instead else { return None };
        let mut response = Response::new(Body::Full(body.clone()));
        *response.status_mut() = *status;
        *response.headers_mut() = headers.clone();
        Some(response)
    }
}
