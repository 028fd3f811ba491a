//! Finds routes that stand in each other's way.
//!
//! Two routes conflict when they ask for the same and nothing decides between them. A route is
//! unreachable when routes of a higher priority take each of its requests. Thousands of routes are not
//! compared pairwise: the first are grouped by what must be equal, the second are looked up in the index
//! that requests are looked up in.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    RouteConfig,
    findings::{Findings, shorten},
};
use crate::route::{HostPattern, Index, Matcher, PathPattern, Segment};

/// Routes that can be compiled, each with its number in the file.
pub(super) fn check(findings: &mut Findings, routes: &[RouteConfig]) {
    let compiled: Vec<(usize, Matcher)> =
        routes.iter().enumerate().filter_map(|(i, route)| Some((i, Matcher::compile(&route.matches)?))).collect();
    check_same(findings, routes, &compiled);
    check_unreachable(findings, routes, compiled);
}

fn check_same(findings: &mut Findings, routes: &[RouteConfig], compiled: &[(usize, Matcher)]) {
    type Fields<'a> = &'a BTreeMap<String, String>;
    type Key<'a> = (&'a str, String, i32, Fields<'a>, Fields<'a>);
    let mut groups: BTreeMap<Key<'_>, Vec<(usize, &Matcher)>> = BTreeMap::new();
    // Routes that share several hosts are told apart once.
    let mut known = BTreeSet::new();
    for (i, matcher) in compiled {
        let RouteConfig { matches, priority, .. } = &routes[*i];
        for host in &matches.host.0 {
            let key = (host.as_str(), shape(&matcher.path), *priority, &matches.headers, &matches.query);
            let group = groups.entry(key).or_default();
            for (earlier, other) in group.iter() {
                if matcher.methods_meet(other)
                    && matcher.sources_meet(other)
                    && earlier != i
                    && known.insert((*earlier, *i))
                {
                    findings.pair(
                        format!("routes[{i}].match"),
                        format!("routes[{earlier}].match"),
                        format!("takes the same requests as the route `{}`", shorten(&routes[*earlier].name)),
                        "Tell them apart by path, method, host, header, query or source, or by priority where only some requests are the same.",
                    );
                }
            }
            group.push((*i, matcher));
        }
    }
}

fn check_unreachable(findings: &mut Findings, routes: &[RouteConfig], compiled: Vec<(usize, Matcher)>) {
    let numbers: Vec<usize> = compiled.iter().map(|(i, _)| *i).collect();
    let parts: HashMap<usize, (Vec<HostPattern>, Vec<http::Method>)> =
        compiled.iter().map(|(i, matcher)| (*i, (matcher.hosts.clone(), matcher.methods.clone()))).collect();
    let index = Index::new(compiled.into_iter().map(|(i, matcher)| (matcher, routes[i].priority)));
    for (position, i) in numbers.iter().enumerate() {
        let (hosts, methods) = &parts[i];
        let methods: Vec<Option<&http::Method>> =
            if methods.is_empty() { vec![None] } else { methods.iter().map(Some).collect() };
        let shadows: Option<Vec<usize>> = hosts
            .iter()
            .flat_map(|host| methods.iter().map(move |method| (host, *method)))
            .map(|(host, method)| index.overshadows(position, host, method))
            .collect();
        if let Some(shadow) = shadows.and_then(|shadows| shadows.first().copied()) {
            let first = numbers[shadow];
            findings.pair(
                format!("routes[{i}].match"),
                format!("routes[{first}].match"),
                format!(
                    "is never reached: the route `{}` has a higher priority and takes its requests",
                    shorten(&routes[first].name)
                ),
                "Give this route a priority that is as high, or drop it.",
            );
        }
    }
}

/// Paths of the same shape take the same requests, whatever their parameters are called.
fn shape(pattern: &PathPattern) -> String {
    let segments = pattern.segments.iter().map(|segment| match segment {
        Segment::Literal(text) => format!("/{text}"),
        Segment::Parameter(_) => "/{}".to_owned(),
    });
    segments.chain(pattern.prefix.then(|| "/{*}".to_owned())).collect()
}
