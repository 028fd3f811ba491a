//! `portcullis config`: judge the configuration without starting anything, and change the routes and
//! upstreams that are kept in the database.

mod made;

use std::path::PathBuf;

use clap::Subcommand;

use super::{Failure, Settings, output};
use crate::config::{Loaded, Schema};

#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Report every error of the configuration at once, each with its place and what to write instead
    Check,
    /// Show what `apply` would change, without changing anything
    Diff {
        /// A TOML file with upstreams and routes
        #[arg(value_name = "FILE")]
        wanted: PathBuf,
    },
    /// Make the upstreams and routes of a file those that were made, in one revision, whole or not at all;
    /// running nodes take them over within a second
    Apply {
        /// A TOML file with upstreams and routes
        #[arg(value_name = "FILE")]
        wanted: PathBuf,
        /// Why, for the history
        #[arg(long, default_value = "", value_name = "TEXT")]
        reason: String,
        /// Change nothing unless this is the last revision
        #[arg(long, value_name = "NUMBER")]
        if_revision: Option<i64>,
    },
    /// Print the upstreams and routes that were made, as `apply` takes them
    Export {
        /// Those of the configuration file too
        #[arg(long)]
        all: bool,
    },
    /// Print the JSON Schema of the configuration, for editors
    Schema,
}

impl Config {
    pub(super) fn run(self, settings: &Settings) -> Result<(), Failure> {
        match self {
            Self::Check => output::line(&summary(&settings.load()?)),
            Self::Diff { wanted } => made::diff(settings, &wanted)?,
            Self::Apply { wanted, reason, if_revision } => made::apply(settings, &wanted, reason, if_revision)?,
            Self::Export { all } => made::export(settings, all)?,
            Self::Schema => {
                output::line(&serde_json::to_string_pretty(Schema::new().document()).map_err(Failure::new)?);
            }
        }
        Ok(())
    }
}

/// What would run, without anything secret.
fn summary(loaded: &Loaded) -> String {
    let config = &loaded.config;
    let from = match &loaded.file {
        Some(file) => file.display().to_string(),
        None => "embedded defaults".to_owned(),
    };
    let variables = match loaded.variables {
        0 => String::new(),
        1 => " and 1 environment variable".to_owned(),
        n => format!(" and {n} environment variables"),
    };
    let server = &config.server;
    [
        format!("ok: {from}{variables}"),
        format!("  public      {} as {}", server.listen, config.public_url(server.listen)),
        format!("  operations  {}", server.ops_listen),
        format!("  storage     {}", without_credentials(config.storage_url().expose())),
        format!("  kv          {}", without_credentials(config.kv.url.expose())),
        format!("  bus         {}", without_credentials(config.bus.url.expose())),
        format!("  routes      {} to {} upstreams", config.routes.len(), config.upstreams.len()),
    ]
    .join("\n")
}

/// A URL without what is before its `@` and after its `?`.
fn without_credentials(url: &str) -> String {
    let bare = url.split(['?', '#']).next().unwrap_or_default();
    match bare.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host)),
        None => bare.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn credentials_are_cut_out() {
        for (url, shown) in [
            ("memory", "memory"),
            ("sqlite://data/portcullis.db", "sqlite://data/portcullis.db"),
            ("postgres://ada:p@ss@db:5432/gate?password=x", "postgres://db:5432/gate"),
            ("redis://:secret@cache/0", "redis://cache/0"),
        ] {
            assert_eq!(without_credentials(url), shown);
        }
    }
}
