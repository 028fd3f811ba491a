//! The rules that end at one place of the path tree, told apart by method, header, query and source.
//!
//! Thousands of routes may share one path and differ in a header's value alone. So each rule is filed
//! under the rarest of its conditions with a fixed value, and a request looks into one drawer for each
//! name that conditions have, not at every rule. Rules without such a condition lie in the open.

use std::{collections::HashMap, net::IpAddr};

use http::HeaderName;
use kernel::principal::Network;

use super::{Asked, query, rule::Rule};

/// Fewer rules than this are quicker looked through than looked up.
const FEW: usize = 8;

/// The rules of one node that end alike. Built by [`Leaf::push`] and one [`Leaf::settle`].
#[derive(Default)]
pub(super) struct Leaf {
    /// Best first.
    rules: Vec<usize>,
    /// Positions in `rules` of those in no drawer, best first.
    open: Vec<usize>,
    cabinets: Vec<(Key, Drawers)>,
}

/// Positions in the leaf by the value on the label, best first.
type Drawers = HashMap<Box<[u8]>, Vec<usize>>;

/// What the drawers of a cabinet are labelled with.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    /// The value of this field.
    Header(HeaderName),
    /// The value of this parameter.
    Query(Box<str>),
    /// The first so many bits of the client's address, of one family.
    Source { v4: bool, prefix: u8 },
}

impl Leaf {
    pub(super) fn push(&mut self, rule: usize) {
        self.rules.push(rule);
    }

    /// Puts the rules in order, once all have come.
    pub(super) fn settle(&mut self, rules: &[Rule]) {
        self.rules.sort_by_key(|i| rules[*i].order(*i));
        self.rules.dedup();
        if self.rules.len() < FEW {
            self.open = (0..self.rules.len()).collect();
            return;
        }
        let labels: Vec<Vec<Vec<Label>>> = self.rules.iter().map(|i| labels(&rules[*i])).collect();
        let mut crowd: HashMap<&Label, usize> = HashMap::new();
        for label in labels.iter().flatten().flatten() {
            *crowd.entry(label).or_default() += 1;
        }
        let mut cabinets: HashMap<Key, Drawers> = HashMap::new();
        for (position, conditions) in labels.iter().enumerate() {
            let crowded = |condition: &&Vec<Label>| condition.iter().map(|label| crowd[label]).sum::<usize>();
            match conditions.iter().min_by_key(crowded) {
                None => self.open.push(position),
                Some(condition) => {
                    for (key, value) in condition {
                        let drawer = cabinets.entry(key.clone()).or_default().entry(value.clone()).or_default();
                        if drawer.last() != Some(&position) {
                            drawer.push(position);
                        }
                    }
                }
            }
        }
        self.cabinets = cabinets.into_iter().collect();
    }

    /// Shows every rule that might take the request, best first within each drawer; `visit` gets the
    /// position and the rule's number, and says whether it wants to see more of the drawer. Counts lookups.
    pub(super) fn visit(&self, asked: &Asked<'_>, work: &mut usize, visit: &mut impl FnMut(usize, usize) -> bool) {
        let mut show = |drawer: &[usize]| {
            for &position in drawer {
                if !visit(position, self.rules[position]) {
                    break;
                }
            }
        };
        show(&self.open);
        let client = asked.client.to_canonical();
        for (key, drawers) in &self.cabinets {
            *work += 1;
            match key {
                Key::Header(name) => {
                    for value in asked.headers.get_all(name) {
                        show(drawers.get(value.as_bytes()).map_or(&[], Vec::as_slice));
                    }
                }
                Key::Query(name) => {
                    for value in query::values(asked.query, name) {
                        show(drawers.get(value.as_slice()).map_or(&[], Vec::as_slice));
                    }
                }
                Key::Source { v4, prefix } if *v4 == client.is_ipv4() => {
                    let label = masked(client, *prefix);
                    show(drawers.get(&label[..]).map_or(&[], Vec::as_slice));
                }
                Key::Source { .. } => {}
            }
        }
    }

    /// Every rule, best first.
    pub(super) fn rules(&self) -> &[usize] {
        &self.rules
    }
}

type Label = (Key, Box<[u8]>);

/// The conditions of a rule that have fixed values; each with the labels that it goes under.
fn labels(rule: &Rule) -> Vec<Vec<Label>> {
    let matcher = &rule.matcher;
    let headers = matcher.headers.iter().filter_map(|(name, value)| {
        let value = value.as_ref()?;
        Some(vec![(Key::Header(name.clone()), value.as_bytes().into())])
    });
    let query = matcher.query.iter().filter_map(|(name, value)| {
        let value = value.as_ref()?;
        Some(vec![(Key::Query(name.clone()), value.as_bytes().into())])
    });
    let source = |network: &Network| {
        let key = Key::Source { v4: network.address().is_ipv4(), prefix: network.prefix() };
        (key, masked(network.address(), network.prefix()))
    };
    let sources = (!matcher.sources.is_empty()).then(|| matcher.sources.iter().map(source).collect());
    headers.chain(query).chain(sources).collect()
}

/// The first `prefix` bits of an address, the rest zero.
fn masked(address: IpAddr, prefix: u8) -> Box<[u8]> {
    let keep = |width: u8| u128::MAX.checked_shl(u32::from(width.saturating_sub(prefix))).unwrap_or(0);
    match address {
        #[expect(clippy::cast_possible_truncation, reason = "the low 32 bits of the mask are the IPv4 mask")]
        IpAddr::V4(v4) => (v4.to_bits() & keep(32) as u32).to_be_bytes().into(),
        IpAddr::V6(v6) => (v6.to_bits() & keep(128)).to_be_bytes().into(),
    }
}
