//! Targets of upstreams, through the whole program.

use testkit::{Backend, Echo, TestApp};

const CONFIG: &str = r#"
[upstreams.pair]
targets = ["http://127.0.0.1:1", "http://127.0.0.1:2"]
check = { interval = "10ms", unhealthy = 1 }

[upstreams.shop]
targets = ["http://127.0.0.1:1", "ECHO"]
eject = { consecutive = 1, on = ["connect"] }
sticky = { cookie = "lb" }

[[routes]]
name = "shop"
match = { path = "/shop/{*rest}" }
upstream = "shop"
auth = "none"
"#;

async fn app(backend: Backend) -> TestApp {
    let echo = Echo::start().await;
    TestApp::builder().backend(backend).config(&CONFIG.replace("ECHO", &format!("http://{}", echo.addr))).start().await
}

#[tokio::test]
async fn operators_see_how_targets_are() {
    let app = app(Backend::SqliteAndMemory).await;
    let health = |name: &'static str| {
        let call = app.ops("/health");
        async move { call.send().await.json["components"][name].clone() }
    };
    // The dead target is found by a request, and by checks.
    for _ in 0..4 {
        app.get("/shop/x").send().await.expect(200);
    }
    let shop = health("upstream:shop").await;
    assert_eq!(shop["parts"][0]["name"], "127.0.0.1:1");
    assert_eq!(shop["parts"][0]["state"], "ejected", "{shop}");
    assert_eq!(shop["parts"][1]["state"], "ok");
    let pair = loop {
        let pair = health("upstream:pair").await;
        if pair["parts"][0]["state"] == "down" && pair["parts"][1]["state"] == "down" {
            break pair;
        }
    };
    assert!(pair["parts"][0]["detail"].as_str().expect("a reason").contains("refused"), "{pair}");
    // Strangers learn of no address.
    let public = app.get("/health").send().await.json;
    assert!(public["components"]["upstream:shop"].is_string(), "{public}");

    let metrics = app.ops("/metrics").send().await.text;
    for line in [
        "portcullis_upstream_targets{upstream=\"shop\"} 2",
        "portcullis_upstream_targets_available{upstream=\"shop\"} 1",
        "portcullis_upstream_ejections_total{upstream=\"shop\"} 1",
        "portcullis_upstream_targets_available{upstream=\"pair\"} 0",
        "portcullis_upstream_panic{upstream=\"pair\"} 1",
    ] {
        assert!(metrics.contains(line), "{line} in\n{metrics}");
    }
}

#[tokio::test]
async fn nodes_agree_about_the_cookie_of_a_target() {
    let app = app(Backend::PostgresAndRedis).await;
    let first = app.get("/shop/x").send().await;
    let cookie = first.header("set-cookie").to_owned();
    assert!(cookie.starts_with("lb=") && !cookie.contains("127"), "{cookie}");
    let pair = cookie.split(';').next().expect("a pair").to_owned();
    let node = app.another_node().await;
    for app in [&app, &node] {
        let again = app.get("/shop/x").header("cookie", &pair).send().await;
        assert_eq!(again.header("set-cookie"), "");
    }
}
