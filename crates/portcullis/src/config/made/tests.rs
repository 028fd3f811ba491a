use super::*;

fn key(kind: DocumentKind, name: &str) -> DocumentKey {
    (kind, name.into())
}

fn documents(all: &[(DocumentKind, &str, Value)]) -> Documents {
    let document = |content: &Value| Document { content: Arc::new(content.clone()), revision: 1 };
    all.iter().map(|(kind, name, content)| (key(*kind, name), document(content))).collect()
}

fn wrong(all: &[(DocumentKind, &str, Value)]) -> Vec<(String, String, String)> {
    let told = |finding: Finding| {
        let about = finding.about.map(|(kind, name)| format!("{kind}:{name}")).unwrap_or_default();
        (about, finding.pointer, finding.message)
    };
    let read = read(&documents(all), &AllRead::new(), &Schema::new());
    let findings =
        read.map_or_else(|findings| findings, |read| judge(&Config::default(), &read).err().unwrap_or_default());
    findings.into_iter().map(told).collect()
}

use DocumentKind::{Route, Upstream};

#[test]
fn documents_are_judged_as_the_file_is() {
    let web = (Upstream, "web", json!({ "targets": ["http://127.0.0.1:9001"] }));
    let good = (Route, "good", json!({ "match": { "path": "/good" }, "upstream": "web" }));
    assert_eq!(wrong(&[web.clone(), good.clone()]), []);

    let typing = (Route, "r", json!({ "match": { "path": "/r" }, "upstraem": "web", "priority": "high" }));
    let told = wrong(&[web.clone(), good.clone(), typing]);
    let at: Vec<_> = told.iter().map(|(about, pointer, _)| (about.as_str(), pointer.as_str())).collect();
    assert!(at.contains(&("route:r", "/upstraem")) && at.contains(&("route:r", "/priority")), "{told:?}");
    assert!(told.iter().any(|(.., message)| message.contains("did you mean \"upstream\"?")), "{told:?}");

    let nowhere = (Route, "r", json!({ "match": { "path": "/r" }, "upstream": "wbe" }));
    let told = wrong(&[web.clone(), nowhere]);
    assert_eq!((told[0].0.as_str(), told[0].1.as_str()), ("route:r", "/upstream"));
    assert!(told[0].2.contains("did you mean \"web\"?"), "{told:?}");

    let same = (Route, "same", json!({ "match": { "path": "/good" }, "upstream": "web" }));
    let told = wrong(&[web, good, same]);
    assert_eq!(told[0].0, "route:same");
    assert!(told[0].2.contains("good"), "{told:?}");
}

#[test]
fn what_was_read_is_not_read_again() {
    let all = documents(&[(Upstream, "web", json!({ "targets": ["http://127.0.0.1:9001"] }))]);
    let schema = Schema::new();
    let first = read(&all, &AllRead::new(), &schema).expect("good");
    let second = read(&all, &first, &schema).expect("good");
    let web = key(Upstream, "web");
    assert!(Arc::ptr_eq(&first[&web].1, &second[&web].1));
}

#[test]
fn a_text_and_documents_are_the_same() {
    let text = r#"
        [upstreams.web]
        targets = ["http://127.0.0.1:9001", { url = "http://127.0.0.1:9002", weight = 2 }]
        [[routes]]
        name = "r"
        match = { path = "/r", methods = ["GET"] }
        upstream = "web"
        limits = [{ by = "ip", rate = "5/minute" }]
    "#;
    let read = from_toml("a.toml".into(), text).expect("read");
    let all: Documents =
        read.iter().map(|(key, content)| (key.clone(), Document { content: content.clone(), revision: 1 })).collect();
    let again = from_toml("b.toml".into(), &to_toml(&all).expect("written")).expect("read again");
    assert_eq!(again, read);
    for (text, place) in [
        ("[server]\nworkers = 2", "server"),
        ("[[routes]]\nupstream = \"web\"", "routes[0]"),
        ("[[routes]]\nname = \"a\"\n[[routes]]\nname = \"a\"", "routes[1].name"),
        ("routes = 5", "routes"),
    ] {
        let report = from_toml("c.toml".into(), text).expect_err(text).to_string();
        assert!(report.contains(place), "{report}");
    }
}
