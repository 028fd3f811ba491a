//! `portcullis keys`: the keys that sign tokens.

use clap::{Args, Subcommand};
use identity::{audit::Origin, keys};
use kernel::TenantId;

use super::{Failure, Settings, failure::block_on, output};
use crate::app::{Missing, identity_node};

#[derive(Debug, Subcommand)]
pub(super) enum Keys {
    /// Show the keys of a tenant, newest first
    List(Tenant),
    /// Make a new key that signs from now on; tokens of the old one stay valid until they expire
    Rotate(Tenant),
    /// Take a key out of use at once: every token that it signed is refused from now on
    Retire {
        /// The key's id, as `keys list` shows it
        kid: String,
        #[command(flatten)]
        tenant: Tenant,
    },
}

#[derive(Debug, Args)]
pub(super) struct Tenant {
    /// The tenant whose keys they are
    #[arg(long, value_name = "SLUG", default_value = identity::tenants::DEFAULT_SLUG)]
    tenant: String,
}

impl Tenant {
    fn find(&self, core: &identity::Core) -> Result<TenantId, Failure> {
        find_tenant(core, &self.tenant)
    }
}

/// The tenant of this slug.
pub(super) fn find_tenant(core: &identity::Core, slug: &str) -> Result<TenantId, Failure> {
    let tenants = core.edge.tenants.load();
    tenants.by_slug(slug).map(|t| t.id).ok_or_else(|| Failure::new(format!("there is no tenant {slug}")))
}

impl Keys {
    pub(super) fn run(self, settings: &Settings) -> Result<(), Failure> {
        let config = settings.load()?.config;
        block_on(async {
            let core = identity_node::for_command(&config, Missing::Refuse).await?;
            match self {
                Self::List(tenant) => {
                    for key in keys::list(&core, tenant.find(&core)?).await? {
                        let until = key.retire_at.map(|at| format!(", until {at}")).unwrap_or_default();
                        let status = key.status.as_str();
                        output::line(&format!("{}  {}  {status}  made {}{until}", key.kid, key.alg, key.created_at));
                    }
                }
                Self::Rotate(tenant) => {
                    let key = keys::rotate(&core, tenant.find(&core)?, &Origin::System).await?;
                    output::line(&format!("{} signs now ({})", key.kid, key.alg));
                }
                Self::Retire { kid, tenant } => {
                    let key = keys::retire(&core, tenant.find(&core)?, kid, &Origin::System).await?;
                    output::line(&format!("{} is retired; tokens that it signed are refused", key.kid));
                }
            }
            Ok(())
        })
    }
}
