//! The targets of an upstream, and which of them are used now.
//!
//! Usually all are. Targets that are not fit ([`Health`](super::health::Health)) are left out; of the rest,
//! those in the gate's own zone are preferred while enough of them are fit. When too few are fit, health is
//! no longer believed and all are used: a wrong answer of some is better than none of any.
//!
//! What results is a [`Lineup`], kept until something changes. A request reads it and, while nothing is
//! about to change by the mere passing of time, does not even look at the clock.
//!
//! A group never changes its targets: another set of targets is another group, which inherits what is known.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use kernel::Timestamp;
use parking_lot::Mutex;

use super::{
    balance::{Balancer, Lineup, Loads, Seat, WHOLE},
    health::Ejector,
    sticky::TargetId,
    target::Target,
};
use crate::config::{Balance, UpstreamConfig};

/// The least share of a target that starts slowly: a twentieth.
const FIRST_SHARE: u32 = WHOLE / 20;

/// What a request would like of the choice.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wish {
    /// What hashing tells requests apart by.
    pub(crate) subject: u64,
    /// The target that the visitor was with.
    pub(crate) own: Option<TargetId>,
}

/// The targets of an upstream.
#[derive(Debug)]
pub(super) struct Group {
    members: Box<[Member]>,
    /// In hundredths.
    panic_below: usize,
    own_zone_min: usize,
    slow_start: Option<Duration>,
    turns: bool,
    now_used: ArcSwap<NowUsed>,
    /// One at a time decides who is used.
    deciding: Mutex<()>,
}

#[derive(Debug)]
struct Member {
    target: Arc<Target>,
    seat: Seat,
    /// Whether it is in the gate's own zone.
    near: bool,
}

/// Who is used.
#[derive(Debug)]
struct NowUsed {
    lineup: Lineup,
    /// When it has to be decided again, in microseconds; `i64::MAX` for not by itself.
    until: i64,
    /// Whether one of them starts slowly.
    warming: bool,
    /// How many are fit.
    available: usize,
    panic: bool,
}

/// What becomes of a group that a change of targets replaces.
pub(super) struct Heritage<'a> {
    pub(super) group: &'a Group,
    /// Whether the new rules check and eject.
    pub(super) checked: bool,
    pub(super) ejected: bool,
}

/// How the targets of an upstream are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Standing {
    pub(super) targets: usize,
    pub(super) available: usize,
    pub(super) panic: bool,
}

impl Group {
    /// A group of these targets, each with its weight and zone. What is known about those that were in the
    /// group before is kept; others are new among them.
    pub(super) fn new(
        targets: Vec<(Arc<Target>, u16, Option<String>)>,
        config: &UpstreamConfig,
        zone: Option<&str>,
        before: Option<&Heritage<'_>>,
        now: Timestamp,
    ) -> Self {
        if let Some(before) = before {
            for (target, ..) in &targets {
                match before.group.targets().find(|old| old.is_same(target)) {
                    Some(old) if Arc::ptr_eq(old, target) => {}
                    Some(old) => target.health.inherit(&old.health, before.checked, before.ejected),
                    None => target.health.is_new(now),
                }
            }
        }
        let members: Box<[Member]> = targets
            .into_iter()
            .enumerate()
            .map(|(i, (target, weight, own))| Member {
                seat: Seat::new(i, &target.url, weight),
                near: zone.is_some() && own.as_deref() == zone,
                target,
            })
            .collect();
        let nobody = NowUsed { lineup: Lineup::new([], false), until: 0, warming: false, available: 0, panic: false };
        let group = Self {
            members,
            panic_below: config.panic_below.hundredths().into(),
            own_zone_min: config.own_zone_min.hundredths().into(),
            slow_start: config.slow_start.map(|time| time.get()),
            turns: config.balance == Balance::RoundRobin,
            now_used: ArcSwap::from_pointee(nobody),
            deciding: Mutex::new(()),
        };
        group.refresh(now);
        group
    }

    /// Every target, fit or not.
    pub(super) fn targets(&self) -> impl Iterator<Item = &Arc<Target>> {
        self.members.iter().map(|member| &member.target)
    }

