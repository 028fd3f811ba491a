//! Requests find their route by what they are and where they come from.

use crate::harness::{Setup, Upstream};

#[tokio::test]
async fn query_and_source_lead_to_other_routes() {
    let (public, beta, office) = (Upstream::ok().await, Upstream::ok().await, Upstream::ok().await);
    let route = |name: &str, more: &str| {
        format!(
            "[[routes]]\nname = \"{name}\"\nmatch = {{ path = \"/app/{{*rest}}\"{more} }}\nupstream = \"{name}\"\nauth = \"none\"\n"
        )
    };
    let upstream = |name: &str, at: &Upstream| format!("[upstreams.{name}]\ntargets = [\"http://{}\"]\n", at.address);
    let text = [
        upstream("public", &public),
        upstream("beta", &beta),
        upstream("office", &office),
        route("public", ""),
        route("beta", ", query = { beta = \"on\" }"),
        route("office", ", sources = [\"198.51.100.0/24\"]"),
    ]
    .concat();
    let gate = Setup { trusted_proxies: vec!["127.0.0.1"], ..Setup::new(&text) }.open();
    for (target, from, name) in [
        ("/app/x", "192.0.2.7", "public"),
        ("/app/x?beta=on", "192.0.2.7", "beta"),
        ("/app/x?beta=o%6e&a=b", "192.0.2.7", "beta"),
        ("/app/x?beta=off", "192.0.2.7", "public"),
        ("/app/x", "198.51.100.9", "office"),
        // What stands before the nearest untrusted hop anybody could have written.
        ("/app/x", "198.51.100.9, 192.0.2.7", "public"),
    ] {
        let before = gate.ledger.counts().1;
        let answer = gate.get(target, &format!("X-Forwarded-For: {from}\r\n")).await;
        assert_eq!(answer.status(), 200);
        let told = gate.ledger.finished(before + 1).await;
        assert_eq!(told[before].route, name, "{target} from {from}");
    }
    let seen = beta.seen.lock();
    assert_eq!(seen[1].start, "GET /app/x?beta=o%6e&a=b HTTP/1.1", "the query goes on as it was sent");
}
