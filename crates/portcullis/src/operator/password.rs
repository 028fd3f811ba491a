//! Passwords that are made, not chosen.

use kernel::{Random, Secret, random};

/// Without those that look alike.
const LOWER: &[u8] = b"abcdefghijkmnpqrstuvwxyz";
const UPPER: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
const DIGITS: &[u8] = b"23456789";

/// A password of four groups of five characters, more than 100 bits. The first group begins with one of
/// each kind, so that it satisfies every policy; what that costs in bits is included.
pub(crate) fn generate(source: &dyn Random) -> Secret {
    let all: Vec<u8> = [LOWER, UPPER, DIGITS].concat();
    let mut text = String::with_capacity(24);
    for i in 0..20 {
        if i > 0 && i % 5 == 0 {
            text.push('-');
        }
        let alphabet = match i {
            0 => UPPER,
            1 => LOWER,
            2 => DIGITS,
            _ => &all,
        };
        text.push(char::from(pick(alphabet, source)));
    }
    Secret::new(text)
}

/// One of them, each as likely as the others: what would favour the first ones is drawn again.
fn pick(alphabet: &[u8], source: &dyn Random) -> u8 {
    let count = u8::try_from(alphabet.len()).unwrap_or(u8::MAX);
    loop {
        let [byte] = random::bytes::<1>(source);
        if byte < u8::MAX - u8::MAX % count {
            return alphabet[usize::from(byte % count)];
        }
    }
}
