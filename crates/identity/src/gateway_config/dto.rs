//! What goes over the wire.

use std::{collections::BTreeMap, sync::Arc};

use kernel::{
    Problem, Timestamp,
    gate::{Document, DocumentKey, DocumentKind, Documents, Made},
    problem::common,
};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::{IntoParams, ToSchema};

use super::model::{Difference, Revision};
use crate::http::Fields;

/// Longest reason, in characters.
const MAX_REASON: usize = 500;

/// A route or upstream.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GatewayDocument {
    /// Unique among its kind.
    #[schema(example = "orders")]
    name: String,
    /// `api`, or `file` for one of the node's configuration file, which can only be changed there.
    source: &'static str,
    /// The revision that made it so.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<i64>,
    /// The table, as in the configuration file.
    #[schema(value_type = Object)]
    document: Arc<Json>,
}

impl GatewayDocument {
    pub(super) fn new(name: &str, document: &Document) -> Self {
        let made = document.revision > 0;
        Self {
            name: name.to_owned(),
            source: if made { "api" } else { "file" },
            revision: made.then_some(document.revision),
            document: document.content.clone(),
        }
    }
}

/// A page of routes or upstreams, by name.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GatewayDocuments {
    pub(super) items: Vec<GatewayDocument>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_cursor: Option<String>,
}

/// Why something is changed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReasonQuery {
    /// Why, for the history; 500 characters at most.
    pub(super) reason: Option<String>,
}

/// Reads a reason; none is fine.
pub(super) fn reason(field: &str, text: Option<&str>) -> Result<String, Problem> {
    let mut fields = Fields::new();
    match text.map(str::trim).filter(|text| !text.is_empty()) {
        None => Ok(String::new()),
        Some(text) => {
            let text = fields.text(field, text, MAX_REASON);
            fields.finish(text)
        }
    }
}

/// A table of the configuration, as JSON.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(value_type = Object)]
#[serde(transparent)]
pub(super) struct Table(pub(super) Json);

/// A name that a route or upstream can have.
pub(super) fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
}

const NAME: &str = "must be 1 to 64 of a-z, 0-9, `_` and `-`, starting with a letter or digit";

/// The content of a document of this name. A route may say its name, if it is the same.
pub(super) fn content(fields: &mut Fields, at: &str, name: &str, mut table: Json) -> Arc<Json> {
    match table.as_object_mut() {
        None => fields.wrong(at.to_owned(), "type", "must be an object"),
        Some(object) => {
            if object.remove("name").is_some_and(|said| said.as_str() != Some(name)) {
                fields.wrong(format!("{at}/name"), "mismatch", "must be the name in the path, or left out");
            }
        }
    }
    if !is_name(name) {
        fields.wrong(if at.is_empty() { "name".to_owned() } else { at.to_owned() }, "format", NAME);
    }
    // PostgreSQL cannot keep U+0000, and no setting needs it.
    if has_nul(&table) {
        fields.wrong(at.to_owned(), "format", "must not contain the character U+0000");
    }
    Arc::new(table)
}

fn has_nul(table: &Json) -> bool {
    match table {
        Json::String(text) => text.contains('\0'),
        Json::Array(all) => all.iter().any(has_nul),
        Json::Object(all) => all.iter().any(|(key, value)| key.contains('\0') || has_nul(value)),
        _ => false,
    }
}

/// Everything that was made, or is to be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GatewayConfig {
    /// The revision that left it so. Not read.
    #[serde(default)]
    #[schema(read_only)]
    pub(super) revision: i64,
    /// Upstreams by name.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Object>)]
    upstreams: BTreeMap<String, Arc<Json>>,
    /// Routes by name.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Object>)]
    routes: BTreeMap<String, Arc<Json>>,
}

impl From<&Made> for GatewayConfig {
    fn from(made: &Made) -> Self {
        let of = |kind: DocumentKind| {
            let all = made.documents.iter().filter(move |((k, _), _)| *k == kind);
            all.map(|((_, name), document)| (name.to_string(), document.content.clone())).collect()
        };
        Self { revision: made.revision, upstreams: of(DocumentKind::Upstream), routes: of(DocumentKind::Route) }
    }
}

