//! `portcullis migrate`: the database schema. `serve` applies what is missing by itself; these are for
//! those who want to look first.

use clap::Subcommand;
use kernel::{Clock as _, SystemClock};
use storage::migrate;

use super::{Failure, Settings, failure::block_on, output};
use crate::app::{Hold, Missing, StartError, open_database};

#[derive(Debug, Subcommand)]
pub(super) enum Migrate {
    /// Show which changes are applied and which are missing
    Status,
    /// Apply the missing changes; makes the database when there is none
    Up,
}

impl Migrate {
    pub(super) fn run(self, settings: &Settings) -> Result<(), Failure> {
        let config = settings.load()?.config;
        block_on(async {
            match self {
                Self::Status => {
                    let store = open_database(&config, Missing::Refuse, Hold::COMMAND).await?;
                    for status in migrate::status(&store).await.map_err(StartError::from)? {
                        let applied = status.applied_at.map_or_else(|| "missing".to_owned(), |at| at.to_string());
                        output::line(&format!(
                            "{:4}  {:32}  {applied}",
                            status.migration.version, status.migration.name
                        ));
                    }
                }
                Self::Up => {
                    let store = open_database(&config, Missing::Create, Hold::COMMAND).await?;
                    let count = migrate::up(&store, SystemClock.now()).await.map_err(StartError::from)?;
                    output::line(&match count {
                        0 => "the schema is current".to_owned(),
                        1 => "applied 1 change".to_owned(),
                        n => format!("applied {n} changes"),
                    });
                }
            }
            Ok(())
        })
    }
}
