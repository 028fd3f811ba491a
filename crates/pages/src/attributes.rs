//! Fields for a tenant's custom attributes, read from its schema: every property at the top of it whose value
//! is one text, number, choice or box.
//!
//! What a form says is only read here; whether it holds, the whole schema judges where it is kept.
//!
//! Deliberately absent: lists and objects, and what schemas ask for by other ways than `properties` and
//! `required` at their top. Applications ask for these by themselves.

use identity::{http::Fields, users::Attributes};
use kernel::{Problem, problem::common};
use minijinja::{Value, context};
use serde_json::{Map, Value as Json};
use url::form_urlencoded;

use crate::{form::Form, texts::Words, view::View};

/// Most fields: a form has a bound, and so has patience.
const MAX_FIELDS: usize = 64;

/// Most options of a choice.
const MAX_OPTIONS: usize = 250;

/// Longest chain of references from a property that is followed.
const MAX_REFERENCES: usize = 8;

/// What begins the names of all these fields.
const PREFIX: &str = "attribute-";

/// What a tenant asks of people.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    fields: Vec<Field>,
    /// Something is required that no field can say.
    beyond: bool,
}

/// One property.
#[derive(Debug)]
struct Field {
    property: String,
    label: String,
    hint: Option<String>,
    kind: Kind,
    required: bool,
    least: Option<serde_json::Number>,
    most: Option<serde_json::Number>,
}

#[derive(Debug)]
enum Kind {
    Text { input: &'static str, max_length: Option<u64> },
    Number { whole: bool },
    Box,
    Choice(Vec<(Json, String)>),
}

impl Asked {
    /// Of a schema; of none, nothing is asked.
    pub(crate) fn of(schema: Option<&Json>) -> Self {
        let Some(schema) = schema else { return Self::default() };
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        let properties = schema["properties"].as_object();
        let all = properties
            .into_iter()
            .flatten()
            .filter_map(|(name, property)| Field::of(schema, name, property, required.contains(&name.as_str())));
        let (mut fields, others): (Vec<_>, Vec<_>) = all.partition(|field| field.required);
        let beyond = required.iter().any(|name| !fields.iter().any(|field| field.property == **name));
        let beyond = beyond || fields.len() > MAX_FIELDS;
        fields.extend(others);
        fields.truncate(MAX_FIELDS);
        Self { fields, beyond }
    }

    /// Only what is required.
    pub(crate) fn required(mut self) -> Self {
        self.fields.retain(|field| field.required);
        self
    }

    /// Says which fields were left empty, together with what else is wrong with the form.
    pub(crate) fn note_empty(&self, form: &Form, fields: &mut Fields) {
        for field in self.fields.iter().filter(|field| field.required && !matches!(field.kind, Kind::Box)) {
            if form.text(&field.name()).is_empty() {
                let step = field.property.replace('~', "~0").replace('/', "~1");
                fields.wrong(format!("/attributes/{step}"), "required", "");
            }
        }
    }

    /// What the form says, beside what was there. `Err`: it is too much.
    pub(crate) fn read(&self, form: &Form, before: &Attributes) -> Result<Attributes, Problem> {
        let mut said = before.as_map().clone();
        for field in &self.fields {
            field.read(form.text(&field.name()), &mut said);
        }
        Attributes::try_from(said)
            .map_err(|error| Problem::new(common::INVALID).field("/attributes", "too_long", error.to_string()))
    }

    /// Fields that are filled in with what is known.
    pub(crate) fn show_known(&self, view: View, words: &Words, known: &Attributes) -> View {
        self.show(view, words, |field| known.as_map().get(&field.property).and_then(|value| field.text(value)))
    }

    /// Fields that are filled in with what was typed.
    pub(crate) fn show_typed(&self, view: View, words: &Words, form: &Form) -> View {
        self.show(view, words, |field| Some(form.text(&field.name()).to_owned()))
    }

    fn show(&self, view: View, words: &Words, text: impl Fn(&Field) -> Option<String>) -> View {
        let rows: Vec<Value> =
            self.fields.iter().map(|field| field.row(words, &text(field).unwrap_or_default())).collect();
        let labels = self.fields.iter().map(|field| (field.name(), field.label.clone()));
        view.with("attributes", rows).with("beyond", self.beyond).labelled(labels)
    }