impl GatewayConfig {
    pub(super) fn parse(self) -> Result<BTreeMap<DocumentKey, Arc<Json>>, Problem> {
        let mut fields = Fields::new();
        let mut all = BTreeMap::new();
        for (kind, tables) in [(DocumentKind::Upstream, self.upstreams), (DocumentKind::Route, self.routes)] {
            for (name, table) in tables {
                let at = format!("/{kind}s/{name}");
                let content = content(&mut fields, &at, &name, Arc::unwrap_or_clone(table));
                all.insert((kind, name.into()), content);
            }
        }
        fields.finish(Some(all))
    }
}

/// One change of the configuration.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GatewayRevision {
    /// Its place in the order, from 1.
    number: i64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Who made it.
    author: GatewayAuthor,
    /// Why, in the author's words.
    reason: String,
    /// The revision that it brought back.
    #[serde(skip_serializing_if = "Option::is_none")]
    restores: Option<i64>,
    /// What it changed. Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Vec<GatewayDifference>>,
}

/// Who made a revision.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GatewayAuthor {
    /// `user`, `api_key`, or `system` for the operator at the command line.
    kind: String,
    /// Which user or key.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<uuid::Uuid>,
}

impl GatewayRevision {
    pub(super) fn new(revision: Revision, changes: Option<Vec<Difference>>) -> Self {
        let Revision { number, at, author_kind, author_id, reason, restores } = revision;
        let changes = changes.map(|all| all.into_iter().map(GatewayDifference::from).collect());
        Self { number, at, author: GatewayAuthor { kind: author_kind, id: author_id }, reason, restores, changes }
    }
}

/// One document that differs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GatewayDifference {
    /// `upstream` or `route`.
    kind: &'static str,
    /// Its name.
    name: String,
    /// As it was; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    before: Option<Json>,
    /// As it became; absent when it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    after: Option<Json>,
}

impl From<Difference> for GatewayDifference {
    fn from(difference: Difference) -> Self {
        let Difference { key: (kind, name), before, after } = difference;
        Self { kind: kind.as_str(), name: name.to_string(), before, after }
    }
}

/// What differs between two revisions.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GatewayDiff {
    /// The revision that is compared with.
    pub(super) from: i64,
    /// The revision that was asked about.
    pub(super) to: i64,
    pub(super) changes: Vec<GatewayDifference>,
}

/// Revisions, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GatewayRevisions {
    pub(super) items: Vec<GatewayRevision>,
    /// For the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_cursor: Option<String>,
}

/// Why a revision is brought back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rollback {
    /// Why, for the history; 500 characters at most.
    #[serde(default)]
    pub(super) reason: Option<String>,
}

/// Everything of one kind that there is: the file's and what was made.
pub(super) fn of_kind(kind: DocumentKind, written: Documents, made: &Made) -> BTreeMap<Arc<str>, Document> {
    let mut all: BTreeMap<Arc<str>, Document> = BTreeMap::new();
    let made = made.documents.iter().map(|(key, document)| (key.clone(), document.clone()));
    // Both never have the same name; should they, it is the file's that cannot be changed.
    for ((of, name), document) in made.chain(written) {
        if of == kind {
            all.insert(name, document);
        }
    }
    all
}

/// Reads a page's bounds: how many, and after which name or number.
pub(super) fn window(limit: Option<u32>, cursor: Option<&str>) -> Result<(usize, Option<String>), Problem> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let problem = Problem::new(common::INVALID);
    let limit = limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(problem.field("limit", "range", "must be between 1 and 200"));
    }
    let read = |text: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok();
    let after = match cursor {
        None => None,
        Some(text) => {
            let wrong = || problem.field("cursor", "format", "is not a cursor that was given out");
            Some(read(text).ok_or_else(wrong)?)
        }
    };
    Ok((usize::try_from(limit).unwrap_or(usize::MAX), after))
}

/// The cursor that goes on after this name or number.
pub(super) fn cursor(after: impl ToString) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(after.to_string())
}
