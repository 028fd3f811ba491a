//! Where a browser goes after signing in: to a path of this origin, or to an address on a host that belongs
//! to the tenant. Anything else is forgotten, so that a link to our page never leads to somebody else's.

use kernel::edge::Tenant;
use url::Url;

/// Longest address.
const MAX_LEN: usize = 2_048;

/// The parameter of pages and the field of forms.
pub(crate) const FIELD: &str = "return_to";

/// An address that was judged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ReturnTo {
    address: String,
    /// The origin, where it is not this one.
    origin: Option<String>,
}

impl ReturnTo {
    /// Judges an address for a tenant. `None`: not ours to send anybody to.
    pub(crate) fn parse(text: &str, tenant: &Tenant) -> Option<Self> {
        // Browsers drop tabs and newlines, and read `\` as `/`: what they would repair is refused.
        let plain = |c: char| !c.is_control() && !c.is_whitespace() && c != '\\';
        if text.len() > MAX_LEN || !text.chars().all(plain) {
            return None;
        }
        if text.starts_with('/') {
            return Self::here(text);
        }
        let url = Url::parse(text).ok()?;
        let host = url.host_str()?;
        let bare = url.username().is_empty() && url.password().is_none();
        let known = tenant.hosts.iter().any(|own| **own == *host);
        (bare && known && url.scheme() == "https")
            .then(|| Self { origin: Some(url.origin().ascii_serialization()), address: url.into() })
    }

    /// A path, read as a browser will read it: it must stay on its origin.
    fn here(path: &str) -> Option<Self> {
        let base = Url::parse("https://here.invalid").ok()?;
        let url = base.join(path).ok()?;
        let address = url[url::Position::BeforePath..].to_owned();
        // What is left of `/..//host` would be read as another host.
        let stays = url.origin() == base.origin() && !address.starts_with("//");
        stays.then_some(Self { address, origin: None })
    }

    /// Where to.
    pub(crate) fn as_str(&self) -> &str {
        &self.address
    }

    /// The origin, where it is not this one: forms that end there must be allowed to.
    pub(crate) fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use kernel::{OsRandom, TenantId, Timestamp};

    use super::*;

    fn parse(text: &str) -> Option<String> {
        let tenant = Tenant {
            id: TenantId::new(Timestamp::from_secs(1), &OsRandom::new()),
            slug: "acme".into(),
            name: "Acme".into(),
            hosts: vec!["id.acme.example".into(), "app.acme.example".into()],
            issuer: "https://id.acme.example".into(),
            suspended: false,
        };
        ReturnTo::parse(text, &tenant).map(|to| to.as_str().to_owned())
    }

    #[test]
    fn paths_of_this_origin_and_hosts_of_the_tenant_are_gone_to() {
        assert_eq!(parse("/orders?x=1#top").as_deref(), Some("/orders?x=1#top"));
        assert_eq!(parse("/").as_deref(), Some("/"));
        assert_eq!(parse("/a/../b").as_deref(), Some("/b"));
        assert_eq!(parse("https://app.acme.example/x?y").as_deref(), Some("https://app.acme.example/x?y"));
        assert_eq!(parse("https://app.acme.example:8443/").as_deref(), Some("https://app.acme.example:8443/"));
    }

    #[test]
    fn nothing_else_is() {
        let long = format!("/{}", "a".repeat(3_000));
        for wrong in [
            "",
            "orders",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\\\\evil.example",
            "http://app.acme.example/",
            "https://evil.example/",
            "https://app.acme.example.evil.example/",
            "https://app.acme.example@evil.example/",
            "https://x@app.acme.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "https:/\\evil.example",
            " https://app.acme.example/",
            "/..//evil.example",
            "/.//evil.example",
            &long,
        ] {
            assert_eq!(parse(wrong), None, "{wrong:?}");
        }
    }
}
