//! The limits of a route, compiled.

use aws_lc_rs::digest::{Context, SHA256};
use http::HeaderValue;
use kernel::{Algorithm, Rate};

use super::{LimitBy, LimitConfig, LimitWhen};

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
    pub(super) rate: Rate,
    pub(super) algorithm: Algorithm,
    pub(super) cost: u32,
    pub(super) when: LimitWhen,
}

/// Why limits cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRules {
    /// No request would ever pass.
    #[error("the limit `{0}` costs {1} a request, more than it ever allows: lower the cost or raise the rate")]
    CostAboveRate(String, u32),
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
            super::taken::write_policy(&mut policy, &rule.name, rule.rate);
        }
        let policy = HeaderValue::from_str(&policy).ok().filter(|_| unconditional && !rules.is_empty());
        Ok(Self { rules: rules.into(), policy })
    }

    /// Whether nothing is limited.
    pub const fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

impl Rule {
    fn compile(scope: &str, config: &LimitConfig) -> Result<Self, InvalidRules> {
        let LimitConfig { by, rate, algorithm, cost, when, name } = config;
        let name = name.clone().unwrap_or_else(|| format!("{by}-{rate}"));
        let ok = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b':');
        // A header's name may hold characters that a name of ours may not.
        let generated = config.name.is_none() && name.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
        if name.is_empty() || name.len() > MAX_NAME + 64 || !(generated || name.bytes().all(ok)) {
            return Err(InvalidRules::Name(name.chars().take(MAX_NAME).collect()));
        }
        if cost.get() > rate.limit {
            return Err(InvalidRules::CostAboveRate(name, cost.get()));
        }
        let id = rule_id(&[scope, &by.to_string(), &rate.to_string(), &format!("{algorithm:?} {when:?} {cost}")]);
        Ok(Self {
            id,
            name: name.into(),
            by: by.clone(),
            rate: *rate,
            algorithm: *algorithm,
            cost: cost.get(),
            when: *when,
        })
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
