//! How much work a schema can make, found out before any value is judged by it.
//!
//! What counts is how often subschemas are applied to one place of a value. References multiply that: a chain
//! of definitions, each of which names the next one twice, doubles it with every link. Keywords that go into
//! the value (`properties`, `items`) begin anew at another place, so a schema may lead back to itself through
//! them; but one that does so twice for the same child doubles the work with every level of the value. Where
//! values are not deep, that is counted too.
//!
//! The count never falls short: all branches are counted, as if none was left early, and every pattern of
//! `patternProperties` as if it fitted every name.

use std::collections::HashMap;

use referencing::{Draft, Registry, Resolver};
use serde_json::{Map, Value};

use crate::Unusable;

/// What a schema may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most subschemas that are applied to one place of a value.
    pub applied: u64,
    /// Deepest value that is judged, as far as the schema must answer for it: work that multiplies from level to
    /// level is counted down to here. 0: not at all.
    pub depth: usize,
}

impl Limits {
    /// For what operators write: such a description of requests can be large, and its values deep.
    pub const DOCUMENT: Self = Self { applied: 10_000, depth: 0 };
    /// For what is written through the API, about small values.
    pub const SMALL: Self = Self { applied: 1_000, depth: 5 };
}

/// Most subschemas that stand in each other, or refer to each other, about one place of a value.
const MAX_NESTED: usize = 64;

/// Whoever asks what is left over (`unevaluatedProperties`) judges everything beside that up to twice again.
const AGAIN: u64 = 3;

/// Where the address of a schema without `$id` begins.
const BASE: &str = "json-schema:///";

/// The keywords that judge the same place.
const HERE: [&str; 6] = ["not", "if", "then", "else", "dependentSchemas", "dependencies"];
const HERE_LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// Refuses a schema that can make more work than the limits allow.
pub(crate) fn bound(schema: &Value, limits: Limits) -> Result<(), Unusable> {
    let draft = Some(Draft::default().detect(schema)).filter(|draft| *draft != Draft::Unknown).unwrap_or_default();
    let whole = |error: referencing::Error| Unusable::new("", error.to_string());
    let base = referencing::uri::from_str(BASE).map_err(whole)?;
    let resource = draft.create_resource_ref(schema);
    let registry = Registry::new().draft(draft).add(BASE, resource).and_then(|r| r.prepare()).map_err(whole)?;
    let graph = Graph::of(schema, draft, &registry.resolver(base))?;
    Count::of(&graph, limits).check()
}

/// What stands where a child of the value is judged.
#[derive(PartialEq, Eq, Hash, Clone, Copy, Debug)]
enum Child<'s> {
    Property(&'s str),
    Item(usize),
}

/// The children of an object, or of a list.
#[derive(Default, Debug)]
struct Children {
    /// Judge every child.
    all: Vec<usize>,
    /// Judges those that are not named.
    others: Option<usize>,
}

/// One subschema.
#[derive(Default, Debug)]
struct Node<'s> {
    at: String,
    here: Vec<usize>,
    /// How often `here` is judged.
    times: u64,
    named: HashMap<Child<'s>, usize>,
    properties: Children,
    items: Children,
}

/// Subschemas that can be reached, and how; the first is the whole.
struct Graph<'s> {
    whole: &'s Value,
    nodes: Vec<Node<'s>>,
    known: HashMap<*const Value, usize>,
    open: Vec<(usize, &'s Value, Draft, Resolver<'s>)>,
}

impl<'s> Graph<'s> {
    fn of(schema: &'s Value, draft: Draft, resolver: &Resolver<'s>) -> Result<Self, Unusable> {
        let mut graph = Self { whole: schema, nodes: Vec::new(), known: HashMap::new(), open: Vec::new() };
        graph.add(schema, String::new(), draft, resolver)?;
        while let Some((index, schema, draft, resolver)) = graph.open.pop() {
            if let Value::Object(map) = schema {
                graph.follow(index, map, draft, &resolver)?;
            }
        }
        Ok(graph)
    }

    /// The subschema's number.
    fn add(&mut self, schema: &'s Value, at: String, draft: Draft, from: &Resolver<'s>) -> Result<usize, Unusable> {
        if let Some(known) = self.known.get(&std::ptr::from_ref(schema)) {
            return Ok(*known);
        }
        let resolver = from.in_subresource(draft.create_resource_ref(schema));
        let resolver = resolver.map_err(|error| Unusable::new(at.clone(), error.to_string()))?;
        let index = self.nodes.len();
        self.known.insert(schema, index);
        self.nodes.push(Node { at, times: 1, ..Node::default() });
        self.open.push((index, schema, draft, resolver));
        Ok(index)
    }

