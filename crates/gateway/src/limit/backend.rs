//! Asking the right limiter.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::digest::{Context, SHA256};
use futures_util::future::{self, BoxFuture};
use kernel::{Algorithm, Clock, Decision, Problem, Rate, Timestamp, edge::RateLimiter, problem::common::UNAVAILABLE};
use smallvec::SmallVec;

use super::{
    Backend, Caller, LimitSettings, LocalLimiter, Rules, SharedTake, SharedUnavailable, Take, Taken, WhenAway,
    local::Decisions,
    rules::rule_id,
    shared::{Absence, SharedLimiter},
    subject::Counted,
    taken::{Asked, Name},
};

/// All limits of a node.
pub struct Limits {
    backend: Backend,
    /// Counts everything when the backend is local, and this node's share while the shared one is away.
    local: LocalLimiter,
    absence: Absence,
    absences: AtomicU64,
    config: LimitSettings,
    clock: Arc<dyn Clock>,
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

/// What one rule asks about one request: everything but the place of the counter.
struct Question<'a> {
    rule: u64,
    counted: Counted<'a>,
    rate: Rate,
    algorithm: Algorithm,
    cost: u32,
}

type Questions<'a> = SmallVec<[Question<'a>; 4]>;

impl Limits {
    /// Limits counted by `backend`.
    pub fn new(backend: Backend, config: LimitSettings, clock: Arc<dyn Clock>) -> Self {
        Self {
            backend,
            local: LocalLimiter::new(config.max_keys.get()),
            absence: Absence::default(),
            absences: AtomicU64::new(0),
            config,
            clock,
        }
    }

    /// Takes from every limit that meets the request, or from none when one refuses: ask
    /// [`Taken::refusal`]. An error means that nothing could be counted (`unavailable`, 503).
    ///
    /// Never awaits with a local backend.
    pub async fn take<'r>(&self, rules: &'r Rules, caller: &Caller<'_>) -> Result<Taken<'r>, Problem> {
        let now = self.clock.now();
        let mut asked: SmallVec<[Asked<'r>; 4]> = SmallVec::new();
        let mut questions = Questions::new();
        for rule in &rules.rules {
            if caller.is(rule.when) {
                let (rate, algorithm, cost) = (rule.rate, rule.algorithm, rule.cost);
                asked.push(Asked { name: Name::Rule(&rule.name), rate });
                questions.push(Question { rule: rule.id, counted: caller.counted(&rule.by), rate, algorithm, cost });
            }
        }
        if let Some(principal) = caller.principal {
            for &rate in &*principal.limits {
                // Across all routes: the credential's own. A key's tokens count with the key.
                let counted = principal.api_key.map_or(Counted::User(principal.subject), Counted::ApiKey);
                asked.push(Asked { name: Name::Credential(rate), rate });
                questions.push(Question {
                    rule: credential_rule(rate),
                    counted,
                    rate,
                    algorithm: Algorithm::SlidingWindow,
                    cost: 1,
                });
            }
        }
        let decisions = match &self.backend {
            _ if questions.is_empty() => Decisions::new(),
            Backend::Local => self.locally(&questions, 1, now),
            Backend::Shared(shared) => self.together(&**shared, &questions, now).await?,
        };
        let policy = if asked.len() == rules.rules.len() { rules.policy.as_ref() } else { None };
        Ok(Taken { asked, decisions, policy, now, headers: self.config.headers, x_headers: self.config.x_headers })
    }

    /// Drops idle states; to be called every few seconds.
    pub fn sweep(&self) -> usize {
        self.local.sweep(self.clock.now())
    }

    /// Numbers for gauges.
    pub fn stats(&self) -> LimitsStats {
        LimitsStats {
            keys: self.local.len(),
            overflows: self.local.overflows(),
            away: self.absence.lasts(),
            absences: self.absences.load(Ordering::Relaxed),
        }
    }

    /// Counts in memory; `nodes` share each limit, and every node allows at least one.
    fn locally(&self, questions: &[Question<'_>], nodes: u32, now: Timestamp) -> Decisions {
        let takes: SmallVec<[Take; 4]> = questions
            .iter()
            .map(|question| {
                let limit = (question.rate.limit / nodes.max(1)).max(question.cost);
                Take {
                    key: self.local.key(question.rule, &question.counted),
                    rule: question.rule,
                    rate: Rate { limit, ..question.rate },
                    algorithm: question.algorithm,
                    cost: question.cost,
                }
            })
            .collect();
        self.local.take(&takes, now)
    }

    /// Asks the shared limiter. Boxed, so that the local path does not carry its state.
    fn together<'a>(
        &'a self,
        shared: &'a dyn SharedLimiter,
        questions: &'a [Question<'a>],
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Decisions, Problem>> {
        let takes: Vec<SharedTake> = questions.iter().map(Question::shared).collect();
        Box::pin(async move {
            if self.absence.may_ask(now) {
                match shared.take(takes).await {
                    Ok(decisions) if decisions.len() == questions.len() => {
                        if self.absence.end() {
                            tracing::info!("the shared limiter is back: limits hold across all nodes again");
                        }
                        return Ok(decisions.into());
                    }
                    Ok(_) => self.went_away(&SharedUnavailable("it answered another question".into())),
                    Err(error) => self.went_away(&error),
                }
            }
            match self.config.when_away {
                WhenAway::Local => Ok(self.locally(questions, self.config.nodes.get(), now)),
                WhenAway::Refuse => Err(Problem::new(UNAVAILABLE)
                    .cause("the shared limiter is away, and limits.when_away is \"refuse\"")
                    .retry_after(Duration::from_secs(1))),
            }
        })
    }

    fn went_away(&self, error: &SharedUnavailable) {
        if self.absence.begin(self.clock.now()) {
            self.absences.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%error, when_away = ?self.config.when_away, "limits hold on this node alone until it is back");
        }
    }
}

