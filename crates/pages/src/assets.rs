//! Style sheet, script and images. Their names change with their content, so browsers keep them for ever;
//! each is compressed once.

use std::{collections::BTreeMap, io::Write as _, sync::LazyLock};

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderName, StatusCode, header};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "assets"]
struct Files;

struct Asset {
    kind: &'static str,
    plain: Bytes,
    gzip: Bytes,
    brotli: Bytes,
}

struct All {
    /// By its name with the hash.
    files: BTreeMap<String, Asset>,
    /// From `pages.css` to its address; in templates the dot is an underscore.
    addresses: BTreeMap<String, String>,
}

static ALL: LazyLock<All> = LazyLock::new(|| {
    let mut all = All { files: BTreeMap::new(), addresses: BTreeMap::new() };
    // Style sheets last: they name other files.
    let mut names: Vec<_> = Files::iter().collect();
    names.sort_by_key(|name| name.ends_with(".css"));
    for name in names {
        let Some(file) = Files::get(&name) else { continue };
        let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
        let content = if extension == "css" { all.resolve(&file.data) } else { file.data.into_owned() };
        let hashed = format!("{stem}-{}.{extension}", hash(&content));
        all.addresses.insert(key(&name), format!("/ui/assets/{hashed}"));
        all.files.insert(hashed, Asset::new(extension, content));
    }
    all
});

impl All {
    /// A style sheet with the addresses of the files that it names as `url("name")`.
    fn resolve(&self, sheet: &[u8]) -> Vec<u8> {
        let mut text = String::from_utf8_lossy(sheet).into_owned();
        for name in Files::iter() {
            if let Some(address) = self.addresses.get(&key(&name)) {
                text = text.replace(&format!("url(\"{name}\")"), &format!("url(\"{address}\")"));
            }
        }
        text.into_bytes()
    }
}

/// What a file is called by: changes with its content.
pub(crate) fn hash(content: &[u8]) -> String {
    digest(&SHA256, content).as_ref()[..8].iter().map(|b| format!("{b:02x}")).collect()
}

/// A file's name in templates.
fn key(name: &str) -> String {
    name.replace(['.', '-'], "_")
}

impl Asset {
    fn new(extension: &str, plain: Vec<u8>) -> Self {
        let kind = match extension {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            _ => "application/octet-stream",
        };
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        let mut brotli = brotli::CompressorWriter::new(Vec::new(), 4_096, 11, 18);
        // Writing to memory does not fail; if it did, the copy would be empty and is not used.
        let gzip = gzip.write_all(&plain).and_then(|()| gzip.finish()).unwrap_or_default();
        let brotli = brotli.write_all(&plain).map(|()| brotli.into_inner()).unwrap_or_default();
        Self { kind, plain: plain.into(), gzip: gzip.into(), brotli: brotli.into() }
    }
}

/// Addresses by name, for templates: `assets.pages_css`.
pub(crate) fn addresses() -> &'static BTreeMap<String, String> {
    &ALL.addresses
}

/// `/ui/assets/{name}`.
pub(crate) async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ALL.files.get(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let (coding, body) = match () {
        () if accepts(&headers, "br") && !asset.brotli.is_empty() => (Some("br"), &asset.brotli),
        () if accepts(&headers, "gzip") && !asset.gzip.is_empty() => (Some("gzip"), &asset.gzip),
        () => (None, &asset.plain),
    };
    let vary = [(header::VARY, "Accept-Encoding")];
    let mut response = (kept(asset.kind), vary, body.clone()).into_response();
    if let Some(coding) = coding {
        response.headers_mut().insert(header::CONTENT_ENCODING, http::HeaderValue::from_static(coding));
    }
    response
}

/// Headers of a file whose address changes with its content. Opened by itself, it does nothing.
pub(crate) fn kept(kind: &'static str) -> [(HeaderName, &'static str); 5] {
    [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Images may have styles within.
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; sandbox"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ]
}

/// Whether a coding is named and not refused by `q=0` (RFC 9110 §12.5.3).
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let members = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|v| v.to_str().ok());
    members.flat_map(|text| text.split(',')).any(|member| {
        let (name, parameters) = member.split_once(';').unwrap_or((member, ""));
        let weight = parameters.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case(coding) && weight != Some(0.0)
    })
}
