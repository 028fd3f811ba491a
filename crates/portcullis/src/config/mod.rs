//! The configuration: one typed value, read once, every error at once.
//!
//! Sources, later ones winning: the embedded defaults, a TOML file, the environment
//! (`PORTCULLIS__SECTION__KEY`), options of the command line. The merged value is judged by the JSON
//! Schema that is generated from [`Config`], then by rules that look at several settings together.
//! Nothing is started with a configuration that has an error, and a reload with one changes nothing.
//!
//! Deliberately absent: a global getter. Whoever needs a setting is handed it.

mod check;
mod formats;
mod judge;
mod load;
pub(crate) mod made;
pub mod reference;
mod report;
mod rules;
mod schema;
mod sections;
mod tree;

pub use load::{DEFAULT_FILE, Loaded, Sources};
pub use report::{Finding, Path, Place, Report, Step};
pub use schema::Schema;
pub use sections::*;
pub use tree::ENV_PREFIX;

#[cfg(test)]
mod tests;
