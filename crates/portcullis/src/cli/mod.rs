//! The command line: what may be typed, and how a command ends.
//!
//! A command answers on standard output; one sentence about a failure, with what to do, goes to
//! standard error. Exit codes: 0 done, 1 failed, 2 bad usage or configuration. A secret is never an
//! argument: arguments show in process lists and shell histories.

mod admin;
mod audit;
mod config;
mod failure;
mod init;
mod keys;
mod migrate;
mod openapi;
mod output;
mod passwords;
mod serve;
mod users;

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
    fn sources(&self) -> Sources {
        Sources::from_process(self.config.clone(), self.data_dir.clone())
    }
    fn load(&self) -> Result<Loaded, Failure> {
        Ok(self.sources().load()?)
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gate
    Serve(serve::Serve),
    /// Write a commented configuration, a master key and a first administrator
    Init(init::Init),
    /// Check the configuration, or print its schema
    #[command(subcommand)]
    Config(config::Config),
    /// See to administrators of the default tenant
    #[command(subcommand)]
    Admin(admin::Admin),
    /// See to the keys that sign tokens
    #[command(subcommand)]
    Keys(keys::Keys),
    /// Import and export users
    #[command(subcommand)]
    Users(users::Users),
    /// Build the filter of breached passwords
    #[command(subcommand)]
    Passwords(passwords::Passwords),
    /// See to the audit log
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Show or apply changes of the database schema
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Print the OpenAPI 3.1 document of the API
    Openapi,
}

/// Runs the command that was typed.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Serve(serve) => serve.run(&cli.settings),
        Command::Init(init) => init.run(),
        Command::Config(config) => config.run(&cli.settings),
        Command::Admin(admin) => admin.run(&cli.settings),
        Command::Keys(keys) => keys.run(&cli.settings),
        Command::Users(users) => users.run(&cli.settings),
        Command::Passwords(passwords) => passwords.run(),
        Command::Audit(audit) => audit.run(&cli.settings),
        Command::Migrate(migrate) => migrate.run(&cli.settings),
        Command::Openapi => openapi::run(),
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
