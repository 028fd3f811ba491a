//! A route as the index keeps it, and which of two is chosen.

use std::cmp::{Ordering, Reverse};

use http::Method;

use super::{HostPattern, Matcher};

/// One route as the index keeps it.
pub(super) struct Rule {
    pub(super) matcher: Matcher,
    pub(super) priority: i32,
}

impl Rule {
    /// Best first among rules of the same host and path.
    pub(super) fn order(&self, number: usize) -> impl Ord + use<> {
        let Self { matcher, priority } = self;
        let specific = (Reverse(matcher.conditions()), Reverse(matcher.narrowness()));
        (Reverse(*priority), specific, matcher.methods.is_empty(), number)
    }
}

impl Matcher {
    /// Whether this one is chosen, with its priority, for some request that `other` takes too, which came
    /// before it. Conditions on headers, query and source are taken to hold together.
    pub fn takes_from(&self, priority: i32, other: &Self, others: i32) -> bool {
        let includes = |a: &[Method], b: &Self| a.iter().any(|method| b.covers_method(Some(method)));
        let methods = match (self.methods.as_slice(), other.methods.as_slice()) {
            ([], _) | (_, []) => true,
            (own, theirs) => includes(own, other) || includes(theirs, self),
        };
        let Some(path) = self.path.against(&other.path).filter(|_| methods) else { return false };
        let rest = || {
            let rule = |matcher: &Self| Rule { matcher: matcher.clone(), priority: 0 };
            rule(other).order(0).cmp(&rule(self).order(1))
        };
        let any = [HostPattern::Any];
        let hosts = |own: &'_ [HostPattern]| if own.is_empty() { any.to_vec() } else { own.to_vec() };
        let (own, theirs) = (hosts(&self.hosts), hosts(&other.hosts));
        let mut meetings = own.iter().flat_map(|own| theirs.iter().filter_map(|host| own.against(host)));
        meetings.any(|host| priority.cmp(&others).then(host).then(path).then_with(rest) == Ordering::Greater)
    }
}
