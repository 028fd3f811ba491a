//! The templates.

use std::{fs, path::Path, sync::Arc};

use identity::language::Language;
use minijinja::{Value, context};

use crate::{assets, texts::Texts, view::Engine};

/// Every template by its name, with its text.
fn templates(folder: &Path, under: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = format!("{under}{}", path.file_name().expect("a name").to_string_lossy());
        if path.is_dir() {
            templates(&path, &format!("{name}/"), found);
        } else {
            found.push((name, fs::read_to_string(&path).expect("a text")));
        }
    }
}

fn all() -> Vec<(String, String)> {
    let mut found = Vec::new();
    templates(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"), "", &mut found);
    assert!(found.len() > 30);
    found
}

#[test]
fn nothing_is_inline_or_unescaped() {
    for (name, text) in all() {
        assert!(!text.contains("|safe") && !text.contains("autoescape"), "{name}");
        let inline = ["style=", "<style", "onclick", "onload", "<script>", "javascript:"];
        assert!(inline.iter().all(|what| !text.contains(what)), "{name}");
    }
}

/// What a page may be given: of everything something, or a name that would be a tag.
fn everything() -> Value {
    let when = context! { text => "<b>", iso => "<b>" };
    let row = context! {
        id => "<b>", name => "<b>", hint => "<b>", host => "<b>", ip => "<b>", current => true, synced => true,
        since => &when, used => &when, first => &when, seen => &when, trusted => &when,
    };
    let texts = vec!["<b>"];
    context! {
        title => "factor-remove-title", text => "factor-remove-text", submit => "factor-remove", section => "account",
        name => "<b>", email => "<b>", login => "<b>", hint => "<b>", number => "<b>", sent => true, phone => "<b>", uri => "<b>", qr => "<b>",
        secret => "<b>", ceremony => "<b>", options => "<b>", token => "<b>", puzzle => "<b>", bits => 12,
        notice => "<b>", return_to => "<b>", trust_days => 30, codes_left => 3, invited => true, may_sign_up => true,
        factors => vec![row.clone()], devices => vec![row.clone()], passkeys => vec![row.clone()],
        others => vec![context! { name => "sms", hint => "<b>" }],
        whose => "<b>", file => "<b>", key => "<b>", rules => texts.clone(), codes => texts.clone(), faults => texts.clone(),
        summary => vec![context! { field => "<b>", text => "<b>" }],
        errors => context! { password => texts.clone(), code => texts },
        attributes => ["text", "select", "checkbox"].map(|kind| context! {
            kind, name => "<b>", label => "<b>", hint => "<b>", value => "<b>", options => vec![context! { label => "<b>", value => "<b>" }],
        }).to_vec(),
        last_login => &when, since => &when, verified => false,
    }
}

#[test]
fn every_template_renders_in_every_language_and_escapes_what_it_is_given() {
    let (engine, texts) = (Engine::new(), Texts::new());
    for language in Language::ALL {
        let common = context! {
            t => Value::from_dyn_object(Arc::new(texts.of(language, None))), lang => language.as_str(), base => "/ui/",
            api => "/api/v1/", product => "Portcullis", csrf => "x", assets => assets::addresses(),
        };
        for (name, _) in all().iter().filter(|(name, _)| !name.starts_with("parts/")) {
            let page = engine.render(name, context! { ..everything(), ..common.clone() });
            let page = page.unwrap_or_else(|error| panic!("{name} in {}: {error:#}", language.as_str()));
            assert!(!page.contains("<b>"), "{name} does not escape");
        }
    }
}
