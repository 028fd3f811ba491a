use http::{HeaderMap, HeaderValue};
use kernel::{AuthMethod, Subject, Timestamp, UserId};
use uuid::Uuid;

use super::*;

const DEFAULT: TenantId = TenantId::from_uuid(Uuid::from_u128(1));
const ACME: TenantId = TenantId::from_uuid(Uuid::from_u128(2));
const GLOBEX: TenantId = TenantId::from_uuid(Uuid::from_u128(3));
const GONE: TenantId = TenantId::from_uuid(Uuid::from_u128(4));

fn tenants() -> Tenants {
    let tenant = |id, slug: &str, hosts: &[&str], suspended| Tenant {
        id,
        slug: slug.into(),
        name: slug.into(),
        hosts: hosts.iter().map(|host| Arc::from(*host)).collect(),
        issuer: format!("https://id.example.com/t/{slug}").into(),
        suspended,
    };
    let all = [
        tenant(DEFAULT, "main", &["gate.example.com"], false),
        tenant(ACME, "acme", &["login.acme.com", "acme.example.com", "[2001:db8::1]"], false),
        tenant(GLOBEX, "globex", &["globex.example.com"], false),
        tenant(GONE, "gone", &["gone.example.com"], true),
    ];
    Tenants::new(all, DEFAULT)
}

fn headers(values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(HEADER, HeaderValue::from_str(value).expect("value"));
    }
    headers
}

fn chosen<'p>(host: &str, path: &'p str, header: &[&str]) -> Result<(Option<TenantId>, &'p str), &'static str> {
    choose(&tenants(), host, path, &headers(header))
        .map(|choice| (choice.id(), choice.path))
        .map_err(|problem| problem.kind.code)
}

#[test]
fn a_request_names_its_tenant_by_host_path_or_header() {
    for host in [
        "login.acme.com",
        "LOGIN.Acme.Com",
        "login.acme.com:8443",
        "acme.example.com.",
        "[2001:db8::1]:443",
        "[2001:DB8::1]",
    ] {
        assert_eq!(chosen(host, "/orders", &[]), Ok((Some(ACME), "/orders")), "{host}");
    }
    for (path, rest) in [("/t/acme/orders/1", "/orders/1"), ("/t/acme", "/"), ("/t/acme/", "/")] {
        assert_eq!(chosen("127.0.0.1:8080", path, &[]), Ok((Some(ACME), rest)), "{path}");
    }
    for header in ["acme", &ACME.to_string()] {
        assert_eq!(chosen("127.0.0.1", "/orders", &[header]), Ok((Some(ACME), "/orders")), "{header}");
    }
    assert_eq!(chosen("login.acme.com", "/t/acme/x", &["acme"]), Ok((Some(ACME), "/x")), "all three agree");
}

#[test]
fn many_requests_name_nobody() {
    for (host, path) in [
        ("", "/"),
        ("127.0.0.1:8080", "/orders"),
        ("elsewhere.example", "/"),
        ("x", "/t/"),
        ("x", "/t"),
        ("x", "/t//a"),
        ("x", "/tt/acme"),
    ] {
        assert_eq!(chosen(host, path, &[]), Ok((None, path)), "{host} {path}");
    }
    assert_eq!(chosen("gate.example.com", "/", &[]), Ok((None, "/")), "the default tenant's host is everybody's");
    assert_eq!(chosen("gate.example.com", "/", &["acme"]), Ok((Some(ACME), "/")));
}

#[test]
fn contradictions_and_unknown_names_are_refused() {
    assert_eq!(chosen("login.acme.com", "/t/globex/x", &[]), Err("tenant.contradiction"));
    assert_eq!(chosen("login.acme.com", "/", &["globex"]), Err("tenant.contradiction"));
    assert_eq!(chosen("login.acme.com", "/", &["main"]), Err("tenant.contradiction"));
    assert_eq!(chosen("x", "/t/acme/x", &["globex"]), Err("tenant.contradiction"));
    assert_eq!(chosen("x", "/", &["acme", "acme"]), Err("tenant.contradiction"), "the header twice");
    assert_eq!(chosen("x", "/t/nobody/x", &[]), Err("tenant.unknown"));
    assert_eq!(chosen("x", "/t/ACME/x", &[]), Err("tenant.unknown"), "slugs are exact");
    for header in ["nobody", "", "00000000-0000-0000-0000-00000000ffff", "acme globex"] {
        assert_eq!(chosen("x", "/", &[header]), Err("tenant.unknown"), "{header}");
    }
    let mut binary = HeaderMap::new();
    binary.insert(HEADER, HeaderValue::from_bytes(b"\xff\xfe").expect("bytes"));
    assert_eq!(choose(&tenants(), "x", "/", &binary).expect_err("refused").kind, UNKNOWN);
}

#[test]
fn a_suspended_tenant_is_refused_however_it_is_named() {
    for (host, path, header) in [("gone.example.com", "/", &[][..]), ("x", "/t/gone/x", &[]), ("x", "/", &["gone"])] {
        assert_eq!(chosen(host, path, header), Err("tenant.suspended"), "{host} {path}");
    }
}

fn caller(tenant: TenantId) -> Principal {
    Principal {
        tenant,
        subject: Subject::User(UserId::from_uuid(Uuid::from_u128(9))),
        method: AuthMethod::Jwt,
        session: None,
        token: None,
        api_key: None,
        roles: Arc::default(),
        narrowed_to: None,
        scope: Arc::default(),
        networks: Arc::default(),
        limits: Arc::default(),
        authenticated_at: Timestamp::EPOCH,
        amr: kernel::Amr::NONE,
        impersonator: None,
        expires_at: Timestamp::MAX,
    }
}

#[test]
fn the_credential_settles_what_the_request_left_open() {
    let tenants = tenants();
    let settled = |chosen: Option<TenantId>, caller: Option<&Principal>| {
        let chosen = chosen.and_then(|id| tenants.by_id(id));
        settle(chosen, caller, &tenants).map(|tenant| tenant.id).map_err(|problem| problem.kind.code)
    };
    assert_eq!(settled(None, None), Ok(DEFAULT));
    assert_eq!(settled(Some(ACME), None), Ok(ACME));
    assert_eq!(settled(None, Some(&caller(ACME))), Ok(ACME));
    assert_eq!(settled(Some(ACME), Some(&caller(ACME))), Ok(ACME));
    assert_eq!(settled(Some(GLOBEX), Some(&caller(ACME))), Err("credentials.refused"), "no hint why");
    assert_eq!(settled(None, Some(&caller(GONE))), Err("tenant.suspended"));
    let stranger = TenantId::from_uuid(Uuid::from_u128(77));
    assert_eq!(settled(None, Some(&caller(stranger))), Err("credentials.refused"));
    let nothing = Tenants::default();
    assert_eq!(settle(None, None, &nothing).expect_err("not loaded").status(), 503);
}
