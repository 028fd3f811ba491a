//! API keys, as stories over the router and as pure decisions.

mod admin;
mod flow;
mod model;

use std::sync::Arc;

use kernel::{Principal, Problem, Secret};
use serde_json::{Value as Json, json};

use crate::{
    api_keys::authenticate,
    testing::{Person, TestCore},
};

/// Makes a key of the person's own.
async fn make(node: &TestCore, by: &Person, mut body: Json) -> Json {
    body["name"] = json!("a key");
    node.post("/api/v1/api-keys", &body).bearer(&by.token).send().await.expect(201)
}

/// Presents the key that this answer told.
async fn present(node: &TestCore, made: &Json) -> Result<Arc<Principal>, Problem> {
    authenticate(&node.core, Secret::new(made["key"].as_str().expect("a key").to_owned())).await
}

/// The place of the key that this answer told.
fn path(made: &Json) -> String {
    format!("/api/v1/api-keys/{}", made["id"].as_str().expect("an id"))
}
