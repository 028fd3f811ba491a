//! Headers as load balancers send them, as attackers do, and as chance does.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::{MAX_HEADER, Parsed, SIGNATURE, Source, parse};

fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).expect("short");
    [SIGNATURE.as_slice(), &[command, family], &length.to_be_bytes(), rest].concat()
}

fn client(text: &str) -> Source {
    Source::Client(text.parse().expect("address"))
}

fn whole(bytes: &[u8], source: Source) {
    assert_eq!(parse(bytes), Parsed::Header { source, length: bytes.len() }, "{}", bytes.escape_ascii());
}

#[test]
fn version_1_is_understood() {
    whole(b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", client("192.0.2.1"));
    whole(b"PROXY TCP6 2001:db8::1 2001:db8::2 0 65535\r\n", client("2001:db8::1"));
    whole(b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 1\r\n", client("192.0.2.1"));
    whole(b"PROXY UNKNOWN\r\n", Source::Itself);
    whole(b"PROXY UNKNOWN ffff::ffff and more\r\n", Source::Itself);
}

#[test]
fn version_2_is_understood() {
    let four = [192, 0, 2, 1, 198, 51, 100, 1, 0xdc, 4, 1, 0xbb];
    whole(&v2(0x21, 0x11, &four), client("192.0.2.1"));
    let six = [[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1].as_slice(), &[0; 20]].concat();
    whole(&v2(0x21, 0x21, &six), client("2001:db8::1"));
    // An authority (TLV 2) and padding (TLV 4) behind the addresses.
    whole(&v2(0x21, 0x11, &[four.as_slice(), &[2, 0, 3, b'a', b'.', b'b', 4, 0, 0]].concat()), client("192.0.2.1"));
    // Health checks: whatever the header says besides.
    whole(&v2(0x20, 0x00, &[]), Source::Itself);
    whole(&v2(0x20, 0x11, &four), Source::Itself);
    whole(&v2(0x20, 0xff, &[1]), Source::Itself);
    whole(&v2(0x21, 0x00, &[1, 2, 3]), Source::Itself);
    whole(&v2(0x21, 0x31, &[0; 216]), Source::Itself);
}

#[test]
fn everything_else_is_refused() {
    let long = [b"PROXY UNKNOWN ".as_slice(), &[b'x'; 100]].concat();
    let huge = [SIGNATURE.as_slice(), &[0x21, 0x11, 0xff, 0xff]].concat();
    for bytes in [
        b"GET / HTTP/1.1\r\n".as_slice(),
        b"\x16\x03\x01",
        b"proxy TCP4 192.0.2.1 198.51.100.1 1 2\r\n",
        b"PROXY  TCP4 192.0.2.1 198.51.100.1 1 2\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 1 2 \r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n",
        b"PROXY TCP4 192.0.2.01 198.51.100.1 1 2\r\n",
        b"PROXY TCP4 192.0.2 198.51.100.1 1 2\r\n",
        b"PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n",
        b"PROXY TCP6 192.0.2.1 198.51.100.1 1 2\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 01 2\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 +1 2\r\n",
        b"PROXY TCP4 192.0.2.1 198.51.100.1 1 65536\r\n",
        b"PROXY TCP4 192.0.2.1\0 198.51.100.1 1 2\r\n",
        b"PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n",
        b"PROXY \r\n",
        b"PROXY TCP4 \xff\r\n",
        &long,
        &huge,
        &v2(0x11, 0x11, &[0; 12]),
        &v2(0x31, 0x11, &[0; 12]),
        &v2(0x22, 0x11, &[0; 12]),
        &v2(0x21, 0x11, &[0; 11]),
        &v2(0x21, 0x11, &[0; 13]),
        &v2(0x21, 0x11, &[[0; 12].as_slice(), &[2, 0, 2, 1]].concat()),
        &v2(0x21, 0x21, &[0; 35]),
        &v2(0x21, 0x31, &[0; 215]),
        &v2(0x21, 0x12, &[0; 12]),
        &v2(0x21, 0x41, &[0; 12]),
    ] {
        assert!(matches!(parse(bytes), Parsed::Bad(_)), "{}: {:?}", bytes.escape_ascii(), parse(bytes));
    }
}

/// A header with the client that it names.
fn header() -> impl Strategy<Value = (Vec<u8>, IpAddr)> {
    let four = any::<(u32, u32, u16, u16)>().prop_map(|(from, to, a, b)| {
        let (from, to) = (Ipv4Addr::from_bits(from), Ipv4Addr::from_bits(to));
        (format!("PROXY TCP4 {from} {to} {a} {b}\r\n").into_bytes(), IpAddr::V4(from))
    });
    let six = any::<(u128, u128, u16, u16)>().prop_map(|(from, to, a, b)| {
        let (from, to) = (Ipv6Addr::from_bits(from), Ipv6Addr::from_bits(to));
        (format!("PROXY TCP6 {from} {to} {a} {b}\r\n").into_bytes(), IpAddr::V6(from))
    });
    let two = (any::<u128>(), any::<bool>(), prop::collection::vec((any::<u8>(), 0_u8..40), 0..8)).prop_map(
        |(bits, wide, tlvs)| {
            let (family, from) = match wide {
                true => (0x21, IpAddr::V6(Ipv6Addr::from_bits(bits))),
                #[expect(clippy::cast_possible_truncation, reason = "any bits will do")]
                false => (0x11, IpAddr::V4(Ipv4Addr::from_bits(bits as u32))),
            };
            let mut rest = match from {
                IpAddr::V4(v4) => [v4.octets().as_slice(), &[0; 8]].concat(),
                IpAddr::V6(v6) => [v6.octets().as_slice(), &[0; 20]].concat(),
            };
            for (kind, length) in tlvs {
                rest.extend([kind, 0, length]);
                rest.extend(vec![kind; length.into()]);
            }
            (v2(0x21, family, &rest), from)
        },
    );
    prop_oneof![four, six, two]
}

proptest! {
    #[test]
    fn a_header_ends_where_it_ends((header, from) in header(), behind: Vec<u8>) {
        let expected = Parsed::Header { source: Source::Client(from.to_canonical()), length: header.len() };
        prop_assert_eq!(parse(&[header.as_slice(), &behind].concat()), expected);
        for cut in 0..header.len() {
            prop_assert_eq!(parse(&header[..cut]), Parsed::Incomplete, "cut at {}", cut);
        }
    }

    #[test]
    fn nothing_makes_it_panic_or_wait_for_ever(start in 0_usize..3, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let starts: [&[u8]; 3] = [b"", b"PROXY ", SIGNATURE];
        let bytes = [starts[start], bytes.as_slice()].concat();
        let padded = [bytes.as_slice(), &[0; MAX_HEADER]].concat();
        prop_assert_ne!(parse(&padded), Parsed::Incomplete);
        if let Parsed::Header { length, .. } = parse(&bytes) {
            prop_assert!(length <= bytes.len() && length <= MAX_HEADER);
        }
    }
}
