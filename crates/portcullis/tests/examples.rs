//! The configurations in `examples/config` are what the program accepts.

use std::{fs, path::Path};

use portcullis::config::Sources;

#[test]
fn every_example_is_accepted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/config");
    let files: Vec<_> = fs::read_dir(folder).expect("the examples").flatten().map(|entry| entry.path()).collect();
    let examples: Vec<_> = files.iter().filter(|file| file.extension().is_some_and(|e| e == "toml")).collect();
    assert!(!examples.is_empty());
    for file in examples {
        let sources = Sources { file: Some(file.clone()), ..Sources::default() };
        let loaded = sources.load().unwrap_or_else(|report| panic!("{}\n{report}", file.display()));
        assert!(!loaded.config.routes.is_empty(), "{} shows a route", file.display());
    }
}
