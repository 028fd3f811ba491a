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
use schema::Schema;
use serde_json::{Map, Value};
use storage::StoreError;

pub use routes::routes;

use crate::Core;

/// Refuses attributes that the tenant's schema does not allow, naming every broken rule. `field` is their
/// JSON pointer.
pub async fn check(
    core: &Core,
    tenant: TenantId,
    attributes: &Map<String, Value>,
    field: &'static str,
) -> Result<(), Problem> {
    let stored = core.store.tenant(tenant).read(|tx| Box::pin(store::load(tx))).await;
    let Some(stored) = stored.map_err(|e: StoreError| Problem::from(e))? else { return Ok(()) };
    let schema = Schema::compile(&stored).map_err(|e| Problem::new(common::INTERNAL).cause(e))?;
    let wrong = schema.errors(&Value::Object(attributes.clone()), field);
    if wrong.is_empty() {
        return Ok(());
    }
    Err(wrong
        .into_iter()
        .fold(Problem::new(common::INVALID), |p, wrong| p.field(wrong.field, wrong.code, wrong.message)))
}
