//! The configuration reference, generated from the schema: every setting with its type, default,
//! environment variable and meaning.

use std::fmt::Write as _;

use serde_json::Value;

use super::{ENV_PREFIX, Schema};

const INTRODUCTION: &str = "\
# Configuration

<!-- Generated from the types in crates/portcullis/src/config by `make docs`. Do not edit. -->

Portcullis reads, later ones winning: its embedded defaults, a TOML file (`--config FILE`, or
`portcullis.toml` in the current directory when it exists), the environment, and options of the
command line.

Every setting has an environment variable: its name in capitals after `PORTCULLIS__`, with two
underscores for each step inward. The value is read as TOML where the setting takes a number, a
truth value, an array or a table, and as it stands where the setting takes text; an array of texts
may be written with commas. A name that ends in `_FILE` gives the file that holds the value, so
`PORTCULLIS__STORAGE__URL_FILE=/run/secrets/url` works as container platforms expect.

`portcullis config check` reports every error at once with its place. `portcullis config schema`
prints the JSON Schema for editors. Settings marked *secret* are never shown or logged.
";

/// The document, in Markdown.
pub fn markdown(schema: &Schema) -> String {
    let mut text = INTRODUCTION.to_owned();
    let root = schema.document();
    for (name, section) in properties(root) {
        let alternatives = schema.alternatives(section);
        let map = alternatives.iter().find(|s| s.get("additionalProperties").is_some_and(Value::is_object));
        let array = alternatives.iter().find(|s| s.get("items").is_some());
        let heading = match (map, array) {
            (Some(_), _) => format!("[{name}.NAME]"),
            (_, Some(_)) => format!("[[{name}]]"),
            _ => format!("[{name}]"),
        };
        let _ = write!(text, "\n## `{heading}`\n\n{}\n\n", description(section));
        text.push_str("| setting | takes | default | meaning |\n|---|---|---|---|\n");
        rows(&mut text, schema, section, name, Unset::Default(None));
    }
    text
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

/// What holds when a setting is not made.
#[derive(Clone, Copy)]
enum Unset<'a> {
    /// It must be made.
    Missing,
    /// This, or nothing.
    Default(Option<&'a Value>),
}

impl<'a> Unset<'a> {
    fn inside(self, table: &Value, key: &str) -> Self {
        match self {
            Self::Default(Some(default)) if default.get(key).is_some() => Self::Default(default.get(key)),
            _ if table["required"].as_array().is_some_and(|r| r.iter().any(|n| n == key)) => Self::Missing,
            _ => Self::Default(None),
        }
    }
    fn or(self, own: Option<&'a Value>) -> Self {
        if own.is_some() { Self::Default(own) } else { self }
    }
}

impl std::fmt::Display for Unset<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("required"),
            Self::Default(Some(value)) => write!(f, "`{value}`"),
            Self::Default(None) => Ok(()),
        }
    }
}

/// The rows of one setting: itself, or what is inside it.
fn rows(text: &mut String, schema: &Schema, setting: &Value, path: &str, unset: Unset<'_>) {
    let alternatives = schema.alternatives(setting);
    let unset = unset.or(setting.get("default"));
    let top = !path.contains('.');
    // A table of settings, a table of named tables, an array of tables: what is inside is listed.
    let mut inside = String::new();
    for alternative in &alternatives {
        for (key, property) in properties(alternative) {
            rows(&mut inside, schema, property, &format!("{path}.{key}"), unset.inside(alternative, key));
        }
        for (mark, keyword) in [(".NAME", "additionalProperties"), ("[]", "items")] {
            if let Some(inner) = alternative.get(keyword).filter(|i| i.is_object()) {
                for alternative in schema.alternatives(inner) {
                    for (key, property) in properties(alternative) {
                        let unset = Unset::Default(None).inside(alternative, key);
                        rows(&mut inside, schema, property, &format!("{path}{mark}.{key}"), unset);
                    }
                }
            }
        }
    }
    let only_a_table = !inside.is_empty() && alternatives.iter().all(|s| properties(s).next().is_some());
    if !only_a_table && (!top || inside.is_empty()) {
        let key = path.replace("[].", "[N].");
        let secret = if setting.get("writeOnly").is_some() { " *Secret.*" } else { "" };
        let meaning = format!("{}{secret}", description(setting)).replace('|', "\\|");
        let variable = format!("{ENV_PREFIX}{}", key.replace("[N]", ".N").replace('.', "__").to_uppercase());
        let _ = writeln!(
            text,
            "| `{key}`<br>`{variable}` | {} | {} | {meaning} |",
            kinds(schema, &alternatives).replace('|', "\\|"),
            unset.to_string().replace('|', "\\|"),
        );
    }
    text.push_str(&inside);
}

fn description(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a setting takes, in a few words.
fn kinds(schema: &Schema, alternatives: &[&Value]) -> String {
    let mut words: Vec<String> = Vec::new();
    for alternative in alternatives {
        let names: Vec<&Value> = match (alternative.get("const"), alternative.get("enum").and_then(Value::as_array)) {
            (Some(one), _) => vec![one],
            (None, Some(many)) => many.iter().collect(),
            (None, None) => Vec::new(),
        };
        if !names.is_empty() {
            words.extend(names.into_iter().map(|n| format!("`{n}`")));
            continue;
        }
        let kind = alternative.get("type").map(|t| match t {
            Value::Array(types) => types.iter().filter_map(Value::as_str).find(|t| *t != "null").unwrap_or("any"),
            one => one.as_str().unwrap_or("any"),
        });
        words.push(match (kind, alternative.get("format").and_then(Value::as_str)) {
            (Some("null"), _) => continue,
            (Some("string"), Some(format)) => format.replace('-', " "),
            (Some("string"), None) => match schema.name_of(alternative) {
                Some(name) => name.to_lowercase(),
                None => "text".to_owned(),
            },
            (Some("integer" | "number"), _) => range(alternative),
            (Some("boolean"), _) => "`true`, `false`".to_owned(),
            (Some("array"), _) => match alternative.get("items").map(|i| kinds(schema, &schema.alternatives(i))) {
                Some(of) => format!("array of {of}"),
                None => "array".to_owned(),
            },
            (Some("object"), _) => "table".to_owned(),
            (kind, _) => kind.unwrap_or("any value").to_owned(),
        });
    }
    words.dedup();
    words.join(", ")
}

fn range(schema: &Value) -> String {
    match (schema.get("minimum"), schema.get("maximum")) {
        (Some(low), Some(high)) => format!("{low} to {high}"),
        (Some(low), None) => format!("number from {low}"),
        (None, Some(high)) => format!("number up to {high}"),
        (None, None) => "number".to_owned(),
    }
}
