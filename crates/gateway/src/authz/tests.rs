use std::{collections::HashMap, sync::Arc, time::Duration};

use http::header::WWW_AUTHENTICATE;
use kernel::{Acr, Amr, ApiKeyId, Assurance, AuthMethod, GrantSet, Subject, TenantId, Timestamp, UserId};
use uuid::Uuid;

use super::*;

const TENANT: TenantId = TenantId::from_uuid(Uuid::from_u128(1));

fn grants(grants: &[&str]) -> GrantSet {
    grants.iter().map(|grant| grant.parse().expect(grant)).collect()
}

fn edge() -> Edge {
    let roles: HashMap<RoleName, GrantSet> = [("user", &["orders:read"][..]), ("admin", &["*"])]
        .map(|(name, own)| (name.parse().expect(name), grants(own)))
        .into();
    let edge = Edge::new();
    edge.access.store(Arc::new(edge.access.load().with(TENANT, roles)));
    edge
}

fn caller(roles: &[&str]) -> Principal {
    Principal {
        tenant: TENANT,
        subject: Subject::User(UserId::from_uuid(Uuid::from_u128(9))),
        method: AuthMethod::Jwt,
        session: None,
        token: None,
        api_key: None,
        roles: roles.iter().map(|role| role.parse().expect(role)).collect(),
        narrowed_to: None,
        scope: "openid orders".into(),
        networks: Arc::default(),
        limits: Arc::default(),
        authenticated_at: Timestamp::EPOCH,
        amr: kernel::Amr::NONE,
        impersonator: None,
        expires_at: Timestamp::MAX,
    }
}

fn needs(permissions: &[&str], roles: &[&str], scopes: &[&str]) -> Requirement {
    Requirement {
        permissions: permissions.iter().map(|text| text.parse().expect(text)).collect(),
        any_role: roles.iter().map(|text| text.parse().expect(text)).collect(),
        scopes: scopes.iter().map(|text| Box::from(*text)).collect(),
    }
}

/// `Ok` or status and detail.
fn asked(requirement: &Requirement, principal: Option<&Principal>) -> Result<(), (u16, String)> {
    require(&edge(), requirement, principal)
        .map_err(|problem| (problem.status(), problem.detail.as_deref().unwrap_or_default().to_owned()))
}

#[test]
fn what_is_missing_is_named() {
    let user = caller(&["user"]);
    assert_eq!(asked(&needs(&["orders:read"], &["user"], &["orders"]), Some(&user)), Ok(()));
    let cases = [
        (needs(&["orders:read", "orders:write"], &[], &[]), "The permission `orders:write` is needed."),
        (needs(&["orders:read"], &["admin", "clerk"], &[]), "One of these roles is needed: admin, clerk."),
        (needs(&[], &[], &["openid", "payments"]), "The scope `payments` is needed."),
        (needs(&[], &[], &["order"]), "The scope `order` is needed."),
    ];
    for (requirement, detail) in cases {
        assert_eq!(asked(&requirement, Some(&user)), Err((403, detail.to_owned())));
    }
}

#[test]
fn nobody_may_only_where_nothing_is_needed() {
    assert_eq!(asked(&Requirement::default(), None), Ok(()));
    for requirement in [needs(&["orders:read"], &[], &[]), needs(&[], &["user"], &[]), needs(&[], &[], &["openid"])] {
        assert_eq!(asked(&requirement, None).map_err(|(status, _)| status), Err(401));
    }
}

#[test]
fn a_narrowed_credential_carries_no_roles() {
    let mut key = Principal { narrowed_to: Some(Arc::new(grants(&["orders:*"]))), ..caller(&["admin"]) };
    assert_eq!(asked(&needs(&["orders:write"], &[], &[]), Some(&key)), Ok(()));
    assert!(asked(&needs(&["users:read"], &[], &[]), Some(&key)).is_err(), "outside of what it is narrowed to");
    assert!(asked(&needs(&[], &["admin"], &[]), Some(&key)).is_err());
    key.subject = Subject::ApiKey(ApiKeyId::from_uuid(Uuid::from_u128(5)));
    assert_eq!(asked(&needs(&["orders:write"], &[], &[]), Some(&key)), Ok(()), "a tenant's own key");
}

#[test]
fn roles_of_another_tenant_grant_nothing() {
    let stranger = Principal { tenant: TenantId::from_uuid(Uuid::from_u128(2)), ..caller(&["admin"]) };
    assert!(asked(&needs(&["orders:read"], &[], &[]), Some(&stranger)).is_err());
}

/// `None` where it is good enough; else the challenge.
fn challenged(wanted: Assurance, principal: &Principal) -> Option<String> {
    let now = Timestamp::from_secs(10_000);
    let mut refusal = require_assurance(&wanted, Some(principal), || now).err()?;
    assert_eq!((refusal.status().as_u16(), refusal.problem.kind.code), (401, "auth.step_up_required"));
    refusal.headers_mut()[WWW_AUTHENTICATE].to_str().map(str::to_owned).ok()
}

#[test]
fn a_login_is_strong_and_recent_enough_or_told_what_would_be() {
    let password = Amr::of(kernel::assurance::Method::Password);
    let both = password.and(Amr::of(kernel::assurance::Method::Otp));
    let login = |amr, age: i64| Principal { amr, authenticated_at: Timestamp::from_secs(10_000 - age), ..caller(&[]) };
    let (least, age) = (|acr| Assurance { acr: Some(acr), max_age: None }, Duration::from_secs(600));
    let said =
        |rest: &str| Some(format!("Bearer realm=\"portcullis\", error=\"insufficient_user_authentication\"{rest}"));
    for (wanted, amr, old, challenge) in [
        (Assurance::default(), Amr::NONE, 9_000, None),
        (least(Acr::Single), password, 9_000, None),
        (least(Acr::Single), both, 9_000, None),
        (least(Acr::Mfa), both, 9_000, None),
        (least(Acr::Mfa), password, 0, said(", acr_values=\"mfa\"")),
        (least(Acr::Single), Amr::NONE, 0, said(", acr_values=\"1fa\"")),
        (Assurance { acr: None, max_age: Some(age) }, password, 600, None),
        (Assurance { acr: None, max_age: Some(age) }, password, 601, said(", max_age=\"600\"")),
        (Assurance { acr: None, max_age: Some(age) }, Amr::NONE, 0, said(", max_age=\"600\"")),
        (Assurance { max_age: Some(age), ..least(Acr::Mfa) }, both, 600, None),
        (Assurance { max_age: Some(age), ..least(Acr::Mfa) }, both, 601, said(", acr_values=\"mfa\", max_age=\"600\"")),
    ] {
        assert_eq!(challenged(wanted, &login(amr, old)), challenge, "{wanted:?} {amr} {old}");
    }
    let nobody = require_assurance(&least(Acr::Single), None, || Timestamp::EPOCH).expect_err("nobody");
    assert_eq!(nobody.problem.kind.code, "credentials.missing");
}
