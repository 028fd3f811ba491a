//! What a tenant decides about its pages, as it is sent, stored and shown. Pure.

use std::collections::BTreeMap;

use kernel::Problem;
use serde::{Deserialize, Serialize};
use url::{Host, Url};
use utoipa::ToSchema;

use super::{
    Wording,
    color::Color,
    colors::{Scheme, Schemes},
    palette, sheet,
};
use crate::{http::Fields, language::Language};

/// Longest name, in characters.
const MAX_NAME: usize = 60;
/// Longest address.
const MAX_URL: usize = 500;
/// Most origins that may frame pages.
const MAX_ORIGINS: usize = 20;
/// Longest text, in characters.
const MAX_TEXT: usize = 1_000;
/// All texts together, in bytes: they are in the memory of every node.
const MAX_TEXTS: usize = 48 * 1024;
/// What else a document has in its bytes: names, addresses, colours, and the signs around every text.
const MAX_REST: usize = 32 * 1024;
/// Longest body of a document at all of its limits: whoever writes it may escape every byte as six (`\u0041`, RFC 8259
/// §7).
pub(super) const MAX_BODY: usize = 6 * (sheet::MAX + MAX_TEXTS + MAX_REST);

/// How pages look. What is absent is as in the default.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Branding {
    /// What the service is called, on pages and in mails; the tenant's name unless given. 60 characters at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 60, example = "Acme ID")]
    pub product_name: Option<String>,
    /// Whether pages follow the reader's wish for light or dark, or are always one of them.
    pub scheme: Scheme,
    /// Colours.
    pub colors: Schemes,
    /// A style sheet that comes after all others: 32 KiB at most. It imports nothing and names no other host.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub css: Option<String>,
    /// Other words, by language and key, in the syntax of a Fluent pattern: `Sign in to { $product }`.
    #[schema(example = json!({"de": {"sign-in-title": "Willkommen"}}))]
    pub texts: BTreeMap<Language, BTreeMap<String, String>>,
    /// Pages of yours that people may want to read.
    pub links: Links,
    /// Origins that may show these pages in a frame: nobody unless given.
    #[schema(example = json!(["https://app.example.com"]))]
    pub frame_ancestors: Vec<String>,
}

/// Pages of the tenant, by `https`: in the footer, and where people sign up.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = BrandingLinks)]
pub struct Links {
    /// The terms of use.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://example.com/terms")]
    pub terms: Option<String>,
    /// What is done with data.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub privacy: Option<String>,
    /// Who helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub support: Option<String>,
}

impl Branding {
    /// Judges everything, and writes it the way it is stored.
    pub(super) fn judge(mut self, wording: &dyn Wording) -> Result<Self, Problem> {
        let mut fields = Fields::new();
        if let Some(name) = &self.product_name {
            self.product_name = fields.text("/product_name", name, MAX_NAME);
        }
        for (scheme, colors) in [("light", &mut self.colors.light), ("dark", &mut self.colors.dark)] {
            for (role, chosen) in colors.each() {
                let Some(text) = chosen.as_deref() else { continue };
                let parsed = fields.keep(format!("/colors/{scheme}/{role}"), "format", text.parse::<Color>());
                *chosen = parsed.map(|color| color.to_string());
            }
        }
        palette::check(self.scheme, &self.colors, &mut fields);
        if let Some(css) = &self.css {
            fields.keep("/css", "css", sheet::check(css));
        }
        self.judge_texts(wording, &mut fields);
        for (field, link) in [
            ("terms", &mut self.links.terms),
            ("privacy", &mut self.links.privacy),
            ("support", &mut self.links.support),
        ] {
            let Some(text) = link.as_deref() else { continue };
            *link = fields.keep(format!("/links/{field}"), "format", https(text)).map(String::from);
        }
        self.frame_ancestors = fields.list("/frame_ancestors", &self.frame_ancestors, MAX_ORIGINS, origin);
        fields.check()?;
        Ok(self)
    }

    fn judge_texts(&self, wording: &dyn Wording, fields: &mut Fields) {
        let all = self.texts.values().flatten();
        if all.map(|(key, text)| key.len() + text.len()).sum::<usize>() > MAX_TEXTS {
            fields.wrong("/texts", "too_long", "all texts together may have 48 KiB at most");
            return;
        }
        for (language, texts) in &self.texts {
            for (key, text) in texts {
                // A pointer's own signs are escaped (RFC 6901 §3).
                let key_shown = key.replace('~', "~0").replace('/', "~1");
                let field = format!("/texts/{}/{key_shown}", language.as_str());
                if text.chars().any(|c| c.is_control() && c != '\n') {
                    fields.wrong(field, "format", "must not contain control characters");
                } else if text.chars().count() > MAX_TEXT {
                    fields.wrong(field, "too_long", format!("may have {MAX_TEXT} characters at most"));
                } else if let Err(reason) = wording.judge(key, text) {
                    fields.wrong(field, "text", reason);
                }
            }
        }
    }
}

/// An address of a page elsewhere.
fn https(text: &str) -> Result<Url, &'static str> {
    const WRONG: &str = "must be an https address of 500 characters at most, such as https://example.com/terms";
    let url = Url::parse(text.trim()).map_err(|_| WRONG)?;
    let ok = url.scheme() == "https"
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.as_str().len() <= MAX_URL;
    if ok { Ok(url) } else { Err(WRONG) }
}

/// An origin that may frame pages (CSP Level 3 §2.3.1): exact, without wildcards.
fn origin(text: &str) -> Result<String, &'static str> {
    const WRONG: &str = "must be an https origin such as https://app.example.com, without a path";
    let url = https(text).map_err(|_| WRONG)?;
    // It stands in a header: nothing that could end it there.
    let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    let named = matches!(url.host(), Some(Host::Domain(name)) if plain(name));
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && !text.trim().ends_with('/');
    if named && bare { Ok(url.origin().ascii_serialization()) } else { Err(WRONG) }
}
