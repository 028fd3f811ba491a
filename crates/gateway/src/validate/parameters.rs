//! Parameters in path, query, header fields and cookies, in the styles of OpenAPI 3.1 §4.8.12.6: `simple`, `form`,
//! `spaceDelimited`, `pipeDelimited` and `deepObject`. Of others (`label`, `matrix`) only the presence is looked at.
//!
//! A text is taken apart first and its pieces are decoded then, so that an encoded comma separates nothing.

use std::{borrow::Cow, collections::BTreeMap};

use http::{HeaderName, header};
use percent_encoding::percent_decode_str;
use schema::{Schema, Wrong};
use serde_json::{Map, Value};

use super::{Head, kind::Kind, openapi::PathValues};
use crate::template::decode_query;

/// One parameter.
#[derive(Debug)]
pub(super) struct Parameter {
    name: Box<str>,
    place: Place,
    style: Style,
    explode: bool,
    required: bool,
    schema: Option<Schema>,
    kind: Kind,
}

#[derive(Debug, PartialEq, Eq)]
enum Place {
    Path,
    Query,
    Header(HeaderName),
    Cookie,
}

/// How lists and objects are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// With commas; in queries and cookies, each value or property by itself where it is exploded.
    Commas,
    Spaces,
    Pipes,
    /// `name[property]=value`.
    Deep,
    /// Not looked into.
    Unread,
}

/// What a request says for a parameter.
enum Said {
    Nothing,
    /// Not looked into.
    Something,
    Value(Value),
    /// Twice is one too many: two readers would take different ones.
    Twice,
}

impl Parameter {
    /// A parameter object; `kind` is what its schema makes of texts. `None` for header fields that OpenAPI leaves to
    /// others.
    pub(super) fn new(parameter: &Value, schema: Option<Schema>, kind: Kind) -> Option<Self> {
        let name = parameter["name"].as_str()?;
        let place = match parameter["in"].as_str()? {
            "path" => Place::Path,
            "query" => Place::Query,
            "cookie" => Place::Cookie,
            // OpenAPI 3.1 §4.8.12.1: their definitions are to be ignored.
            "header" if !["accept", "content-type", "authorization"].contains(&&*name.to_ascii_lowercase()) => {
                Place::Header(HeaderName::from_bytes(name.as_bytes()).ok()?)
            }
            _ => return None,
        };
        let style = match (parameter["style"].as_str(), &place) {
            (None | Some("form"), Place::Query | Place::Cookie) => Style::Commas,
            (None | Some("simple"), Place::Path | Place::Header(_)) => Style::Commas,
            (Some("spaceDelimited"), Place::Query) => Style::Spaces,
            (Some("pipeDelimited"), Place::Query) => Style::Pipes,
            (Some("deepObject"), Place::Query) => Style::Deep,
            _ => Style::Unread,
        };
        let by_itself = style == Style::Commas && matches!(place, Place::Query | Place::Cookie);
        Some(Self {
            name: name.into(),
            required: place == Place::Path || parameter["required"].as_bool().unwrap_or(false),
            explode: parameter["explode"].as_bool().unwrap_or(by_itself),
            place,
            style,
            schema,
            kind,
        })
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && std::mem::discriminant(&self.place) == std::mem::discriminant(&other.place)
    }

    /// What is wrong with it in this request.
    pub(super) fn check(&self, path: &PathValues<'_, '_>, head: &Head<'_>) -> Vec<Wrong> {
        let wrong = |code, message: &str| {
            vec![Wrong { field: self.name.to_string(), code, message: format!("{} {message}", self.name) }]
        };
        match (self.said(path, head), &self.schema) {
            (Said::Nothing, _) if self.required => wrong("required", "is missing"),
            (Said::Twice, _) => wrong("duplicate", "comes more than once"),
            (Said::Value(value), Some(schema)) => schema.errors(&value, &self.name),
            _ => Vec::new(),
        }
    }

