//! The routes and upstreams in force: those of the configuration file, and on top those that were made
//! through the API or the command line.
//!
//! Both together must be one valid configuration: one name is in one of them, and routes of both are told
//! apart by the same rules. Either may change while the program runs; the table is then built anew, whole,
//! and put in force, or what there was serves on. Upstreams that stay keep their connections.
//!
//! A route that was made never takes a request from Portcullis itself: whoever may make routes should not
//! be able to read passwords. Only the file, whose author owns the machine, may do that.

use std::sync::{Arc, LazyLock, Weak};

use arc_swap::ArcSwap;
use futures_util::future::BoxFuture;
use gateway::{
    TableView,
    config::{GatewayConfig, RouteConfig},
    route::{Matcher, PathPattern, RouteTable},
};
use kernel::{
    edge::HealthCheck,
    gate::{Documents, Finding, GateConfig, Made, Purge},
};
use parking_lot::Mutex;

use super::{
    routes,
    running::{ReloadError, Tables},
};
use crate::config::{
    Config, Schema,
    made::{self, AllRead},
};

static SCHEMA: LazyLock<Schema> = LazyLock::new(Schema::new);
/// Requests of our own, to be kept from routes that are made. What the built-in routes cannot be made of keeps
/// the program from starting, long before anybody asks.
static OURS: LazyLock<Vec<Matcher>> = LazyLock::new(|| routes::ours().unwrap_or_default());

/// What is in force on this node.
pub(crate) struct Live {
    /// What changes one after the other: held while a table is built.
    state: Mutex<State>,
    made: ArcSwap<Made>,
    written: ArcSwap<Documents>,
    /// Why what was made last is not in force here.
    broken: ArcSwap<Option<String>>,
}

struct State {
    file: Config,
    read: AllRead,
    /// What was judged last and found right: as a rule it is what is published next.
    judged: Option<Judged>,
    server: Option<Server>,
}

/// Documents in which nothing is wrong, and what the gate is configured with by them and the file.
struct Judged {
    read: AllRead,
    config: GatewayConfig,
}

impl Judged {
    /// Whether it is these documents that were judged.
    fn is_of(&self, documents: &Documents) -> bool {
        self.read.len() == documents.len()
            && self.read.iter().zip(documents).all(|((known, (content, _)), (key, document))| {
                known == key && (Arc::ptr_eq(content, &document.content) || **content == *document.content)
            })
    }
}

/// What puts tables in force, once there is a gate. Weak: what is behind the routes holds us.
#[derive(Clone)]
struct Server {
    view: TableView,
    tables: Weak<Tables>,
}

impl Live {
    /// With the file's routes; what was made is published later.
    pub(super) fn new(file: Config) -> Self {
        Self {
            made: ArcSwap::default(),
            written: ArcSwap::from_pointee(made::written(&file)),
            broken: ArcSwap::default(),
            state: Mutex::new(State { file, read: AllRead::new(), judged: None, server: None }),
        }
    }

    /// The first table: an error where file and database do not go together.
    pub(super) fn table(&self, tables: &Tables) -> Result<RouteTable, ReloadError> {
        if let Some(reason) = &**self.broken.load() {
            return Err(ReloadError::Made(self.made.load().revision, reason.clone()));
        }
        let state = self.state.lock();
        tables.build(&state.file.identity.limits, &made::together(&state.file, &state.read), None)
    }

    /// From now on, changes are put in force at once. `revision` is that of the first table.
    pub(super) fn open(&self, view: TableView, tables: &Arc<Tables>, revision: i64) -> Result<(), ReloadError> {
        let mut state = self.state.lock();
        let server = Server { view, tables: Arc::downgrade(tables) };
        if self.made.load().revision != revision {
            server.replace(&state.file, &made::together(&state.file, &state.read))?;
        }
        state.server = Some(server);
        Ok(())
    }

    /// The revision of what was made.
    pub(super) fn revision(&self) -> i64 {
        self.made.load().revision
    }

    /// Puts the routes, upstreams and identity limits of another configuration in force, with what was made
    /// on top, all of it or nothing.
    pub(super) fn reload(&self, file: &Config) -> Result<(), ReloadError> {
        let mut state = self.state.lock();
        let config = made::judge(file, &state.read)
            .map_err(|findings| ReloadError::Made(self.made.load().revision, describe(&findings)))?;
        if let Some(server) = &state.server {
            server.replace(file, &config)?;
        }
        state.file = file.clone();
        state.judged = None;
        self.written.store(Arc::new(made::written(file)));
        self.broken.store(Arc::default());
        Ok(())
    }

