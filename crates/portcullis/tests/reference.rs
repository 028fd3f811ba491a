//! The generated references in `docs/reference` are what the code says.
//!
//! `make docs` writes them anew: it runs this test with `PORTCULLIS_REGENERATE=1`.

#![expect(clippy::expect_used, reason = "this crate is test code")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use portcullis::{
    catalogue,
    config::{Schema, reference},
};

fn generated() -> Vec<(&'static str, String)> {
    vec![
        ("configuration.md", reference::markdown(&Schema::new())),
        ("errors.md", catalogue::problems_reference()),
        ("metrics.md", catalogue::metrics_reference()),
        ("permissions.md", catalogue::permissions_reference()),
    ]
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_references_are_current() {
    let dir = root().join("docs/reference");
    for (name, text) in generated() {
        let file = dir.join(name);
        if std::env::var_os("PORTCULLIS_REGENERATE").is_some() {
            fs::write(&file, &text).expect("written");
        }
        let committed = fs::read_to_string(&file).unwrap_or_default();
        assert!(committed == text, "docs/reference/{name} differs from the code: run `make docs` and commit it");
    }
}

/// The codes of every `problems!` in the sources. A declaration is one line:
/// `pub NAME = 404 "code" "title" "advice";`.
fn declared(dir: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            declared(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            found.extend(text.lines().filter_map(|line| {
                let (name, rest) = line.trim_start().strip_prefix("pub ")?.split_once(" = ")?;
                let (status, rest) = rest.split_once(" \"")?;
                let named = name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
                (named && status.parse::<u16>().is_ok()).then(|| rest.split('"').next().map(str::to_owned))?
            }));
        }
    }
}

#[test]
fn the_catalogue_holds_every_problem_of_every_room_once() {
    let mut found = Vec::new();
    for room in fs::read_dir(root().join("crates")).expect("the rooms").flatten() {
        declared(&room.path().join("src"), &mut found);
    }
    assert!(found.len() > 10, "the sources were read");
    let listed: Vec<String> = catalogue::problems().iter().map(|kind| kind.code.to_owned()).collect();
    let once: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(once.len(), listed.len(), "a code is declared twice");
    let missing: Vec<&String> = found.iter().filter(|code| !once.contains(code)).collect();
    assert!(missing.is_empty(), "add their PROBLEMS to crates/portcullis/src/catalogue.rs: {missing:?}");
}
