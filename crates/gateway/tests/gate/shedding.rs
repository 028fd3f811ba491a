//! A gate that has too much to do refuses what matters least.

use crate::harness::{Gate, Upstream};

#[tokio::test]
async fn what_matters_least_is_refused_first() {
    let upstream = Upstream::ok().await;
    let route = |name: &str, importance: &str| {
        format!(
            "[[routes]]\nname = \"{name}\"\nmatch = {{ path = \"/{name}\" }}\nupstream = \"u\"\nauth = \"none\"\n{importance}\n"
        )
    };
    // More memory than this is used by any program: the gate is overloaded from its first look on.
    let config = format!(
        "http.shedding = {{ memory_limit = \"1MiB\" }}\nupstreams.u.targets = [\"http://{}\"]\n{}{}{}",
        upstream.address,
        route("low", "importance = \"low\""),
        route("normal", ""),
        route("critical", "importance = \"critical\""),
    );
    let gate = Gate::open(&config);
    let refused = loop {
        let answer = gate.get("/low", "").await;
        if answer.status() != 200 {
            break answer;
        }
        // As long as some of the least important are served, all others are.
        assert_eq!(gate.running.view().shedding().expect("it is on").refused_normal, 0);
    };
    assert_eq!(refused.problem(), (503, "gate.overloaded".into()));
    assert_eq!(refused.field("retry-after"), Some("2"));
    while gate.get("/normal", "").await.status() == 200 {}
    for _ in 0..20 {
        assert_eq!(gate.get("/critical", "").await.status(), 200);
    }
    let numbers = gate.running.view().shedding().expect("it is on");
    assert!(numbers.refused_low > 0 && numbers.refused_normal > 0 && numbers.level > 100, "{numbers:?}");
}