    fn follow(
        &mut self,
        index: usize,
        map: &'s Map<String, Value>,
        draft: Draft,
        resolver: &Resolver<'s>,
    ) -> Result<(), Unusable> {
        let mut node = std::mem::take(&mut self.nodes[index]);
        let mut add = |path: &[&str], schema: &'s Value| {
            let at = path.iter().fold(node.at.clone(), |at, step| format!("{at}/{}", crate::escape(step)));
            self.add(schema, at, draft, resolver)
        };
        for (keyword, value) in map {
            let keyword = keyword.as_str();
            match (keyword, value) {
                (_, Value::Array(list)) if HERE_LISTS.contains(&keyword) => {
                    for (i, one) in list.iter().enumerate() {
                        node.here.push(add(&[keyword, &i.to_string()], one)?);
                    }
                }
                ("dependentSchemas" | "dependencies", Value::Object(map)) => {
                    for (name, one) in map.iter().filter(|(_, one)| !one.is_array()) {
                        node.here.push(add(&[keyword, name], one)?);
                    }
                }
                (_, one) if HERE.contains(&keyword) => node.here.push(add(&[keyword], one)?),
                ("properties", Value::Object(map)) => {
                    for (name, one) in map {
                        node.named.insert(Child::Property(name), add(&[keyword, name], one)?);
                    }
                }
                ("patternProperties", Value::Object(map)) => {
                    for (name, one) in map {
                        node.properties.all.push(add(&[keyword, name], one)?);
                    }
                }
                ("propertyNames" | "unevaluatedProperties", one) => node.properties.all.push(add(&[keyword], one)?),
                ("additionalProperties", one) => node.properties.others = Some(add(&[keyword], one)?),
                ("prefixItems" | "items", Value::Array(list)) => {
                    for (i, one) in list.iter().enumerate() {
                        node.named.insert(Child::Item(i), add(&[keyword, &i.to_string()], one)?);
                    }
                }
                ("contains" | "unevaluatedItems" | "additionalItems", one) => {
                    node.items.all.push(add(&[keyword], one)?);
                }
                ("items", one) => node.items.others = Some(add(&[keyword], one)?),
                _ => {}
            }
            if keyword.starts_with("unevaluated") {
                node.times = AGAIN;
            }
        }
        self.nodes[index] = node;
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            if let Some(reference) = map.get(keyword).and_then(Value::as_str) {
                self.refer(index, (keyword, reference), draft, resolver)?;
            }
        }
        Ok(())
    }

    /// A reference: what it leads to is judged at the same place.
    fn refer(
        &mut self,
        index: usize,
        (keyword, to): (&str, &'s str),
        draft: Draft,
        resolver: &Resolver<'s>,
    ) -> Result<(), Unusable> {
        let at = format!("{}/{keyword}", self.nodes[index].at);
        let found = resolver.lookup(to).map_err(|error| Unusable::new(at.clone(), error.to_string()))?;
        // The place is told as it is written, where it is written as a pointer into the whole.
        let place = to.strip_prefix('#').filter(|pointer| pointer.is_empty() || pointer.starts_with('/'));
        let place = place.map_or_else(|| at.clone(), str::to_owned);
        let mut targets = vec![self.add(found.contents(), place, draft, found.resolver())?];
        if keyword != "$ref" {
            // Which one it leads to is decided while judging: it may be any anchor of the name.
            let mut anchored = Vec::new();
            let name = (keyword == "$dynamicRef").then(|| to.rsplit_once('#').map_or(to, |(_, name)| name));
            anchors(self.whole, name, &mut anchored);
            for one in anchored {
                targets.push(self.add(one, at.clone(), draft, resolver)?);
            }
        }
        targets.sort_unstable();
        targets.dedup();
        self.nodes[index].here.extend(targets);
        Ok(())
    }
}

/// Everything that carries the `$dynamicAnchor`, or `$recursiveAnchor` where there is no name. Values that are
/// read have a bounded depth, and so has this recursion.
fn anchors<'s>(value: &'s Value, name: Option<&str>, found: &mut Vec<&'s Value>) {
    match value {
        Value::Object(map) => {
            let is = match name {
                Some(name) => map.get("$dynamicAnchor").and_then(Value::as_str) == Some(name),
                None => map.get("$recursiveAnchor") == Some(&Value::Bool(true)),
            };
            if is {
                found.push(value);
            }
            map.values().for_each(|one| anchors(one, name, found));
        }
        Value::Array(list) => list.iter().for_each(|one| anchors(one, name, found)),
        _ => {}
    }
}

