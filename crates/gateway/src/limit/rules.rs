//! The limits of a route, compiled.

use aws_lc_rs::digest::{Context, SHA256};
use http::HeaderValue;

use super::{LimitBy, LimitConfig, LimitCost, LimitWhen, Measure};

/// Most rules one route may have. Each is a look-up on every request; with those of a credential they are
/// at most sixteen, which is what a shared limiter answers at once.
pub const MAX_RULES: usize = 10;
/// Most limits of a credential's own that are asked; no key is given more than five.
pub(super) const MAX_OWN: usize = 6;

/// Longest name of a rule.
const MAX_NAME: usize = 64;

/// One limit, ready to be asked.
#[derive(Debug)]
pub(super) struct Rule {
    /// The same for the same rule of the same scope, on every node and after every reload: counting goes
    /// on where it was. A rule that changes starts anew.
    pub(super) id: u64,
    pub(super) name: Box<str>,
    pub(super) by: LimitBy,
    pub(super) measure: Measure,
    pub(super) cost: LimitCost,
    pub(super) when: LimitWhen,
}

/// Why limits cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRules {
    /// No request would ever pass.
    #[error("the limit `{0}` costs {1} a request, more than it ever allows: lower the cost or raise the limit")]
    CostAboveRate(String, u32),
    /// Nothing to count, or several things.
    #[error("the limit by `{0}` needs exactly one of `rate`, `quota` and `concurrent`")]
    Measure(String),
    /// How requests are counted is about rates, and what they cost about rates and quotas.
    #[error("the limit `{0}` counts requests that are running, which cost one each: remove `cost`")]
    SlotCost(String),
    /// The most is less than the least.
    #[error("the limit `{0}` has a cost whose `max` is less than its `base`")]
    CostRange(String),
    /// The scope goes into names of counters.
    #[error("`{0}` is not a scope: use 1 to 64 of a-z, 0-9, `_` and `-`, starting with a letter or digit")]
    Scope(String),
    /// The same limit twice would count every request twice.
    #[error("the limit `{0}` is listed twice: remove one")]
    Duplicate(String),
    /// Names tell limits apart in headers and refusals.
    #[error("two limits are named `{0}`: give one of them another `name`")]
    SameName(String),
    /// The name goes into headers.
    #[error("`{0}` cannot name a limit: use 1 to 64 letters, digits, `_`, `-`, `.`, `/` or `:`")]
    Name(String),
    /// More than [`MAX_RULES`].
    #[error("{0} limits are too many for one route: at most 10 are asked for each request")]
    TooMany(usize),
}

/// All limits of one route.
#[derive(Debug, Default)]
pub struct Rules {
    pub(super) rules: Box<[Rule]>,
    /// `RateLimit-Policy` when every rule applies: it never changes.
    pub(super) policy: Option<HeaderValue>,
    /// Whether a rule counts what is running, or by the calendar.
    pub(super) holds: bool,
}

impl Rules {
    /// Compiles limits, group by group. The first of each pair is the scope: limits of the same scope
    /// share their counters wherever they are used (several routes of identity count against one limit),
    /// so a route's own limits have the route's name as their scope.
    pub fn compile<'a>(groups: impl IntoIterator<Item = (&'a str, &'a [LimitConfig])>) -> Result<Self, InvalidRules> {
        let mut rules: Vec<Rule> = Vec::new();
        for (scope, configs) in groups {
            for config in configs {
                let mut rule = Rule::compile(scope, config)?;
                if rules.iter().any(|other| other.id == rule.id) {
                    return Err(InvalidRules::Duplicate(rule.name.into()));
                }
                let taken = |name: &str| rules.iter().any(|other| &*other.name == name);
                if taken(&rule.name) {
                    // The same rate in two scopes, say: made names get a number, given ones are a mistake.
                    let free = (2..=MAX_RULES + 1).map(|n| format!("{}-{n}", rule.name)).find(|name| !taken(name));
                    match free {
                        Some(name) if config.name.is_none() => rule.name = name.into(),
                        _ => return Err(InvalidRules::SameName(rule.name.into())),
                    }
                }
                rules.push(rule);
            }
        }
        if rules.len() > MAX_RULES {
            return Err(InvalidRules::TooMany(rules.len()));
        }
        let unconditional = rules.iter().all(|rule| rule.when == LimitWhen::Always);
        let mut policy = String::new();
        for rule in &rules {
            super::taken::write_policy(&mut policy, &rule.name, rule.measure);
        }
        let policy = HeaderValue::from_str(&policy).ok().filter(|_| unconditional && !rules.is_empty());
        let holds = rules.iter().any(|rule| rule.measure.is_held());
        Ok(Self { rules: rules.into(), policy, holds })
    }

    /// Whether nothing is limited.
    pub const fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

impl Rule {
    fn compile(scope: &str, config: &LimitConfig) -> Result<Self, InvalidRules> {
        let LimitConfig { by, rate, quota, concurrent, algorithm, cost, when, name, scope: own_scope } = config;
        let measure = match (rate, quota, concurrent) {
            (Some(rate), None, None) => Measure::Units(*rate, *algorithm),
            (None, Some(quota), None) => Measure::quota(*quota),
            (None, None, Some(concurrent)) => Measure::Slots(concurrent.get()),
            _ => return Err(InvalidRules::Measure(by.to_string())),
        };
        let name = name.clone().unwrap_or_else(|| match measure {
            Measure::Units(..) => format!("{by}-{measure}"),
            Measure::Slots(limit) => format!("{by}-{limit}-at-once"),
        });
        let ok = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b':');
        // A header's name may hold characters that a name of ours may not.
        let generated = config.name.is_none() && name.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
        if name.is_empty() || name.len() > MAX_NAME + 64 || !(generated || name.bytes().all(ok)) {
            return Err(InvalidRules::Name(name.chars().take(MAX_NAME).collect()));
        }
        match cost {
            LimitCost::Header(cost) if cost.base > cost.max => return Err(InvalidRules::CostRange(name)),
            cost if cost.most() > measure.limit() => return Err(InvalidRules::CostAboveRate(name, cost.most())),
            cost if *cost != LimitCost::ONE && matches!(measure, Measure::Slots(_)) => {
                return Err(InvalidRules::SlotCost(name));
            }
            _ => {}
        }
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
        if let Some(scope) = own_scope.as_ref().filter(|s| s.len() > MAX_NAME || s.is_empty() || !s.bytes().all(plain))
        {
            return Err(InvalidRules::Scope(scope.chars().take(MAX_NAME).collect()));
        }
        // A space is in no route's name, so a scope is never a route. Requests that are running go on
        // counting when the limit changes, so it is no part of their rule.
        let scope = own_scope.as_ref().map_or_else(|| scope.to_owned(), |own| format!("scope {own}"));
        let counts = match measure {
            Measure::Units(rate, algorithm) => format!("{rate} {algorithm:?}"),
            Measure::Slots(_) => "at once".to_owned(),
        };
        let id = rule_id(&[&scope, &by.to_string(), &counts, &format!("{when:?}")]);
        Ok(Self { id, name: name.into(), by: by.clone(), measure, cost: cost.clone(), when: *when })
    }
}

/// An id that is the same on every node: 64 bits of SHA-256 over the parts.
pub(super) fn rule_id(parts: &[&str]) -> u64 {
    let mut hash = Context::new(&SHA256);
    for part in parts {
        hash.update(part.as_bytes());
        hash.update(&[0]);
    }
    let digest = hash.finish();
    digest.as_ref().iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte))
}
