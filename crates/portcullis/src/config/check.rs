//! Judges a [`Tree`] by the [`Schema`]: unknown settings, wrong types, malformed values, all at once,
//! in words that say what to write instead.

use jsonschema::{ValidationError, error::ValidationErrorKind as Kind, paths::LocationSegment};
use serde_json::Value;

use super::{
    formats::FORMATS,
    report::{Path, Step, did_you_mean},
    schema::Schema,
    tree::{Tree, kind_of},
};

/// Notes every error that the schema finds.
pub(super) fn against_schema(tree: &mut Tree, schema: &Schema) {
    let validator = match schema.validator() {
        Ok(validator) => validator,
        // Only a mistake in our own types can lead here; a test builds the schema.
        Err(error) => return tree.find(Path::default(), format!("the schema itself is broken: {error}")),
    };
    let value = tree.value.clone();
    for error in validator.iter_errors(&value) {
        for (path, message) in explain(&error, schema) {
            tree.find(path, message);
        }
    }
}

fn path_of(error: &ValidationError<'_>) -> Path {
    let steps = error.instance_path().iter().map(|segment| match segment {
        LocationSegment::Property(key) => Step::Key(key.to_string()),
        LocationSegment::Index(index) => Step::Index(index),
    });
    Path(steps.collect())
}

/// The setting that is wrong and what is wrong with it.
fn explain(error: &ValidationError<'_>, schema: &Schema) -> Vec<(Path, String)> {
    let path = path_of(error);
    let value = error.instance().as_ref();
    let shown = || if schema.is_secret(&path) { "the value".to_owned() } else { show(value) };
    let message = match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            return unexpected.iter().map(|key| (path.then(key.as_str()), unknown(key, &path, schema))).collect();
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => return best_branch(path, value, context, schema),
        Kind::Required { property } => format!("{} is missing", show(property)),
        Kind::Type { .. } => format!("expected {}, found {}", expected(schema, &path), a(kind_of(value))),
        Kind::Enum { options } => none_of(&shown(), value, options.as_array().map_or(&[], Vec::as_slice)),
        Kind::Constant { expected_value } => none_of(&shown(), value, std::slice::from_ref(expected_value)),
        Kind::Format { format } => {
            let reason = FORMATS
                .iter()
                .find(|f| f.name == format)
                .and_then(|f| (f.check)(value.as_str().unwrap_or_default()).err());
            reason.unwrap_or_else(|| format!("{} is not a valid {format}", shown()))
        }
        Kind::Minimum { limit } => format!("must be at least {limit}"),
        Kind::Maximum { limit } => format!("must be at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("must be more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        Kind::MinLength { limit: 1 } | Kind::MinItems { limit: 1 } => "must not be empty".to_owned(),
        Kind::MinLength { limit } => format!("must have at least {limit} characters"),
        Kind::MaxLength { limit } => format!("must have at most {limit} characters"),
        Kind::MinItems { limit } => format!("must have at least {limit} entries"),
        Kind::MaxItems { limit } => format!("must have at most {limit} entries"),
        Kind::UniqueItems => "has an entry twice".to_owned(),
        Kind::Pattern { pattern } => match schema.at(&path.0).iter().find_map(|s| s.get("description")?.as_str()) {
            Some(meant) => format!("{} does not fit: {}", shown(), lower_first(meant)),
            None => format!("{} does not match {pattern}", shown()),
        },
        _ => error.masked().to_string(),
    };
    vec![(path, message)]
}

fn unknown(key: &str, table: &Path, schema: &Schema) -> String {
    let known = schema.keys(table);
    let hint = did_you_mean(key, known.iter().copied());
    if !hint.is_empty() || known.is_empty() {
        return format!("unknown setting{hint}");
    }
    let (kind, name) =
        if table.0.is_empty() { ("section", "the top level".to_owned()) } else { ("setting", table.to_string()) };
    format!("unknown {kind}; {name} takes {}", known.join(", "))
}

fn none_of(shown: &str, value: &Value, options: &[Value]) -> String {
    let names: Vec<&str> = options.iter().filter_map(Value::as_str).collect();
    let hint = value.as_str().map(|v| did_you_mean(v, names.iter().copied())).unwrap_or_default();
    let listed = options.iter().map(show).collect::<Vec<_>>().join(", ");
    match options {
        [_] => format!("{shown} is not {listed}{hint}"),
        _ => format!("{shown} is none of {listed}{hint}"),
    }
}

/// Of several forms that a value may take, speaks about the one that was probably meant: the one whose
/// type fits. Where only names were possible, all of them are listed.
fn best_branch(
    path: Path,
    value: &Value,
    context: &[Vec<ValidationError<'static>>],
    schema: &Schema,
) -> Vec<(Path, String)> {
    let of_the_type = |errors: &&Vec<ValidationError<'static>>| {
        !errors.iter().any(|e| matches!(e.kind(), Kind::Type { .. }) && path_of(e) == path)
    };
    let names: Vec<Value> = context
        .iter()
        .flatten()
        .filter(|e| path_of(e) == path)
        .flat_map(|e| match e.kind() {
            Kind::Constant { expected_value } => vec![expected_value.as_ref().clone()],
            Kind::Enum { options } => options.as_array().cloned().unwrap_or_default(),
            _ => Vec::new(),
        })
        .collect();
    if value.is_string() && !names.is_empty() {
        let shown = if schema.is_secret(&path) { "the value".to_owned() } else { show(value) };
        return vec![(path.clone(), none_of(&shown, value, &names))];
    }
    let deepest = |errors: &&Vec<ValidationError<'static>>| {
        let depth = errors.iter().map(|e| e.instance_path().iter().count()).max().unwrap_or_default();
        (std::cmp::Reverse(depth), errors.len())
    };
    match context.iter().filter(of_the_type).min_by_key(deepest) {
        Some(branch) => branch.iter().flat_map(|e| explain(e, schema)).collect(),
        None => {
            let message = format!("expected {}, found {}", expected(schema, &path), a(kind_of(value)));
            vec![(path, message)]
        }
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// What a setting takes, in words: `a string or an array`.
fn expected(schema: &Schema, path: &Path) -> String {
    let kinds = ["boolean", "integer", "number", "string", "array", "object"];
    let mut taken: Vec<&str> = kinds.into_iter().filter(|kind| schema.accepts(&path.0, kind)).collect();
    if taken.contains(&"number") {
        taken.retain(|kind| *kind != "integer");
    }
    taken.into_iter().map(a).collect::<Vec<_>>().join(" or ")
}

/// A JSON Schema type in the words of TOML.
fn a(kind: &str) -> &'static str {
    match kind {
        "boolean" => "true or false",
        "integer" => "an integer",
        "number" => "a number",
        "string" => "a string",
        "array" => "an array",
        "object" => "a table",
        _ => "nothing",
    }
}

/// A value as one would write it, cut to a length that fits a line.
fn show(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = value.to_string();
    if text.chars().count() <= LONGEST { text } else { text.chars().take(LONGEST).chain(['…']).collect() }
}
