//! Counting on this node alone: in memory, with quotas in the database where there is one for them.

use kernel::{Algorithm, Problem, Rate, Timestamp, rate::Period};
use smallvec::SmallVec;

use super::{
    Limits, Measure, Permit, Take, WithoutKv,
    book::{Enter, Use},
    local::Decisions,
    question::Question,
    shared::{QuotaPeriod, QuotaStore, Reserve, SharedUnavailable},
    taken::{AllAsked, Asked, Name},
};

/// What was asked, one answer for each, and what is held on account of it.
pub(super) type Answers<'n> = (AllAsked<'n>, Decisions, Option<Permit>);

/// How often a request that lost the units it had asked for to others asks again.
const TRIES: usize = 64;
/// Units that a node sets aside at once: a hundredth of the quota, so that a crash loses no more, and no
/// more than this.
const MOST_AT_ONCE: u32 = 1_000;

/// How quotas are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Quotas {
    /// By units that the database has set aside.
    Booked,
    /// In memory, as this node's share.
    SharedBy(u32),
}

/// A quota to be asked for, and how many units are missing.
struct Missing {
    key: u128,
    reserve: Reserve,
}

impl Limits {
    /// Counts states alone, the ordinary case.
    pub(super) fn plainly<'n, 'q>(
        &self,
        questions: impl Iterator<Item = (Name<'n>, Question<'q>)>,
        now: Timestamp,
    ) -> Answers<'n> {
        let mut asked = AllAsked::new();
        let mut takes: SmallVec<[Take; 4]> = SmallVec::new();
        for (name, question) in questions {
            asked.push(Asked { name, measure: question.measure });
            if let Measure::Units(rate, algorithm) = question.measure {
                takes.push(self.take_of(&question, rate, algorithm));
            }
        }
        (asked, self.local.take(&takes, now), None)
    }

    /// Counts everything; `nodes` share each limit, and every node allows at least one. Quotas come out of
    /// the book, or are states like the others that so many nodes share.
    pub(super) fn here<'n>(
        &self,
        questions: &[(Name<'n>, Question<'_>)],
        nodes: u32,
        quotas: Quotas,
        now: Timestamp,
    ) -> Answers<'n> {
        let mut takes: SmallVec<[Take; 4]> = SmallVec::new();
        let mut uses: SmallVec<[Use; 2]> = SmallVec::new();
        let mut slots: SmallVec<[Enter; 2]> = SmallVec::new();
        for (_, question) in questions {
            let share = |limit: u32, nodes: u32| (limit / nodes.max(1)).max(question.cost);
            match (question.measure, quotas) {
                (Measure::Slots(limit), _) => {
                    slots.push(Enter { key: self.place(question), limit: share(limit, nodes) });
                }
                (Measure::Units(rate, Algorithm::Calendar(_)), Quotas::Booked) => {
                    uses.push(Use { key: self.place(question), limit: rate.limit, cost: question.cost });
                }
                (Measure::Units(rate, algorithm @ Algorithm::Calendar(_)), Quotas::SharedBy(nodes)) => {
                    let limit = share(rate.limit, nodes);
                    takes.push(self.take_of(question, Rate { limit, ..rate }, algorithm));
                }
                (Measure::Units(rate, algorithm), _) => {
                    takes.push(self.take_of(question, Rate { limit: share(rate.limit, nodes), ..rate }, algorithm));
                }
            }
        }
        let mut book = self.holds.book.lock();
        let rates = |free| self.local.decide(&takes, now, free);
        let (of_slots, of_quotas, of_rates) = book.take(&slots, &uses, now, rates);
        drop(book);
        let (mut of_slots, mut of_quotas, mut of_rates) =
            (of_slots.into_iter(), of_quotas.into_iter(), of_rates.into_iter());
        let each = questions.iter().filter_map(|(_, question)| match question.measure {
            Measure::Slots(_) => of_slots.next(),
            Measure::Units(_, Algorithm::Calendar(_)) if quotas == Quotas::Booked => of_quotas.next(),
            Measure::Units(..) => of_rates.next(),
        });
        let decisions: Decisions = each.collect();
        let entered = decisions.iter().all(|decision| decision.allowed);
        let permit = if entered { self.holds.here(slots.iter().map(|slot| slot.key).collect()) } else { None };
        let asked = questions.iter().map(|(name, question)| Asked { name: *name, measure: question.measure });
        (asked.collect(), decisions, permit)
    }

    /// As [`here`](Self::here), with units of quotas set aside in the database first.
    pub(super) async fn durably<'n>(
        &self,
        store: &dyn QuotaStore,
        questions: Vec<(Name<'n>, Question<'_>)>,
        now: Timestamp,
    ) -> Result<Answers<'n>, Problem> {
        let by_calendar =
            |question: &Question<'_>| matches!(question.measure, Measure::Units(_, Algorithm::Calendar(_)));
        for _ in 0..TRIES {
            let missing = self.missing(&questions, now);
            if missing.is_empty() {
                break;
            }
            if !self.quota_absence.may_ask(now) {
                return self.without_quotas(questions, by_calendar, now);
            }
            for Missing { key, reserve } in missing {
                if let Err(error) = self.reserve(store, key, reserve, now).await {
                    if self.quota_absence.begin(self.clock.now()) {
                        let without = self.settings.without_kv;
                        tracing::warn!(%error, ?without, "the database does not answer about quotas");
                    }
                    return self.without_quotas(questions, by_calendar, now);
                }
            }
            if self.quota_absence.end() {
                tracing::info!("the database answers about quotas again");
            }
        }
        Ok(self.here(&questions, 1, Quotas::Booked, now))
    }

    /// What to do about quotas without their database.
    fn without_quotas<'n>(
        &self,
        mut questions: Vec<(Name<'n>, Question<'_>)>,
        by_calendar: impl Fn(&Question<'_>) -> bool,
        now: Timestamp,
    ) -> Result<Answers<'n>, Problem> {
        match self.settings.without_kv {
            WithoutKv::Refuse => return Err(super::backend::away()),
            WithoutKv::Allow => questions.retain(|(_, question)| !by_calendar(question)),
            WithoutKv::LocalShare => {}
        }
        Ok(self.here(&questions, 1, Quotas::SharedBy(self.settings.nodes.get()), now))
    }

    /// The quotas that the book cannot decide about.
    fn missing(&self, questions: &[(Name<'_>, Question<'_>)], now: Timestamp) -> Vec<Missing> {
        let book = self.holds.book.lock();
        let missing = questions.iter().filter_map(|(_, question)| {
            let Measure::Units(rate, Algorithm::Calendar(period)) = question.measure else { return None };
            let key = self.place(question);
            let at_least = book.lacks(&Use { key, limit: rate.limit, cost: question.cost }, now)?;
            let at_most = (rate.limit / 100).clamp(1, MOST_AT_ONCE).max(at_least);
            let period = period_of(question, period, now);
            Some(Missing { key, reserve: Reserve { period, limit: rate.limit, at_least, at_most } })
        });
        missing.collect()
    }

    /// Sets units aside. In a task of its own: units that were set aside are in the book even when the
    /// request that wanted them is gone.
    async fn reserve(
        &self,
        store: &dyn QuotaStore,
        key: u128,
        reserve: Reserve,
        now: Timestamp,
    ) -> Result<(), SharedUnavailable> {
        let (holds, period) = (self.holds.clone(), reserve.period.clone());
        let asked = store.reserve(reserve);
        let task = tokio::spawn(async move {
            let reserved = asked.await?;
            Ok::<_, SharedUnavailable>(holds.book.lock().deposit(key, period, reserved, now))
        });
        let displaced = task.await.map_err(|error| SharedUnavailable(error.to_string()))??;
        if let Some(unused) = displaced {
            // What cannot be given back is lost to this period: nobody gets more for it.
            drop(tokio::spawn(store.give_back(vec![unused])));
        }
        Ok(())
    }

    fn place(&self, question: &Question<'_>) -> u128 {
        self.local.key(question.rule, &question.counted)
    }

    fn take_of(&self, question: &Question<'_>, rate: Rate, algorithm: Algorithm) -> Take {
        Take { key: self.place(question), rule: question.rule, rate, algorithm, cost: question.cost }
    }
}

fn period_of(question: &Question<'_>, period: Period, now: Timestamp) -> QuotaPeriod {
    let (starts, ends) = period.around(now.as_micros());
    let at = Timestamp::from_micros;
    QuotaPeriod { key: question.shared_key(), starts: at(starts), ends: at(ends) }
}
