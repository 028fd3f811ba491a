//! `portcullis admin`: administrators of the default tenant, without an API in between.
//!
//! A password is read from standard input or typed twice at a prompt. It is never an argument.

use std::io::{IsTerminal as _, Read as _};

use clap::{Args, Subcommand};
use identity::users::Email;
use kernel::Secret;

use super::{Failure, Settings, failure::block_on, output};
use crate::{
    app::{Missing, identity_node},
    operator::admins,
};

#[derive(Debug, Subcommand)]
pub(super) enum Admin {
    /// Make a user of the default tenant who holds everything
    Create(WithPassword),
    /// Give a user a new password; ends their sessions and unlocks them
    ResetPassword(WithPassword),
    /// Forget a user's failed logins
    Unlock(Who),
}

#[derive(Debug, Args)]
pub(super) struct Who {
    /// The e-mail address or user name
    #[arg(long, value_name = "EMAIL")]
    email: String,
}

#[derive(Debug, Args)]
pub(super) struct WithPassword {
    #[command(flatten)]
    who: Who,
    /// Read the password from standard input instead of asking for it
    #[arg(long)]
    password_stdin: bool,
}

impl Admin {
    pub(super) fn run(self, settings: &Settings) -> Result<(), Failure> {
        let config = settings.load()?.config;
        match self {
            Self::Create(WithPassword { who, password_stdin }) => {
                let email: Email = who.email.parse().map_err(|e| Failure::usage(format!("--email {e}")))?;
                let password = read_password(password_stdin)?;
                block_on(async {
                    let core = identity_node::for_command(&config, Missing::Create).await?;
                    admins::create(&core, email.clone(), password).await?;
                    output::line(&format!("{email} is an administrator now"));
                    Ok(())
                })
            }
            Self::ResetPassword(WithPassword { who, password_stdin }) => {
                let password = read_password(password_stdin)?;
                block_on(async {
                    let core = identity_node::for_command(&config, Missing::Refuse).await?;
                    admins::reset_password(&core, &who.email, password).await?;
                    output::line(&format!("{} has a new password and is logged out everywhere", who.email));
                    Ok(())
                })
            }
            Self::Unlock(who) => block_on(async {
                let core = identity_node::for_command(&config, Missing::Refuse).await?;
                let found = admins::unlock(&core, &who.email).await?;
                output::line(&match found {
                    true => format!("{} may try again", who.email),
                    false => format!("{} was not locked", who.email),
                });
                Ok(())
            }),
        }
    }
}

/// Longest password that is read, in bytes. What may be chosen is the policy's business.
const MAX_PASSWORD: u64 = 4_096;

/// Reads the password that was announced, or asks for it twice.
pub(super) fn read_password(from_stdin: bool) -> Result<Secret, Failure> {
    if from_stdin {
        let mut text = String::with_capacity(MAX_PASSWORD as usize);
        let read = std::io::stdin().lock().take(MAX_PASSWORD).read_to_string(&mut text);
        let whole = Secret::new(text);
        read.map_err(|_| Failure::usage("standard input is not UTF-8 text"))?;
        let password = whole.expose().trim_end_matches(['\r', '\n']);
        if password.is_empty() {
            return Err(Failure::usage("standard input is empty: pipe the password into it"));
        }
        return Ok(Secret::new(password.to_owned()));
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("there is no terminal to ask for a password: use --password-stdin"));
    }
    let ask = |prompt| {
        let typed = rpassword::prompt_password(prompt).map(Secret::new);
        typed.map_err(|e| Failure::new(format!("the password could not be read: {e}")))
    };
    let (first, second) = (ask("Password: ")?, ask("Again: ")?);
    if first != second {
        return Err(Failure::usage("the two passwords differ"));
    }
    Ok(first)
}
