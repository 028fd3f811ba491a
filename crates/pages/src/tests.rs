//! The templates.

use std::fs;

use minijinja::Environment;

#[test]
fn every_template_parses_and_escapes() {
    fn walk(folder: &std::path::Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else {
                found.push(fs::read_to_string(&path).expect("a text"));
            }
        }
    }
    let mut found = Vec::new();
    walk(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"), &mut found);
    assert!(found.len() > 5);
    let environment = Environment::new();
    for text in found {
        environment.template_from_str(&text).unwrap_or_else(|error| panic!("{error:#}\n{text}"));
        assert!(!text.contains("|safe"), "{text}");
        assert!(!text.contains("style=") && !text.contains("<style") && !text.contains("onclick"), "inline: {text}");
    }
}
