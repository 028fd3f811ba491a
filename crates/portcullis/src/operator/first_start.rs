//! The first start on an empty database: the default tenant, its signing key, and the proof that later
//! starts have the same master key.

use std::sync::Arc;

use identity::{
    audit::{Action, Entry, Target},
    keys::FreshKey,
    tenants::{self, DEFAULT_SLUG, NewTenant},
    vault::{Purpose, Vault},
};
use kernel::{Problem, Random, TenantId, Timestamp, jose::Alg, problem::common};
use storage::{Store, StoreError, params};

use crate::app::StartError;

/// Its row in `meta`, and the context it is sealed under.
const CHECK: &str = "master_key_check";

/// Whether the database has never been started on.
pub(crate) async fn is_new(store: &Store) -> Result<bool, StoreError> {
    let found = store
        .system()
        .read(|tx| Box::pin(async move { tx.query_opt("SELECT 1 FROM tenants LIMIT 1", params![]).await }));
    Ok(found.await?.is_none())
}

/// Makes the default tenant unless it is there. Several nodes may do this at once: one of them wins and
/// the others find it made.
pub(crate) async fn prepare(
    store: &Store,
    vault: &Arc<Vault>,
    random: &Arc<dyn Random>,
    algorithm: Alg,
    now: Timestamp,
) -> Result<(), StartError> {
    let id = TenantId::new(now, &**random);
    let key = FreshKey::generate(vault, random, id, algorithm).await?;
    let slug = DEFAULT_SLUG.parse().map_err(|_| Problem::new(common::INTERNAL).cause("the default slug is no slug"))?;
    let tenant = NewTenant { id, slug, name: "Default".to_owned(), hosts: Vec::new() };
    let entry = Entry::by_system(Action("tenant.created"), Target::new("tenant", id));
    let sealed = vault.seal(Purpose::Check, CHECK.as_bytes(), CHECK.as_bytes(), &**random)?;
    let random = random.clone();
    let made = store.system().write(move |tx| {
        Box::pin(async move {
            tx.execute("INSERT INTO meta (name, value) VALUES ($1, $2)", params![CHECK, sealed]).await?;
            tenants::create(tx, tenant, key, None, entry, now, random).await
        })
    });
    match made.await {
        Ok(_) => Ok(()),
        Err(_) if !is_new(store).await? => Ok(()),
        Err(problem) => Err(problem.into()),
    }
}

/// Refuses a master key that is not the one this database was made with, before anything is written.
pub(crate) async fn check_master_key(store: &Store, vault: &Vault) -> Result<(), StartError> {
    let row = store.system().read(|tx| {
        Box::pin(async move { tx.query_opt("SELECT value FROM meta WHERE name = $1", params![CHECK]).await })
    });
    let sealed: Vec<u8> = match row.await? {
        Some(row) => row.get(0)?,
        None => return Err(StartError::WrongMasterKey),
    };
    match vault.open(Purpose::Check, CHECK.as_bytes(), &sealed) {
        Ok(_) => Ok(()),
        Err(_) => Err(StartError::WrongMasterKey),
    }
}
