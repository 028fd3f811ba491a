//! Users by the thousand: imports and exports, as CSV and as JSON lines.
//!
//! An import is a job. What is sent is spooled into the database first, sealed, in pieces; then a worker takes
//! the records in batches, each in one unit that also notes how far it has come. So a job goes on where it was
//! after a crash, on any node, and no record is done twice or left out. Memory does not grow with the file: a
//! window of it and one batch are held.
//!
//! Invariants:
//! - Doing the same file twice does no harm: whoever is there already, by external id, address or user name, is
//!   skipped (`create`) or brought up to date (`upsert`).
//! - A record that cannot be done is reported with its line, field and code, and the others are done.
//! - The job may what whoever started it may, at the time of each batch: nobody is given or taken what its
//!   starter does not hold.
//! - An address is verified by who has it, not by a file: whoever is there already keeps theirs as it is, and whoever
//!   never proved it and has a password is not taken for the one who is meant.
//! - A password that exists is never replaced by an import: a file is older than what a person chose since.
//! - Nobody gets a mail, unless invitations were asked for.
//!
//! Deliberately absent: deleting users who are not in the file, breach checks online (a hundred thousand
//! questions to somebody else's service), progress by push: ask again.

mod apply;
mod caller;
mod export;
mod model;
mod records;
mod routes;
mod row;
mod spool;
mod store;
mod work;

pub use export::{Export, Page, note, page};
pub use model::{Counts, Format, Import, Mode, Options, Problem as RowProblem, Status};
pub use routes::routes;
pub use spool::{MAX_BYTES, Spool};
pub use store::{errors, load};
pub use work::{run_due, run_one, sweep};

pub use caller::Starter;

crate::rights! {
    /// May export users.
    ExportUsers = "users:export";
    /// May export the hashes of passwords.
    ExportHashes = "password_hashes:export";
}

kernel::problems! {
    /// The tenant has several unfinished imports.
    pub TOO_MANY = 409 "import.too_many" "Too many imports are under way" "Wait until one of them is done.";
    /// The file is larger than an import may be.
    pub TOO_LARGE = 413 "import.too_large" "The file is too large" "Cut it into files of 256 MiB at most.";
    /// Nothing of the file arrived for an hour, so what had was forgotten.
    pub ABANDONED = 409 "import.abandoned" "The file stopped arriving" "Send it again.";
}

#[cfg(test)]
mod tests;
