//! What a line says.

use std::io::Write as _;

use kernel::{Timestamp, exchange::Exchange};
use uuid::Uuid;

use crate::redact;

/// Longest parts, in bytes; what is cut ends in `…`.
const MAX_PATH: usize = 1_024;
const MAX_HOST: usize = 255;
const MAX_AGENT: usize = 256;
const MAX_WORD: usize = 128;

/// The text of the current second: formatted once, not for every line.
#[derive(Debug, Default)]
pub(super) struct Stamp {
    second: Option<i64>,
    /// `2026-11-22T00:44:01`
    text: String,
}

impl Stamp {
    /// RFC 3339 with microseconds.
    fn write(&mut self, out: &mut Vec<u8>, at: Timestamp) {
        let second = at.as_secs();
        if self.second != Some(second) {
            self.text = Timestamp::from_secs(second).to_string();
            self.text.truncate(self.text.trim_end_matches('Z').len());
            self.second = Some(second);
        }
        out.extend_from_slice(self.text.as_bytes());
        let micros = at.as_micros().rem_euclid(1_000_000).unsigned_abs();
        let mut digits = *b".000000Z";
        let mut rest = micros;
        for digit in digits[1..7].iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
        out.extend_from_slice(&digits);
    }
}

/// One JSON object.
pub(super) fn json(out: &mut Vec<u8>, stamp: &mut Stamp, route: &str, x: &Exchange<'_>) {
    let text = |out: &mut Vec<u8>, name: &[u8], value: &str, max| {
        key(out, name);
        out.push(b'"');
        push(out, value, max, true);
        out.push(b'"');
    };
    let number = |out: &mut Vec<u8>, name: &[u8], value| {
        key(out, name);
        push_number(out, value);
    };
    let id = |out: &mut Vec<u8>, name: &[u8], value: Uuid| {
        key(out, name);
        out.push(b'"');
        push_uuid(out, value);
        out.push(b'"');
    };
    out.extend_from_slice(b"{\"time\":\"");
    stamp.write(out, x.started);
    out.extend_from_slice(b"\",\"kind\":\"access\"");
    text(out, b"request_id", x.request_id, MAX_WORD);
    text(out, b"route", route, MAX_WORD);
    if let Some(tenant) = x.tenant {
        id(out, b"tenant", tenant.uuid());
    }
    if let Some(subject) = x.subject {
        id(out, b"subject", uuid_of(subject));
    }
    if let Some(method) = x.auth_method {
        text(out, b"auth", auth(method), MAX_WORD);
    }
    key(out, b"ip");
    // Writing to a Vec does not fail.
    let _ = write!(out, "\"{}\"", x.client_ip);
    text(out, b"method", x.method, MAX_WORD);
    text(out, b"host", x.host, MAX_HOST);
    key(out, b"path");
    out.push(b'"');
    push_path(out, x.path, true);
    out.push(b'"');
    text(out, b"protocol", x.protocol, MAX_WORD);
    number(out, b"status", u64::from(x.status));
    if let Some(code) = x.code {
        text(out, b"code", code, MAX_WORD);
    }
    text(out, b"fault", x.fault.as_str(), MAX_WORD);
    number(out, b"duration_us", micros(x.duration));
    if let Some(upstream) = x.upstream {
        text(out, b"upstream", upstream, MAX_HOST);
    }
    if let Some(version) = x.version {
        text(out, b"version", version, MAX_WORD);
    }
    if let Some(duration) = x.upstream_duration {
        number(out, b"upstream_us", micros(duration));
    }
    number(out, b"bytes_in", x.bytes_in);
    number(out, b"bytes_out", x.bytes_out);
    if !x.user_agent.is_empty() {
        text(out, b"user_agent", x.user_agent, MAX_AGENT);
    }
    out.extend_from_slice(b"}\n");
}

/// One line for people: what was asked, what came of it, by whom.
pub(super) fn text(out: &mut Vec<u8>, stamp: &mut Stamp, route: &str, x: &Exchange<'_>) {
    stamp.write(out, x.started);
    out.push(b' ');
    push_number(out, u64::from(x.status));
    out.push(b' ');
    push(out, x.method, MAX_WORD, false);
    out.push(b' ');
    push(out, x.host, MAX_HOST, false);
    push_path(out, x.path, false);
    // Writing to a Vec does not fail.
    let _ = write!(out, " {:?} [", x.duration);
    push(out, route, MAX_WORD, false);
    if let Some(upstream) = x.upstream {
        out.extend_from_slice(b" > ");
        push(out, upstream, MAX_HOST, false);
    }
    let _ = write!(out, "] {}", x.client_ip);
    if let Some(subject) = x.subject {
        out.push(b' ');
        push_uuid(out, uuid_of(subject));
    }
    if let Some(code) = x.code {
        out.push(b' ');
        push(out, code, MAX_WORD, false);
    }
    out.extend_from_slice(b" id=");
    push(out, x.request_id, MAX_WORD, false);
    out.push(b'\n');
}

const fn auth(method: kernel::AuthMethod) -> &'static str {
    match method {
        kernel::AuthMethod::Jwt => "jwt",
        kernel::AuthMethod::ApiKey => "api_key",
        kernel::AuthMethod::Session => "session",
    }
}

const fn uuid_of(subject: kernel::Subject) -> Uuid {
    match subject {
        kernel::Subject::User(id) => id.uuid(),
        kernel::Subject::ApiKey(id) => id.uuid(),
    }
}

fn micros(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn key(out: &mut Vec<u8>, name: &[u8]) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name);
    out.extend_from_slice(b"\":");
}

fn push_uuid(out: &mut Vec<u8>, id: Uuid) {
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    out.extend_from_slice(id.hyphenated().encode_lower(&mut text).as_bytes());
}

fn push_number(out: &mut Vec<u8>, mut number: u64) {
    // 20 digits hold every u64.
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// A path, with tokens and keys within it cut out.
fn push_path(out: &mut Vec<u8>, path: &str, quoted: bool) {
    if !path.split('/').any(redact::is_secret) {
        return push(out, path, MAX_PATH, quoted);
    }
    let clean: Vec<&str> =
        path.split('/').map(|segment| if redact::is_secret(segment) { "[secret]" } else { segment }).collect();
    push(out, &clean.join("/"), MAX_PATH, quoted);
}

/// Text from outside, cut to `max` bytes. `quoted`: within the quotes of JSON (RFC 8259 §7). Whatever could
/// end a line, move a cursor or reverse the reading direction is written as `\u....`.
fn push(out: &mut Vec<u8>, text: &str, max: usize, quoted: bool) {
    let plain = |b: u8| (b' '..=b'~').contains(&b) && !(b == b'\\' || (quoted && b == b'"'));
    if text.len() <= max && text.bytes().all(plain) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    let mut left = max;
    for c in text.chars() {
        if c.len_utf8() > left {
            out.extend_from_slice("…".as_bytes());
            return;
        }
        left -= c.len_utf8();
        match c {
            '"' if quoted => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            c if unsafe_in_a_line(c) => {
                // Writing to a Vec does not fail. All of these lie in the basic plane.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => {
                let mut bytes = [0; 4];
                out.extend_from_slice(c.encode_utf8(&mut bytes).as_bytes());
            }
        }
    }
}

/// Control characters (C0, C1, DEL), line and paragraph separators, marks without width, and everything
/// that changes direction (Unicode TR 36 §3).
const fn unsafe_in_a_line(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
