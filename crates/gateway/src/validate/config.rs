//! `[routes.validate]`, as it is written.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::Size;

/// What requests must look like: by a JSON Schema for the body, or by an `OpenAPI` document for everything.
/// Others are refused with 400 and every error with its place. Files are read when the configuration is
/// loaded, as YAML where their name ends in .yaml or .yml and as JSON otherwise, and name nothing outside of
/// themselves.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ValidateConfig {
    /// A JSON Schema in a file, for the bodies of requests. Requests without a body are let through, unless
    /// `body_required`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<PathBuf>,
    /// Whether a request must have a body; with `schema`.
    pub body_required: bool,
    /// An `OpenAPI` 3.0 or 3.1 document, in a file: paths, methods, parameters in path, query,
    /// header and cookies, and JSON bodies. What it does not describe is refused with 404 or 405.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openapi: Option<PathBuf>,
    /// What the document's paths stand below: `/api` where its `/orders` is `/api/orders` here.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub base: String,
    /// Largest body that is looked at: it is read whole. A larger one is refused with 413.
    pub max_body: Size,
}

impl Default for ValidateConfig {
    fn default() -> Self {
        Self { schema: None, body_required: false, openapi: None, base: String::new(), max_body: Size::from_mib(1) }
    }
}
