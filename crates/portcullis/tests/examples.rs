//! Every configuration in the documentation can be used as it stands.

use std::{fs, path::Path};

use portcullis::config::Sources;

/// The TOML blocks of a Markdown file, with the lines they begin at.
fn blocks(text: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (i, line) in text.lines().enumerate() {
        match (&mut open, line.trim_end()) {
            (None, "```toml") => open = Some((i + 1, String::new())),
            (Some(_), "```") => blocks.extend(open.take()),
            (Some((_, block)), line) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    blocks
}

#[test]
fn every_example_loads() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let dir = tempfile::tempdir().expect("a directory");
    let mut loaded = 0;
    for file in ["messages.md", "shaping.md"] {
        let text = fs::read_to_string(docs.join(file)).expect(file);
        for (line, block) in blocks(&text) {
            let path = dir.path().join("portcullis.toml");
            // Files that an example names lie beside the documentation, wherever the test runs.
            let here = docs.join("examples").display().to_string();
            fs::write(&path, block.replace("docs/examples", &here)).expect("written");
            let sources = Sources { file: Some(path), ..Sources::default() };
            if let Err(report) = sources.load() {
                panic!("docs/{file}, line {line}: {:?}", report.findings());
            }
            loaded += 1;
        }
    }
    assert!(loaded >= 3, "the examples were found");
}