    fn said(&self, path: &PathValues<'_, '_>, head: &Head<'_>) -> Said {
        let pairs = self.pairs(path, head);
        let own = || pairs.iter().filter(|(name, _)| **name == *self.name).map(|(_, value)| *value);
        match &self.kind {
            Kind::Object(_) if self.style == Style::Deep => {
                let inner =
                    |name: &str| Some(name.strip_prefix(&*self.name)?.strip_prefix('[')?.strip_suffix(']')?.to_owned());
                self.object(pairs.iter().filter_map(|(name, value)| Some((inner(name)?, *value))))
            }
            Kind::Object(properties) if self.explode && matches!(self.place, Place::Query | Place::Cookie) => {
                // What is a property of this object cannot be told from its name alone.
                let named = pairs.iter().filter(|(name, _)| properties.contains_key(&**name));
                self.object(named.map(|(name, value)| (name.to_string(), *value)))
            }
            _ if self.style == Style::Unread || self.style == Style::Deep || self.kind == Kind::Other => {
                if own().next().is_some() { Said::Something } else { Said::Nothing }
            }
            Kind::Object(_) => match (own().next(), own().nth(1)) {
                (None, _) => Said::Nothing,
                (Some(one), None) => self.object(self.properties(one)),
                _ => Said::Twice,
            },
            Kind::List(kind) => {
                if own().next().is_none() {
                    return Said::Nothing;
                }
                let whole = self.explode && self.place == Place::Query && self.style == Style::Commas;
                let items = own().flat_map(|text| if whole { vec![text] } else { self.split(text) });
                Said::Value(Value::Array(items.map(|text| kind.read(&self.decode(text))).collect()))
            }
            kind => match (own().next(), own().nth(1)) {
                (None, _) => Said::Nothing,
                (Some(one), None) => Said::Value(kind.read(&self.decode(one))),
                _ => Said::Twice,
            },
        }
    }

    /// Names, decoded, and values, as they were sent, of everything in its place.
    fn pairs<'r>(&self, path: &PathValues<'r, 'r>, head: &Head<'r>) -> Vec<(Cow<'r, str>, &'r str)> {
        match &self.place {
            Place::Path => path.iter().map(|(name, value)| (Cow::Borrowed(*name), *value)).collect(),
            Place::Query => {
                let pairs = head.query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
                let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
                pairs.map(|(name, value)| (decode_query(name), value)).collect()
            }
            Place::Header(name) => {
                // What is not ASCII is nothing that a schema could judge.
                let values = head.headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("\u{fffd}"));
                values.map(|value| (Cow::Owned(self.name.to_string()), value)).collect()
            }
            Place::Cookie => {
                let values = head.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
                let pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
                pairs.map(|(name, value)| (Cow::Borrowed(name), value)).collect()
            }
        }
    }

    fn split<'t>(&self, text: &'t str) -> Vec<&'t str> {
        match self.style {
            Style::Spaces => text.split("%20").flat_map(|part| part.split('+')).collect(),
            Style::Pipes => {
                text.split('|').flat_map(|part| part.split("%7C")).flat_map(|part| part.split("%7c")).collect()
            }
            _ => text.split(',').map(str::trim).collect(),
        }
    }

    /// The properties in one text: `R=100,G=200` where it is exploded, else `R,100,G,200`.
    fn properties<'t>(&self, text: &'t str) -> Vec<(String, &'t str)> {
        let parts = self.split(text);
        if self.explode {
            let pairs = parts.into_iter().map(|part| part.split_once('=').unwrap_or((part, "")));
            return pairs.map(|(name, value)| (self.decode(name).into_owned(), value)).collect();
        }
        let pairs = parts.chunks(2).map(|pair| (pair[0], pair.get(1).copied().unwrap_or_default()));
        pairs.map(|(name, value)| (self.decode(name).into_owned(), value)).collect()
    }

    fn object<'t>(&self, properties: impl IntoIterator<Item = (String, &'t str)>) -> Said {
        let Kind::Object(kinds) = &self.kind else { return Said::Nothing };
        let mut object = Map::new();
        for (name, text) in properties {
            let kind = kinds.get(name.as_str()).unwrap_or(&Kind::Text);
            let text = self.decode(text);
            let value = match kind {
                Kind::List(kind) => Value::Array(vec![kind.read(&text)]),
                kind => kind.read(&text),
            };
            match (object.get_mut(&name), value) {
                (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
                (Some(_), _) => return Said::Twice,
                (None, value) => drop(object.insert(name, value)),
            }
        }
        if object.is_empty() { Said::Nothing } else { Said::Value(Value::Object(object)) }
    }

    fn decode<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.place {
            Place::Query => decode_query(text),
            Place::Path | Place::Cookie => percent_decode_str(text).decode_utf8_lossy(),
            Place::Header(_) => Cow::Borrowed(text),
        }
    }
}

/// The kinds of an object's properties.
pub(super) type Properties = BTreeMap<Box<str>, Kind>;