/// How often subschemas are applied, each number found once.
struct Count<'g, 's> {
    graph: &'g Graph<'s>,
    limits: Limits,
    /// What a subschema applies to its own place, itself included, and how many stand in each other there.
    here: Vec<Option<(u64, usize)>>,
}

impl<'g, 's> Count<'g, 's> {
    fn of(graph: &'g Graph<'s>, limits: Limits) -> Self {
        Self { graph, limits, here: vec![None; graph.nodes.len()] }
    }

    fn check(mut self) -> Result<(), Unusable> {
        for index in 0..self.graph.nodes.len() {
            self.at_one_place(index, 0)?;
        }
        if self.limits.depth == 0 {
            return Ok(());
        }
        let together: Vec<_> = (0..self.graph.nodes.len()).map(|index| self.together(index)).collect();
        // What each applies at most to one place, so many levels below its own or less.
        let mut below: Vec<u64> = self.here.iter().map(|here| here.map_or(1, |(applied, _)| applied)).collect();
        for _ in 0..self.limits.depth {
            let deeper = together.iter().zip(&below).map(|(all, own)| self.one_level_down(all, &below).max(*own));
            below = deeper.collect();
        }
        if below.first().is_some_and(|applied| *applied > self.limits.applied) {
            let worst = below.iter().rposition(|applied| *applied > self.limits.applied).unwrap_or_default();
            return Err(self.too_much(worst));
        }
        Ok(())
    }

    /// What `here` keeps of it; `outer`: how many others it was reached through.
    fn at_one_place(&mut self, index: usize, outer: usize) -> Result<(u64, usize), Unusable> {
        if let Some(known) = self.here[index] {
            return Ok(known);
        }
        let node = &self.graph.nodes[index];
        let too_long = || {
            let message = format!(
                "leads back to itself, or through more than {MAX_NESTED} others, without going into the value that is judged"
            );
            Unusable::new(node.at.clone(), message)
        };
        if outer > MAX_NESTED {
            return Err(too_long());
        }
        let (mut applied, mut nested) = (1_u64, 0);
        for one in &node.here {
            let (more, within) = self.at_one_place(*one, outer + 1)?;
            applied = applied.saturating_add(more.saturating_mul(node.times));
            nested = nested.max(within + 1);
        }
        if nested > MAX_NESTED {
            return Err(too_long());
        }
        if applied > self.limits.applied {
            return Err(self.too_much(index));
        }
        self.here[index] = Some((applied, nested));
        Ok((applied, nested))
    }

    /// Every subschema that is applied to the same place, and how often.
    fn together(&self, index: usize) -> HashMap<usize, u64> {
        let mut all = HashMap::new();
        let mut open = vec![(index, 1)];
        // What is applied together is bounded by now, by `applied`.
        while let Some((index, times)) = open.pop() {
            *all.entry(index).or_insert(0_u64) += times;
            let node = &self.graph.nodes[index];
            open.extend(node.here.iter().map(|one| (*one, times * node.times)));
        }
        all
    }

    /// Most that all of these apply to one child of their place, where a subschema applies what `below` says.
    fn one_level_down(&self, all: &HashMap<usize, u64>, below: &[u64]) -> u64 {
        let most = |children: for<'n> fn(&'n Node<'s>) -> &'n Children, of: fn(&Child<'s>) -> bool| {
            let (mut unnamed, mut named) = (0_u64, HashMap::<Child<'s>, u64>::new());
            for (index, times) in all {
                let node = &self.graph.nodes[*index];
                let children = children(node);
                let sum =
                    children.all.iter().chain(&children.others).fold(0_u64, |sum, i| sum.saturating_add(below[*i]));
                unnamed = unnamed.saturating_add(sum.saturating_mul(*times));
                for (child, one) in node.named.iter().filter(|(child, _)| of(child)) {
                    let sum = named.entry(*child).or_default();
                    *sum = sum.saturating_add(below[*one].saturating_mul(*times));
                }
            }
            named.into_values().max().unwrap_or(0).saturating_add(unnamed)
        };
        let properties = most(|node| &node.properties, |child| matches!(child, Child::Property(_)));
        properties.max(most(|node| &node.items, |child| matches!(child, Child::Item(_))))
    }

    fn too_much(&self, index: usize) -> Unusable {
        let most = self.limits.applied;
        let message =
            format!("applies more than {most} subschemas to one place of a value, with all that it refers to");
        Unusable::new(self.graph.nodes[index].at.clone(), message)
    }
}
