//! The command line: what may be typed, and how a command ends.
//!
//! A command answers on standard output; one sentence about a failure, with what to do, goes to
//! standard error. Exit codes: 0 done, 1 failed, 2 bad usage or configuration. A secret is never an
//! argument: arguments show in process lists and shell histories.

mod config;
mod failure;
mod init;
mod migrate;
mod output;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

pub use failure::Failure;

use crate::config::{Loaded, Sources};

const AFTER_HELP: &str = "\
Settings come from the embedded defaults, the configuration file, the environment
(PORTCULLIS__SECTION__KEY, such as PORTCULLIS__SERVER__LISTEN) and options, later ones winning.

Exit codes: 0 done, 1 failed, 2 bad usage or configuration.";

/// An identity provider and an API gateway in one program.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, after_help = AFTER_HELP, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

/// Where settings come from, for every command.
#[derive(Debug, Args)]
struct Settings {
    /// The configuration file. Without it, portcullis.toml in the current directory is read if it exists
    #[arg(long, short, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// The directory for the database and the master key [default: ./data]
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
}

impl Settings {
    fn load(&self) -> Result<Loaded, Failure> {
        Ok(Sources::from_process(self.config.clone(), self.data_dir.clone()).load()?)
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a commented configuration and a master key
    Init(init::Init),
    /// Check the configuration, or print its schema
    #[command(subcommand)]
    Config(config::Config),
    /// Show or apply changes of the database schema
    #[command(subcommand)]
    Migrate(migrate::Migrate),
}

/// Runs the command that was typed.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Init(init) => init.run(),
        Command::Config(config) => config.run(&cli.settings),
        Command::Migrate(migrate) => migrate.run(&cli.settings),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
