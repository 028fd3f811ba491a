//! Finds the route of a request among thousands, without allocating.
//!
//! Hosts are looked up in a hash map, paths in a tree of segments, so the work grows with the length of
//! the path and not with the number of routes. Every node knows the highest priority below it: once a
//! route is found, only branches that could beat it are entered.
//!
//! Order among routes that match: priority; then the host (exact, then the longest `*.suffix`, then
//! `*`); then the path, segment by segment (literal, then parameter, then the end of a prefix); then the
//! number of header conditions; then naming methods before naming none; then the order they came in.

use std::collections::HashMap;

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::{HostPattern, PathPattern, Segment};

/// Which requests a route takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Matcher {
    /// One of these hosts.
    pub hosts: Vec<HostPattern>,
    /// This path.
    pub path: PathPattern,
    /// One of these methods; none means any. `GET` includes `HEAD`.
    pub methods: Vec<Method>,
    /// All of these fields; without a value, any value.
    pub headers: Vec<(HeaderName, Option<HeaderValue>)>,
}

impl Matcher {
    /// Every request for this path.
    pub const fn path(path: PathPattern) -> Self {
        Self { hosts: Vec::new(), path, methods: Vec::new(), headers: Vec::new() }
    }

    fn takes_method(&self, method: &Method) -> bool {
        let includes = |own: &Method| own == method || (own == Method::GET && method == Method::HEAD);
        self.methods.is_empty() || self.methods.iter().any(includes)
    }

    fn takes_headers(&self, headers: &HeaderMap) -> bool {
        self.headers.iter().all(|(name, value)| match value {
            None => headers.contains_key(name),
            Some(value) => headers.get_all(name).iter().any(|sent| sent == value),
        })
    }
}

/// One route as the index keeps it.
struct Rule {
    matcher: Matcher,
    priority: i32,
}

/// A node of the tree of segments.
#[derive(Default)]
struct Node {
    literals: HashMap<Box<str>, usize>,
    parameter: Option<usize>,
    /// Rules that end here, best first.
    exact: Vec<usize>,
    /// Rules that take everything from here on, best first.
    prefix: Vec<usize>,
    /// The highest priority at this node and below.
    best: Option<i32>,
}

/// The paths of one host. Nodes are numbered; the first is the root.
struct Tree(Vec<Node>);

/// The compiled routes.
pub(super) struct Index {
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
    pub(super) fn new(rules: impl IntoIterator<Item = (Matcher, i32)>) -> Self {
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
                tree.insert(i, &index.rules);
            }
        }
        index
    }

    /// The best route for a request: host in lower case without port, path normalised.
    pub(super) fn find(&self, host: &str, path: &str, method: &Method, headers: &HeaderMap) -> Option<usize> {
        let mut best = None;
        self.trees(host, |tree| {
            tree.walk(
                0,
                path.strip_prefix('/'),
                &mut |rules, best| {
                    for &i in rules {
                        let rule = &self.rules[i];
                        if best.is_some_and(|b: Best| b.priority >= rule.priority) {
                            break;
                        }
                        if rule.matcher.takes_method(method) && rule.matcher.takes_headers(headers) {
                            *best = Some(Best { priority: rule.priority, rule: i });
                            break;
                        }
                    }
                },
                &mut best,
            );
        });
        best.map(|best| best.rule)
    }

    /// The methods that would have found a route, for `Allow`. Asked only after [`Index::find`] found none.
    pub(super) fn allowed(&self, host: &str, path: &str, headers: &HeaderMap) -> Vec<Method> {
        let mut methods: Vec<Method> = Vec::new();
        self.trees(host, |tree| {
            tree.walk(
                0,
                path.strip_prefix('/'),
                &mut |rules, _| {
                    for rule in rules.iter().map(|i| &self.rules[*i]).filter(|r| r.matcher.takes_headers(headers)) {
                        for method in &rule.matcher.methods {
                            let implied = (*method == Method::GET).then_some(Method::HEAD);
                            for method in [method.clone()].into_iter().chain(implied) {
                                if !methods.contains(&method) {
                                    methods.push(method);
                                }
                            }
                        }
                    }
                },
                &mut None,
            );
        });
        methods
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

    fn insert(&mut self, i: usize, rules: &[Rule]) {
        let rule = &rules[i];
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
        let list = if *prefix { &mut self.0[at].prefix } else { &mut self.0[at].exact };
        list.push(i);
        let order = |i: &usize| {
            let Rule { matcher, priority } = &rules[*i];
            (std::cmp::Reverse(*priority), std::cmp::Reverse(matcher.headers.len()), matcher.methods.is_empty(), *i)
        };
        list.sort_by_key(order);
        list.dedup();
    }

    fn raise(&mut self, node: usize, priority: i32) {
        let best = &mut self.0[node].best;
        *best = Some(best.map_or(priority, |own| own.max(priority)));
    }

    /// Shows the lists of rules whose path matches, most specific first, leaving out branches that cannot
    /// beat what was found. `rest` is what follows the last slash; `None` at the end of the path.
    fn walk(
        &self,
        node: usize,
        rest: Option<&str>,
        consider: &mut impl FnMut(&[usize], &mut Option<Best>),
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
