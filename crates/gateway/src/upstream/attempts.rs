//! How a request is tried: which targets, and how often.
//!
//! An *attempt* asks one target, and others only as long as none of them could be connected to. A request
//! that may be repeated gets several attempts ([`Retries`]), each at a target that was not asked before, if
//! there is one.

use std::{sync::Arc, time::Duration};

use smallvec::SmallVec;
use tokio::time::Instant;

use super::{
    Failure, Upstream,
    breaker::Permit,
    retry::Retries,
    send::{Answer, Attempt, Outgoing},
    target::Target,
};
use crate::body::Progress;

/// How many targets are tried for one attempt, as long as none of them could be connected to.
const MAX_TARGETS: usize = 3;

/// Who sends.
#[derive(Clone, Copy)]
struct Asker<'a> {
    /// The data-plane thread.
    worker: usize,
    /// Tells requests apart when the balance is by hash.
    subject: &'a [u8],
}

/// The labels of targets that have been asked already.
type Asked = SmallVec<[Arc<str>; 4]>;

impl Upstream {
    /// Sends the request. `subject` tells requests apart when the balance is by hash; `worker` is the
    /// data-plane thread.
    pub(crate) async fn send(&self, worker: usize, subject: &[u8], outgoing: Outgoing) -> Result<Answer, Failure> {
        let asker = Asker { worker, subject };
        match &self.retries {
            // Large, and only for those who ask for it.
            Some(retries) if retries.cover(&outgoing) => Box::pin(self.persist(retries, asker, outgoing)).await,
            _ => self.attempt(asker, outgoing, &[]).await,
        }
    }

    /// Several attempts, within the time-out and the budget. The last one's end is the end.
    async fn persist(&self, retries: &Retries, asker: Asker<'_>, outgoing: Outgoing) -> Result<Answer, Failure> {
        let mut outgoing = outgoing.keep_body().await?;
        let until = Instant::now() + outgoing.timeout;
        let mut asked = Asked::new();
        let mut attempts = 1;
        retries.pay();
        loop {
            outgoing.timeout = retries.patience(until.saturating_duration_since(Instant::now()));
            let spare = outgoing.copy();
            let ended = self.attempt(asker, outgoing, &asked).await;
            let Some(spare) = spare.filter(|_| attempts < retries.attempts && retries.are_for(&ended)) else {
                return ended;
            };
            let pause = retries.pause(attempts);
            if Instant::now() + pause >= until {
                return ended;
            }
            if !retries.take() {
                self.numbers.retries_denied.add();
                return ended;
            }
            asked.extend(target_of(&ended).cloned());
            // An answer that is not wanted gives its connection back before the pause.
            drop(ended);
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            self.numbers.retries.add();
            (outgoing, attempts) = (spare, attempts + 1);
        }
    }

    /// One attempt, under the circuit of the upstream if it has one.
    async fn attempt(&self, asker: Asker<'_>, outgoing: Outgoing, asked: &[Arc<str>]) -> Result<Answer, Failure> {
        let permit = match &self.circuit {
            Some(circuit) => Some(circuit.admit(&self.numbers, outgoing.progress.as_ref()).map_err(|wait| {
                self.numbers.circuit_refusals.add();
                Failure::CircuitOpen(wait)
            })?),
            None => None,
        };
        let ended = self.ask(asker, outgoing, asked).await;
        if let Some(permit) = permit {
            permit.tell(ended.as_ref());
        }
        ended
    }

    /// Asks a target whose circuit lets requests through, and the next one if it cannot be connected to.
    async fn ask(&self, asker: Asker<'_>, mut outgoing: Outgoing, asked: &[Arc<str>]) -> Result<Answer, Failure> {
        let first = self.balancer.choose(asker.subject, |i| self.targets[i].running()).ok_or(Failure::None)?;
        let mut failure = None;
        let mut wait = None;
        let mut tried: SmallVec<[&Target; MAX_TARGETS]> = SmallVec::new();
        for target in self.candidates(first, asked) {
            // One that has just failed comes a second time, among those that rest.
            if tried.iter().any(|other| std::ptr::eq(*other, &**target)) {
                continue;
            }
            let permit = match self.permit(target, outgoing.progress.as_ref()) {
                Ok(permit) => permit,
                Err(longer) => {
                    wait = Some(wait.map_or(longer, |wait: Duration| wait.min(longer)));
                    continue;
                }
            };
            tried.push(target);
            let sent = self.send_to(target, asker.worker, outgoing).await;
            let (ended, unsent) = match sent {
                Ok(answer) => (Ok(answer), None),
                Err(Attempt::Failed(failure)) => (Err(failure), None),
                Err(Attempt::Unsent(error, unsent)) => {
                    target.rest();
                    (Err(Failure::Unreachable(target.label.clone(), error)), Some(unsent))
                }
            };
            if let Some(permit) = permit {
                permit.tell(ended.as_ref());
            }
            match unsent {
                Some(unsent) if tried.len() < MAX_TARGETS => {
                    outgoing = *unsent;
                    failure = ended.err();
                }
                _ => return ended,
            }
        }
        Err(failure.unwrap_or_else(|| match wait {
            Some(wait) => {
                self.numbers.circuit_refusals.add();
                Failure::CircuitOpen(wait)
            }
            None => Failure::None,
        }))
    }

    /// Leave of the target's circuit, if it has one. `Err` is how long to wait.
    fn permit<'a>(
        &'a self,
        target: &'a Target,
        progress: Option<&Arc<Progress>>,
    ) -> Result<Option<Permit<'a>>, Duration> {
        target.circuit.as_ref().map(|circuit| circuit.admit(&self.numbers, progress)).transpose()
    }

    /// The chosen target and those after it. Ones that were asked before, or could not be connected to a
    /// moment ago, come last.
    fn candidates<'a>(&'a self, first: usize, asked: &'a [Arc<str>]) -> impl Iterator<Item = &'a Arc<Target>> {
        let is_fresh = move |target: &Target| target.is_awake() && !asked.iter().any(|l| Arc::ptr_eq(l, &target.label));
        let from = move |fresh: bool| {
            let count = self.targets.len();
            (0..count).map(move |i| &self.targets[(first + i) % count]).filter(move |t| is_fresh(t) == fresh)
        };
        from(true).chain(from(false))
    }
}

/// The target that an attempt ended at.
fn target_of(ended: &Result<Answer, Failure>) -> Option<&Arc<str>> {
    match ended {
        Ok(answer) => Some(&answer.target),
        Err(failure) => failure.target(),
    }
}
