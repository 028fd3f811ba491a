//! Wording messages, and rendering them to be sent.

use kernel::Problem;
use serde_json::json;
use storage::{StoreError, TenantTx};

use super::{
    BROKEN, ReadSettings, WriteSettings, defaults, engine,
    model::{Name, Rendered, Source, Values},
    store,
};
use crate::{
    Core,
    audit::{Action, Target},
    http::{Cause, Permit},
    language::Language,
};

const CHANGED: Action = Action::new("template.changed");
const RESET: Action = Action::new("template.reset");

/// Whose wording holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Whose {
    Default,
    Tenant,
}

/// Renders a message for its recipient. A tenant's wording that does not work with these values is
/// passed over, so that the message leaves all the same.
pub async fn render(
    tx: &mut TenantTx,
    name: Name,
    language: Language,
    values: &Values,
) -> Result<Rendered, RenderError> {
    if let Some(own) = store::get(tx, name, language).await? {
        match engine::render(&own, values) {
            Ok(rendered) => return Ok(rendered),
            Err(error) => tracing::warn!(
                template = name.as_str(), language = language.as_str(), tenant = %tx.tenant(), field = error.field, %error,
                "a tenant's template does not work: the default is sent"
            ),
        }
    }
    Ok(engine::render(&defaults::source(name, language), values)?)
}

/// Why a message cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The default lacks a value: a defect.
    #[error(transparent)]
    Broken(#[from] engine::Broken),
}

/// Which messages the tenant has worded itself, as `(name, language)`.
pub(super) async fn own(core: &Core, permit: &Permit<ReadSettings>) -> Result<Vec<(String, String)>, Problem> {
    core.read(permit.principal.tenant, |tx| Box::pin(store::own(tx))).await
}

/// The wording that holds.
pub(super) async fn get(
    core: &Core,
    permit: &Permit<ReadSettings>,
    name: Name,
    language: Language,
) -> Result<(Source, Whose), Problem> {
    Ok(match core.read(permit.principal.tenant, move |tx| Box::pin(store::get(tx, name, language))).await? {
        Some(own) => (own, Whose::Tenant),
        None => (defaults::source(name, language), Whose::Default),
    })
}

/// Tries a wording out.
pub(super) fn preview(name: Name, source: &Source) -> Result<Rendered, Problem> {
    let values = name.samples();
    works(source, &values)?;
    engine::render(source, &values).map_err(|error| Problem::new(BROKEN).cause(error))
}

fn works(source: &Source, values: &Values) -> Result<(), Problem> {
    let broken = engine::check(source, values);
    let tell = |p: Problem, b: &engine::Broken| p.field(format!("/{}", b.field), "template", b.to_string());
    if broken.is_empty() { Ok(()) } else { Err(broken.iter().fold(Problem::new(BROKEN), tell)) }
}

/// Words a message anew, if it works: with every value it may have, and with as little as it may have.
pub(super) async fn put(
    core: &Core,
    permit: &Permit<WriteSettings>,
    name: Name,
    language: Language,
    source: Source,
) -> Result<(), Problem> {
    let mut values = name.samples();
    works(&source, &values)?;
    // People need not have a name.
    values.insert("name".to_owned(), String::new());
    works(&source, &values)?;
    let cause = Cause::new(core, permit);
    core.write(cause.caller.tenant, move |tx| {
        Box::pin(async move {
            store::put(tx, name, language, &source, cause.now).await?;
            cause.record(tx, CHANGED, target(name, language), json!({})).await
        })
    })
    .await
}

/// Goes back to the default. Doing it twice does no harm.
pub(super) async fn reset(
    core: &Core,
    permit: &Permit<WriteSettings>,
    name: Name,
    language: Language,
) -> Result<(), Problem> {
    let cause = Cause::new(core, permit);
    core.write(cause.caller.tenant, move |tx| {
        Box::pin(async move {
            match store::delete(tx, name, language).await? {
                true => cause.record(tx, RESET, target(name, language), json!({})).await,
                false => Ok(()),
            }
        })
    })
    .await
}

fn target(name: Name, language: Language) -> Target {
    Target::new("template", format!("{name}/{}", language.as_str()))
}
