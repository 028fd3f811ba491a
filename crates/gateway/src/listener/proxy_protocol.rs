//! The PROXY protocol, versions 1 and 2: parsing its header, and nothing else.
//!
//! Strict: what the specification does not allow is refused, so that no other program reads a different
//! client out of the same bytes. Bounded: a header has at most [`MAX_HEADER`] bytes. The parser never asks
//! for bytes behind the header, because those belong to the client.
//!
//! Deliberately absent: what version 2 says beyond addresses (its TLVs are checked for their form and
//! skipped), datagrams, and guessing: who may send a header must send one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What every header of version 2 begins with.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// Longest header of version 1, with its end of line.
const MAX_V1: usize = 107;

/// Longest header of version 2 that is taken. Addresses have 36 bytes; the rest is what load balancers add.
pub(super) const MAX_HEADER: usize = 4_096;

/// Whose connection it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Source {
    /// This client's.
    Client(IpAddr),
    /// The load balancer's own, as for its health checks, or it does not know.
    Itself,
}

/// What some bytes at the beginning of a connection are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Parsed {
    /// A header of so many bytes.
    Header { source: Source, length: usize },
    /// The beginning of a header: every byte so far belongs to it.
    Incomplete,
    /// Something else.
    Bad(&'static str),
}

/// Judges the beginning of a connection.
pub(crate) fn parse(bytes: &[u8]) -> Parsed {
    let begins = |with: &[u8]| {
        let shared = bytes.len().min(with.len());
        bytes[..shared] == with[..shared]
    };
    let judged = if begins(SIGNATURE) {
        version_2(bytes)
    } else if begins(b"PROXY ") {
        version_1(bytes)
    } else {
        Err("no PROXY header")
    };
    match judged {
        Ok(Some((source, length))) => Parsed::Header { source, length },
        Ok(None) => Parsed::Incomplete,
        Err(why) => Parsed::Bad(why),
    }
}

type Judged = Result<Option<(Source, usize)>, &'static str>;

/// `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n`
fn version_1(bytes: &[u8]) -> Judged {
    let bounded = &bytes[..bytes.len().min(MAX_V1)];
    let Some(end) = bounded.windows(2).position(|pair| pair == b"\r\n") else {
        return if bytes.len() >= MAX_V1 { Err("the line is too long") } else { Ok(None) };
    };
    let line = std::str::from_utf8(&bounded[..end]).map_err(|_| "the line is not ASCII")?;
    let mut words = line.split(' ').skip(1);
    let mut word = || words.next().ok_or("a word is missing");
    let source = match word()? {
        // The rest of the line is to be ignored.
        "UNKNOWN" => return Ok(Some((Source::Itself, end + 2))),
        "TCP4" => {
            let (source, _) = (v4(word()?)?, v4(word()?)?);
            IpAddr::V4(source)
        }
        "TCP6" => {
            let (source, _) = (v6(word()?)?, v6(word()?)?);
            IpAddr::V6(source)
        }
        _ => return Err("the protocol is none of TCP4, TCP6 and UNKNOWN"),
    };
    port(word()?)?;
    port(word()?)?;
    if words.next().is_some() {
        return Err("there are words too many");
    }
    Ok(Some((Source::Client(source.to_canonical()), end + 2)))
}

fn v4(word: &str) -> Result<Ipv4Addr, &'static str> {
    word.parse().map_err(|_| "that is no IPv4 address")
}

fn v6(word: &str) -> Result<Ipv6Addr, &'static str> {
    word.parse().map_err(|_| "that is no IPv6 address")
}

/// Digits, without a sign or zeros in front.
fn port(word: &str) -> Result<(), &'static str> {
    let plain = word.bytes().all(|b| b.is_ascii_digit()) && (word == "0" || !word.starts_with('0'));
    if plain && word.parse::<u16>().is_ok() { Ok(()) } else { Err("that is no port") }
}

/// Signature, version and command, family, length, addresses, TLVs.
fn version_2(bytes: &[u8]) -> Judged {
    const FIXED: usize = 16;
    if let Some(version) = bytes.get(12) {
        match version {
            0x20 | 0x21 => {}
            b if b >> 4 != 2 => return Err("the version is not 2"),
            _ => return Err("the command is neither LOCAL nor PROXY"),
        }
    }
    let Some(fixed) = bytes.get(..FIXED) else { return Ok(None) };
    let length = FIXED + usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    if length > MAX_HEADER {
        return Err("the header is too long");
    }
    let Some(rest) = bytes.get(FIXED..length) else { return Ok(None) };
    // LOCAL: the connection is the load balancer's own, whatever else is said.
    if fixed[12] == 0x20 {
        return Ok(Some((Source::Itself, length)));
    }
    let (source, addresses) = match fixed[13] {
        0x00 => (Source::Itself, 0),
        0x11 => (Source::Client(address::<4>(rest).ok_or("an address is cut off")?.into()), 12),
        0x21 => (Source::Client(address::<16>(rest).ok_or("an address is cut off")?.into()), 36),
        // A socket of the balancer's machine has no address that could be told.
        0x31 => (Source::Itself, 216),
        0x12 | 0x22 | 0x32 => return Err("datagrams cannot come over this connection"),
        _ => return Err("the address family is unknown"),
    };
    let tlvs = rest.get(addresses..).ok_or("an address is cut off")?;
    // What follows an unspecified family need not be TLVs.
    if fixed[13] != 0x00 {
        check_tlvs(tlvs)?;
    }
    let source = match source {
        Source::Client(ip) => Source::Client(ip.to_canonical()),
        Source::Itself => Source::Itself,
    };
    Ok(Some((source, length)))
}

fn address<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.get(..N)?.try_into().ok()
}

/// Type, length of two bytes, value: up to the end, exactly.
fn check_tlvs(mut bytes: &[u8]) -> Result<(), &'static str> {
    while !bytes.is_empty() {
        let [_, high, low, rest @ ..] = bytes else { return Err("a TLV is cut off") };
        bytes = rest.get(usize::from(u16::from_be_bytes([*high, *low]))..).ok_or("a TLV is cut off")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
