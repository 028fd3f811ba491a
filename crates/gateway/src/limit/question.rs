//! What one request is asked by the limits that it meets.

use aws_lc_rs::digest::{Context, SHA256};
use kernel::{Algorithm, Rate};

use super::{
    Caller, Measure, Rules,
    rules::{MAX_OWN, rule_id},
    shared::SharedTake,
    subject::Counted,
    taken::Name,
};

/// What one rule asks: everything but the place of the counter.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) rule: u64,
    pub(super) counted: Counted<'a>,
    pub(super) measure: Measure,
    pub(super) cost: u32,
}

/// Everything that a request is asked: by the rules that apply to it, and by its own credential.
pub(super) fn questions<'r: 'c, 'c>(
    rules: &'r Rules,
    caller: &'c Caller<'c>,
) -> impl Iterator<Item = (Name<'r>, Question<'c>)> {
    let of_rules = rules.rules.iter().filter(|rule| caller.is(rule.when)).map(|rule| {
        let (counted, cost) = (caller.counted(&rule.by), rule.cost.of(caller.headers));
        (Name::Rule(&rule.name), Question { rule: rule.id, counted, measure: rule.measure, cost })
    });
    let own = caller.principal.into_iter().flat_map(|principal| {
        // Across all routes: the credential's own. A key's tokens count with the key.
        let counted = principal.api_key.map_or(Counted::User(principal.subject), Counted::ApiKey);
        let limits = &principal.limits[..principal.limits.len().min(MAX_OWN)];
        // The same one twice would count twice.
        let once = limits.iter().enumerate().filter(|(i, rate)| !limits[..*i].contains(rate));
        once.map(move |(_, &rate)| {
            let measure = Measure::Units(rate, Algorithm::SlidingWindow);
            (Name::Credential(rate), Question { rule: credential_rule(rate), counted, measure, cost: 1 })
        })
    });
    of_rules.chain(own)
}

/// A question by a key of the asker's own.
pub(super) fn named(key: &str, rate: Rate) -> (Name<'_>, Question<'_>) {
    let rule = rule_id(&["identity", &rate.to_string()]);
    let measure = Measure::Units(rate, Algorithm::SlidingWindow);
    (Name::Credential(rate), Question { rule, counted: Counted::Named(key), measure, cost: 1 })
}

impl Question<'_> {
    /// What the place of the counter is called where others can read it: hashed, so that it tells nothing.
    pub(super) fn shared_key(&self) -> String {
        let mut hash = Context::new(&SHA256);
        self.counted.feed(|bytes| hash.update(bytes));
        let digest = hash.finish();
        let subject = digest.as_ref().iter().take(16).fold(0_u128, |id, byte| id << 8 | u128::from(*byte));
        format!("{:016x}:{subject:032x}", self.rule)
    }

    pub(super) fn shared(&self, rate: Rate, algorithm: Algorithm) -> SharedTake {
        SharedTake { key: self.shared_key(), rate, algorithm, cost: self.cost }
    }
}

/// The rule behind a credential's own limit. Computed for each request, so no cryptography: the tag keeps
/// it apart from the rules of routes, whose ids are hashes.
fn credential_rule(rate: Rate) -> u64 {
    let window = rate.window.as_secs().min(u64::from(u32::MAX));
    (u64::from(rate.limit) << 32 | window) ^ 0x6372_6564_656e_7469
}
