//! What is decided about the gate while it runs: routes and upstreams as documents.
//!
//! Identity keeps the documents, as numbered revisions in the database; the composition root knows what
//! they mean. [`GateConfig`] stands between them, so that neither depends on the other. A document's
//! content is the same table that an operator would write in the configuration file, as JSON.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// What a document is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// A service behind the gate.
    Upstream,
    /// Which requests go where, and what they need.
    Route,
}

impl DocumentKind {
    /// Its name, as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upstream => "upstream",
            Self::Route => "route",
        }
    }
}

impl fmt::Display for DocumentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text names no kind of document.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("neither `upstream` nor `route`")]
pub struct InvalidKind;

impl FromStr for DocumentKind {
    type Err = InvalidKind;
    fn from_str(text: &str) -> Result<Self, InvalidKind> {
        match text {
            "upstream" => Ok(Self::Upstream),
            "route" => Ok(Self::Route),
            _ => Err(InvalidKind),
        }
    }
}

/// A document's kind and name.
pub type DocumentKey = (DocumentKind, Arc<str>);

/// One route or upstream.
#[derive(Clone, PartialEq, Debug)]
pub struct Document {
    /// The table, without the name of a route.
    pub content: Arc<Json>,
    /// The revision that made it so; 0 in a configuration file.
    pub revision: i64,
}

/// Routes and upstreams by name.
pub type Documents = BTreeMap<DocumentKey, Document>;

/// Everything that was made through the API or the command line, as of one revision.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Made {
    /// The number of the last revision; 0 before the first.
    pub revision: i64,
    /// What it left in force.
    pub documents: Documents,
}

/// Which kept answers are to be forgotten: those that fit every part that is given; all, where none is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Purge {
    /// Answers of this route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// Answers to requests for this path, and for what lies below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Answers that carried this name in `Surrogate-Key` or `Cache-Tag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

impl Purge {
    /// Whether nothing is left.
    pub const fn is_everything(&self) -> bool {
        self.route.is_none() && self.path.is_none() && self.tag.is_none()
    }
}

/// One thing that is wrong, as `portcullis config check` says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The document, where it is about one.
    pub about: Option<DocumentKey>,
    /// JSON Pointer (RFC 6901) into the document.
    pub pointer: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

/// Judges documents and puts them in force on this node.
pub trait GateConfig: Send + Sync + 'static {
    /// What the configuration file of this node holds.
    fn written(&self) -> Documents;
    /// What was [published](Self::publish) last.
    fn made(&self) -> Arc<Made>;
    /// Everything that is wrong with these documents on top of the file's; empty when they can be served.
    /// Takes milliseconds of computing.
    fn judge(&self, documents: &Documents) -> Vec<Finding>;
    /// Puts them in force, whole, or keeps what there was and says so to the operator. Takes milliseconds
    /// of computing.
    fn publish(&self, made: Made);
    /// Forgets answers that are kept on this node. Takes milliseconds of computing.
    fn purge(&self, purge: &Purge);
}
