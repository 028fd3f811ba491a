//! Which route a request takes.

mod pattern;

pub use pattern::{HostPattern, InvalidHost, InvalidPattern, PathPattern, Segment};

#[cfg(test)]
mod tests;
