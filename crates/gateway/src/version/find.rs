//! Where requests name their version.

use std::borrow::Cow;

use http::HeaderValue;

/// The version in the path's segment after so many others, `v2` or `v1.1`, and the path without it.
pub(super) fn in_path(path: &str, prefix: usize) -> Option<(&str, String)> {
    let mut at = 0;
    for _ in 0..prefix {
        at += 1 + path.get(at + 1..)?.find('/')?;
    }
    let rest = path.get(at + 1..)?;
    let (segment, after) = rest.find('/').map_or((rest, ""), |end| rest.split_at(end));
    let name = segment.strip_prefix('v').filter(|name| name.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut stripped = format!("{}{after}", &path[..at]);
    if stripped.is_empty() {
        stripped.push('/');
    }
    Some((name, stripped))
}

/// The version in a field of its own: `2` or `v2`. What is no text is no version that exists.
pub(super) fn in_field(value: &HeaderValue) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(value.as_bytes());
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(bare(text.trim())),
        Cow::Owned(text) => Cow::Owned(bare(text.trim()).to_owned()),
    }
}

/// The first version in an `Accept`: a parameter `version=2`, or the end of a vendor's name,
/// `application/vnd.example.v2+json`.
pub(super) fn in_media_type(accept: &HeaderValue) -> Option<&str> {
    accept.to_str().ok()?.split(',').find_map(|range| {
        let (kind, parameters) = range.split_once(';').unwrap_or((range, ""));
        let parameter = parameters.split(';').find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("version").then(|| bare(value.trim().trim_matches('"')))
        });
        parameter.or_else(|| {
            let (_, subtype) = kind.trim().split_once("/vnd.")?;
            let name = subtype.split_once('+').map_or(subtype, |(name, _)| name);
            // `v1.1` has a dot of its own: the version begins at the last `.v` before a digit.
            let at = name
                .rmatch_indices(".v")
                .map(|(at, _)| at + 2)
                .find(|at| name[*at..].starts_with(|c: char| c.is_ascii_digit()))?;
            Some(&name[at..])
        })
    })
}

fn bare(text: &str) -> &str {
    text.strip_prefix(['v', 'V']).unwrap_or(text)
}
