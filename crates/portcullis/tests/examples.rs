//! Every example of a configuration in `docs/` is one that the program takes.
//!
//! A block that is marked `toml` is a whole configuration; a fragment is marked `text`.

use std::{fs, path::PathBuf};

use portcullis::config::Sources;

#[test]
fn every_configuration_in_the_guides_is_valid() {
    let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let dir = tempfile::tempdir().expect("a folder");
    let mut blocks = 0;
    for guide in fs::read_dir(docs).expect("the guides").flatten().filter(|entry| entry.path().is_file()) {
        let text = fs::read_to_string(guide.path()).expect("text");
        for block in text.split("```toml\n").skip(1) {
            let block = block.split("```").next().expect("its end");
            let file = dir.path().join("portcullis.toml");
            fs::write(&file, block).expect("written");
            let sources = Sources { file: Some(file), ..Sources::default() };
            if let Err(report) = sources.load() {
                panic!("{}:\n{block}\n{report}", guide.path().display());
            }
            blocks += 1;
        }
    }
    assert!(blocks > 0, "the guides have examples");
}
