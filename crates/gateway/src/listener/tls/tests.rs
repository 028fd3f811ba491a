//! Which certificate a name gets, and what becomes of files that change.

use std::{path::Path, sync::Arc};

use rcgen::{CertificateParams, KeyPair};
use rustls::{crypto::aws_lc_rs, pki_types::PrivateKeyDer, sign::CertifiedKey};

use super::{Tls, names::Names};
use crate::{
    certificate,
    config::{CertificateFiles, TlsConfig},
};

fn certified(names: &[&str]) -> (Vec<certificate::San>, Arc<CertifiedKey>) {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).expect("names");
    let der = params.self_signed(&key).expect("a certificate").der().clone();
    let says = certificate::names(&der).expect("names");
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    (says, Arc::new(CertifiedKey::from_der(vec![der], key, &aws_lc_rs::default_provider()).expect("a pair")))
}

#[test]
fn the_closest_name_wins_and_the_first_certificate_serves_the_rest() {
    let mut names = Names::default();
    assert!(names.find(Some("a.example")).is_none(), "there is none");
    let all = [&["first.example"][..], &["*.b.example", "b.example"], &["x.b.example", "first.example"]].map(certified);
    for (says, pair) in &all {
        names.add(says, pair.clone());
    }
    let served = |name: Option<&str>| {
        let found = names.find(name).expect("one");
        all.iter().position(|(_, pair)| Arc::ptr_eq(pair, found)).expect("one of them")
    };
    for (name, expected) in [
        ("first.example", 0),
        ("b.example", 1),
        ("a.b.example", 1),
        ("A.B.example", 1),
        ("a.b.example.", 1),
        ("x.b.example", 2),
        // A wildcard is one label.
        ("a.a.b.example", 0),
        ("other.example", 0),
        ("localhost", 0),
    ] {
        assert_eq!(served(Some(name)), expected, "{name}");
    }
    assert_eq!(served(None), 0, "a client that names none");
}

/// Writes a fresh certificate and its key.
fn write(directory: &Path) -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["a.example".to_owned()]).expect("names");
    let (certificate, key) = (params.self_signed(&key).expect("a certificate").pem(), key.serialize_pem());
    std::fs::write(directory.join("cert.pem"), &certificate).expect("a file");
    std::fs::write(directory.join("key.pem"), &key).expect("a file");
    (certificate, key)
}

#[test]
fn files_that_cannot_be_used_change_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let (certificate, key) = (directory.path().join("cert.pem"), directory.path().join("key.pem"));
    write(directory.path());
    let tls = Tls::new(TlsConfig::new(vec![CertificateFiles { certificate: certificate.clone(), key: key.clone() }]))
        .expect("a pair");
    let after = |change: &dyn Fn()| {
        let before = tls.current.load_full();
        change();
        tls.refresh();
        !Arc::ptr_eq(&before, &tls.current.load_full())
    };
    assert!(!after(&|| {}), "nothing has changed");
    assert!(after(&|| drop(write(directory.path()))), "another pair");
    assert!(!after(&|| std::fs::write(&certificate, "-----BEGIN CERTIFICATE-----\nx\n").expect("a file")));
    assert!(!after(&|| std::fs::remove_file(&certificate).expect("it was there")));
    let (_, second_key) = write(directory.path());
    let (third, _) = write(directory.path());
    assert!(!after(&|| std::fs::write(&key, &second_key).expect("a file")), "half of a new pair");
    // The other half comes: whole again.
    let (certificate_now, key_now) = write(directory.path());
    assert_ne!(certificate_now, third);
    assert!(after(&|| std::fs::write(&key, &key_now).expect("a file")));
    assert!(!after(&|| {}), "the same again is nothing new");
}
