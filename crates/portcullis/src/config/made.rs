//! Routes and upstreams that were made while the gate runs, judged as the file is: by the same schema and
//! the same rules.

use std::{
    collections::{BTreeMap, HashSet},
    path::PathBuf,
    sync::Arc,
};

use gateway::config::{GatewayConfig, RouteConfig, UpstreamConfig};
use kernel::gate::{Document, DocumentKey, DocumentKind, Documents, Finding};
use serde_json::{Map, Value, json};

use super::{
    Config,
    judge::tables,
    report::{Path, Report, Step},
    rules,
    schema::Schema,
    tree::Tree,
};

/// A document that was read.
#[derive(Clone, Debug)]
pub(crate) enum Read {
    /// An upstream.
    Upstream(Box<UpstreamConfig>),
    /// A route.
    Route(Box<RouteConfig>),
}

/// Documents that were read, each with the content that it was read from.
pub(crate) type AllRead = BTreeMap<DocumentKey, (Arc<Value>, Arc<Read>)>;

/// The routes and upstreams of a configuration as documents.
pub(crate) fn written(config: &Config) -> Documents {
    let document = |content: Value| Document { content: Arc::new(content), revision: 0 };
    let upstreams = config.upstreams.iter().filter_map(|(name, upstream)| {
        Some(((DocumentKind::Upstream, name.as_str().into()), document(serde_json::to_value(upstream).ok()?)))
    });
    let routes = config.routes.iter().filter_map(|route| {
        let mut content = serde_json::to_value(route).ok()?;
        content.as_object_mut()?.remove("name");
        Some(((DocumentKind::Route, route.name.as_str().into()), document(content)))
    });
    upstreams.chain(routes).collect()
}

/// Reads documents, those that are known already not again.
pub(crate) fn read(documents: &Documents, known: &AllRead, schema: &Schema) -> Result<AllRead, Vec<Finding>> {
    let mut all = AllRead::new();
    let (mut upstreams, mut routes) = (Map::new(), Vec::new());
    let (mut fresh, mut findings): (Vec<(&DocumentKey, &Document)>, _) = (Vec::new(), Vec::new());
    for (key, document) in documents {
        match known.get(key) {
            Some((content, read)) if Arc::ptr_eq(content, &document.content) || *content == document.content => {
                all.insert(key.clone(), (document.content.clone(), read.clone()));
            }
            _ => fresh.push((key, document)),
        }
    }
    for (key, document) in &fresh {
        let content = Value::clone(&document.content);
        let base = match key.0 {
            DocumentKind::Upstream => Path::default().then("upstreams").then(&*key.1),
            DocumentKind::Route => Path::default().then("routes").then(0),
        };
        findings.extend(secrets(&content, &base, schema).into_iter().map(|inside| {
            Finding {
                about: Some((*key).clone()),
                pointer: pointer(&inside),
                message:
                    "is a secret, and documents are shown to whoever may read routes: set it in the configuration \
                      file or the environment"
                        .to_owned(),
            }
        }));
        match key.0 {
            DocumentKind::Upstream => drop(upstreams.insert(key.1.to_string(), content)),
            DocumentKind::Route => {
                let mut route = content;
                if let Some(table) = route.as_object_mut() {
                    table.insert("name".to_owned(), json!(*key.1));
                }
                routes.push((*key, route));
            }
        }
    }
    let names: Vec<&DocumentKey> = routes.iter().map(|(key, _)| *key).collect();
    let routes: Vec<Value> = routes.iter().map(|(_, route)| route.clone()).collect();
    let mut tree = Tree::default();
    tree.value = json!({ "upstreams": upstreams, "routes": routes });
    match tables(tree, schema) {
        Err(wrong) => {
            findings.extend(wrong.into_iter().map(|finding| {
                let (about, pointer) = place(&finding.path, |i| names.get(i).map(|key| key.1.clone()));
                Finding { about, pointer, message: finding.message }
            }));
        }
        Ok((upstreams, routes)) => {
            let upstreams = upstreams
                .into_iter()
                .map(|(name, upstream)| ((DocumentKind::Upstream, name.into()), Read::Upstream(Box::new(upstream))));
            let routes = routes
                .into_iter()
                .map(|route| ((DocumentKind::Route, route.name.as_str().into()), Read::Route(Box::new(route))));
            for (key, read) in upstreams.chain(routes) {
                if let Some(document) = documents.get(&key) {
                    all.insert(key, (document.content.clone(), Arc::new(read)));
                }
            }
        }
    }
    if findings.is_empty() { Ok(all) } else { Err(findings) }
}

/// Reads the routes and upstreams of a TOML text, and nothing else.
pub(crate) fn from_toml(file: PathBuf, text: &str) -> Result<BTreeMap<DocumentKey, Arc<Value>>, Report> {
    let mut tree = Tree::default();
    tree.read_toml(file, text);
    let mut all = BTreeMap::new();
    let tables = tree.value.as_object().cloned().unwrap_or_default();
    for (section, value) in tables {
        match (section.as_str(), value) {
            ("upstreams", Value::Object(upstreams)) => {
                for (name, upstream) in upstreams {
                    all.insert((DocumentKind::Upstream, name.into()), Arc::new(upstream));
                }
            }
            ("routes", Value::Array(routes)) => {
                for (i, mut route) in routes.into_iter().enumerate() {
                    let path = Path::default().then("routes").then(i);
                    let name = route.as_object_mut().and_then(|table| table.remove("name"));
                    let Some(Value::String(name)) = name else {
                        tree.find(path, "a route needs a name");
                        continue;
                    };
                    if all.insert((DocumentKind::Route, name.as_str().into()), Arc::new(route)).is_some() {
                        tree.find(path.then("name"), format!("`{name}` is the name of another route"));
                    }
                }
            }
            _ => tree.find(
                Path::default().then(section.as_str()),
                "only [upstreams.NAME] and [[routes]] can be applied; everything else is in the configuration file",
            ),
        }
    }
    if tree.findings.is_empty() { Ok(all) } else { Err(Report::new(tree.findings)) }
}

