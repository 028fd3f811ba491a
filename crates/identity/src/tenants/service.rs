//! Making, changing, suspending and resuming tenants.

use std::sync::Arc;

use kernel::{Problem, Random, TenantId, Timestamp, UserId, problem::common};
use serde_json::{Value as Json, json};
use storage::{StoreError, SystemTx};

use super::{
    DEFAULT, DEFAULT_SLUG, EXISTS, FirstAdmin, HOST_TAKEN, Host, NewTenant, ReadTenants, Status, Tenant, WriteTenants,
    dto::Wanted, model::Patch, store,
};
use crate::{
    Core,
    audit::{self, Action, Entry, Target},
    http::{Cause, Permit, Window},
    keys::{self, FreshKey},
    new_password::{self, Candidate},
    passwords::About,
    publish::{self, Change},
    roles::{self, builtin},
    users::{self, NewUser},
};

/// A tenant was made.
pub const CREATED: Action = Action::new("tenant.created");
const UPDATED: Action = Action::new("tenant.updated");
const SUSPENDED: Action = Action::new("tenant.suspended");
const RESUMED: Action = Action::new("tenant.resumed");

/// Makes a tenant in a transaction of the caller's, with its roles, its key and its first administrator.
/// Also how the default tenant comes about. Answers with the feed's number to settle. Call it last in
/// the unit.
pub async fn create(
    tx: &mut SystemTx,
    new: NewTenant,
    key: FreshKey,
    admin: Option<FirstAdmin>,
    entry: Entry,
    now: Timestamp,
    random: Arc<dyn Random>,
) -> Result<i64, Problem> {
    if !store::insert(tx, &new, now).await? {
        return Err(Problem::new(EXISTS).field("/slug", "taken", "another tenant has this slug"));
    }
    taken(&store::set_hosts(tx, new.id, &new.hosts).await?)?;
    tx.enter(new.id, move |tx| {
        Box::pin(async move {
            roles::seed(tx, now, &*random).await?;
            keys::create_for(tx, &key, now).await?;
            if let Some(admin) = admin {
                let role = builtin::role(builtin::SUPER_ADMIN)?;
                if !users::create(tx, admin.id, &admin.account, now).await? {
                    return Err(StoreError::Misuse("the first user of a tenant meets no other").into());
                }
                // The operator vouches for the address.
                if let Some(email) = &admin.account.email {
                    users::verify_email(tx, admin.id, email.as_str(), now).await?;
                }
                roles::assign(tx, admin.id, &[role]).await?;
            }
            audit::record(tx, entry, now, &*random).await?;
            Ok::<_, Problem>(publish::append(tx, &Change::TenantChanged, now).await?)
        })
    })
    .await
}

fn taken(places: &[usize]) -> Result<(), Problem> {
    let name = |p: Problem, i: &usize| p.field(format!("/hosts/{i}"), "taken", "this host belongs to somebody else");
    if places.is_empty() { Ok(()) } else { Err(places.iter().fold(Problem::new(HOST_TAKEN), name)) }
}

/// The host that the installation itself is reached at belongs to the default tenant: another one that
/// had it would lock the operators out.
fn not_ours(core: &Core, hosts: &[Host]) -> Result<(), Problem> {
    let ours = Host::of_url(&core.settings.public_url);
    let places: Vec<usize> =
        hosts.iter().enumerate().filter(|(_, host)| Some(*host) == ours.as_ref()).map(|(i, _)| i).collect();
    taken(&places)
}

fn entry(cause: &Cause, action: Action, id: TenantId, details: Json) -> Entry {
    cause.entry(action, Target::new("tenant", id), details)
}

/// Writes the entry into the log of one tenant.
async fn record(tx: &mut SystemTx, cause: &Cause, log: TenantId, entry: Entry) -> Result<(), StoreError> {
    let (now, random) = (cause.now, cause.random.clone());
    tx.enter(log, move |tx| Box::pin(async move { audit::record(tx, entry, now, &*random).await })).await
}

/// Writes the entry into both logs and tells the edge. Call it last in the unit.
async fn conclude(tx: &mut SystemTx, cause: &Cause, id: TenantId, entry: Entry) -> Result<i64, StoreError> {
    if id != cause.caller.tenant {
        record(tx, cause, cause.caller.tenant, entry.clone()).await?;
    }
    record(tx, cause, id, entry).await?;
    let now = cause.now;
    tx.enter(id, move |tx| Box::pin(async move { publish::append(tx, &Change::TenantChanged, now).await })).await
}

/// A page of tenants.
pub(super) async fn list(core: &Core, _: &Permit<ReadTenants>, window: Window) -> Result<Vec<Tenant>, Problem> {
    core.store.system().read(move |tx| Box::pin(async move { Ok(store::page(tx, window).await?) })).await
}

