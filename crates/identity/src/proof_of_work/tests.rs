//! What a stranger pays to register.

use std::time::Duration;

use aws_lc_rs::digest;
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value as Json, json};

use super::model::zero_bits;
use crate::testing::{PASSWORD, Reply, TestCore};

crate::testing::on_both_databases! {
    registering_costs_work_where_the_tenant_says_so;
    a_puzzle_is_used_once_however_many_try;
}

/// Makes the default tenant ask for so many bits.
async fn want(node: &TestCore, bits: u8) {
    let boss = node.person(&format!("boss{bits}@example.com"), &["admin"]).await;
    let change = json!({"signup_work": bits});
    node.call(Method::PATCH, "/api/v1/admin/settings").json(&change).bearer(&boss.token).send().await.expect(200);
}

async fn puzzle(node: &TestCore) -> Json {
    node.post("/api/v1/auth/proof-of-work", &json!({})).send().await.expect(200)
}

/// Solves it the way a client does.
fn solve(puzzle: &Json) -> Json {
    let text = puzzle["puzzle"].as_str().expect("a puzzle");
    let bits = u32::try_from(puzzle["bits"].as_u64().expect("bits")).expect("few");
    let hash = |nonce: &u32| digest::digest(&digest::SHA256, format!("{text}.{nonce}").as_bytes());
    let nonce = (0..).find(|nonce| zero_bits(hash(nonce).as_ref()) >= bits).expect("a nonce");
    json!({"puzzle": text, "nonce": nonce.to_string()})
}

/// A puzzle of eight bits that the empty nonce would solve.
fn puzzle_solved_by_nothing(node: &TestCore) -> String {
    let (now, random) = (node.core.now(), &*node.core.random);
    let fresh = || super::model::puzzle(&node.core.vault, node.tenant().id, 8, now, random);
    let solved =
        |text: &String| zero_bits(digest::digest(&digest::SHA256, format!("{text}.").as_bytes()).as_ref()) >= 8;
    std::iter::repeat_with(fresh).find(solved).expect("one of some hundred")
}

async fn register(node: &TestCore, email: &str, work: &Json) -> Reply {
    let body = json!({"email": email, "password": PASSWORD, "proof_of_work": work});
    node.post("/api/v1/auth/register", &body).send().await
}

async fn registering_costs_work_where_the_tenant_says_so(node: TestCore) {
    assert_eq!(puzzle(&node).await, json!({"required": false}));
    want(&node, 8).await;
    let hashed = node.core.hasher.computed();
    let refused = register(&node, "ada@example.com", &Json::Null).await;
    refused.expect_problem(400, "proof_of_work.required");
    let one = puzzle(&node).await;
    assert_eq!((&one["required"], &one["bits"], &one["expires_in"]), (&json!(true), &json!(8), &json!(600)));
    let good = solve(&one);
    // Not solved, not ours, not this tenant's, for less work, too old.
    let text = one["puzzle"].as_str().expect("a puzzle");
    let mut forged = text.to_owned();
    forged.replace_range(11..12, if &text[11..12] == "A" { "B" } else { "A" });
    let unsolved = (0..).map(|n| json!({"puzzle": text, "nonce": format!("x{n}")}));
    let hash =
        |work: &Json| digest::digest(&digest::SHA256, format!("{text}.{}", work["nonce"].as_str().unwrap()).as_bytes());
    let unsolved = { unsolved }.find(|work| zero_bits(hash(work).as_ref()) < 8).expect("nearly all");
    for wrong in [
        unsolved,
        solve(&json!({"puzzle": forged, "bits": 8})),
        json!({"puzzle": "", "nonce": ""}),
        json!({"puzzle": puzzle_solved_by_nothing(&node), "nonce": ""}),
        json!({"puzzle": text, "nonce": "1".repeat(33)}),
        json!({"puzzle": text, "nonce": "\u{e9}"}),
        json!({"puzzle": "A".repeat(10_000), "nonce": "1"}),
    ] {
        register(&node, "ada@example.com", &wrong).await.expect_problem(400, "proof_of_work.invalid");
    }
    assert_eq!(node.core.hasher.computed(), hashed, "nothing was hashed");
    // It comes before what was sent is judged, and is used up by what is let through only.
    let weak = |work: &Json| json!({"email": "ada@example.com", "password": "weak", "proof_of_work": work});
    let refused = node.post("/api/v1/auth/register", &weak(&Json::Null)).send().await;
    refused.expect_problem(400, "proof_of_work.required");
    node.post("/api/v1/auth/register", &weak(&good)).send().await.expect_problem(400, "password.weak");
    let acme = node.new_tenant("acme").await;
    let boss = node.person_of(&acme, "boss@acme.example", &["admin"]).await;
    let change = json!({"signup_work": 1});
    node.call(Method::PATCH, "/api/v1/admin/settings").json(&change).bearer(&boss.token).send().await.expect(200);
    let body = json!({"email": "ada@example.com", "password": PASSWORD, "proof_of_work": good});
    let elsewhere = node.post("/api/v1/auth/register", &body).tenant(&acme).send().await;
    elsewhere.expect_problem(400, "proof_of_work.invalid");

    register(&node, "ada@example.com", &good).await.expect(201);
    register(&node, "eve@example.com", &good).await.expect_problem(400, "proof_of_work.invalid");
    let old = solve(&puzzle(&node).await);
    node.clock.advance(Duration::from_secs(600));
    register(&node, "eve@example.com", &old).await.expect_problem(400, "proof_of_work.invalid");
    let cheap = solve(&puzzle(&node).await);
    want(&node, 9).await;
    register(&node, "eve@example.com", &cheap).await.expect_problem(400, "proof_of_work.invalid");
    register(&node, "eve@example.com", &solve(&puzzle(&node).await)).await.expect(201);
    assert_eq!(super::sweep(&node.core).await.expect("swept"), 1, "what has expired is forgotten");
}

async fn a_puzzle_is_used_once_however_many_try(node: TestCore) {
    want(&node, 4).await;
    let work = solve(&puzzle(&node).await);
    let mails: Vec<String> = (0..50).map(|i| format!("p{i}@example.com")).collect();
    let replies = join_all(mails.iter().map(|mail| register(&node, mail, &work))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    assert_eq!(replies.iter().filter(|reply| reply.status == 400).count(), 49);
}
