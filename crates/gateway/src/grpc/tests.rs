use std::time::{Duration, Instant};

use super::*;

fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

#[test]
fn calls_are_known_by_their_media_type() {
    for calls in ["application/grpc", "application/grpc+proto", "application/grpc;x=y", "application/grpc-web+proto"] {
        assert!(call(&headers(&[("content-type", calls)])).is_some(), "{calls}");
    }
    for other in ["application/json", "application/grpcx", "text/plain; application/grpc"] {
        assert!(call(&headers(&[("content-type", other)])).is_none(), "{other}");
    }
    assert!(call(&HeaderMap::new()).is_none());
}

#[test]
fn timeouts_are_digits_and_a_unit() {
    let seconds = Duration::from_secs;
    for (text, timeout) in [
        ("1H", Some(seconds(3600))),
        ("2M", Some(seconds(120))),
        ("99999999S", Some(seconds(99_999_999))),
        ("5m", Some(Duration::from_millis(5))),
        ("6u", Some(Duration::from_micros(6))),
        ("7n", Some(Duration::from_nanos(7))),
        ("123456789n", None),
        ("S", None),
        ("-1S", None),
        ("1", None),
        ("1s", None),
        ("", None),
    ] {
        assert_eq!(deadline::parse(text.as_bytes()), timeout, "{text}");
    }
    let begun = Instant::now();
    let of = |fields: &[(&'static str, &'static str)]| Deadline::of(&headers(fields), begun).map(|d| d.0.into_std());
    assert_eq!(of(&[("content-type", "application/grpc"), ("grpc-timeout", "1S")]), Some(begun + seconds(1)));
    assert_eq!(of(&[("content-type", "text/plain"), ("grpc-timeout", "1S")]), None);
    assert_eq!(of(&[("content-type", "application/grpc"), ("grpc-timeout", "99999999H")]), None);
}

#[test]
fn messages_are_printable() {
    let mut headers = HeaderMap::new();
    outcome(&mut headers, Code::Internal, "50 % — \n done");
    assert_eq!(headers["grpc-status"], "13");
    assert_eq!(headers["grpc-message"], "50 %25 %E2%80%94 %0A done");
}

#[test]
fn every_refusal_has_a_code_of_its_own_kind() {
    for (status, code) in [(401, 16), (403, 7), (404, 12), (429, 8), (502, 14), (503, 14), (504, 4), (408, 4), (418, 2)]
    {
        assert_eq!(Code::of(status) as u8, code, "{status}");
    }
}
