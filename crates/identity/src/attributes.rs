//! What custom attributes of a tenant's users must look like: one JSON Schema for each tenant, or none.
//!
//! Whoever creates a user or changes their attributes asks [`check`] first, before the unit of work: a
//! schema is compiled and judged on the caller's task, not on the one thread that writes. Attributes that
//! are stored already stay as they are when the schema changes; the next change of them must meet it.
//!
//! Deliberately absent: the bounds that hold without a schema (see [`users`](crate::users)).

mod routes;
mod store;
#[cfg(test)]
mod tests;

use kernel::{Problem, TenantId, problem::common};
use schema::{Limits, Schema, Wrong};
use serde_json::{Map, Value};

pub use routes::routes;

use crate::Core;

/// The tenant's schema, as it was written; attributes may be anything where there is none.
pub async fn schema_of(core: &Core, tenant: TenantId) -> Result<Option<Value>, Problem> {
    core.read(tenant, |tx| Box::pin(store::load(tx))).await
}

/// What attributes of a tenant's users must look like now: for many of them.
#[derive(Debug)]
pub struct Shape(Option<Schema>);

impl Shape {
    /// Of this tenant.
    pub async fn of(core: &Core, tenant: TenantId) -> Result<Self, Problem> {
        let schema = schema_of(core, tenant).await?;
        let schema = schema.as_ref().map(|schema| Schema::compile(schema, Limits::SMALL)).transpose();
        schema.map(Self).map_err(|e| Problem::new(common::INTERNAL).cause(e))
    }

    /// Every rule that they break. `field` is their JSON pointer.
    pub fn wrong(&self, attributes: &Map<String, Value>, field: &str) -> Vec<Wrong> {
        self.0.as_ref().map_or_else(Vec::new, |schema| schema.errors(&Value::Object(attributes.clone()), field))
    }
}

/// Refuses attributes that the tenant's schema does not allow, naming every broken rule. `field` is their
/// JSON pointer.
pub async fn check(
    core: &Core,
    tenant: TenantId,
    attributes: &Map<String, Value>,
    field: &'static str,
) -> Result<(), Problem> {
    let wrong = Shape::of(core, tenant).await?.wrong(attributes, field);
    if wrong.is_empty() {
        return Ok(());
    }
    Err(wrong
        .into_iter()
        .fold(Problem::new(common::INVALID), |p, wrong| p.field(wrong.field, wrong.code, wrong.message)))
}