    /// What is wrong, said at the fields of this form. `None`: something is wrong that none of them can say.
    pub(crate) fn at_fields(&self, mut problem: Problem) -> Option<Problem> {
        for error in &mut problem.errors {
            let Some(rest) = error.field.strip_prefix("/attributes") else { continue };
            let property = rest.split('/').nth(1)?.replace("~1", "/").replace("~0", "~");
            let field = self.fields.iter().find(|field| field.property == property)?;
            error.code = field.fault(error.code);
            error.field = format!("/{}", field.name()).into();
        }
        Some(problem)
    }
}

impl Field {
    /// `None`: it is not for a field, or not for people to write.
    fn of(schema: &Json, name: &str, property: &Json, required: bool) -> Option<Self> {
        let rule = resolve(schema, property)?;
        // What stands beside a reference is about this property alone.
        let said = |keyword: &str| property.get(keyword).or_else(|| rule.get(keyword));
        if said("readOnly") == Some(&Json::Bool(true)) {
            return None;
        }
        let text = |keyword| said(keyword).and_then(Json::as_str).map(str::trim).filter(|text| !text.is_empty());
        let number = |keyword| said(keyword).and_then(Json::as_number).cloned();
        let kind = Kind::of(&rule)?;
        let counts = matches!(kind, Kind::Number { .. });
        Some(Self {
            property: name.to_owned(),
            label: text("title").unwrap_or(name).to_owned(),
            hint: text("description").map(str::to_owned),
            kind,
            required,
            least: number("minimum").filter(|_| counts),
            most: number("maximum").filter(|_| counts),
        })
    }

    /// The name in forms, which is the id on pages too.
    fn name(&self) -> String {
        format!("{PREFIX}{}", form_urlencoded::byte_serialize(self.property.as_bytes()).collect::<String>())
    }

    /// Takes what was typed; nothing means that there is none.
    fn read(&self, typed: &str, said: &mut Map<String, Json>) {
        let before = said.get(&self.property);
        let value = match &self.kind {
            // A box that nobody ticked says no, once somebody was asked or must be.
            Kind::Box if typed.is_empty() => (self.required || before.is_some()).then_some(Json::Bool(false)),
            Kind::Box => Some(Json::Bool(true)),
            // What no field can show is not taken away by a field that was empty.
            _ if typed.is_empty() => before.filter(|value| self.text(value).is_none()).cloned(),
            Kind::Text { .. } => Some(Json::from(typed)),
            // What is no number stays a text, so that the schema says so.
            Kind::Number { whole: true } => Some(typed.parse::<i64>().map_or_else(|_| typed.into(), Json::from)),
            Kind::Number { whole: false } => {
                // As most of Europe writes it.
                let plain = if typed.contains('.') { typed.to_owned() } else { typed.replacen(',', ".", 1) };
                let number = plain.parse::<f64>().ok().and_then(serde_json::Number::from_f64);
                let whole = plain.parse::<i64>().ok().map(Json::from);
                Some(whole.or(number.map(Json::Number)).unwrap_or_else(|| typed.into()))
            }
            Kind::Choice(options) => {
                let chosen = options.iter().find(|(value, _)| plain(value) == typed);
                Some(chosen.map_or_else(|| typed.into(), |(value, _)| value.clone()))
            }
        };
        match value {
            Some(value) => said.insert(self.property.clone(), value),
            None => said.remove(&self.property),
        };
    }

    /// A value as it is typed. `None`: this field cannot say it.
    fn text(&self, value: &Json) -> Option<String> {
        match (&self.kind, value) {
            (Kind::Text { .. }, Json::String(text)) => Some(text.clone()),
            (Kind::Number { .. }, Json::Number(number)) => Some(number.to_string()),
            (Kind::Box, Json::Bool(ticked)) => Some(if *ticked { "1" } else { "" }.to_owned()),
            (Kind::Choice(options), value) => options.iter().find(|(one, _)| one == value).map(|(one, _)| plain(one)),
            _ => None,
        }
    }

