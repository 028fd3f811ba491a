//! Copies of requests for another upstream.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use http_body::Body as _;
use http_body_util::BodyExt;
use kernel::Random;
use tokio::sync::Semaphore;

use super::{MirrorConfig, check_percent, is_drawn};
use crate::{
    body::RequestBody,
    config::Findings,
    shape::Common,
    upstream::{Outgoing, Upstream, Wish},
};

const MARK: HeaderName = HeaderName::from_static("x-portcullis-mirror");
const ASSERTION: HeaderName = HeaderName::from_static("x-portcullis-assertion");

/// How much of an answer is read so that its connection can be used again, in bytes.
const MAX_ANSWER: u64 = 256 << 10;

/// Where copies go.
#[derive(Debug)]
pub(crate) struct Mirror {
    upstream: Arc<Upstream>,
    percent: u8,
    max_body: u64,
    slots: Arc<Semaphore>,
}

impl Mirror {
    /// Compiles `[routes.mirror]`.
    pub(crate) fn compile(config: &MirrorConfig, at: &str, common: &Common, findings: &mut Findings) -> Option<Self> {
        check_percent(config.percent, &format!("{at}.percent"), findings);
        if config.max_pending == 0 {
            findings.add(format!("{at}.max_pending"), "copies nothing", "Write at least 1, or leave `mirror` out.");
        }
        Some(Self {
            upstream: common.upstream(&config.upstream, &format!("{at}.upstream"), findings)?,
            percent: config.percent,
            max_body: config.max_body.bytes(),
            slots: Arc::new(Semaphore::new(config.max_pending.into())),
        })
    }

    /// Whether this request is to be copied; its body is then read whole first.
    pub(crate) fn wants(&self, body: &RequestBody, random: &dyn Random) -> bool {
        let small = body.size_hint().exact().is_some_and(|length| length <= self.max_body);
        small && self.slots.available_permits() > 0 && is_drawn(self.percent, random)
    }

    /// Sends a copy, and does not wait for it. `worker` is the data-plane thread.
    pub(crate) fn send(&self, outgoing: &Outgoing, worker: usize) {
        let Some(mut copy) = outgoing.copy() else { return };
        let Ok(slot) = self.slots.clone().try_acquire_owned() else { return };
        // The assertion is meant for another audience.
        copy.headers.remove(ASSERTION);
        copy.headers.insert(MARK, HeaderValue::from_static("1"));
        copy.timeout = self.upstream.timeout();
        let upstream = self.upstream.clone();
        tokio::spawn(async move {
            let _slot = slot;
            match upstream.send(worker, &Wish::default(), copy).await {
                Ok(answer) => {
                    let (mut body, mut read) = (answer.response.into_body(), 0);
                    while let Some(Ok(frame)) = body.frame().await {
                        read += frame.data_ref().map_or(0, |data| data.len() as u64);
                        if read > MAX_ANSWER {
                            break;
                        }
                    }
                }
                Err(failure) => tracing::debug!(upstream = upstream.name(), %failure, "a copy was not answered"),
            }
        });
    }
}
