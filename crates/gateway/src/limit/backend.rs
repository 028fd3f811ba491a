//! Asking the right limiter.

use std::{
    iter,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::{self, BoxFuture};
use kernel::{Clock, Decision, Problem, Rate, Timestamp, edge::RateLimiter, problem::common::UNAVAILABLE};

use super::{
    Backend, Caller, LimitSettings, LocalLimiter, Measure, QuotaStore, Rules, SharedUnavailable, Taken, WithoutKv,
    here::{Answers, Quotas},
    local::Decisions,
    permit::Holds,
    question::{Question, named, questions},
    shared::{Absence, SharedAsk, SharedLimiter, SharedSlot},
    taken::{Asked, Name},
};

/// All limits of a node.
pub struct Limits {
    backend: Backend,
    /// Keeps quotas when the backend is local. Without it they last as long as the process.
    quotas: Option<Arc<dyn QuotaStore>>,
    /// Counts everything when the backend is local, and this node's share while the shared one is away.
    pub(super) local: LocalLimiter,
    pub(super) holds: Arc<Holds>,
    absence: Absence,
    pub(super) quota_absence: Absence,
    absences: AtomicU64,
    pub(super) settings: LimitSettings,
    pub(super) clock: Arc<dyn Clock>,
}

/// Numbers for gauges.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LimitsStats {
    /// Keys counted in memory now.
    pub keys: usize,
    /// Requests counted together with other newcomers because the memory was full.
    pub overflows: u64,
    /// Whether the shared limiter is away now.
    pub away: bool,
    /// How often it has gone away.
    pub absences: u64,
}

/// Nothing could be counted, and that is not to pass.
pub(super) fn away() -> Problem {
    Problem::new(UNAVAILABLE)
        .cause("the store of limits is away, and limits.without_kv is \"refuse\"")
        .retry_after(Duration::from_secs(1))
}

impl Limits {
    /// Limits counted by `backend`.
    pub fn new(backend: Backend, settings: LimitSettings, clock: Arc<dyn Clock>) -> Self {
        Self {
            backend,
            quotas: None,
            local: LocalLimiter::new(settings.max_keys.get()),
            holds: Arc::new(Holds::new(settings.max_keys.get())),
            absence: Absence::default(),
            quota_absence: Absence::default(),
            absences: AtomicU64::new(0),
            settings,
            clock,
        }
    }

    /// Keeps quotas in this store while the backend is local.
    #[must_use]
    pub fn with_quotas(self, quotas: Arc<dyn QuotaStore>) -> Self {
        Self { quotas: Some(quotas), ..self }
    }

    /// Takes from every limit that meets the request, or from none when one refuses: ask
    /// [`Taken::refusal`]. An error means that nothing could be counted (`unavailable`, 503).
    ///
    /// Never awaits with a local backend, but for quotas: then seldom, for the database.
    pub async fn take<'r>(&self, rules: &'r Rules, caller: &Caller<'_>) -> Result<Taken<'r>, Problem> {
        let now = self.clock.now();
        let (asked, decisions, permit) = match (&self.backend, &self.quotas) {
            (Backend::Local, _) if !rules.holds => self.plainly(questions(rules, caller), now),
            (Backend::Local, Some(store)) => {
                Box::pin(self.durably(&**store, questions(rules, caller).collect(), now)).await?
            }
            (Backend::Local, None) => {
                let questions: Vec<_> = questions(rules, caller).collect();
                self.here(&questions, 1, Quotas::SharedBy(1), now)
            }
            (Backend::Shared(shared), _) => self.together(&**shared, questions(rules, caller).collect(), now).await?,
        };
        let policy = if asked.len() == rules.rules.len() { rules.policy.as_ref() } else { None };
        let LimitSettings { headers, legacy_headers, .. } = self.settings;
        Ok(Taken { asked, decisions, policy, now, headers, legacy_headers, permit })
    }

    /// Drops idle states; to be called every few seconds.
    pub fn sweep(&self) -> usize {
        let now = self.clock.now();
        self.local.sweep(now) + self.holds.book.lock().sweep(now)
    }

    /// Tells the shared limiter which requests have ended and which are still running. Runs until it is
    /// dropped; where it does not run, slots are given back when their lease ends.
    pub async fn keep_leases(&self) {
        match &self.backend {
            Backend::Local => future::pending().await,
            Backend::Shared(shared) => self.holds.keep(&**shared).await,
        }
    }

