//! `portcullis audit`: whether the audit log is what was written.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use identity::audit;

use super::{Failure, Settings, failure::block_on, keys::find_tenant, output};
use crate::app::{Missing, identity_node};

#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Prove that nothing in the log was changed, removed or moved. Keep what it prints elsewhere: compared
    /// later, it proves that the end was not cut off
    Verify(Verify),
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The tenant whose log it is; every tenant's when left out
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
}

impl Audit {
    pub(super) fn run(self, settings: &Settings) -> Result<(), Failure> {
        let Self::Verify(Verify { tenant }) = self;
        let config = settings.load()?.config;
        block_on(async {
            let core = identity_node::for_command(&config, Missing::Refuse).await?;
            let tenant = tenant.map(|slug| find_tenant(&core, &slug)).transpose()?;
            let chains = audit::verify(&core.store, &core.vault, tenant).await.map_err(Failure::new)?;
            let tenants = core.edge.tenants.load();
            for chain in chains {
                let name = tenants.by_id(chain.tenant).map_or_else(|| chain.tenant.to_string(), |t| t.slug.to_string());
                let head = chain.head.iter().fold(String::new(), |mut hex, byte| {
                    let _ = write!(hex, "{byte:02x}");
                    hex
                });
                let waiting = match chain.waiting {
                    0 => String::new(),
                    n => format!(", {n} not sealed yet"),
                };
                output::line(&format!("{name}: {} entries are whole, head {head}{waiting}", chain.rows));
            }
            Ok(())
        })
    }
}
