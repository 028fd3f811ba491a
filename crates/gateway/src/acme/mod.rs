//! Certificates by ACME (RFC 8555), ordered and renewed while the gate runs.
//!
//! What is ordered goes into a file that [TLS](crate::listener) watches like any other certificate, so nothing
//! else knows where it came from. The directory is all that nodes share: the file, the account, what the
//! authority is answered, and a lock that only one of them holds while it orders.
//!
//! Rules: what there is serves on, whatever happens to an order. After a failure the pauses grow up to half a
//! day, and are an hour at least where the authority says that it was asked too much. What an authority signs is
//! put in place only if connections can be taken with it.
//!
//! Deliberately absent: `tls-alpn-01`, `dns-01` and wildcards, which need it; hints of the authority about when to
//! renew (RFC 9773).

mod config;
mod dir;
mod http;
mod order;
mod schedule;

pub use config::AcmeConfig;
pub(crate) use dir::certificate;

use std::{fs, io, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use kernel::{Clock, Random, Timestamp, edge::HealthCheck};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use self::{dir::Dir, schedule::Held};
use crate::certificate::files;

/// How often it is asked whether something is to be done.
const LOOK: Duration = Duration::from_secs(1);

/// Longest time for one order.
const PATIENCE: Duration = Duration::from_secs(300);

/// Where a host is shown to be ours.
const PREFIX: &str = "/.well-known/acme-challenge/";

/// Orders certificates.
pub(crate) struct Acme {
    config: AcmeConfig,
    dir: Dir,
    clock: Arc<dyn Clock>,
    /// Where within the times of everybody ours lies.
    spread: u32,
    trouble: Mutex<Trouble>,
}

/// How the last orders ended.
#[derive(Default)]
struct Trouble {
    failures: u32,
    /// Not before.
    rest: Timestamp,
    error: Option<String>,
}

impl Acme {
    /// Makes the directory, with a certificate to begin with.
    pub(crate) fn prepare(config: &AcmeConfig, clock: Arc<dyn Clock>, random: &dyn Random) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            dir: Dir::prepare(&config.dir, &config.hosts, random)?,
            config: config.clone(),
            clock,
            spread: u32::from_le_bytes(kernel::random::bytes(random)),
            trouble: Mutex::default(),
        }))
    }

    /// The token in a path that an authority asks for.
    pub(crate) fn token(path: &str) -> Option<&str> {
        path.strip_prefix(PREFIX)
    }

    /// What the authority is to be answered, if it was ordered with this token.
    pub(crate) async fn answer(&self, token: &str) -> Option<String> {
        self.dir.answer(token).await
    }

    /// Orders when it is time, on a thread of its own, until told to stop.
    pub(crate) fn start(self: &Arc<Self>, stop: CancellationToken) -> io::Result<()> {
        let this = self.clone();
        let thread = std::thread::Builder::new().name("edge-acme".to_owned());
        thread.spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return tracing::error!(%error, "certificates cannot be ordered: no reactor"),
            };
            let watching = async {
                loop {
                    this.look().await;
                    tokio::time::sleep(LOOK).await;
                }
            };
            runtime.block_on(stop.run_until_cancelled(watching));
        })?;
        Ok(())
    }

    /// Orders, if it is time.
    async fn look(&self) {
        let now = self.clock.now();
        if now < self.trouble.lock().rest || !self.is_due(now) {
            return;
        }
        let ended = match self.dir.lock() {
            // Another node is at it, and we shall see what comes of it.
            Ok(None) => return,
            // It may have been at it a moment ago.
            Ok(Some(_)) if !self.is_due(now) => Ok(None),
            Ok(Some(_held)) => {
                let ordered = tokio::time::timeout(PATIENCE, order::order(&self.config, &self.dir)).await;
                match ordered {
                    Ok(Ok(pem)) => {
                        self.dir.write(&self.dir.certificate(), &pem).map(Some).map_err(|e| (e.to_string(), false))
                    }
                    Ok(Err(error)) => Err((error.to_string(), error.is_limited())),
                    Err(_) => Err((format!("the order has not ended within {PATIENCE:?}"), false)),
                }
            }
            Err(error) => Err((format!("the directory: {error}"), false)),
        };
        let mut trouble = self.trouble.lock();
        match ended {
            Ok(new) => {
                *trouble = Trouble::default();
                if new.is_some() {
                    tracing::info!(hosts = ?self.config.hosts, "a new certificate has been ordered");
                }
            }
            Err((error, limited)) => {
                trouble.failures = trouble.failures.saturating_add(1);
                let pause = schedule::pause(trouble.failures, limited, self.spread);
                // An order may take minutes.
                trouble.rest = self.clock.now() + pause;
                tracing::error!(%error, again_in = ?pause, "no certificate could be ordered; what there is serves on");
                trouble.error = Some(error);
            }
        }
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.held().is_none_or(|held| held.due(&self.config.hosts, self.spread) <= now)
    }

    fn held(&self) -> Option<Held> {
        let path = self.dir.certificate();
        let chain = files::chain(&path, &fs::read(&path).ok()?).ok()?;
        Held::read(chain.first()?)
    }
}

impl HealthCheck for Acme {
    fn name(&self) -> String {
        "certificates".to_owned()
    }

    /// Well as long as what there is need not be replaced, or was not tried in vain.
    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            let held = self.held();
            let until = match &held {
                Some(held) if held.stand_in => "there is none yet".to_owned(),
                Some(held) => format!("the one there is serves until {}", held.until),
                None => "there is none".to_owned(),
            };
            match (&self.trouble.lock().error, held) {
                (Some(error), _) => Err(format!("no new certificate, {until}: {error}")),
                (None, Some(held)) if !held.stand_in && held.until > self.clock.now() => Ok(()),
                (None, _) => Err(format!("no certificate of the authority: {until}")),
            }
        })
    }
}

impl std::fmt::Debug for Acme {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Acme").field("config", &self.config).finish_non_exhaustive()
    }
}
