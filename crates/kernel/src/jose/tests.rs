use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};

use super::*;
use crate::{OsRandom, TenantId, Timestamp, TokenId};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn claims(tenant: TenantId) -> Claims {
    Claims {
        iss: "https://id.example.com".into(),
        sub: TokenId::new(NOW, &OsRandom::new()).to_string(),
        aud: vec!["https://id.example.com".into()],
        exp: NOW.as_secs() + 900,
        iat: NOW.as_secs(),
        nbf: NOW.as_secs(),
        jti: TokenId::new(NOW, &OsRandom::new()),
        tid: tenant,
        sid: None,
        akid: None,
        roles: vec!["user".parse().expect("role")],
        scope: String::new(),
        permissions: None,
        auth_time: None,
        amr: crate::Amr::NONE,
        acr: None,
        act: None,
        email: None,
    }
}

fn key(alg: Alg, kid: &str) -> SigningKey {
    let pkcs8 = SigningKey::generate(alg).expect("generate");
    SigningKey::from_pkcs8(kid, alg, pkcs8.expose()).expect("parse")
}

fn ring(tenant: TenantId, keys: &[&SigningKey]) -> KeyRing {
    KeyRing::new(keys.iter().map(|key| {
        let verifying = VerifyingKey::from_jwk(&key.jwk().expect("jwk")).expect("verifying key");
        (Arc::from(key.kid()), RingKey { tenant, issuer: "https://id.example.com".into(), key: verifying })
    }))
}

#[test]
fn what_is_signed_verifies_with_every_algorithm_and_only_with_its_key() {
    let tenant = TenantId::new(NOW, &OsRandom::new());
    for alg in [Alg::RS256, Alg::ES256, Alg::EdDSA] {
        let (key, other) = (key(alg, "a"), key(alg, "a"));
        let token = sign(&claims(tenant), &key).expect("sign");
        let ours = ring(tenant, &[&key]);
        assert_eq!(ours.verify(&token, NOW).expect("valid").0, claims_of(&token), "{alg}");
        assert_eq!(ring(tenant, &[&other]).verify(&token, NOW).expect_err("other key"), TokenError::Signature);
        assert_eq!(ring(tenant, &[]).verify(&token, NOW).expect_err("no key"), TokenError::UnknownKey);
    }
}

fn claims_of(token: &str) -> Claims {
    let payload = token.split('.').nth(1).expect("payload");
    serde_json::from_slice(&B64.decode(payload).expect("base64")).expect("claims")
}

#[test]
fn times_issuer_audience_and_tenant_are_checked() {
    let tenant = TenantId::new(NOW, &OsRandom::new());
    let key = key(Alg::EdDSA, "k");
    let ring = ring(tenant, &[&key]);
    let refused = |change: &dyn Fn(&mut Claims)| {
        let mut c = claims(tenant);
        change(&mut c);
        ring.verify(&sign(&c, &key).expect("sign"), NOW).map(|_| ()).expect_err("refused")
    };
    assert_eq!(refused(&|c| c.exp = NOW.as_secs() - LEEWAY), TokenError::Expired);
    assert_eq!(refused(&|c| c.nbf = NOW.as_secs() + 60), TokenError::NotYetValid);
    assert_eq!(refused(&|c| c.iss = "https://evil.example".into()), TokenError::Issuer);
    assert_eq!(refused(&|c| c.tid = TenantId::new(NOW, &OsRandom::new())), TokenError::Issuer);
    assert_eq!(refused(&|c| c.aud = vec!["https://app.example".into()]), TokenError::Audience);
}

const LEEWAY: i64 = super::ring::LEEWAY_SECS;

#[test]
fn forgeries_are_refused() {
    let tenant = TenantId::new(NOW, &OsRandom::new());
    let key = key(Alg::ES256, "k");
    let ring = ring(tenant, &[&key]);
    let token = sign(&claims(tenant), &key).expect("sign");
    let parts: Vec<&str> = token.split('.').collect();
    let with_header = |json: &str| format!("{}.{}.{}", B64.encode(json), parts[1], parts[2]);
    for (forged, why) in [
        (with_header(r#"{"alg":"none","typ":"at+jwt","kid":"k"}"#), TokenError::Malformed),
        (with_header(r#"{"alg":"HS256","typ":"at+jwt","kid":"k"}"#), TokenError::Malformed),
        (with_header(r#"{"alg":"RS256","typ":"at+jwt","kid":"k"}"#), TokenError::Algorithm),
        (with_header(r#"{"alg":"ES256","typ":"JWT","kid":"k"}"#), TokenError::Malformed),
        (with_header(r#"{"alg":"ES256","typ":"at+jwt","kid":"../k"}"#), TokenError::UnknownKey),
        (format!("{}.{}.", parts[0], parts[1]), TokenError::Signature),
        (format!("{}.{}", parts[0], parts[1]), TokenError::Malformed),
        (format!("{token}.x"), TokenError::Malformed),
        ("..".into(), TokenError::Malformed),
        (String::new(), TokenError::Malformed),
        ("a".repeat(MAX_TOKEN_LEN + 1), TokenError::Malformed),
    ] {
        assert_eq!(ring.verify(&forged, NOW).map(|_| ()).expect_err(&forged), why, "{forged}");
    }
    let mut admin = claims_of(&token);
    admin.roles = vec!["super_admin".parse().expect("role")];
    let payload = B64.encode(serde_json::to_vec(&admin).expect("json"));
    let forged = format!("{}.{payload}.{}", parts[0], parts[2]);
    assert_eq!(ring.verify(&forged, NOW).map(|_| ()).expect_err("payload"), TokenError::Signature);
}