/// Documents as a TOML text that [`from_toml`] reads.
pub(crate) fn to_toml(documents: &Documents) -> Result<String, toml::ser::Error> {
    /// TOML has no null: what is null is left out, which means the same.
    fn without_nulls(value: &Value) -> Value {
        match value {
            Value::Object(all) => {
                let kept = all.iter().filter(|(_, value)| !value.is_null());
                Value::Object(kept.map(|(key, value)| (key.clone(), without_nulls(value))).collect())
            }
            Value::Array(all) => Value::Array(all.iter().filter(|v| !v.is_null()).map(without_nulls).collect()),
            other => other.clone(),
        }
    }
    let (mut upstreams, mut routes) = (Map::new(), Vec::new());
    for ((kind, name), document) in documents {
        let content = without_nulls(&document.content);
        match (kind, content) {
            (DocumentKind::Route, Value::Object(content)) => {
                let mut route = Map::from_iter([("name".to_owned(), json!(**name))]);
                route.extend(content);
                routes.push(Value::Object(route));
            }
            (_, content) => drop(upstreams.insert(name.to_string(), content)),
        }
    }
    let mut all = Map::new();
    if !upstreams.is_empty() {
        all.insert("upstreams".to_owned(), Value::Object(upstreams));
    }
    if !routes.is_empty() {
        all.insert("routes".to_owned(), Value::Array(routes));
    }
    toml::to_string_pretty(&Value::Object(all))
}

/// What the gate is configured with: the file's, and these documents on top.
pub(crate) fn together(file: &Config, made: &AllRead) -> GatewayConfig {
    let mut config = file.gateway();
    for ((_, name), (_, read)) in made {
        match &**read {
            Read::Upstream(upstream) => {
                drop(config.upstreams.insert(name.to_string(), UpstreamConfig::clone(upstream)));
            }
            Read::Route(route) => config.routes.push(RouteConfig::clone(route)),
        }
    }
    config
}

/// The whole, or everything that is wrong with it beyond what is wrong with its parts.
pub(crate) fn judge(file: &Config, made: &AllRead) -> Result<GatewayConfig, Vec<Finding>> {
    let names: HashSet<&str> = file.routes.iter().map(|route| route.name.as_str()).collect();
    let twice = made.keys().filter(|(kind, name)| match kind {
        DocumentKind::Upstream => file.upstreams.contains_key(&**name),
        DocumentKind::Route => names.contains(&**name),
    });
    let twice = twice.map(|key| Finding {
        about: Some(key.clone()),
        pointer: String::new(),
        message: "is in the configuration file too: delete one of them, or give it another name".to_owned(),
    });
    let twice: Vec<Finding> = twice.collect();
    if !twice.is_empty() {
        // What follows from it says nothing new.
        return Err(twice);
    }
    let config = together(file, made);
    let name = |i: usize| config.routes.get(i).map(|route| Arc::from(route.name.as_str()));
    let broken = rules::gateway(&config).into_iter().map(|(path, mut message, other)| {
        if let Some((Some((kind, other)), _)) = other.map(|other| place(&other, name)) {
            message.push_str(&format!(" The other is the {kind} `{other}`."));
        }
        let (about, pointer) = place(&path, name);
        Finding { about, pointer, message }
    });
    let broken: Vec<Finding> = broken.collect();
    if broken.is_empty() { Ok(config) } else { Err(broken) }
}

/// Which document a setting is in, and where in it.
fn place(path: &Path, route: impl Fn(usize) -> Option<Arc<str>>) -> (Option<DocumentKey>, String) {
    match path.0.as_slice() {
        [Step::Key(table), Step::Index(i), rest @ ..] if table == "routes" => {
            (route(*i).map(|name| (DocumentKind::Route, name)), pointer(rest))
        }
        [Step::Key(table), Step::Key(name), rest @ ..] if table == "upstreams" => {
            (Some((DocumentKind::Upstream, name.as_str().into())), pointer(rest))
        }
        all => (None, pointer(all)),
    }
}

/// As a JSON Pointer (RFC 6901).
fn pointer(steps: &[Step]) -> String {
    let token = |step: &Step| match step {
        Step::Key(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Step::Index(i) => format!("/{i}"),
    };
    steps.iter().map(token).collect()
}

/// The places inside a table that hold secrets.
fn secrets(table: &Value, at: &Path, schema: &Schema) -> Vec<Vec<Step>> {
    fn walk(value: &Value, at: &Path, schema: &Schema, depth: usize, found: &mut Vec<Vec<Step>>) {
        if schema.is_secret(at) && !value.is_null() {
            return found.push(at.0[depth..].to_vec());
        }
        match value {
            Value::Object(all) => {
                all.iter().for_each(|(key, value)| walk(value, &at.then(key.as_str()), schema, depth, found));
            }
            Value::Array(all) => {
                all.iter().enumerate().for_each(|(i, value)| walk(value, &at.then(i), schema, depth, found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(table, at, schema, at.0.len(), &mut found);
    found
}

#[cfg(test)]
mod tests;
