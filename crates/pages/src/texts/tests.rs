//! Every language says the same things, and nothing is said that no page asks for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use fluent_bundle::FluentResource;

use super::*;

/// The messages of a file with their variables.
fn messages(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(_, errors)| panic!("{errors:?}"));
    drop(resource);
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        if let Some((key, _)) = line.split_once(" =").filter(|(key, _)| !key.starts_with([' ', '*', '['])) {
            current = key.to_owned();
            assert!(found.insert(current.clone(), BTreeSet::new()).is_none(), "{current} is there twice");
        }
        for (at, _) in line.match_indices('$') {
            let name: String = line[at + 1..].chars().take_while(char::is_ascii_alphanumeric).collect();
            found.get_mut(&current).expect("a message").insert(name);
        }
    }
    found
}

#[test]
fn every_language_has_every_message_with_the_same_variables() {
    let english = messages(SOURCES[0].1);
    assert!(english.len() > 20);
    for (language, source) in SOURCES {
        let theirs = messages(source);
        for (key, variables) in &english {
            assert_eq!(theirs.get(key), Some(variables), "{} in {}", key, language.as_str());
        }
        let more: Vec<&String> = theirs.keys().filter(|key| !english.contains_key(*key)).collect();
        assert!(more.is_empty(), "only in {}: {more:?}", language.as_str());
    }
}

/// Everything that may name a message: templates and code, this file excepted.
fn users(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            users(&path, into);
        } else if path.file_name().is_none_or(|name| name != "tests.rs") {
            *into += &fs::read_to_string(&path).expect("a text");
        }
    }
}

#[test]
fn every_message_is_used_and_every_key_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    users(&root.join("src"), &mut text);
    users(&root.join("templates"), &mut text);
    let english = messages(SOURCES[0].1);
    let unused: Vec<&String> = english
        .keys()
        .filter(|key| !text.contains(&format!("\"{key}\"")) && !text.contains(&format!("'{key}'")))
        .collect();
    assert!(unused.is_empty(), "no page says {unused:?}");
    for (at, _) in text.match_indices(" t('") {
        let key: String = text[at + 4..].chars().take_while(|c| *c != '\'').collect();
        assert!(english.contains_key(&key), "there is no text {key}");
    }
}

#[test]
fn variables_and_plurals_are_filled_in() {
    let texts = Texts::new();
    let args = FluentArgs::from_iter([("count", 3)]);
    let said = |language| texts.of(language, None).with("span-minutes", &args);
    assert_eq!((said(Language::En), said(Language::Cs)), ("3 minutes".to_owned(), "3 minuty".to_owned()));
    assert_eq!(texts.of(Language::En, None).get("no-such-key"), "no-such-key");
}
