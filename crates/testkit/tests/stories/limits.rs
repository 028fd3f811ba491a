//! Limits of the whole program: quotas that survive, slots across nodes, life without Redis.

use futures_util::future::join_all;
use testkit::{Answer, Backend, TestApp};
use testservers::PrivateRedis;

const QUOTA: &str = r#"
[[routes]]
name = "limited"
match = { path = "/limited" }
upstream = "echo"
limits = [{ by = "user", quota = "30/month" }, { by = "ip", rate = "100000/hour" }]
"#;

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

/// Fifty calls at once, spread over the nodes.
async fn fifty(nodes: &[&TestApp], token: &str) -> Vec<Answer> {
    join_all((0..50).map(|i| nodes[i % nodes.len()].get("/limited").bearer(token).send())).await
}

#[tokio::test]
async fn a_quota_is_exact_and_survives_a_restart() {
    let app = TestApp::builder().config(QUOTA).start().await;
    let tokens = app.user("ada@example.com").await.login().await.expect_tokens();
    for _ in 0..3 {
        app.get("/limited").bearer(&tokens.access).send().await.expect(200);
    }
    let app = app.restart().await;
    let answers = fifty(&[&app], &tokens.access).await;
    assert_eq!((count(&answers, 200), count(&answers, 429)), (27, 23));
    let refused = app.get("/limited").bearer(&tokens.access).send().await.expect_problem(429, "limit.exceeded");
    assert!(refused.header("ratelimit").starts_with("\"user-30/month\";r=0;t="), "{}", refused.header("ratelimit"));
    assert!(refused.header("ratelimit-policy").starts_with("\"user-30/month\";q=30, \"ip-"));
    assert!(!refused.header("retry-after").is_empty());
    let other = app.user("bob@example.com").await.login().await.expect_tokens();
    app.get("/limited").bearer(&other.access).send().await.expect(200);
}

#[tokio::test]
async fn a_quota_is_exact_across_nodes() {
    let one = TestApp::builder().backend(Backend::PostgresAndRedis).config(QUOTA).start().await;
    let other = one.another_node().await;
    let tokens = one.user("ada@example.com").await.login().await.expect_tokens();
    let answers = fifty(&[&one, &other], &tokens.access).await;
    assert_eq!((count(&answers, 200), count(&answers, 429)), (30, 20));
}

#[tokio::test]
async fn a_quota_is_exact_across_nodes_that_share_a_database_alone() {
    let one = TestApp::builder().backend(Backend::PostgresAlone).config(QUOTA).start().await;
    let other = one.another_node().await;
    let tokens = one.user("ada@example.com").await.login().await.expect_tokens();
    let answers = fifty(&[&one, &other], &tokens.access).await;
    assert_eq!((count(&answers, 200), count(&answers, 429)), (30, 20));
}

/// One route for each way of life without Redis.
fn without_redis(redis: &PrivateRedis, without_kv: &str) -> String {
    format!(
        r#"
[kv]
url = "{}"
[limits]
without_kv = "{without_kv}"
nodes = 2
legacy_headers = true
[[routes]]
name = "limited"
match = {{ path = "/limited" }}
upstream = "echo"
auth = "none"
limits = [{{ by = "ip", rate = "6/day" }}]
"#,
        redis.url()
    )
}

async fn ask(app: &TestApp, ip: &str) -> Answer {
    app.get("/limited").from(ip).send().await
}

async fn ten(app: &TestApp, ip: &str) -> Vec<u16> {
    join_all((0..10).map(|_| ask(app, ip))).await.iter().map(|answer| answer.status).collect()
}

#[tokio::test]
async fn when_redis_dies_and_comes_back_limits_do_as_the_settings_say() {
    for (without_kv, allowed, refusal) in [("local_share", 3, 429), ("refuse", 0, 503), ("allow", 10, 0)] {
        let redis = PrivateRedis::start().await;
        let app = TestApp::builder().config(&without_redis(&redis, without_kv)).start().await;
        let first = ask(&app, "192.0.2.7").await.expect(200);
        assert_eq!((first.header("x-ratelimit-limit"), first.header("x-ratelimit-remaining")), ("6", "5"));

        redis.kill().await;
        let statuses = ten(&app, "192.0.2.8").await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), allowed, "{without_kv}: {statuses:?}");
        assert!(statuses.iter().all(|status| *status == 200 || *status == refusal), "{without_kv}: {statuses:?}");

        redis.start_again().await;
        // Asked again every half second of the app's clock, each time by a new address.
        let mut answers = 0_u8;
        loop {
            app.clock.advance(std::time::Duration::from_millis(500));
            let back = ask(&app, &format!("192.0.2.{}", 10 + answers % 200)).await;
            if back.status == 200 && back.header("x-ratelimit-remaining") == "5" {
                break;
            }
            answers = answers.wrapping_add(1);
        }
        let statuses = ten(&app, "198.51.100.1").await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 6, "{without_kv}: all of it again");
    }
}
