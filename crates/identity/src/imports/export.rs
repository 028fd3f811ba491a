//! Users as a file: pages of them, written one after the other.
//!
//! Pages go by id, newest first. Whoever is made while the export runs may be missing; nobody comes twice.
//! Deleted users are left out.

use std::collections::HashMap;

use kernel::{Problem, RequestContext, RoleName, Secret, TenantId, UserId};
use serde_json::{Value as Json, json};
use storage::StoreError;
use uuid::Uuid;

use super::{Format, row::defused};
use crate::{
    Core,
    audit::{self, Action, Entry, Target},
    http::Window,
    users::{self, User, UserView},
    users_admin::{self, filter::Filter},
};

const EXPORTED: Action = Action::new("users.exported");

/// Users of a page.
const PAGE: u32 = 200;

/// How an export is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Export {
    /// As what.
    pub format: Format,
    /// Whether the hashes of passwords come along.
    pub hashes: bool,
}

/// A page, and where the next one begins.
pub type Page = (Vec<u8>, Option<Uuid>);

/// The columns of a CSV file, as imports read them.
const COLUMNS: [&str; 14] = [
    "id",
    "email",
    "email_verified",
    "username",
    "external_id",
    "display_name",
    "company_name",
    "phone",
    "status",
    "roles",
    "attributes",
    "last_login_at",
    "created_at",
    "updated_at",
];

/// Notes in the audit log that an export begins: in the request `ctx`, or by the operator.
pub async fn note(core: &Core, tenant: TenantId, export: Export, ctx: Option<&RequestContext>) -> Result<(), Problem> {
    let target = Target::new("tenant", tenant);
    let details = json!({ "format": export.format, "password_hashes": export.hashes });
    audit::note(core, tenant, Entry::by_caller(ctx, EXPORTED, target).details(details)).await
}

/// Writes the users whose ids are smaller. The first page of a CSV file begins with the names of its columns.
pub async fn page(core: &Core, tenant: TenantId, export: Export, before: Option<Uuid>) -> Result<Page, Problem> {
    let window = Window { limit: PAGE, before: before.unwrap_or(Uuid::max()) };
    let read = core.read(tenant, move |tx| {
        Box::pin(async move {
            let found = users_admin::page(tx, &Filter::default(), window).await?;
            let ids: Vec<UserId> = found.iter().filter(|_| export.hashes).map(|(user, _)| user.id).collect();
            let hashes = users::password_hashes(tx, &ids).await?;
            Ok::<_, StoreError>((found, hashes))
        })
    });
    let (mut found, hashes) = read.await?;
    let more = found.len() > PAGE as usize;
    found.truncate(PAGE as usize);
    let next = found.last().filter(|_| more).map(|(user, _)| user.id.uuid());
    let written = match export.format {
        Format::Jsonl => lines(found, &hashes),
        Format::Csv => table(found, &hashes, export.hashes, before.is_none()),
    };
    Ok((written.map_err(|e| Problem::new(kernel::problem::common::INTERNAL).cause(e))?, next))
}

/// What anything failed with while it was written into memory.
type Failed = Box<dyn std::error::Error + Send + Sync>;

fn lines(users: Vec<(User, Vec<RoleName>)>, hashes: &HashMap<UserId, Secret>) -> Result<Vec<u8>, Failed> {
    let mut out = Vec::new();
    for (user, roles) in users {
        let hash = hashes.get(&user.id);
        let mut line = serde_json::to_value(UserView::from(user))?;
        if let Json::Object(map) = &mut line {
            map.retain(|_, value| !value.is_null());
            map.insert("roles".into(), json!(roles));
            if let Some(hash) = hash {
                map.insert("password_hash".into(), json!(hash.expose()));
            }
        }
        serde_json::to_writer(&mut out, &line)?;
        out.push(b'\n');
    }
    Ok(out)
}

fn table(
    users: Vec<(User, Vec<RoleName>)>,
    hashes: &HashMap<UserId, Secret>,
    with_hashes: bool,
    first: bool,
) -> Result<Vec<u8>, Failed> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    if first {
        let names = COLUMNS.into_iter().chain(with_hashes.then_some("password_hash"));
        writer.write_record(names)?;
    }
    for (user, roles) in users {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let time = |value: Option<kernel::Timestamp>| value.map(|at| at.to_string()).unwrap_or_default();
        let roles: Vec<&str> = roles.iter().map(RoleName::as_str).collect();
        let attributes = user.attributes.as_map();
        let cells = [
            user.id.to_string(),
            text(&user.email),
            user.email_verified_at.is_some().to_string(),
            text(&user.username),
            text(&user.external_id),
            text(&user.display_name),
            text(&user.company_name),
            text(&user.phone),
            user.status.as_str().to_owned(),
            roles.join(" "),
            if attributes.is_empty() { String::new() } else { serde_json::to_string(attributes)? },
            time(user.last_login_at),
            time(Some(user.created_at)),
            time(Some(user.updated_at)),
        ];
        let hash = with_hashes.then(|| hashes.get(&user.id).map(|hash| hash.expose().clone()).unwrap_or_default());
        writer.write_record(cells.into_iter().chain(hash).map(|cell| defused(&cell)))?;
    }
    Ok(writer.into_inner().map_err(|e| e.error().to_string())?)
}
