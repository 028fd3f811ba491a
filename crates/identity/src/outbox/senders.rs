//! Where messages leave the program: SMTP, a Twilio-compatible service, files for development.
//!
//! Deliberately absent: queueing and trying again (the [outbox](super) does that) and pools of
//! connections: a connection a mail is slower and forgets nothing, and nobody waits for it.

mod files;
mod smtp;
mod twilio;

pub use files::Files;
pub use smtp::{InvalidMailUrl, Smtp, check_from, check_url};
pub use twilio::{InvalidSmsUrl, Twilio};

#[cfg(test)]
mod tests;
