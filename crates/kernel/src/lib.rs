//! The vocabulary that every room of Portcullis shares.
//!
//! Here are the words (typed ids, [`Principal`], [`Permission`], [`Problem`], [`Rate`]) and the two
//! seams between rooms that must not know each other: [`edge`], what identity publishes and the
//! gateway reads, and [`exchange`], what the gateway tells the recorder about a finished request.
//!
//! Deliberately absent: sockets, files, SQL, HTTP types, async runtimes. Everything here is cheap to
//! compile and safe to depend on.

pub mod assurance;
pub mod caller;
pub mod context;
pub mod edge;
pub mod exchange;
pub mod gate;
pub mod id;
pub mod jose;
pub mod permission;
pub mod principal;
pub mod problem;
pub mod random;
pub mod rate;
pub mod secret;
pub mod time;

pub use assurance::{Acr, Amr, Assurance};
pub use caller::{Caller, Waiting};
pub use context::RequestContext;
pub use id::*;
pub use permission::{GrantSet, Permission};
pub use principal::{AuthMethod, Principal, RoleName, Subject};
pub use problem::{Problem, ProblemKind};
pub use random::{OsRandom, Random};
pub use rate::{Algorithm, Decision, Rate};
pub use secret::Secret;
pub use time::{Clock, ManualClock, SystemClock, Timestamp};
