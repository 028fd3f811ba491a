//! `/api/v1/admin/attributes-schema`.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use kernel::{Problem, problem::common};
use schema::{Limits, Schema};
use serde_json::{Value, json};
use storage::StoreError;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{schema_of, store};
use crate::{
    Core,
    audit::{Action, Target},
    http::{
        Cause, Fields, Json, Permit, Refusal,
        openapi::{Body, Guarded, Named},
    },
    templates::{ReadSettings, WriteSettings},
};

/// Longest schema, as JSON text, in bytes.
const MAX: usize = 32 * 1024;

const CHANGED: Action = Action::new("settings.attributes_schema_changed");

/// The routes of this slice.
pub fn routes() -> OpenApiRouter<Arc<Core>> {
    OpenApiRouter::new().routes(routes!(read, write, remove))
}

/// Read the schema of custom attributes
///
/// 404 while attributes may be anything. Needs `settings:read`.
#[utoipa::path(get, path = "/api/v1/admin/attributes-schema", tag = "settings", operation_id = "read_attributes_schema",
    security(("bearer" = []), ("api_key" = []), ("session" = [])),
    responses((status = 200, body = Object), Guarded, Named))]
async fn read(State(core): State<Arc<Core>>, permit: Permit<ReadSettings>) -> Result<Json<Value>, Refusal> {
    let loaded = schema_of(&core, permit.principal.tenant).await?;
    Ok(Json(loaded.ok_or(common::NOT_FOUND)?))
}

/// Set the schema of custom attributes
///
/// A JSON Schema (2020-12 unless it says otherwise) of 32 KiB at most that refers to nothing outside of
/// itself, and applies 1000 subschemas at most to one place of the attributes, with all that it refers to. From now on, whoever registers, creates a user or changes attributes must meet it. Needs
/// `settings:write`.
#[utoipa::path(put, path = "/api/v1/admin/attributes-schema", tag = "settings", operation_id = "write_attributes_schema",
    security(("bearer" = []), ("api_key" = []), ("session" = [])), request_body = Object,
    responses((status = 200, body = Object), Guarded, Body))]
async fn write(
    State(core): State<Arc<Core>>,
    permit: Permit<WriteSettings>,
    Json(schema): Json<Value>,
) -> Result<Json<Value>, Refusal> {
    let mut fields = Fields::new();
    if !schema.is_object() {
        fields.wrong("", "type", "must be an object");
    } else if schema.to_string().len() > MAX {
        fields.wrong("", "too_long", format!("may have {MAX} bytes at most"));
    } else if let Err(unusable) = Schema::compile(&schema, Limits::SMALL) {
        fields.wrong(unusable.at, "schema", unusable.message);
    }
    fields.check()?;
    let cause = Cause::new(&core, &permit);
    let work = core.write(cause.caller.tenant, move |tx| {
        Box::pin(async move {
            store::save(tx, &schema, cause.now).await?;
            cause.record(tx, CHANGED, Target::new("tenant", tx.tenant()), json!({"schema": schema})).await?;
            Ok::<_, StoreError>(schema)
        })
    });
    Ok(Json(work.await?))
}

/// Let custom attributes be anything
///
/// Needs `settings:write`.
#[utoipa::path(delete, path = "/api/v1/admin/attributes-schema", tag = "settings",
    operation_id = "delete_attributes_schema", security(("bearer" = []), ("api_key" = []), ("session" = [])),
    responses((status = 204), Guarded, Named))]
async fn remove(State(core): State<Arc<Core>>, permit: Permit<WriteSettings>) -> Result<StatusCode, Refusal> {
    let cause = Cause::new(&core, &permit);
    let work = core.write(cause.caller.tenant, move |tx| {
        Box::pin(async move {
            if !store::delete(tx).await? {
                return Err(Problem::new(common::NOT_FOUND));
            }
            cause.record(tx, CHANGED, Target::new("tenant", tx.tenant()), json!({"schema": null})).await?;
            Ok(())
        })
    });
    work.await?;
    Ok(StatusCode::NO_CONTENT)
}
