//! Pieces of a hash's text.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

/// Bytes as the kinds write them: base64 with or without padding, for URLs, or with `.` for `+` as passlib does.
pub(super) fn bytes(text: &str, least: usize, most: usize) -> Option<Vec<u8>> {
    let plain: String = text
        .trim_end_matches('=')
        .chars()
        .map(|c| match c {
            '.' | '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    STANDARD_NO_PAD.decode(plain).ok().filter(|bytes| (least..=most).contains(&bytes.len()))
}

/// A number in decimal digits and nothing else.
pub(super) fn number(text: &str) -> Option<u32> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// `ln=14,r=8,p=1`: these parameters in this order.
pub(super) fn parameters<const N: usize>(text: &str, names: [&str; N]) -> Option<[u32; N]> {
    let mut values = [0; N];
    let mut parts = text.split(',');
    for (value, name) in values.iter_mut().zip(names) {
        *value = number(parts.next()?.strip_prefix(name)?.strip_prefix('=')?)?;
    }
    parts.next().is_none().then_some(values)
}
