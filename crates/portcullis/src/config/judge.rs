//! From a merged [`Tree`] to a [`Config`], or to everything that is wrong with it.
//!
//! A wrong setting is noted and set aside, and the rest is judged on, so that a typing error does not
//! hide a missing upstream elsewhere. Nothing of what was set aside is ever used: one finding, and there
//! is no [`Config`].

use std::collections::BTreeMap;

use gateway::config::{RouteConfig, UpstreamConfig};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::{
    Config, check,
    report::{Finding, Path, Report, Step},
    rules,
    schema::Schema,
    tree::Tree,
};

/// Decides about the merged settings.
pub(super) fn judge(mut tree: Tree, schema: &Schema) -> Result<Config, Report> {
    if tree.findings.iter().any(|f| f.path == Path::default()) {
        // The text itself is broken: what was made of the rest of it would mislead.
        return Err(Report::new(tree.findings));
    }
    check::against_schema(&mut tree, schema);

    let mut pieces = Pieces { tree: &mut tree };
    let routes = pieces.routes();
    let config = Config {
        server: pieces.section("server"),
        storage: pieces.section("storage"),
        kv: pieces.section("kv"),
        bus: pieces.section("bus"),
        tokens: pieces.section("tokens"),
        sessions: pieces.section("sessions"),
        passwords: pieces.section("passwords"),
        identity: pieces.section("identity"),
        mail: pieces.section("mail"),
        sms: pieces.section("sms"),
        secrets: pieces.section("secrets"),
        log: pieces.section("log"),
        limits: pieces.section("limits"),
        guard: pieces.section("guard"),
        forward_auth: pieces.section("forward_auth"),
        upstreams: pieces.upstreams(),
        routes: routes.iter().map(|(_, route)| route.clone()).collect(),
    };
    // Routes that were set aside do not count in the numbers that the rules saw.
    let as_written = |mut path: Path| -> Path {
        if let Some((original, _)) = path.route().and_then(|i| routes.get(i)) {
            path.0[1] = Step::Index(*original);
        }
        path
    };
    let broken = rules::broken(&config).into_iter().map(|(path, message)| (path, message, None));
    let misread = tree.findings.len();
    for (path, mut message, other) in broken.chain(rules::gateway(&config.gateway())) {
        let path = as_written(path);
        if let Some(other) = other.map(as_written) {
            // What was set aside might have told the two apart.
            let set_aside =
                |path: &Path| tree.findings.iter().any(|f| f.path != *path && f.path.0.starts_with(&path.0));
            if set_aside(&path) || set_aside(&other) {
                continue;
            }
            let place = tree.place(&other);
            message.push_str(&format!(" The other is at {place}."));
        }
        // What is wrong because a part of it was set aside has its finding already.
        let echo = tree.findings[..misread].iter().any(|finding| finding.path.0.starts_with(&path.0));
        if !echo && !leads_to_something_set_aside(&tree, &path) {
            tree.find(path, message);
        }
    }
    if tree.findings.is_empty() { Ok(config) } else { Err(Report::new(tree.findings)) }
}

/// Upstreams and routes without the rest of a configuration.
pub(super) type Tables = (BTreeMap<String, UpstreamConfig>, Vec<RouteConfig>);

/// Reads upstreams and routes alone: each by itself, not yet with what it refers to.
pub(super) fn tables(mut tree: Tree, schema: &Schema) -> Result<Tables, Vec<Finding>> {
    check::against_schema(&mut tree, schema);
    let mut pieces = Pieces { tree: &mut tree };
    let routes = pieces.routes().into_iter().map(|(_, route)| route).collect();
    let upstreams = pieces.upstreams();
    if tree.findings.is_empty() { Ok((upstreams, routes)) } else { Err(tree.findings) }
}

/// Whether a route's upstream is there, but was set aside for an error of its own.
fn leads_to_something_set_aside(tree: &Tree, path: &Path) -> bool {
    let named =
        path.route().filter(|_| path.ends_with("upstream")).and_then(|i| tree.value["routes"][i]["upstream"].as_str());
    named.is_some_and(|name| tree.value["upstreams"].get(name).is_some())
}

/// Takes the tree apart into what is read as one.
struct Pieces<'a> {
    tree: &'a mut Tree,
}

impl Pieces<'_> {
    fn section<T: DeserializeOwned + Default>(&mut self, name: &str) -> T {
        self.piece(Path::default().then(name)).unwrap_or_default()
    }

    fn upstreams(&mut self) -> BTreeMap<String, UpstreamConfig> {
        let table = Path::default().then("upstreams");
        let names: Vec<String> =
            self.tree.value["upstreams"].as_object().map(|t| t.keys().cloned().collect()).unwrap_or_default();
        names.into_iter().filter_map(|name| Some((name.clone(), self.piece(table.then(name.as_str()))?))).collect()
    }

    /// The routes that can be read, each with its number.
    fn routes(&mut self) -> Vec<(usize, RouteConfig)> {
        let array = Path::default().then("routes");
        let count = self.tree.value["routes"].as_array().map_or(0, Vec::len);
        (0..count).filter_map(|i| Some((i, self.piece(array.then(i))?))).collect()
    }

    /// Reads one piece without what is known to be wrong in it; notes what else is.
    fn piece<T: DeserializeOwned>(&mut self, base: Path) -> Option<T> {
        let start = base.0.iter().try_fold(&self.tree.value, |node, step| match step {
            Step::Key(key) => node.get(key),
            Step::Index(i) => node.get(i),
        });
        let mut piece = start?.clone();
        for finding in &self.tree.findings {
            if let Some(inside) = finding.path.0.strip_prefix(base.0.as_slice()) {
                set_aside(&mut piece, inside);
            }
        }
        loop {
            let error = match serde_path_to_error::deserialize(&piece) {
                Ok(read) => return Some(read),
                Err(error) => error,
            };
            let inside: Vec<Step> = error
                .path()
                .iter()
                .filter_map(|segment| match segment {
                    Segment::Map { key } => Some(Step::from(key.as_str())),
                    Segment::Seq { index } => Some(Step::from(*index)),
                    Segment::Enum { .. } | Segment::Unknown => None,
                })
                .collect();
            let path = Path(base.0.iter().chain(&inside).cloned().collect());
            // What is missing because it was set aside has its finding already.
            if !self.tree.findings.iter().any(|f| f.path.0.starts_with(&path.0)) {
                self.tree.find(path, error.inner().to_string());
            }
            if !set_aside(&mut piece, &inside) {
                return None;
            }
        }
    }
}

/// Takes a setting out of its table; whether there was something to take. An entry of an array is not
/// taken out (that would renumber the others): the whole array is.
fn set_aside(piece: &mut Value, inside: &[Step]) -> bool {
    let keys: Vec<&str> =
        inside.iter().map_while(|s| if let Step::Key(key) = s { Some(key.as_str()) } else { None }).collect();
    let Some((last, tables)) = keys.split_last() else { return false };
    let table = tables.iter().try_fold(piece, |node, key| node.get_mut(key)).and_then(Value::as_object_mut);
    table.is_some_and(|table| table.remove(*last).is_some())
}
