//! Whether a request looks as it must: by a JSON Schema, or by an OpenAPI document (3.0, 3.1).
//!
//! Compiled when the configuration is loaded; a document that refers to anything outside of itself is
//! refused there, so no request ever makes the gate fetch something. Errors tell places and rules, never
//! the values that a client sent.
//!
//! Deliberately absent: responses; parameters whose value is a document of its own (`content`), and bodies
//! that are not JSON, of which only the presence and the media type are looked at.

mod config;
mod kind;
mod openapi;
mod parameters;

pub use config::ValidateConfig;

use std::{fs, path::Path};

use http::{HeaderMap, Method};
use kernel::{
    Problem,
    problem::common::{INVALID, MALFORMED, MEDIA_TYPE, METHOD, NOT_FOUND},
};
use schema::{Limits, MAX_ERRORS, Schema, Wrong};
use serde_json::Value;

use self::openapi::Document;
use crate::{config::Findings, json};

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 16 << 20;

/// What a route's requests must look like.
#[derive(Debug)]
pub(crate) struct Validation {
    body: Option<Schema>,
    body_required: bool,
    document: Option<Document>,
    base: Box<str>,
    pub(crate) max_body: u64,
}

/// What of a request is looked at before its body is there.
pub(crate) struct Head<'a> {
    pub(crate) method: &'a Method,
    /// The routed path, normalised.
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
}

/// What the body must be.
pub(crate) struct Expected<'v> {
    schema: Option<&'v Schema>,
    required: bool,
    /// Whether it may be something else than JSON.
    other: bool,
}

impl Validation {
    /// Compiles `[routes.validate]`.
    pub(crate) fn compile(config: &ValidateConfig, at: &str, findings: &mut Findings) -> Self {
        if config.schema.is_none() == config.openapi.is_none() {
            findings.add(at, "takes a schema or an OpenAPI document", "Set one of `schema` and `openapi`.");
        }
        let mut read = |file: &Path, setting: &str| {
            let parsed = read_document(file);
            if let Err(error) = &parsed {
                let hint = "Name a file with one document: of YAML where its name ends in .yaml or .yml, else of JSON.";
                findings.add(format!("{at}.{setting}"), error, hint);
            }
            parsed.ok()
        };
        let schema = config.schema.as_deref().and_then(|file| read(file, "schema"));
        let document = config.openapi.as_deref().and_then(|file| read(file, "openapi"));
        let body = schema.and_then(|schema| {
            let hint = "Correct the schema; it can refer to itself only.";
            Schema::compile(&schema, Limits::DOCUMENT)
                .map_err(|error| findings.add(format!("{at}.schema"), error.to_string(), hint))
                .ok()
        });
        let document = document.and_then(|document| {
            let hint = "Correct the document; it can refer to itself only.";
            Document::compile(&document).map_err(|error| findings.add(format!("{at}.openapi"), error, hint)).ok()
        });
        if !(config.base.is_empty() || config.base.starts_with('/') && !config.base.ends_with('/')) {
            findings.add(format!("{at}.base"), "is not the beginning of a path", "Write it as /api.");
        }
        Self {
            body,
            body_required: config.body_required,
            document,
            base: config.base.as_str().into(),
            max_body: config.max_body.bytes(),
        }
    }

    /// Looks at everything but the body, and says what that must be.
    pub(crate) fn head(&self, head: &Head<'_>) -> Result<Expected<'_>, Problem> {
        let Some(document) = &self.document else {
            return Ok(Expected { schema: self.body.as_ref(), required: self.body_required, other: false });
        };
        let path = head.path.strip_prefix(&*self.base).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let path = path.ok_or(NOT_FOUND)?;
        let found = document.find(if path.is_empty() { "/" } else { path }, head.method);
        let (operation, values) = match found {
            Ok(found) => found,
            Err(openapi::Undescribed::Path) => return Err(NOT_FOUND.into()),
            Err(openapi::Undescribed::Method) => return Err(METHOD.into()),
        };
        refuse(operation.check(&values, head))?;
        operation.body(head.headers).ok_or_else(|| MEDIA_TYPE.into())
    }
}

impl Expected<'_> {
    /// Whether the body must be read.
    pub(crate) fn matters(&self) -> bool {
        self.required || self.schema.is_some()
    }

    /// Whether the body may be something else than JSON.
    pub(crate) fn is_other(&self) -> bool {
        self.other
    }

    /// Looks at the body: its bytes, and the value in them.
    pub(crate) fn check(&self, empty: bool, value: Option<&Value>) -> Result<(), Problem> {
        match (self.schema, value) {
            _ if empty && self.required => {
                Err(Problem::new(INVALID).field("", "required", "The request must have a body."))
            }
            (Some(schema), Some(value)) => refuse(schema.errors(value, "")),
            _ => Ok(()),
        }
    }
}

fn refuse(wrong: Vec<Wrong>) -> Result<(), Problem> {
    if wrong.is_empty() {
        return Ok(());
    }
    let problem = Problem::new(INVALID);
    let add = |problem: Problem, wrong: Wrong| problem.field(wrong.field, wrong.code, wrong.message);
    Err(wrong.into_iter().take(MAX_ERRORS).fold(problem, add))
}

/// The JSON in the bytes of a request, or why it is none.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    json::parse(bytes)
        .map_err(|place| Problem::new(MALFORMED).detail(format!("The body is not valid JSON at {place}.")))
}

fn read_document(file: &Path) -> Result<Value, String> {
    let of = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let size = fs::metadata(file).map_err(|error| of(&error))?.len();
    if size > MAX_FILE {
        return Err(of(&format!("is larger than {} MiB", MAX_FILE >> 20)));
    }
    let text = fs::read(file).map_err(|error| of(&error))?;
    let is_yaml = file.extension().is_some_and(|end| ["yaml", "yml"].iter().any(|yaml| end.eq_ignore_ascii_case(yaml)));
    if is_yaml {
        json::parse_yaml(&text).map_err(|place| of(&format!("is not YAML that can be read here, at {place}")))
    } else {
        json::parse(&text).map_err(|place| of(&format!("is not JSON at {place}")))
    }
}

#[cfg(test)]
mod tests;
