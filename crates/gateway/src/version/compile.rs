//! From the configuration to [`Versions`].

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, Uri, header};
use kernel::Timestamp;
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

use super::{Place, Version, VersionConfig, Versions, VersionsConfig};
use crate::{config::Findings, route::PathPattern, shape::Common};

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// Most versions of one route.
const MAX_VERSIONS: usize = 32;

impl Versions {
    /// Compiles `[routes.versions]`; `None` when nothing could be done with it.
    pub(crate) fn compile(
        config: &VersionsConfig,
        at: &str,
        path: &PathPattern,
        common: &Common,
        findings: &mut Findings,
    ) -> Option<Self> {
        let by = places(&config.by, &format!("{at}.by"), path, findings);
        if config.known.is_empty() || config.known.len() > MAX_VERSIONS {
            findings.add(
                format!("{at}.known"),
                format!("a route has 1 to {MAX_VERSIONS} versions"),
                "Write a table for each, such as [routes.versions.known.2].",
            );
        }
        let names: Vec<&str> = config.known.keys().map(String::as_str).collect();
        let default = names.iter().position(|name| *name == config.default);
        if default.is_none() {
            let hint = format!("Write one of: {}.", names.join(", "));
            findings.add(format!("{at}.default"), "is not one of the known versions", hint);
        }
        let known = versions(&config.known, &format!("{at}.known"), common, findings);
        let fields: Vec<&str> = by
            .iter()
            .filter_map(|place| match place {
                Place::Path => None,
                Place::Header(name) => Some(name.as_str()),
                Place::MediaType => Some("accept"),
            })
            .collect();
        Some(Self {
            prefix: path.segments.len(),
            strip: config.strip,
            default: default?,
            known: known.into(),
            names: names.join(", ").into(),
            vary: HeaderValue::try_from(fields.join(", ")).ok().filter(|_| !fields.is_empty()),
            by,
        })
    }
}

fn places(by: &[String], at: &str, path: &PathPattern, findings: &mut Findings) -> Box<[Place]> {
    if by.is_empty() {
        findings.add(at, "an empty list names no version", "Leave it out, or write \"path\".");
    }
    let mut places = Vec::new();
    for (i, text) in by.iter().enumerate() {
        let place = match text.split_once(':') {
            None if text == "path" && !path.prefix => {
                // The default list is for every route; what is written must make sense.
                if by.len() == 1 {
                    findings.add(format!("{at}[{i}]"), "the route's path has no {*rest}", "End the path in {*rest}.");
                }
                continue;
            }
            None if text == "path" => Some(Place::Path),
            None if text == "media_type" => Some(Place::MediaType),
            Some(("header", name)) => HeaderName::from_bytes(name.as_bytes()).ok().map(Place::Header),
            _ => None,
        };
        match place {
            Some(place) => places.push(place),
            None => findings.add(
                format!("{at}[{i}]"),
                "is not a place where a version is named",
                "Write path, header:API-Version or media_type.",
            ),
        }
    }
    places.into()
}

fn versions(
    known: &BTreeMap<String, VersionConfig>,
    at: &str,
    common: &Common,
    findings: &mut Findings,
) -> Vec<Version> {
    let mut versions = Vec::new();
    for (name, config) in known {
        let at = format!("{at}.{name}");
        let valid = (1..=32).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'));
        if !valid {
            findings.add(&at, "is not the name of a version", "Write 1, 2 or 1.1, without the `v`.");
        }
        let mut time = |text: &Option<String>, setting: &str| {
            let text = text.as_deref()?;
            let time = parse_time(text);
            if time.is_none() {
                findings.add(format!("{at}.{setting}"), "is not a date", "Write 2026-01-31 or 2026-01-31T12:00:00Z.");
            }
            time
        };
        let deprecated = time(&config.deprecated, "deprecated");
        let sunset = time(&config.sunset, "sunset");
        if config.refuse_after_sunset && config.sunset.is_none() {
            findings.add(format!("{at}.refuse_after_sunset"), "there is no sunset", "Set sunset too.");
        }
        let mut link = |text: &Option<String>, setting: &str| {
            let text = text.as_deref()?;
            // What would end the target, or the line, is no URL either.
            let valid = text.parse::<Uri>().is_ok() && !text.contains(['<', '>', '"', ' ']);
            if !valid {
                findings.add(format!("{at}.{setting}"), "is not a URL", "Write https://docs.example.com/v1.");
            }
            valid.then(|| text.to_owned())
        };
        let (docs, successor) = (link(&config.docs, "docs"), link(&config.successor, "successor"));
        let mut fields = Vec::new();
        let mut field = |name: HeaderName, text: String| {
            fields.extend(HeaderValue::try_from(text).ok().map(|value| (name, value)));
        };
        if let Some(time) = deprecated {
            // RFC 9745 §2.1: a date of RFC 9651 §3.3.7.
            field(DEPRECATION, format!("@{}", time.unix_timestamp()));
        }
        if let Some(text) = sunset.and_then(http_date) {
            field(SUNSET, text);
        }
        for (target, relation) in [
            (docs.as_ref().filter(|_| deprecated.is_some()), "deprecation"),
            (docs.as_ref().filter(|_| sunset.is_some()), "sunset"),
            (successor.as_ref(), "successor-version"),
        ] {
            if let Some(target) = target {
                field(header::LINK, format!("<{target}>; rel=\"{relation}\""));
            }
        }
        let upstream =
            config.upstream.as_ref().and_then(|name| common.upstream(name, &format!("{at}.upstream"), findings));
        let ends = sunset.filter(|_| config.refuse_after_sunset);
        versions.push(Version {
            name: name.as_str().into(),
            upstream,
            fields: fields.into(),
            ends: ends.map(|time| Timestamp::from_secs(time.unix_timestamp())),
        });
    }
    versions
}

/// A date, or a time as in RFC 3339. A date begins at midnight UTC.
fn parse_time(text: &str) -> Option<OffsetDateTime> {
    let date = Date::parse(text, format_description!("[year]-[month]-[day]"));
    date.map(|date| date.midnight().assume_utc()).or_else(|_| OffsetDateTime::parse(text, &Rfc3339)).ok()
}

/// RFC 9110 §5.6.7.
fn http_date(time: OffsetDateTime) -> Option<String> {
    let format =
        format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
    time.to_offset(time::UtcOffset::UTC).format(&format).ok()
}
