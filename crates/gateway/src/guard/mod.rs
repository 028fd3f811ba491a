//! What a request must look like before anything else is asked of it.

mod path;

pub use path::{InvalidPath, normalise};

#[cfg(test)]
mod tests;
