//! Why a stored hash cannot be verified.

/// Why a hash cannot be verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidHash {
    /// Of no kind that is known, or not written well.
    #[error("is no hash of a kind that can be verified: Argon2, bcrypt, scrypt, Firebase's scrypt, PBKDF2")]
    Format,
    /// Too dear.
    #[error("asks for more memory or time than is allowed")]
    Cost,
}

/// A computation failed: a parameter that was let through is not taken by the library.
#[derive(Debug, thiserror::Error)]
#[error("a stored hash could not be computed: {0}")]
pub(super) struct Failed(pub(super) String);
