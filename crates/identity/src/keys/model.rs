//! Keys as people see them.

use kernel::{Timestamp, jose::Alg};
use serde::Serialize;
use utoipa::ToSchema;

/// Where a key is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyStatus {
    /// Signs and verifies.
    Active,
    /// Verifies until `retire_at`.
    Retiring,
    /// Does neither.
    Retired,
}

impl KeyStatus {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
        }
    }
    /// From what is stored.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Retiring, Self::Retired].into_iter().find(|s| s.as_str() == text)
    }
}

/// A key without its secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct KeyInfo {
    /// Key id, as in the `kid` header of tokens.
    pub kid: String,
    /// Signature algorithm.
    #[schema(value_type = String, example = "RS256")]
    pub alg: Alg,
    /// Where it is in its life.
    pub status: KeyStatus,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it stops, or stopped, verifying.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub retire_at: Option<Timestamp>,
}