    /// How things stand.
    pub(super) fn standing(&self) -> Standing {
        let used = self.now_used.load();
        Standing { targets: self.members.len(), available: used.available, panic: used.panic }
    }

    /// The target to ask: the visitor's own, else the one that the balance chooses; one of those for which
    /// `unwanted` is false. `None` when there is none.
    pub(super) fn choose(
        &self,
        balancer: &Balancer,
        wish: &Wish,
        now: impl Fn() -> Timestamp,
        unwanted: impl Fn(&Target) -> bool,
    ) -> Option<Arc<Target>> {
        let mut used = self.now_used.load();
        let mut at = None;
        if used.until != i64::MAX {
            let moment = now();
            if moment.as_micros() >= used.until {
                self.refresh(moment);
                used = self.now_used.load();
            }
            at = Some(moment);
        }
        let share = |i: usize| match &self.members[i].target {
            target if unwanted(target) => 0,
            target if used.warming => at.map_or(WHOLE, |now| self.share(target, now)),
            _ => WHOLE,
        };
        if let Some(own) = &wish.own
            && let Some(i) = self.members.iter().position(|member| member.target.id == Some(*own))
            && !unwanted(&self.members[i].target)
            && (used.panic || used.available == self.members.len() || self.members[i].target.health.is_available(now()))
        {
            return Some(self.members[i].target.clone());
        }
        let running = |i: usize| self.members[i].target.running();
        balancer.choose(&used.lineup, wish.subject, &Loads { running, share }).map(|i| self.members[i].target.clone())
    }

    /// How much of its weight a target takes: all, unless it is on its way back.
    fn share(&self, target: &Target, now: Timestamp) -> u32 {
        let (Some(time), Some(back)) = (self.slow_start, target.health.back(now)) else { return WHOLE };
        let (passed, time) = (now.since(back).as_micros(), time.as_micros().max(1));
        let share = (u128::from(WHOLE) * passed / time).min(u128::from(WHOLE));
        u32::try_from(share).unwrap_or(WHOLE).max(FIRST_SHARE)
    }

    /// Decides anew who is used.
    pub(super) fn refresh(&self, now: Timestamp) {
        let _deciding = self.deciding.lock();
        self.decide(now);
    }

    /// Leaves the target out for a while, unless too many are out already. Returns until when.
    pub(super) fn eject(&self, ejector: &Ejector, target: &Target, now: Timestamp) -> Option<Timestamp> {
        let _deciding = self.deciding.lock();
        let ejected = self.targets().filter(|target| target.health.ejected_until(now).is_some()).count();
        let others = self.targets().filter(|t| !std::ptr::eq(&***t, target) && t.health.is_available(now)).count();
        let may = target.health.is_available(now) && others > 0 && ejected < ejector.most(self.members.len());
        let until = may.then(|| ejector.eject(&target.health, now));
        if until.is_some() {
            self.decide(now);
        }
        until
    }

    /// Under the lock.
    fn decide(&self, now: Timestamp) {
        let fit: Vec<&Member> = self.members.iter().filter(|member| member.target.health.is_available(now)).collect();
        let available = fit.len();
        let panic = available == 0 || available * 100 < self.panic_below * self.members.len();
        let near = self.members.iter().filter(|member| member.near).count();
        let near_fit = fit.iter().filter(|member| member.near).count();
        let stay_near = near_fit > 0 && near_fit * 100 >= self.own_zone_min * near;
        let used: Vec<&Member> = if panic {
            self.members.iter().collect()
        } else {
            fit.into_iter().filter(|member| member.near || !stay_near).collect()
        };
        // What changes by itself: ejections that end, targets that have come back for good.
        let ends = self.targets().filter_map(|target| target.health.ejected_until(now)).map(Timestamp::as_micros);
        let warm = used.iter().filter_map(|member| Some(member.target.health.back(now)? + self.slow_start?));
        let warm: Vec<i64> = warm.map(Timestamp::as_micros).filter(|until| *until > now.as_micros()).collect();
        let until = ends.chain(warm.iter().copied()).min().unwrap_or(i64::MAX);
        let lineup = Lineup::new(used.into_iter().map(|member| member.seat), self.turns);
        self.now_used.store(Arc::new(NowUsed { lineup, until, warming: !warm.is_empty(), available, panic }));
    }
}
