//! PHC strings of Argon2, `$argon2id$v=19$m=65536,t=2,p=4$<salt>$<hash>`: ours, and of the other variants and
//! the version before, which accounts are imported with.
//!
//! What is read back is bounded before it is computed: a damaged or foreign row must not make a thread
//! take gigabytes or minutes.

use std::{fmt, str::FromStr};

use argon2::{Algorithm, Version};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD as B64};
use subtle::ConstantTimeEq as _;

use super::{
    Cost,
    argon::{OURS, Workspace},
    error::{Failed, InvalidHash},
};

/// Longest PHC string that is looked at.
const MAX_LEN: usize = 256;
/// Most memory that a stored hash may ask for: 256 MiB.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
/// Most passes.
const MAX_ITERATIONS: u32 = 16;
/// Most lanes.
const MAX_PARALLELISM: u32 = 16;

/// A stored hash, taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Phc {
    kind: (Algorithm, Version),
    cost: Cost,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Phc {
    /// One of ours.
    pub(super) const fn new(cost: Cost, salt: Vec<u8>, output: Vec<u8>) -> Self {
        Self { kind: OURS, cost, salt, output }
    }

    /// Whether a new hash would be made like it.
    pub(super) fn is_current(&self, cost: Cost, output: usize) -> bool {
        self.kind == OURS && self.cost == cost && self.output.len() == output
    }

    /// Whether the password is the one.
    pub(super) fn verify(&self, password: &[u8], workspace: &mut Workspace) -> Result<bool, Failed> {
        let mut computed = vec![0; self.output.len()];
        let done = workspace.compute(self.kind, self.cost, password, &self.salt, &mut computed);
        done.map_err(|e| Failed(e.to_string()))?;
        Ok(computed.ct_eq(&self.output).into())
    }
}

/// `m=65536,t=2,p=4`: exactly these, in this order (RFC 9106 §3.1 and the PHC string format).
fn cost(text: &str) -> Option<Cost> {
    let mut parts = text.split(',');
    let mut number = |name: &str| {
        let digits = parts.next()?.strip_prefix(name)?.strip_prefix('=')?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    };
    let cost = Cost { memory_kib: number("m")?, iterations: number("t")?, parallelism: number("p")? };
    parts.next().is_none().then_some(cost)
}

impl FromStr for Phc {
    type Err = InvalidHash;
    fn from_str(text: &str) -> Result<Self, InvalidHash> {
        let parse = || {
            let mut parts = text.strip_prefix('$').filter(|_| text.len() <= MAX_LEN)?.split('$');
            let algorithm = match parts.next()? {
                "argon2id" => Algorithm::Argon2id,
                "argon2i" => Algorithm::Argon2i,
                "argon2d" => Algorithm::Argon2d,
                _ => return None,
            };
            // Without a version it is the one before there were versions.
            let next = parts.next()?;
            let (version, next) = match next {
                "v=19" => (Version::V0x13, parts.next()?),
                "v=16" => (Version::V0x10, parts.next()?),
                _ => (Version::V0x10, next),
            };
            let (kind, cost, salt, output) = ((algorithm, version), cost(next)?, parts.next()?, parts.next()?);
            let (salt, output) = (B64.decode(salt).ok()?, B64.decode(output).ok()?);
            let sane = (8..=64).contains(&salt.len()) && (16..=64).contains(&output.len()) && parts.next().is_none();
            sane.then_some(Self { kind, cost, salt, output })
        };
        let parsed: Self = parse().ok_or(InvalidHash::Format)?;
        let Cost { memory_kib, iterations, parallelism } = parsed.cost;
        let bounded = memory_kib <= MAX_MEMORY_KIB
            && (1..=MAX_ITERATIONS).contains(&iterations)
            && (1..=MAX_PARALLELISM).contains(&parallelism)
            && memory_kib >= 8 * parallelism;
        if bounded { Ok(parsed) } else { Err(InvalidHash::Cost) }
    }
}

impl fmt::Display for Phc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cost { memory_kib, iterations, parallelism } = self.cost;
        let (salt, output) = (B64.encode(&self.salt), B64.encode(&self.output));
        let (algorithm, version) = (self.kind.0.as_str(), self.kind.1 as u32);
        write!(f, "${algorithm}$v={version}$m={memory_kib},t={iterations},p={parallelism}${salt}${output}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REAL: &str =
        "$argon2id$v=19$m=65536,t=2,p=4$c29tZXNhbHRzb21lc2FsdA$GFOGVyCxGzjgKqzYiKaPJQh3iO1cBzq6AY8N6pCDSXo";

    #[test]
    fn a_hash_reads_as_it_is_written() {
        let phc: Phc = REAL.parse().expect("a PHC string");
        assert_eq!(phc.cost, Cost { memory_kib: 65_536, iterations: 2, parallelism: 4 });
        assert_eq!((phc.salt.as_slice(), phc.output.len()), (b"somesaltsomesalt".as_slice(), 32));
        assert_eq!(phc.to_string(), REAL);
    }

    #[test]
    fn what_would_cost_too_much_is_refused_before_it_is_computed() {
        for cost in ["m=262145,t=2,p=4", "m=65536,t=17,p=4", "m=65536,t=0,p=4", "m=65536,t=2,p=17", "m=31,t=2,p=4"] {
            let text = REAL.replace("m=65536,t=2,p=4", cost);
            assert_eq!(text.parse::<Phc>(), Err(InvalidHash::Cost), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_hash() {
        let long = REAL.replace("c29tZXNhbHRzb21lc2FsdA", &"A".repeat(200));
        let cases = [
            "",
            "$argon2id$",
            &REAL.replace("argon2id", "argon2x"),
            &REAL.replace("v=19", "v=17"),
            &REAL.replace("m=65536,t=2", "t=2,m=65536"),
            &REAL.replace("p=4", "p=4,data=AAAA"),
            &REAL.replace("m=65536", "m=+65536"),
            &REAL.replace("c29tZXNhbHRzb21lc2FsdA", "c29t"),
            &format!("{REAL}$more"),
            &long,
        ];
        for text in cases {
            assert_eq!(text.parse::<Phc>(), Err(InvalidHash::Format), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_round_trips(text in "\\PC{0,80}|\\$argon2id\\$v=19\\$m=[0-9]{1,9},t=[0-9],p=[0-9]\\$[A-Za-z0-9+/]{8,40}\\$[A-Za-z0-9+/]{20,60}") {
            if let Ok(phc) = text.parse::<Phc>() {
                prop_assert_eq!(phc.to_string().parse::<Phc>(), Ok(phc));
            }
        }
    }
}
