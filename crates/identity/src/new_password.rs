//! A password that somebody chooses: judged by the rules of their tenant, and hashed.
//!
//! Whoever sets a password that a person chose goes through here: registration, change, reset, invitation,
//! administrators, imports, the command line. In order: [`judge`] (the policy, without the person's account),
//! [`Judged::unlike_former`] where there is one, [`Judged::hash`]. What is refused names every broken rule
//! by its field.
//!
//! The last passwords are kept as hashes, as many as the policy asks for, so that they are not used again. To
//! ask whether a password is a former one costs a hash for each, on the pool: it is asked last, of people who
//! have shown who they are, and never about more than [`MAX_HISTORY`](crate::passwords::MAX_HISTORY).
//!
//! Deliberately absent: the rules themselves (see [`passwords`](crate::passwords)), storing the new hash
//! (see [`users`](crate::users)), making passwords up.

mod model;
mod routes;
mod service;
mod store;

pub use model::{Candidate, Demands, Judged, NewPassword, names};
pub use routes::routes;
pub use service::{demands, judge, judge_offline, made_up, unasked};

#[cfg(test)]
mod tests;
