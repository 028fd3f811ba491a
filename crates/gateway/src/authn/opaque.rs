//! API keys and session cookies: asked for once, then remembered for a while.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::digest::{Context, SHA256};
use kernel::{
    Algorithm, AuthMethod, Clock, Problem, Rate, Timestamp,
    edge::{Authenticator, Credential, Edge},
    problem::common::UNAVAILABLE,
};
use quick_cache::sync::Cache;

use super::{ATTEMPTS, REFUSED, Settings, proven::Proven};
use crate::limit::{LocalLimiter, Take};

/// Longest time without asking again, whatever the credential's own expiry.
const REMEMBER: Duration = Duration::from_secs(60);
/// How long a refusal is remembered. A key made meanwhile raises the epoch, and is known at once.
const REMEMBER_REFUSAL: Duration = Duration::from_secs(1);
/// How long a failure to answer is: enough for a waiting burst to be answered instead of asking in turn.
const REMEMBER_FAILURE: Duration = Duration::from_millis(100);
/// Most questions under way at once. Above it the authenticator is drowning, and more would not help.
const ASKING_AT_ONCE: usize = 256;
/// Addresses whose failures are counted.
const BRAKED_ADDRESSES: usize = 65_536;

/// Credentials are remembered by hash: no secret lies in memory.
pub(super) type Digest = [u8; 32];

/// What the authenticator said about a credential.
pub(super) struct Answer {
    outcome: Result<Proven, Problem>,
    /// The epoch before it was asked: a change during the question makes the answer old.
    epoch: u64,
    until: Timestamp,
}

impl Answer {
    /// The caller, or the refusal.
    pub(super) fn proven(&self) -> Result<&Proven, Problem> {
        self.outcome.as_ref().map_err(Problem::clone)
    }
}

/// Everything about credentials that only the authenticator can judge.
pub(super) struct Opaque {
    authenticator: Arc<dyn Authenticator>,
    edge: Arc<Edge>,
    clock: Arc<dyn Clock>,
    answers: Cache<Digest, Arc<Answer>>,
    /// Stops an address that keeps failing.
    failures: LocalLimiter,
    allowed_failures: Rate,
    asking: AtomicUsize,
    asked: AtomicU64,
}

/// Numbers for gauges.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpaqueStats {
    /// Answers remembered now.
    pub remembered: usize,
    /// Look-ups that found one.
    pub hits: u64,
    /// Look-ups that did not.
    pub misses: u64,
    /// Questions to the authenticator so far.
    pub asked: u64,
}

/// Where a credential is remembered. The kind is part of it: a key is no cookie.
pub(super) fn digest(kind: AuthMethod, secret: &str) -> Digest {
    let mut hash = Context::new(&SHA256);
    hash.update(if kind == AuthMethod::Session { b"s" } else { b"k" });
    hash.update(secret.as_bytes());
    let mut digest = Digest::default();
    digest.copy_from_slice(hash.finish().as_ref());
    digest
}

impl Opaque {
    pub(super) fn new(
        authenticator: Arc<dyn Authenticator>,
        edge: Arc<Edge>,
        clock: Arc<dyn Clock>,
        settings: &Settings,
    ) -> Self {
        Self {
            authenticator,
            edge,
            clock,
            answers: Cache::new(settings.credentials.get()),
            failures: LocalLimiter::new(BRAKED_ADDRESSES),
            allowed_failures: settings.failures,
            asking: AtomicUsize::new(0),
            asked: AtomicU64::new(0),
        }
    }

    /// What is known about a credential and still holds.
    pub(super) fn remembered(&self, digest: &Digest, now: Timestamp) -> Option<Arc<Answer>> {
        self.answers.get(digest).filter(|answer| self.holds(answer, now))
    }

    fn holds(&self, answer: &Answer, now: Timestamp) -> bool {
        now < answer.until && answer.epoch == self.edge.credentials_epoch()
    }

    /// Asks about a credential; everybody who asks about the same one meanwhile waits for that answer.
    /// If the first asker goes away, the next one asks.
    pub(super) async fn ask(
        &self,
        digest: &Digest,
        credential: Credential,
        client_ip: IpAddr,
    ) -> Result<Arc<Answer>, Problem> {
        loop {
            match self.answers.get_value_or_guard_async(digest).await {
                Ok(answer) if self.holds(&answer, self.clock.now()) => return Ok(answer),
                Ok(old) => {
                    self.answers.remove_if(digest, |entry| Arc::ptr_eq(entry, &old));
                }
                Err(place) => {
                    let answer = Arc::new(self.resolve(credential, client_ip).await?);
                    // Fails only where somebody has removed the place: then nothing is remembered.
                    let _ = place.insert(answer.clone());
                    return Ok(answer);
                }
            }
        }
    }

    /// Asks now. An error concerns the asker and not the credential, so it is not remembered.
    async fn resolve(&self, credential: Credential, client_ip: IpAddr) -> Result<Answer, Problem> {
        let brake = self.brake(client_ip);
        let stopped = self.failures.peek(&brake, self.clock.now());
        if !stopped.allowed {
            return Err(Problem::new(ATTEMPTS).retry_after(stopped.retry_after.unwrap_or(REMEMBER_REFUSAL)));
        }
        let _turn = Turn::take(&self.asking)?;
        self.asked.fetch_add(1, Ordering::Relaxed);
        // Before the question: what changes while it is under way makes the answer old.
        let epoch = self.edge.credentials_epoch();
        let said = self.authenticator.authenticate(credential).await;
        let now = self.clock.now();
        let (outcome, until) = match said {
            Ok(principal) => {
                let until = principal.expires_at.min(now + REMEMBER);
                if until <= now {
                    (Err(Problem::new(REFUSED).cause("expired")), now + REMEMBER_REFUSAL)
                } else {
                    (Ok(Proven::new(principal)), until)
                }
            }
            Err(problem) if problem.status() >= 500 => (Err(problem), now + REMEMBER_FAILURE),
            Err(problem) => {
                self.failures.take(&[brake], now);
                (Err(alike(problem)), now + REMEMBER_REFUSAL)
            }
        };
        Ok(Answer { outcome, epoch, until })
    }

    fn brake(&self, client_ip: IpAddr) -> Take {
        Take::by_address(&self.failures, client_ip, self.allowed_failures, Algorithm::TokenBucket)
    }

    pub(super) fn stats(&self) -> OpaqueStats {
        OpaqueStats {
            remembered: self.answers.len(),
            hits: self.answers.hits(),
            misses: self.answers.misses(),
            asked: self.asked.load(Ordering::Relaxed),
        }
    }
}

/// All refusals of a credential look the same; others (a suspended tenant, overload) say what they are.
fn alike(problem: Problem) -> Problem {
    if problem.status() == 401 { Problem::new(REFUSED).cause(problem) } else { problem }
}

/// One of the questions under way.
struct Turn<'a>(&'a AtomicUsize);

impl<'a> Turn<'a> {
    fn take(asking: &'a AtomicUsize) -> Result<Self, Problem> {
        let turn = Self(asking);
        if asking.fetch_add(1, Ordering::AcqRel) < ASKING_AT_ONCE {
            Ok(turn)
        } else {
            Err(Problem::new(UNAVAILABLE)
                .cause("too many unknown credentials are being resolved")
                .retry_after(Duration::from_secs(1)))
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
