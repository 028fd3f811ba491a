use std::{fs, net::IpAddr};

use super::*;

#[path = "../../tests/gate/mmdb.rs"]
mod mmdb;

fn clients(text: &str) -> Clients {
    let config: ClientsConfig = toml::from_str(text).expect("it parses");
    let countries = Arc::new(Countries::open(None).expect("built in"));
    let mut findings = Findings::default();
    let clients = Clients::compile(&config, "c", Some(&countries), &mut findings).expect("not empty");
    assert_eq!(findings.into_problems(), []);
    clients
}

fn admits(clients: &Clients, address: &str) -> bool {
    clients.admit(address.parse().expect(address)).is_ok()
}

#[test]
fn what_is_denied_is_refused_and_what_is_allowed_passes() {
    let deny = clients("deny_ips = ['10.0.0.0/8']");
    assert!(!admits(&deny, "10.1.2.3") && !admits(&deny, "::ffff:10.1.2.3") && admits(&deny, "192.0.2.1"));
    let allow = clients("allow_ips = ['10.0.0.0/8', '2001:db8::/32']\ndeny_ips = ['10.9.0.0/16']");
    assert!(admits(&allow, "10.1.2.3") && admits(&allow, "2001:db8::1"));
    assert!(!admits(&allow, "10.9.1.1") && !admits(&allow, "192.0.2.1"));
}

// 8.8.8.8 is assigned in the United States, 193.0.6.139 in the Netherlands; 192.0.2.0/24 is for documentation.
#[test]
fn countries_are_known_without_a_database() {
    let allow = clients("allow_countries = ['NL']\nallow_ips = ['8.8.4.4']");
    assert!(admits(&allow, "193.0.6.139") && admits(&allow, "8.8.4.4"));
    assert!(!admits(&allow, "8.8.8.8") && !admits(&allow, "192.0.2.1"), "who is from nowhere is not from there");
    let deny = clients("deny_countries = ['US']\nallow_ips = ['8.8.4.4']");
    assert!(!admits(&deny, "8.8.8.8") && admits(&deny, "8.8.4.4"));
    let deny = clients("deny_countries = ['US']");
    assert!(admits(&deny, "193.0.6.139") && admits(&deny, "192.0.2.1"));
}

#[test]
fn a_database_is_read_again_when_it_changes() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("countries.mmdb");
    let address: IpAddr = "192.0.2.77".parse().expect("an address");
    fs::write(&file, mmdb::database(&[([192, 0, 2, 0], 24, "DE"), ([10, 0, 0, 0], 8, "FR")])).expect("written");
    let countries = Countries::open(Some(&file)).expect("it reads");
    assert_eq!(
        (countries.of(address), countries.of("10.1.1.1".parse().expect("an address"))),
        (Some(*b"DE"), Some(*b"FR"))
    );
    assert_eq!(countries.of("2001:db8::1".parse().expect("an address")), None);

    fs::write(&file, mmdb::database(&[([192, 0, 2, 0], 25, "AT")])).expect("written");
    countries.look();
    assert_eq!(countries.of(address), Some(*b"AT"));
    fs::write(&file, b"half a file").expect("written");
    countries.look();
    assert_eq!(countries.of(address), Some(*b"AT"), "the old one serves on");
    fs::remove_file(&file).expect("removed");
    countries.look();
    assert_eq!(countries.of(address), Some(*b"AT"));
    assert!(Countries::open(Some(&file)).is_err());
}

#[test]
fn only_listed_hosts_and_those_of_tenants_are_served() {
    let config = GuardConfig { hosts: vec!["api.test".into(), "*.example.com".into()], ..GuardConfig::default() };
    let mut findings = Findings::default();
    let perimeter = Perimeter::compile(&config, None, &mut findings);
    let admits = |host| perimeter.admit(host, IpAddr::from([192, 0, 2, 1]), Arc::default).is_ok();
    assert!(admits("api.test") && admits("a.example.com"));
    assert!(!admits("example.com") && !admits("evil.test") && !admits("192.0.2.1"));
    let wrong = GuardConfig { hosts: vec!["API.test".into(), "a:80".into()], ..GuardConfig::default() };
    Perimeter::compile(&wrong, None, &mut findings);
    let places: Vec<String> = findings.into_problems().into_iter().map(|p| p.path).collect();
    assert_eq!(places, ["guard.hosts[0]", "guard.hosts[1]"]);
}
