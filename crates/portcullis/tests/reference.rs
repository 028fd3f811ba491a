//! The generated references in `docs/reference` are what the code says.
//!
//! `make docs` writes them anew: it runs this test with `PORTCULLIS_REGENERATE=1`.

use std::path::PathBuf;

use portcullis::config::{Schema, reference};

fn generated() -> Vec<(&'static str, String)> {
    vec![("configuration.md", reference::markdown(&Schema::new()))]
}

#[test]
fn the_references_are_current() {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
    for (name, text) in generated() {
        let file = dir.join(name);
        if std::env::var_os("PORTCULLIS_REGENERATE").is_some() {
            std::fs::write(&file, &text).expect("written");
        }
        let committed = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(committed == text, "docs/reference/{name} differs from the code: run `make docs` and commit it");
    }
}
