//! What must hold for every operation of the document.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use kernel::problem::common;
use serde_json::Value as Json;

use super::{PROBLEMS, describe};
use crate::testing::TestCore;

/// Operations that a stranger may call. This list only shrinks, or grows with a reason.
const PUBLIC: &[&str] = &[
    // The ways in.
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/passkey/finish",
    "POST /api/v1/auth/passkey/start",
    "POST /api/v1/auth/register",
    // What registering costs.
    "POST /api/v1/auth/proof-of-work",
    // Asking for a mail, and what the mail carries: answered alike for everybody.
    "POST /api/v1/auth/password-reset",
    "POST /api/v1/auth/password-reset/confirm",
    "POST /api/v1/auth/verify-email",
    "POST /api/v1/auth/verify-email/resend",
    "POST /api/v1/auth/change-email/confirm",
    "POST /api/v1/auth/invitation/accept",
    // A challenge in the body is what is asked about.
    "POST /api/v1/auth/mfa",
    "POST /api/v1/auth/mfa/passkey/start",
    "POST /api/v1/auth/mfa/passkey/finish",
    "POST /api/v1/auth/mfa/sms/send",
    "POST /api/v1/auth/mfa/enrol/totp",
    "POST /api/v1/auth/mfa/enrol/sms",
    // The refresh token in the body is the credential.
    "POST /api/v1/auth/refresh",
    // What a page asks before it asks for a password.
    "GET /api/v1/auth/password-policy",
    // What verifiers read.
    "GET /.well-known/jwks.json",
    "GET /.well-known/openid-configuration",
];

/// Method and path of every operation, with its description.
fn operations() -> BTreeMap<String, Json> {
    let document = serde_json::to_value(describe()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, methods)| {
            let of_one = move |(method, operation): (&String, &Json)| {
                (format!("{} {path}", method.to_uppercase()), operation.clone())
            };
            methods.as_object().expect("methods").iter().map(of_one)
        })
        .collect()
}

#[tokio::test]
async fn every_operation_refuses_a_stranger() {
    let node = TestCore::start().await;
    let mut public = BTreeSet::new();
    for (name, operation) in operations() {
        let (method, path) = name.split_once(' ').expect("a method and a path");
        let mut path = path.to_owned();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().expect("a name");
            path = path.replace(&format!("{{{name}}}"), "00000000-0000-0000-0000-000000000000");
        }
        assert!(!path.contains('{'), "{name}: every path parameter is described");
        let method: Method = method.parse().expect("a method");
        // Without a body, and with one that is not what the call takes: who asks comes first.
        for body in ["", "{\"nonsense\": true}"] {
            let call = node.call(method.clone(), &path);
            let call = if body.is_empty() { call } else { call.raw(body) };
            let reply = call.send().await;
            if reply.status != 401 {
                public.insert(name.clone());
            }
            assert_ne!(reply.status, 404, "{name} is described and not there");
            assert!(reply.status < 500, "{name}: {}", reply.json);
        }
    }
    assert_eq!(public, PUBLIC.iter().map(|name| (*name).to_owned()).collect());
}

#[test]
fn what_the_document_refers_to_is_in_it() {
    fn dangling(part: &Json, document: &Json, found: &mut BTreeSet<String>) {
        match part {
            Json::Object(fields) => {
                let to = fields.get("$ref").and_then(Json::as_str);
                let missing = to.filter(|to| to.strip_prefix('#').is_none_or(|at| document.pointer(at).is_none()));
                found.extend(missing.map(str::to_owned));
                fields.values().for_each(|field| dangling(field, document, found));
            }
            Json::Array(items) => items.iter().for_each(|item| dangling(item, document, found)),
            _ => {}
        }
    }
    let (document, mut found) = (serde_json::to_value(describe()).expect("JSON"), BTreeSet::new());
    dangling(&document, &document, &mut found);
    assert_eq!(found, BTreeSet::new());
}

#[test]
fn the_document_says_what_the_router_does() {
    let document = serde_json::to_value(describe()).expect("JSON");
    assert!(document["openapi"].as_str().expect("a version").starts_with("3.1"));
    let schemes = document["components"]["securitySchemes"].as_object().expect("schemes");
    let tags: BTreeSet<&str> =
        document["tags"].as_array().expect("tags").iter().filter_map(|t| t["name"].as_str()).collect();
    let (mut ids, mut faults) = (BTreeMap::new(), Vec::new());
    for (name, operation) in operations() {
        let mut check = |ok: bool, what: &str| {
            if !ok {
                faults.push(format!("{name}: {what}"))
            }
        };
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        check(!id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "operationId is snake_case");
        check(ids.insert(id.clone(), name.clone()).is_none(), &format!("operationId {id} is taken"));
        check(operation["summary"].as_str().is_some_and(|s| !s.is_empty()), "has a summary");
        for tag in operation["tags"].as_array().into_iter().flatten().filter_map(Json::as_str) {
            check(tags.contains(tag), &format!("tag {tag} is described"));
        }
        let responses = operation["responses"].as_object().expect("responses");
        check(responses.keys().any(|status| status.starts_with('2')), "may succeed");
        for (status, response) in responses {
            let problem = response["content"].as_object().is_some_and(|c| c.contains_key("application/problem+json"));
            check(problem == (status.as_str() >= "400"), &format!("{status} is described by its media type"));
        }
        // What is not said for the operation would be said for the whole document: nothing.
        let security: Vec<_> =
            operation["security"].as_array().into_iter().flatten().filter_map(Json::as_object).collect();
        check(security.iter().all(|s| s.is_empty()) == PUBLIC.contains(&name.as_str()), "is public as it says");
        check(
            security.is_empty() || responses.contains_key("401") || PUBLIC.contains(&name.as_str()),
            "may answer 401",
        );
        check(security.iter().flat_map(|s| s.keys()).all(|s| schemes.contains_key(s)), "names described credentials");
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_code_is_declared_once() {
    let mut seen = BTreeSet::new();
    for kind in PROBLEMS.iter().chain([&common::PROBLEMS]).copied().flatten() {
        assert!(seen.insert(kind.code), "{} is declared twice", kind.code);
    }
}
