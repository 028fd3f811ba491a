//! How a request is tried: which targets, and how often.
//!
//! An *attempt* asks one target, and others only as long as none of them could be connected to. A request
//! that may be repeated gets several attempts ([`Retries`]), each at a target that was not asked before, if
//! there is one; and, where it is wanted, a second target beside one that takes long.

use std::{pin::pin, sync::Arc, time::Duration};

use futures_util::future::{Either, select};
use parking_lot::Mutex;
use smallvec::SmallVec;
use tokio::time::Instant;

use super::{
    Failure, Upstream, Wish,
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
    /// What is asked of the balance.
    wish: &'a Wish,
    /// Where to note which target is being asked, if somebody wants to know.
    at: Option<&'a Mutex<Option<Arc<str>>>>,
}

/// The labels of targets that have been asked already.
type Asked = SmallVec<[Arc<str>; 4]>;

impl Upstream {
    /// Sends the request. `worker` is the data-plane thread.
    pub(crate) async fn send(&self, worker: usize, wish: &Wish, outgoing: Box<Outgoing>) -> Result<Answer, Failure> {
        let asker = Asker { worker, wish, at: None };
        match &self.retries {
            // Large, and only for those who ask for it.
            Some(retries) if retries.cover(&outgoing) => Box::pin(self.persist(retries, asker, outgoing)).await,
            _ => self.attempt(asker, outgoing, &[]).await,
        }
    }

    /// Several attempts, within the time-out and the budget. The last one's end is the end.
    async fn persist(&self, retries: &Retries, asker: Asker<'_>, outgoing: Box<Outgoing>) -> Result<Answer, Failure> {
        let mut outgoing = outgoing.keep_body().await?;
        let until = Instant::now() + outgoing.timeout;
        let mut asked = Asked::new();
        let mut attempts = 1;
        retries.pay();
        loop {
            outgoing.timeout = retries.patience(until.saturating_duration_since(Instant::now()));
            let spare = outgoing.copy();
            let ended = self.hedged(retries, asker, outgoing, &asked).await;
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

    /// One attempt; and where it takes long and that is wanted, a second one beside it, at another target. The
    /// first that ends well counts, and dropping the other calls it off.
    async fn hedged(
        &self,
        retries: &Retries,
        asker: Asker<'_>,
        outgoing: Box<Outgoing>,
        asked: &[Arc<str>],
    ) -> Result<Answer, Failure> {
        let Some(hedge) = &retries.hedge else { return self.attempt(asker, outgoing, asked).await };
        let begun = Instant::now();
        // A failure may be quick, and says nothing about answers; so does one that a target tells of.
        let learn = |ended: &Result<Answer, Failure>| {
            if ended.as_ref().is_ok_and(|answer| !answer.response.status().is_server_error()) {
                hedge.took(begun.elapsed());
            }
        };
        let Some(after) = hedge.after() else {
            let ended = self.attempt(asker, outgoing, asked).await;
            learn(&ended);
            return ended;
        };
        let Some(mut spare) = outgoing.copy().filter(|spare| spare.fits(0)) else {
            return self.attempt(asker, outgoing, asked).await;
        };
        let at = Mutex::new(None);
        let mut first = pin!(self.attempt(Asker { at: Some(&at), ..asker }, outgoing, asked));
        if let Ok(ended) = tokio::time::timeout(after, first.as_mut()).await {
            learn(&ended);
            return ended;
        }
        if !retries.take() {
            self.numbers.retries_denied.add();
            let ended = first.await;
            learn(&ended);
            return ended;
        }
        self.numbers.hedges.add();
        spare.timeout = spare.timeout.saturating_sub(after);
        let mut asked = Asked::from(asked);
        asked.extend(at.lock().take());
        let second = pin!(self.attempt(asker, spare, &asked));
        match select(first, second).await {
            Either::Left((ended, second)) if retries.are_for(&ended) => second.await.or(ended),
            Either::Right((ended, first)) if retries.are_for(&ended) || ended.is_err() => first.await.or(ended),
            Either::Left((ended, _)) => {
                learn(&ended);
                ended
            }
            Either::Right((ended, _)) => {
                learn(&ended);
                self.numbers.hedges_won.add();
                ended
            }
        }
    }

    /// One attempt, under the circuit of the upstream if it has one.
    async fn attempt(&self, asker: Asker<'_>, outgoing: Box<Outgoing>, asked: &[Arc<str>]) -> Result<Answer, Failure> {
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
    async fn ask(&self, asker: Asker<'_>, mut outgoing: Box<Outgoing>, asked: &[Arc<str>]) -> Result<Answer, Failure> {
        let mut failure = None;
        let mut wait = None;
        let mut tries = 0;
        let mut passed: SmallVec<[Arc<Target>; MAX_TARGETS]> = SmallVec::new();
        while let Some(target) = self.next_target(asker.wish, asked, &passed) {
            passed.push(target);
            let target = &passed[passed.len() - 1];
            let permit = match self.permit(target, outgoing.progress.as_ref()) {
                Ok(permit) => permit,
                Err(longer) => {
                    wait = Some(wait.map_or(longer, |wait: Duration| wait.min(longer)));
                    continue;
                }
            };
            tries += 1;
            if let Some(at) = asker.at {
                *at.lock() = Some(target.label.clone());
            }
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
            self.report(target, ended.as_ref());
            match unsent {
                Some(unsent) if tries < MAX_TARGETS => {
                    outgoing = unsent;
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
}

/// The target that an attempt ended at.
fn target_of(ended: &Result<Answer, Failure>) -> Option<&Arc<str>> {
    match ended {
        Ok(answer) => Some(&answer.target),
        Err(failure) => failure.target(),
    }
}
