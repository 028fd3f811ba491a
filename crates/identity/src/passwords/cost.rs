//! What a hash costs, and what it may cost.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::phc::Phc;

/// Bytes of a new salt, and of a new hash: what RFC 9106 §4 recommends.
pub(super) const SALT: usize = 16;
pub(super) const OUTPUT: usize = 32;
/// How many times the operator's work a tenant's own hashes may take.
const MOST: u64 = 4;

/// What one Argon2id hash costs (RFC 9106).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordHashing)]
pub struct Cost {
    /// KiB of memory: 19456 to 262144.
    #[schema(example = 65536)]
    pub memory_kib: u32,
    /// Passes: 2 to 16.
    #[schema(example = 2)]
    pub iterations: u32,
    /// Lanes: 1 to 16.
    #[schema(example = 4)]
    pub parallelism: u32,
}

impl Cost {
    /// The least that an operator may set: the smaller of the OWASP recommendations.
    pub const FLOOR: Self = Self { memory_kib: 19 * 1024, iterations: 2, parallelism: 1 };

    /// Whether it is at least the floor, and no more than stored hashes may ask for.
    pub fn is_acceptable(self) -> bool {
        self.memory_kib >= Self::FLOOR.memory_kib
            && self.iterations >= Self::FLOOR.iterations
            && self.parallelism >= Self::FLOOR.parallelism
            && Phc::new(self, vec![0; SALT], vec![0; OUTPUT]).to_string().parse::<Phc>().is_ok()
    }

    /// Whether a tenant may choose it where the operator does `usual`: what an operator may set, and no more than four
    /// times the work.
    pub(super) fn is_fair_beside(self, usual: Self) -> bool {
        self.is_acceptable() && self.work() <= MOST * usual.work()
    }

    /// Blocks that are filled, which is what time and energy go by.
    fn work(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.iterations)
    }
}
