//! Asking the right limiter.

use std::{
    iter,
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
    rules::{MAX_OWN, rule_id},
    shared::{Absence, SharedLimiter},
    subject::Counted,
    taken::{AllAsked, Asked, Name},
};

/// All limits of a node.
pub struct Limits {
    backend: Backend,
    /// Counts everything when the backend is local, and this node's share while the shared one is away.
    local: LocalLimiter,
    absence: Absence,
    absences: AtomicU64,
    settings: LimitSettings,
    clock: Arc<dyn Clock>,
}

/// What was asked, and one answer for each.
type Answers<'a> = (AllAsked<'a>, Decisions);

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

/// Everything that a request is asked: by the rules that apply to it, and by its own credential.
fn questions<'r: 'c, 'c>(rules: &'r Rules, caller: &'c Caller<'c>) -> impl Iterator<Item = (Name<'r>, Question<'c>)> {
    let of_rules = rules.rules.iter().filter(|rule| caller.is(rule.when)).map(|rule| {
        let (rate, algorithm, cost) = (rule.rate, rule.algorithm, rule.cost);
        let counted = caller.counted(&rule.by);
        (Name::Rule(&rule.name), Question { rule: rule.id, counted, rate, algorithm, cost })
    });
    let own = caller.principal.into_iter().flat_map(|principal| {
        // Across all routes: the credential's own. A key's tokens count with the key.
        let counted = principal.api_key.map_or(Counted::User(principal.subject), Counted::ApiKey);
        let limits = &principal.limits[..principal.limits.len().min(MAX_OWN)];
        // The same one twice would count twice.
        let once = limits.iter().enumerate().filter(|(i, rate)| !limits[..*i].contains(rate));
        once.map(move |(_, &rate)| {
            let (rule, algorithm) = (credential_rule(rate), Algorithm::SlidingWindow);
            (Name::Credential(rate), Question { rule, counted, rate, algorithm, cost: 1 })
        })
    });
    of_rules.chain(own)
}

impl Limits {
    /// Limits counted by `backend`.
    pub fn new(backend: Backend, settings: LimitSettings, clock: Arc<dyn Clock>) -> Self {
        Self {
            backend,
            local: LocalLimiter::new(settings.max_keys.get()),
            absence: Absence::default(),
            absences: AtomicU64::new(0),
            settings,
            clock,
        }
    }

    /// Takes from every limit that meets the request, or from none when one refuses: ask
    /// [`Taken::refusal`]. An error means that nothing could be counted (`unavailable`, 503).
    ///
    /// Never awaits with a local backend.
    pub async fn take<'r>(&self, rules: &'r Rules, caller: &Caller<'_>) -> Result<Taken<'r>, Problem> {
        let now = self.clock.now();
        let (asked, decisions) = match &self.backend {
            Backend::Local => self.locally(questions(rules, caller), 1, now),
            Backend::Shared(shared) => self.together(&**shared, questions(rules, caller).collect(), now).await?,
        };
        let policy = if asked.len() == rules.rules.len() { rules.policy.as_ref() } else { None };
        Ok(Taken { asked, decisions, policy, now, headers: self.settings.headers, x_headers: self.settings.x_headers })
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
    fn locally<'n, 'q>(
        &self,
        questions: impl Iterator<Item = (Name<'n>, Question<'q>)>,
        nodes: u32,
        now: Timestamp,
    ) -> Answers<'n> {
        let mut asked = AllAsked::new();
        let mut takes: SmallVec<[Take; 4]> = SmallVec::new();
        for (name, question) in questions {
            let limit = (question.rate.limit / nodes.max(1)).max(question.cost);
            asked.push(Asked { name, rate: question.rate });
            takes.push(Take {
                key: self.local.key(question.rule, &question.counted),
                rule: question.rule,
                rate: Rate { limit, ..question.rate },
                algorithm: question.algorithm,
                cost: question.cost,
            });
        }
        (asked, self.local.take(&takes, now))
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
                match shared.take(questions.iter().map(|(_, question)| question.shared()).collect()).await {
                    Ok(decisions) if decisions.len() == questions.len() => {
                        if self.absence.end() {
                            tracing::info!("the shared limiter is back: limits hold across all nodes again");
                        }
                        let asked = questions.iter().map(|(name, question)| Asked { name: *name, rate: question.rate });
                        return Ok((asked.collect(), decisions.into()));
                    }
                    Ok(_) => self.went_away(&SharedUnavailable("it answered another question".into())),
                    Err(error) => self.went_away(&error),
                }
            }
            match self.settings.when_away {
                WhenAway::Local => Ok(self.locally(questions.into_iter(), self.settings.nodes.get(), now)),
                WhenAway::Refuse => Err(Problem::new(UNAVAILABLE)
                    .cause("the shared limiter is away, and limits.when_away is \"refuse\"")
                    .retry_after(Duration::from_secs(1))),
            }
        })
    }

    fn went_away(&self, error: &SharedUnavailable) {
        if self.absence.begin(self.clock.now()) {
            self.absences.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%error, when_away = ?self.settings.when_away, "limits hold on this node alone until it is back");
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
        let waits = move |(_, decisions): Answers<'_>| match decisions.first() {
            Some(Decision { allowed: false, retry_after, .. }) => Err(retry_after.unwrap_or(rate.window)),
            _ => Ok(()),
        };
        match &self.backend {
            Backend::Local => Box::pin(future::ready(waits(self.locally(iter::once(named(&key, rate)), 1, now)))),
            Backend::Shared(shared) => Box::pin(async move {
                match self.together(&**shared, vec![named(&key, rate)], now).await {
                    Ok(answers) => waits(answers),
                    Err(_) => Err(Duration::from_secs(1)),
                }
            }),
        }
    }
}

/// A question by a key of the asker's own.
fn named(key: &str, rate: Rate) -> (Name<'_>, Question<'_>) {
    let rule = rule_id(&["identity", &rate.to_string()]);
    let counted = Counted::Named(key);
    (Name::Credential(rate), Question { rule, counted, rate, algorithm: Algorithm::SlidingWindow, cost: 1 })
}