    /// Everything that is wrong with documents, or what was read from them.
    fn check(state: &State, documents: &Documents) -> Result<Judged, Vec<Finding>> {
        let read = made::read(documents, &state.read, &SCHEMA)?;
        let (config, mut findings) = match made::judge(&state.file, &read) {
            Ok(config) => (Some(config), Vec::new()),
            Err(findings) => (None, findings),
        };
        for (key, (_, document)) in &read {
            if let made::Read::Route(route) = &**document {
                let about = |pointer: &str, message: String| Finding {
                    about: Some(key.clone()),
                    pointer: pointer.to_owned(),
                    message,
                };
                if routes::NAMES.contains(&route.name.as_str()) {
                    findings
                        .push(about("", format!("`{}` is the name of a built-in route: choose another", route.name)));
                }
                if let Some(path) = taken_from_us(route) {
                    let message = format!(
                        "takes `{path}` from Portcullis itself, which only the configuration file may do: give the route \
                         a path of its own, and neither a host nor a priority above 0 where its path covers ours"
                    );
                    findings.push(about("/match/path", message));
                }
            }
        }
        match config.filter(|_| findings.is_empty()) {
            Some(config) => Ok(Judged { read, config }),
            None => Err(findings),
        }
    }
}

impl Server {
    fn replace(&self, file: &Config, config: &GatewayConfig) -> Result<(), ReloadError> {
        // Gone, with the program that is stopping.
        let Some(tables) = self.tables.upgrade() else { return Ok(()) };
        let previous = self.view.table();
        let table = tables.build(&file.identity.limits, config, previous.as_deref())?;
        self.view.replace(table);
        Ok(())
    }
}

impl GateConfig for Live {
    fn written(&self) -> Documents {
        Documents::clone(&self.written.load())
    }

    fn made(&self) -> Arc<Made> {
        self.made.load_full()
    }

    fn judge(&self, documents: &Documents) -> Vec<Finding> {
        let mut state = self.state.lock();
        match Self::check(&state, documents) {
            Ok(judged) => {
                state.judged = Some(judged);
                Vec::new()
            }
            Err(findings) => findings,
        }
    }

    fn publish(&self, made: Made) {
        let mut state = self.state.lock();
        let revision = made.revision;
        let judged = state.judged.take().filter(|judged| judged.is_of(&made.documents));
        let judged = judged.map_or_else(|| Self::check(&state, &made.documents), Ok);
        let outcome = judged.map_err(|findings| describe(&findings)).and_then(|Judged { read, config }| {
            if let Some(server) = &state.server {
                server.replace(&state.file, &config).map_err(|error| error.to_string())?;
            }
            Ok(read)
        });
        // What is in the database is true, whether this node can serve it or not: the next change is made
        // on top of it.
        self.made.store(Arc::new(made));
        match outcome {
            Ok(read) => {
                state.read = read;
                self.broken.store(Arc::default());
                tracing::info!(revision, "routes and upstreams are in force");
            }
            Err(reason) => {
                tracing::error!(revision, reason, "this revision cannot be served here; the one before serves on");
                self.broken.store(Arc::new(Some(reason)));
            }
        }
    }

    fn purge(&self, purge: &Purge) {
        // Before the gate is open there is nothing to forget.
        if let Some(view) = self.view() {
            view.purge(purge);
        }
    }
}

impl Live {
    /// The gate, once it is open.
    fn view(&self) -> Option<TableView> {
        self.state.lock().server.as_ref().map(|server| server.view.clone())
    }
}

impl HealthCheck for Live {
    fn name(&self) -> String {
        "configuration".to_owned()
    }

    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        let broken = Option::clone(&self.broken.load());
        Box::pin(std::future::ready(broken.map_or(Ok(()), Err)))
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("revision", &self.revision()).finish_non_exhaustive()
    }
}

/// A path of our own, some requests to which a route would be chosen for. One that leads nowhere takes none.
fn taken_from_us(route: &RouteConfig) -> Option<&'static PathPattern> {
    route.upstream.as_ref()?;
    let matcher = Matcher::compile(&route.matches)?;
    OURS.iter().find(|ours| matcher.takes_from(route.priority, ours, 0)).map(|ours| &ours.path)
}

/// Findings as one text.
fn describe(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let about = finding.about.as_ref().map(|(kind, name)| format!("{kind} `{name}`: ")).unwrap_or_default();
        let place = finding.pointer.trim_start_matches('/').replace('/', ".");
        let colon = if place.is_empty() { "" } else { ": " };
        format!("{about}{place}{colon}{}", finding.message)
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}