    /// A broken rule, by the word that pages have for it.
    fn fault(&self, code: &'static str) -> &'static str {
        match (&self.kind, code) {
            (Kind::Number { whole: true }, "type") => "not_whole",
            (Kind::Number { .. }, "type") => "not_a_number",
            (Kind::Text { .. }, "too_short") => "text_too_short",
            (Kind::Text { .. } | Kind::Number { .. }, "pattern") => "format",
            (Kind::Text { input: "email", .. }, "format") => "email",
            (Kind::Box, "enum") => "required",
            _ => code,
        }
    }

    /// For the template.
    fn row(&self, words: &Words, value: &str) -> Value {
        let bounds = [("least", self.least.as_ref()), ("most", self.most.as_ref())];
        let bounds = bounds.into_iter().filter_map(|(name, number)| number.map(|number| (name, number.to_string())));
        let range = match (&self.least, &self.most) {
            (None, None) => None,
            (Some(_), None) => Some("attribute-least"),
            (None, Some(_)) => Some("attribute-most"),
            (Some(_), Some(_)) => Some("attribute-range"),
        };
        let range = range.map(|key| words.with(key, &bounds.collect()));
        let hint: Vec<&str> = self.hint.as_deref().into_iter().chain(range.as_deref()).collect();
        let (kind, inputmode, max_length, options) = match &self.kind {
            Kind::Text { input, max_length } => (*input, None, *max_length, None),
            Kind::Number { whole } => ("text", Some(if *whole { "numeric" } else { "decimal" }), Some(32), None),
            Kind::Box => ("checkbox", None, None, None),
            Kind::Choice(options) => ("select", None, None, Some(options)),
        };
        // A keypad of digits has no minus sign.
        let below_zero = self.least.as_ref().and_then(serde_json::Number::as_f64).is_none_or(|least| least < 0.0);
        let inputmode = inputmode.filter(|_| !below_zero);
        let options = options.map(|options| {
            let option = |(option, label): &(Json, String)| {
                let plain = plain(option);
                context! { label, chosen => plain == value, value => plain }
            };
            options.iter().map(option).collect::<Vec<_>>()
        });
        context! {
            name => self.name(), label => self.label.clone(), hint => hint.join(" "), kind, inputmode, max_length, options,
            value, optional => !self.required,
        }
    }
}

impl Kind {
    /// What the rules of one property are about.
    fn of(rule: &Json) -> Option<Self> {
        if let Some(options) = options(rule) {
            let fits = (1..=MAX_OPTIONS).contains(&options.len());
            let boolean = options.iter().all(|(value, _)| value.is_boolean());
            return fits.then_some(if boolean { Self::Box } else { Self::Choice(options) });
        }
        let kind = match &rule["type"] {
            Json::Array(kinds) => kinds.iter().filter_map(Json::as_str).find(|kind| *kind != "null"),
            kind => kind.as_str(),
        };
        match kind? {
            "string" => {
                let input = match rule["format"].as_str() {
                    Some("date") => "date",
                    Some("email") => "email",
                    Some("uri") => "url",
                    _ => "text",
                };
                Some(Self::Text { input, max_length: rule["maxLength"].as_u64() })
            }
            "integer" => Some(Self::Number { whole: true }),
            "number" => Some(Self::Number { whole: false }),
            "boolean" => Some(Self::Box),
            _ => None,
        }
    }
}

/// The values of `enum` or `const`, or of `oneOf` where each is one value with a title. Empty: there are some that no
/// field can say.
fn options(rule: &Json) -> Option<Vec<(Json, String)>> {
    let one = |value: &Json, title: Option<&str>| (value.clone(), title.map_or_else(|| plain(value), str::to_owned));
    let found: Vec<(Json, String)> = if let Some(values) = rule["enum"].as_array() {
        values.iter().map(|value| one(value, None)).collect()
    } else if let Some(value) = rule.get("const") {
        vec![one(value, None)]
    } else {
        let all = rule["oneOf"].as_array()?;
        let named = all.iter().map(|each| each.get("const").map(|value| one(value, each["title"].as_str())));
        named.collect::<Option<_>>()?
    };
    let known = |value: &Json| !value.is_array() && !value.is_object();
    let simple = found.iter().all(|(value, _)| known(value));
    Some(if simple { found.into_iter().filter(|(value, _)| !value.is_null()).collect() } else { Vec::new() })
}

/// A scalar, as a form says it.
fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What a property refers to within the schema.
fn resolve(schema: &Json, property: &Json) -> Option<Json> {
    let mut here = property;
    for _ in 0..MAX_REFERENCES {
        let Some(reference) = here.get("$ref").and_then(Json::as_str) else { return Some(here.clone()) };
        here = schema.pointer(reference.strip_prefix('#')?)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use identity::language::Language;
    use serde_json::json;

    use super::*;
    use crate::texts::Texts;

    fn schema() -> Json {
        json!({
            "type": "object", "required": ["grade", "terms", "plan"],
            "$defs": {"plan": {"enum": ["free", "paid"], "title": "Plan"}},
            "properties": {
                "grade": {"type": "integer", "minimum": 1, "maximum": 12, "title": "Grade", "description": "Of your school."},
                "share": {"type": ["number", "null"]}, "terms": {"const": true}, "plan": {"$ref": "#/$defs/plan"},
                "born on": {"type": "string", "format": "date", "maxLength": 10},
                "size": {"oneOf": [{"const": 1, "title": "Small"}, {"const": 2, "title": "Large"}]},
                "tags": {"type": "array"}, "checked": {"type": "boolean", "readOnly": true},
            },
        })
    }

    #[test]
    fn scalars_at_the_top_become_fields_and_required_ones_come_first() {
        let asked = Asked::of(Some(&schema()));
        let names: Vec<String> = asked.fields.iter().map(Field::name).collect();
        assert_eq!(
            names,
            [
                "attribute-grade",
                "attribute-plan",
                "attribute-terms",
                "attribute-born+on",
                "attribute-share",
                "attribute-size"
            ]
        );
        assert!(!asked.beyond);
        assert_eq!(asked.required().fields.len(), 3);
        let words = Texts::new().of(Language::En, None);
        let asked = Asked::of(Some(&schema()));
        assert_eq!(
            asked.fields[0].row(&words, "3").get_attr("hint").expect("a hint").to_string(),
            "Of your school. From 1 to 12."
        );
        for what in
            [json!({"type": "array"}), json!({"readOnly": true, "type": "string"}), json!({"enum": [[1]]}), json!(true)]
        {
            assert!(Asked::of(Some(&json!({"properties": {"a": what}, "required": ["a"]}))).beyond);
        }
        assert!(Asked::of(Some(&json!({"required": ["a"]}))).beyond);
        let many: Map<String, Json> = (0..100).map(|i| (format!("p{i}"), json!({"type": "string"}))).collect();
        assert_eq!(Asked::of(Some(&json!({"properties": many}))).fields.len(), MAX_FIELDS);
    }

    #[test]
    fn what_was_typed_becomes_what_the_schema_speaks_of() {
        let asked = Asked::of(Some(&schema()));
        let read = |form: &str, before: Json| {
            let before = Attributes::try_from(before.as_object().expect("an object").clone()).expect("attributes");
            asked.read(&Form::parse(form.as_bytes()), &before).expect("attributes").to_json()
        };
        let full = "attribute-grade=3&attribute-share=0,5&attribute-terms=1&attribute-plan=paid&attribute-born%2Bon=2001-02-03&attribute-size=2";
        assert_eq!(
            read(full, json!({})),
            json!({"grade": 3, "share": 0.5, "terms": true, "plan": "paid", "born on": "2001-02-03", "size": 2})
        );
        // What is no number, or none of the options, is left to the schema to refuse.
        assert_eq!(
            read("attribute-grade=x&attribute-size=9", json!({})),
            json!({"grade": "x", "size": "9", "terms": false})
        );
        // Lists stay, what nobody may write too; what was emptied goes, unless its field could not show it.
        let before = json!({"tags": ["a"], "checked": true, "grade": 3, "share": "a half", "terms": true});
        assert_eq!(read("", before), json!({"tags": ["a"], "checked": true, "share": "a half", "terms": false}));
    }

    #[test]
    fn what_is_wrong_is_said_at_its_field_or_nowhere() {
        let asked = Asked::of(Some(&schema()));
        let at = |pointer: &'static str, code| asked.at_fields(Problem::new(common::INVALID).field(pointer, code, ""));
        let there = at("/attributes/grade", "type").expect("a field").errors[0].clone();
        assert_eq!((&*there.field, there.code), ("/attribute-grade", "not_whole"));
        assert_eq!(at("/attributes/born on", "format").expect("a field").errors[0].field, "/attribute-born+on");
        assert_eq!(at("/email", "format").expect("not ours").errors[0].field, "/email");
        assert!(at("/attributes", "schema").is_none() && at("/attributes/tags/0", "type").is_none());
    }
}