impl Question<'_> {
    fn shared(&self) -> SharedTake {
        let mut hash = Context::new(&SHA256);
        self.counted.feed(|bytes| hash.update(bytes));
        let digest = hash.finish();
        let subject = digest.as_ref().iter().take(16).fold(0_u128, |id, byte| id << 8 | u128::from(*byte));
        SharedTake {
            key: format!("{:016x}:{subject:032x}", self.rule),
            rate: self.rate,
            algorithm: self.algorithm,
            cost: self.cost,
        }
    }
}

/// The rule behind a credential's own limit. Computed for each request, so no cryptography: the tag keeps
/// it apart from the rules of routes, whose ids are hashes.
fn credential_rule(rate: Rate) -> u64 {
    let window = rate.window.as_secs().min(u64::from(u32::MAX));
    (u64::from(rate.limit) << 32 | window) ^ 0x6372_6564_656e_7469
}

impl RateLimiter for Limits {
    /// A shared limiter that is away and may not be replaced refuses for a second.
    fn take(&self, key: String, rate: Rate) -> BoxFuture<'_, Result<(), Duration>> {
        let now = self.clock.now();
        let rule = rule_id(&["identity", &rate.to_string()]);
        let waits = move |decisions: Decisions| match decisions.first() {
            Some(Decision { allowed: false, retry_after, .. }) => Err(retry_after.unwrap_or(rate.window)),
            _ => Ok(()),
        };
        match &self.backend {
            Backend::Local => Box::pin(future::ready(waits(self.locally(&[named(rule, rate, &key)], 1, now)))),
            Backend::Shared(shared) => Box::pin(async move {
                match self.together(&**shared, &[named(rule, rate, &key)], now).await {
                    Ok(decisions) => waits(decisions),
                    Err(_) => Err(Duration::from_secs(1)),
                }
            }),
        }
    }
}

fn named(rule: u64, rate: Rate, key: &str) -> Question<'_> {
    Question { rule, counted: Counted::Named(key), rate, algorithm: Algorithm::SlidingWindow, cost: 1 }
}
