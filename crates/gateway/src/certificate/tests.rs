//! What certificates say, and which of them a pattern fits.

use std::net::IpAddr;

use rcgen::{CertificateParams, DnType, KeyPair, SanType};

use super::{ClientCertificate, San, SanPattern, names};

fn certificate(subject: &str, sans: Vec<SanType>) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, subject);
    params.subject_alt_names = sans;
    let key = KeyPair::generate().expect("a key");
    params.self_signed(&key).expect("a certificate").der().to_vec()
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().expect("ASCII"))
}

fn uri(name: &str) -> SanType {
    SanType::URI(name.try_into().expect("ASCII"))
}

fn with(san: SanType) -> ClientCertificate {
    ClientCertificate::read(&certificate("x", vec![san])).expect("it is one")
}

#[test]
fn every_kind_of_name_is_read() {
    let ip: IpAddr = "192.0.2.7".parse().expect("address");
    let email = SanType::Rfc822Name("ops@example.com".try_into().expect("ASCII"));
    let der = certificate("Ada, \"é\"", vec![dns("A.Example"), uri("spiffe://c/a,b"), email, SanType::IpAddress(ip)]);
    let expected = [
        San::Dns("a.example".into()),
        San::Uri("spiffe://c/a,b".into()),
        San::Email("ops@example.com".into()),
        San::Ip(ip),
    ];
    assert_eq!(names(&der).as_deref(), Some(expected.as_slice()));
    let read = ClientCertificate::read(&der).expect("it is one");
    // A comma within a name separates nothing, and what is not ASCII does no harm.
    assert_eq!(
        read.names_field,
        "\"dns:a.example\", \"uri:spiffe://c/a,b\", \"email:ops@example.com\", \"ip:192.0.2.7\""
    );
    assert!(read.subject_field.to_str().expect("ASCII").contains("\\C3\\A9"), "{:?}", read.subject_field);
    assert_eq!(read.fingerprint_field.len(), 64);
}

#[test]
fn what_is_no_certificate_says_nothing() {
    assert_eq!(names(b""), None);
    assert_eq!(names(b"-----BEGIN CERTIFICATE-----"), None);
    assert_eq!(names(&certificate("x", Vec::new())).as_deref(), Some([].as_slice()), "a common name is no name");
    let many = (0..257).map(|n| dns(&format!("n{n}.example"))).collect();
    assert_eq!(names(&certificate("x", many)), None, "too many to look at");
}

#[test]
fn a_pattern_fits_what_it_says_and_nothing_beside_it() {
    let fits = |pattern: &str, san: SanType| pattern.parse::<SanPattern>().expect(pattern).fits(&with(san));
    assert!(fits("dns:API.example.com", dns("api.Example.com")));
    assert!(!fits("dns:api.example.com", dns("b.api.example.com")));
    assert!(fits("dns:*.example.com", dns("a.b.example.com")));
    assert!(!fits("dns:*.example.com", dns("example.com")));
    assert!(!fits("dns:*.example.com", dns("*.example.com")));
    assert!(!fits("dns:*.example.com", dns("evilexample.com")));
    assert!(!fits("dns:api.example.com", uri("api.example.com")), "another kind of name");
    assert!(fits("uri:spiffe://corp/orders", uri("spiffe://corp/orders")));
    assert!(!fits("uri:spiffe://corp/orders", uri("spiffe://corp/orders/x")));
    assert!(fits("uri:spiffe://corp/*", uri("spiffe://corp/orders/x")));
    assert!(!fits("uri:spiffe://corp/*", uri("spiffe://corp.evil/")));
    assert!(!fits("uri:spiffe://corp/*", uri("spiffe://corp/")));
    assert!(fits("ip:192.0.2.7", SanType::IpAddress([192, 0, 2, 7].into())));
    assert!(!fits("ip:192.0.2.7", SanType::IpAddress([192, 0, 2, 8].into())));
}

#[test]
fn patterns_that_would_surprise_are_refused() {
    for text in [
        "",
        "example.com",
        "dns:",
        "dns:*",
        "dns:*.",
        "dns:a*.example",
        "dns:*.*.example",
        "dns:a b",
        "uri:spiffe://corp*",
        "uri:*",
        "uri:spiffe:/*",
        "uri:spiffe://*",
        "uri:a*b",
        "email:nobody",
        "ip:300.0.0.1",
        "ip:*",
        "cn:ada",
    ] {
        assert!(text.parse::<SanPattern>().is_err(), "{text}");
    }
    for text in ["dns:*.example.com", "uri:spiffe://corp/*", "email:a@b", "ip:::1", "dns:a.example"] {
        assert_eq!(text.parse::<SanPattern>().expect(text).to_string(), text);
    }
}