/// One tenant.
pub(super) async fn get(core: &Core, _: &Permit<ReadTenants>, id: TenantId) -> Result<Tenant, Problem> {
    let found = core.store.system().read(move |tx| Box::pin(store::by_id(tx, id))).await?;
    found.ok_or_else(|| common::NOT_FOUND.into())
}

/// Makes a tenant.
pub(super) async fn make(core: &Core, permit: &Permit<WriteTenants>, wanted: Wanted) -> Result<Tenant, Problem> {
    not_ours(core, &wanted.hosts)?;
    let cause = Cause::new(core, permit);
    let (now, random) = (cause.now, cause.random.clone());
    let id = TenantId::new(now, &*random);
    let admin = match wanted.admin {
        None => None,
        Some((email, password)) => {
            // The tenant has no policy yet: the operator's holds.
            let about = About { email: Some(email.as_str()), ..About::default() };
            let candidate = Candidate { password, about, field: "/admin/password" };
            let new = new_password::judge(core, None, Some(&permit.ctx), candidate).await?.hash(core).await?;
            let account = NewUser { password_hash: Some(new.hash), ..NewUser::person(email) };
            Some(FirstAdmin { id: UserId::new(now, &*random), account })
        }
    };
    let key = FreshKey::generate(&core.vault, &random, id, core.settings.tokens.algorithm).await?;
    let new = NewTenant { id, slug: wanted.slug, name: wanted.name, hosts: wanted.hosts };
    let (tenant, seq) = core
        .store
        .system()
        .write(move |tx| {
            Box::pin(async move {
                let details = json!({
                    "slug": new.slug.as_str(),
                    "name": new.name,
                    "hosts": new.hosts.iter().map(Host::as_str).collect::<Vec<_>>(),
                    "first_admin": admin.as_ref().map(|a| a.id),
                });
                let entry = entry(&cause, CREATED, id, details);
                record(tx, &cause, cause.caller.tenant, entry.clone()).await?;
                let seq = create(tx, new, key, admin, entry, now, random).await?;
                let tenant = store::by_id(tx, id).await?.ok_or(StoreError::Misuse("a tenant was not inserted"))?;
                Ok::<_, Problem>((tenant, seq))
            })
        })
        .await?;
    core.settle(seq).await?;
    Ok(tenant)
}

/// Changes a tenant's name and hosts.
pub(super) async fn update(
    core: &Core,
    permit: &Permit<WriteTenants>,
    id: TenantId,
    patch: Patch,
) -> Result<Tenant, Problem> {
    let cause = Cause::new(core, permit);
    let home = core.edge.tenants.load().default_tenant().map(|t| t.id);
    if home != Some(id) {
        not_ours(core, patch.hosts.as_deref().unwrap_or_default())?;
    }
    let (tenant, seq) = core
        .store
        .system()
        .write(move |tx| {
            Box::pin(async move {
                store::lock(tx, id).await?;
                let old = store::by_id(tx, id).await?.ok_or(common::NOT_FOUND)?;
                store::update(tx, id, patch.name.as_deref().unwrap_or(&old.name), cause.now).await?;
                if let Some(hosts) = &patch.hosts {
                    taken(&store::set_hosts(tx, id, hosts).await?)?;
                }
                let new = store::by_id(tx, id).await?.ok_or(common::NOT_FOUND)?;
                let details = json!({
                    "before": { "name": old.name, "hosts": old.hosts },
                    "after": { "name": new.name, "hosts": new.hosts },
                });
                let entry = entry(&cause, UPDATED, id, details);
                let seq = conclude(tx, &cause, id, entry).await?;
                Ok::<_, Problem>((new, seq))
            })
        })
        .await?;
    core.settle(seq).await?;
    Ok(tenant)
}

/// Suspends a tenant, or resumes it. Doing it twice does no harm.
pub(super) async fn set_status(
    core: &Core,
    permit: &Permit<WriteTenants>,
    id: TenantId,
    status: Status,
) -> Result<Tenant, Problem> {
    let cause = Cause::new(core, permit);
    let (tenant, seq) = core
        .store
        .system()
        .write(move |tx| {
            Box::pin(async move {
                store::lock(tx, id).await?;
                let old = store::by_id(tx, id).await?.ok_or(common::NOT_FOUND)?;
                if old.slug == DEFAULT_SLUG && status == Status::Suspended {
                    return Err(DEFAULT.into());
                }
                if old.status == status {
                    return Ok((old, None));
                }
                store::set_status(tx, id, status, cause.now).await?;
                let action = if status == Status::Suspended { SUSPENDED } else { RESUMED };
                let entry = entry(&cause, action, id, json!({ "slug": old.slug }));
                let seq = conclude(tx, &cause, id, entry).await?;
                Ok::<_, Problem>((Tenant { status, updated_at: cause.now, ..old }, Some(seq)))
            })
        })
        .await?;
    core.settle(seq).await?;
    Ok(tenant)
}