    /// Gives back what was set aside and not used. To be called when no request comes any more.
    pub async fn close(&self) {
        let unused = self.holds.book.lock().unused(self.clock.now());
        if let (Some(store), false) = (&self.quotas, unused.is_empty())
            && let Err(error) = store.give_back(unused).await
        {
            tracing::warn!(%error, "units of quotas that were set aside are lost to this period");
        }
    }

    /// Numbers for gauges.
    pub fn stats(&self) -> LimitsStats {
        LimitsStats {
            keys: self.local.len() + self.holds.book.lock().len(),
            overflows: self.local.overflows(),
            away: self.absence.lasts(),
            absences: self.absences.load(Ordering::Relaxed),
        }
    }

    /// Asks the shared limiter. Boxed, so that the local path does not carry its state.
    fn together<'q, 'n: 'q>(
        &'q self,
        shared: &'q dyn SharedLimiter,
        questions: Vec<(Name<'n>, Question<'q>)>,
        now: Timestamp,
    ) -> BoxFuture<'q, Result<Answers<'n>, Problem>> {
        if questions.is_empty() {
            return Box::pin(future::ready(Ok(Answers::default())));
        }
        Box::pin(async move {
            if self.absence.may_ask(now) {
                match self.ask(shared, &questions).await {
                    Ok(answers) => {
                        if self.absence.end() {
                            tracing::info!("the shared limiter is back: limits hold across all nodes again");
                        }
                        return Ok(answers);
                    }
                    Err(error) => self.went_away(&error),
                }
            }
            match self.settings.without_kv {
                WithoutKv::LocalShare => {
                    let nodes = self.settings.nodes.get();
                    Ok(self.here(&questions, nodes, Quotas::SharedBy(nodes), now))
                }
                WithoutKv::Refuse => Err(away()),
                WithoutKv::Allow => Ok(Answers::default()),
            }
        })
    }

    async fn ask<'n>(
        &self,
        shared: &dyn SharedLimiter,
        questions: &[(Name<'n>, Question<'_>)],
    ) -> Result<Answers<'n>, SharedUnavailable> {
        let mut ask = SharedAsk::default();
        for (_, question) in questions {
            match question.measure {
                Measure::Units(rate, algorithm) => ask.takes.push(question.shared(rate, algorithm)),
                Measure::Slots(limit) => ask.slots.push(SharedSlot { key: question.shared_key(), limit }),
            }
        }
        let permit = self.holds.shared(ask.slots.iter().map(|slot| slot.key.clone())).map(|(permit, holder)| {
            ask.holder = holder;
            permit
        });
        let takes = ask.takes.len();
        let mut of_takes = shared.take(ask).await?;
        if of_takes.len() != questions.len() {
            return Err(SharedUnavailable("it answered another question".into()));
        }
        let mut of_slots = of_takes.split_off(takes).into_iter();
        let mut of_takes = of_takes.into_iter();
        let each = questions.iter().filter_map(|(_, question)| match question.measure {
            Measure::Units(..) => of_takes.next(),
            Measure::Slots(_) => of_slots.next(),
        });
        let decisions: Decisions = each.collect();
        let permit = match permit {
            Some(permit) if decisions.iter().all(|decision| decision.allowed) => {
                permit.entered();
                Some(permit)
            }
            Some(refused) => {
                refused.forget();
                None
            }
            None => None,
        };
        let asked = questions.iter().map(|(name, question)| Asked { name: *name, measure: question.measure });
        Ok((asked.collect(), decisions, permit))
    }

    fn went_away(&self, error: &SharedUnavailable) {
        if self.absence.begin(self.clock.now()) {
            self.absences.fetch_add(1, Ordering::Relaxed);
            let without = self.settings.without_kv;
            tracing::warn!(%error, ?without, "the shared limiter is away; limits hold as limits.without_kv says");
        }
    }
}

impl RateLimiter for Limits {
    /// A shared limiter that is away and may not be replaced refuses for a second.
    fn take(&self, key: String, rate: Rate) -> BoxFuture<'_, Result<(), Duration>> {
        let now = self.clock.now();
        let waits = move |(_, decisions, _): Answers<'_>| match decisions.first() {
            Some(Decision { allowed: false, retry_after, .. }) => Err(retry_after.unwrap_or(rate.window)),
            _ => Ok(()),
        };
        match &self.backend {
            Backend::Local => Box::pin(future::ready(waits(self.plainly(iter::once(named(&key, rate)), now)))),
            Backend::Shared(shared) => Box::pin(async move {
                match self.together(&**shared, vec![named(&key, rate)], now).await {
                    Ok(answers) => waits(answers),
                    Err(_) => Err(Duration::from_secs(1)),
                }
            }),
        }
    }
}
