//! Finds the route of a request among thousands, without allocating.
//!
//! Hosts are looked up in a hash map, paths in a tree of segments, conditions in the drawers of a
//! [`Leaf`], so the work grows with the length of the path and not with the number of routes. Every node
//! knows the highest priority below it: once a route is found, only branches that could beat it are
//! entered.
//!
//! Order among routes that match: priority; then the host (exact, then the longest `*.suffix`, then
//! `*`); then the path, segment by segment (literal, then parameter, then the end of a prefix); then the
//! number of conditions on headers, query and source; then the narrower source; then naming methods
//! before naming none; then the order they came in.

use std::collections::HashMap;

use http::Method;

use super::{Asked, HostPattern, Matcher, PathPattern, Segment, leaf::Leaf, rule::Rule};

/// A node of the tree of segments.
#[derive(Default)]
struct Node {
    literals: HashMap<Box<str>, usize>,
    parameter: Option<usize>,
    /// Rules that end here.
    exact: Leaf,
    /// Rules that take everything from here on.
    prefix: Leaf,
    /// The highest priority at this node and below.
    best: Option<i32>,
}

/// The paths of one host. Nodes are numbered; the first is the root.
struct Tree(Vec<Node>);

/// The compiled routes.
pub(crate) struct Index {
    rules: Vec<Rule>,
    exact: HashMap<Box<str>, Tree>,
    below: HashMap<Box<str>, Tree>,
    any: Tree,
}

/// What the best route so far is.
#[derive(Clone, Copy)]
struct Best {
    priority: i32,
    rule: usize,
}

impl Index {
    /// Compiles matchers with their priorities; [`Index::find`] answers with their position.
    pub(crate) fn new(rules: impl IntoIterator<Item = (Matcher, i32)>) -> Self {
        let rules = rules.into_iter().map(|(matcher, priority)| Rule { matcher, priority }).collect();
        let mut index = Self { rules, exact: HashMap::new(), below: HashMap::new(), any: Tree::new() };
        for (i, rule) in index.rules.iter().enumerate() {
            let any = [HostPattern::Any];
            let hosts = if rule.matcher.hosts.is_empty() { &any } else { rule.matcher.hosts.as_slice() };
            for host in hosts {
                let tree = match host {
                    HostPattern::Any => &mut index.any,
                    HostPattern::Exact(name) => index.exact.entry(name.clone()).or_insert_with(Tree::new),
                    HostPattern::Below(suffix) => index.below.entry(suffix.clone()).or_insert_with(Tree::new),
                };
                tree.insert(i, rule);
            }
        }
        for tree in index.exact.values_mut().chain(index.below.values_mut()).chain([&mut index.any]) {
            tree.settle(&index.rules);
        }
        index
    }

    /// The best route for a request.
    pub(super) fn find(&self, asked: &Asked<'_>) -> Option<usize> {
        self.search(asked, &mut 0)
    }

    /// As [`Index::find`]; counts nodes entered, lookups made and rules compared.
    pub(super) fn search(&self, asked: &Asked<'_>, work: &mut usize) -> Option<usize> {
        let mut best = None;
        self.trees(asked.host, |tree| {
            *work += 1;
            let mut consider = |leaf: &Leaf, best: &mut Option<Best>| {
                let mut first: Option<(usize, Best)> = None;
                let (mut lookups, mut compared) = (0, 1);
                leaf.visit(asked, &mut lookups, &mut |position, i| {
                    let rule = &self.rules[i];
                    let beaten = first.is_some_and(|(earlier, _)| earlier <= position)
                        || best.is_some_and(|best| best.priority >= rule.priority);
                    if !beaten {
                        compared += 1;
                        if !rule.matcher.takes(asked) {
                            return true;
                        }
                        first = Some((position, Best { priority: rule.priority, rule: i }));
                    }
                    false
                });
                *work += lookups + compared;
                *best = first.map(|(_, found)| found).or(*best);
            };
            tree.walk(0, asked.path.strip_prefix('/'), &mut consider, &mut best);
        });
        best.map(|best| best.rule)
    }

    /// The methods that would have found a route, for `Allow`. Asked only after [`Index::find`] found none.
    pub(super) fn allowed(&self, asked: &Asked<'_>) -> Vec<Method> {
        let mut methods: Vec<Method> = Vec::new();
        self.trees(asked.host, |tree| {
            let mut consider = |leaf: &Leaf, _: &mut Option<Best>| {
                leaf.visit(asked, &mut 0, &mut |_, i| {
                    let matcher = &self.rules[i].matcher;
                    if matcher.takes_rest(asked) {
                        for method in &matcher.methods {
                            let implied = (*method == Method::GET).then_some(Method::HEAD);
                            for method in [method.clone()].into_iter().chain(implied) {
                                if !methods.contains(&method) {
                                    methods.push(method);
                                }
                            }
                        }
                    }
                    true
                });
            };
            tree.walk(0, asked.path.strip_prefix('/'), &mut consider, &mut None);
        });
        methods
    }

