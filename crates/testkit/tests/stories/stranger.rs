//! The walk: every operation of the API document refuses a stranger. The list of exceptions only
//! shrinks.

use serde_json::json;
use testkit::TestApp;

/// What a stranger may call, and why.
const PUBLIC: &[(&str, &str)] = &[
    ("POST", "/api/v1/auth/register"),
    ("POST", "/api/v1/auth/login"),
    ("POST", "/api/v1/auth/passkey/start"),
    ("POST", "/api/v1/auth/proof-of-work"),
    ("POST", "/api/v1/auth/password-reset"),
    ("POST", "/api/v1/auth/verify-email/resend"),
    // Refused by what is in the body, not by who calls.
    ("POST", "/api/v1/auth/password-reset/confirm"),
    ("POST", "/api/v1/auth/verify-email"),
    ("POST", "/api/v1/auth/change-email/confirm"),
    ("POST", "/api/v1/auth/invitation/accept"),
    ("POST", "/api/v1/auth/passkey/finish"),
    ("POST", "/api/v1/auth/mfa"),
    ("POST", "/api/v1/auth/mfa/passkey/start"),
    ("POST", "/api/v1/auth/mfa/passkey/finish"),
    ("POST", "/api/v1/auth/mfa/sms/send"),
    ("POST", "/api/v1/auth/mfa/enrol/totp"),
    ("POST", "/api/v1/auth/mfa/enrol/sms"),
    ("POST", "/api/v1/auth/passkey/finish"),
    ("POST", "/api/v1/auth/refresh"),
    // What a page asks before it asks for a password, or instead.
    ("POST", "/api/v1/auth/passkey/start"),
    ("POST", "/api/v1/auth/proof-of-work"),
    ("GET", "/api/v1/auth/password-policy"),
    ("GET", "/.well-known/jwks.json"),
    ("GET", "/.well-known/openid-configuration"),
    ("GET", "/.well-known/oauth-authorization-server"),
];

/// Answers for operators that say nothing about anybody.
const OPERATIONS: &[&str] = &["/", "/health", "/livez", "/readyz", "/docs", "/api/v1/openapi.json", "/problems/{code}"];

#[tokio::test]
async fn every_operation_refuses_a_stranger() {
    let limits = "[identity.limits]\nip = [\"100000/minute\"]";
    let app = TestApp::builder().config(limits).start().await;
    let document = app.get("/api/v1/openapi.json").send().await.expect(200).json;
    assert_eq!(document["openapi"].as_str().map(|v| &v[..3]), Some("3.1"));
    let mut walked = 0;
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for method in ["get", "post", "put", "patch", "delete"] {
            if operations[method].is_null() || OPERATIONS.contains(&path.as_str()) {
                continue;
            }
            let method = method.to_uppercase();
            let concrete = path
                .split('/')
                .map(|s| if s.starts_with('{') { "0190a8b2-7a5c-7000-8000-000000000000" } else { s })
                .collect::<Vec<_>>()
                .join("/");
            let answer = app.call(&method, &concrete).json(&json!({})).send().await;
            if PUBLIC.contains(&(method.as_str(), path.as_str())) {
                assert!(answer.status < 500, "{method} {path}: {}", answer.text);
            } else {
                assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text);
                answer.expect_problem(401, "credentials.missing");
            }
            walked += 1;
        }
    }
    assert!(walked > 40, "only {walked} operations are documented");
}

#[tokio::test]
async fn every_operation_that_asks_for_a_right_refuses_who_has_none() {
    let limits = "[identity.limits]\nip = [\"100000/minute\"]\nuser = [\"100000/minute\"]";
    let app = TestApp::builder().config(limits).start().await;
    let tokens = app.user("ada@example.com").await.login().await.expect_tokens();
    let document = app.get("/api/v1/openapi.json").send().await.expect(200).json;
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for method in ["get", "post", "put", "patch", "delete"] {
            if !operations[method].is_null() && path.starts_with("/api/v1/admin/") {
                let method = method.to_uppercase();
                let concrete = path
                    .split('/')
                    .map(|s| if s.starts_with('{') { "0190a8b2-7a5c-7000-8000-000000000000" } else { s })
                    .collect::<Vec<_>>()
                    .join("/");
                let answer = app.call(&method, &concrete).bearer(&tokens.access).json(&json!({})).send().await;
                assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text);
                answer.expect_problem(403, "permission.denied");
            }
        }
    }
}
