//! Every TOML example in `docs` is a configuration that loads.

use std::{fs, path::PathBuf};

use portcullis::config::Sources;

fn examples(text: &str) -> Vec<&str> {
    text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn every_example_loads() {
    let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let dir = tempfile::tempdir().expect("a directory");
    let mut loaded = 0;
    for entry in fs::read_dir(docs).expect("the documents").flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        for (i, example) in examples(&fs::read_to_string(&path).expect("a document")).into_iter().enumerate() {
            let file = dir.path().join("portcullis.toml");
            fs::write(&file, example).expect("written");
            let sources = Sources { file: Some(file), ..Sources::default() };
            if let Err(report) = sources.load() {
                let errors: Vec<String> = report.findings().iter().map(ToString::to_string).collect();
                panic!("{}, example {}: {}", path.display(), i + 1, errors.join("\n"));
            }
            loaded += 1;
        }
    }
    assert!(loaded > 0, "the documents were read");
}