    /// A route that takes every request with this host and method that the given one would take, and
    /// comes before it by its priority. No method stands for all of them.
    pub(crate) fn overshadows(&self, number: usize, host: &HostPattern, method: Option<&Method>) -> Option<usize> {
        // Stands for every segment or label that is not named: no literal has braces.
        const SOMETHING: &str = "{}";
        let Rule { matcher, priority } = &self.rules[number];
        let path: String = matcher
            .path
            .segments
            .iter()
            .flat_map(|segment| match segment {
                Segment::Literal(text) => ["/", &**text],
                Segment::Parameter(_) => ["/", SOMETHING],
            })
            .collect();
        let host = match host {
            HostPattern::Any => SOMETHING.to_owned(),
            HostPattern::Below(suffix) => format!("{SOMETHING}.{suffix}"),
            HostPattern::Exact(name) => name.to_string(),
        };
        let mut shadow = None;
        self.trees(&host, |tree| {
            // Nothing beats what has been found.
            let beaten = shadow.map_or(*priority, |_| i32::MAX);
            let mut best = Some(Best { priority: beaten, rule: number });
            let mut consider = |leaf: &Leaf, best: &mut Option<Best>| {
                for &i in leaf.rules() {
                    let rule = &self.rules[i];
                    if best.is_some_and(|best| best.priority >= rule.priority) {
                        break;
                    }
                    // Only a prefix takes all that a prefix takes.
                    let covers = (rule.matcher.path.prefix || !matcher.path.prefix)
                        && rule.matcher.covers_method(method)
                        && rule.matcher.covers_rest(matcher);
                    if covers {
                        *best = Some(Best { priority: i32::MAX, rule: i });
                        shadow = Some(i);
                        break;
                    }
                }
            };
            tree.walk(0, path.strip_prefix('/'), &mut consider, &mut best);
        });
        shadow
    }

    /// The trees of a host, most specific first.
    fn trees<'a>(&'a self, host: &str, mut visit: impl FnMut(&'a Tree)) {
        if let Some(tree) = self.exact.get(host) {
            visit(tree);
        }
        if !self.below.is_empty() {
            let mut rest = host;
            while let Some((_, suffix)) = rest.split_once('.') {
                if rest.len() > suffix.len() + 1
                    && let Some(tree) = self.below.get(suffix)
                {
                    visit(tree);
                }
                rest = suffix;
            }
        }
        visit(&self.any);
    }
}

impl Tree {
    fn new() -> Self {
        Self(vec![Node::default()])
    }

    fn insert(&mut self, i: usize, rule: &Rule) {
        let PathPattern { segments, prefix } = &rule.matcher.path;
        let mut at = 0;
        self.raise(at, rule.priority);
        for segment in segments {
            let next = self.0.len();
            let child = match segment {
                Segment::Literal(text) => *self.0[at].literals.entry(text.clone()).or_insert(next),
                Segment::Parameter(_) => *self.0[at].parameter.get_or_insert(next),
            };
            if child == next {
                self.0.push(Node::default());
            }
            at = child;
            self.raise(at, rule.priority);
        }
        let leaf = if *prefix { &mut self.0[at].prefix } else { &mut self.0[at].exact };
        leaf.push(i);
    }

    /// Puts every leaf in order, once all rules have come.
    fn settle(&mut self, rules: &[Rule]) {
        for node in &mut self.0 {
            node.exact.settle(rules);
            node.prefix.settle(rules);
        }
    }

    fn raise(&mut self, node: usize, priority: i32) {
        let best = &mut self.0[node].best;
        *best = Some(best.map_or(priority, |own| own.max(priority)));
    }

    /// Shows the leaves whose path matches, most specific first, leaving out branches that cannot
    /// beat what was found. `rest` is what follows the last slash; `None` at the end of the path.
    fn walk(
        &self,
        node: usize,
        rest: Option<&str>,
        consider: &mut impl FnMut(&Leaf, &mut Option<Best>),
        best: &mut Option<Best>,
    ) {
        let Node { literals, parameter, exact, prefix, best: below } = &self.0[node];
        if best.is_some_and(|found| below.is_none_or(|below| found.priority >= below)) {
            return;
        }
        match rest {
            None => consider(exact, best),
            Some(rest) => {
                let (segment, rest) = match rest.split_once('/') {
                    Some((segment, rest)) => (segment, Some(rest)),
                    None => (rest, None),
                };
                if let Some(&child) = literals.get(segment) {
                    self.walk(child, rest, consider, best);
                }
                if let Some(child) = parameter.filter(|_| !segment.is_empty()) {
                    self.walk(child, rest, consider, best);
                }
            }
        }
        consider(prefix, best);
    }
}
