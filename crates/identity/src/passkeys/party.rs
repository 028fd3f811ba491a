//! The relying party: to which host keys are bound, and which pages may use them (WebAuthn §5.1.2). Pure.

use http::{HeaderMap, header};
use kernel::{Problem, edge::Tenant, problem::common};
use url::Url;
use webauthn_rs::prelude::{Webauthn, WebauthnBuilder};

use super::NO_HOST;
use crate::Settings;

/// Where a ceremony takes place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Party {
    /// The host that keys are bound to.
    pub rp_id: String,
    /// For people.
    name: String,
    /// Every origin of the tenant.
    origins: Vec<Url>,
}

impl Party {
    /// For a page at this origin: its host, if it is one of the tenant's; else the first that the tenant has. A client
    /// can choose among the tenant's own hosts only.
    pub fn of(settings: &Settings, tenant: &Tenant, page: Option<&Url>) -> Result<Self, Problem> {
        let origins = origins(settings, tenant);
        let own = |url: &&Url| page.is_some_and(|page| page.origin() == url.origin());
        let chosen = origins.iter().find(own).or(origins.first()).and_then(|url| url.domain());
        let rp_id = chosen.ok_or(NO_HOST)?.to_owned();
        Ok(Self { rp_id, name: tenant.name.to_string(), origins })
    }

    /// For a ceremony that was begun for this host.
    pub(super) fn named(settings: &Settings, tenant: &Tenant, rp_id: String) -> Self {
        Self { rp_id, name: tenant.name.to_string(), origins: origins(settings, tenant) }
    }

    /// The library's view of it: every origin of the tenant that lies at or below the host.
    pub(super) fn webauthn(&self) -> Result<Webauthn, Problem> {
        let below = format!(".{}", self.rp_id);
        let at_home = |url: &&Url| url.domain().is_some_and(|host| host == self.rp_id || host.ends_with(&below));
        let mut own = self.origins.iter().filter(at_home);
        let first = own.next().ok_or(NO_HOST)?;
        let builder = WebauthnBuilder::new(&self.rp_id, first)
            .map(|builder| own.fold(builder.rp_name(&self.name), WebauthnBuilder::append_allowed_origin));
        builder
            .and_then(|builder| builder.timeout(super::ceremonies::LIFE).build())
            .map_err(|e| Problem::new(common::INTERNAL).cause(e))
    }
}

/// The origin of the page that makes a call, as browsers say it.
pub fn page(headers: &HeaderMap) -> Option<Url> {
    headers.get(header::ORIGIN)?.to_str().ok()?.parse().ok()
}

/// The tenant's own hosts, then the public URL's: with its scheme and port. Addresses are no hosts that a key could
/// be bound to.
fn origins(settings: &Settings, tenant: &Tenant) -> Vec<Url> {
    let Ok(public) = settings.public_url.parse::<Url>() else { return Vec::new() };
    let with_host = |host: &str| {
        let mut url = public.clone();
        url.set_host(Some(host)).is_ok().then_some(url)
    };
    let hosts = tenant.hosts.iter().filter_map(|host| with_host(host));
    hosts.chain([public.clone()]).filter(|url| url.domain().is_some()).collect()
}

#[cfg(test)]
mod tests {
    use kernel::{OsRandom, TenantId, Timestamp};

    use super::*;

    fn tenant(hosts: &[&str]) -> Tenant {
        Tenant {
            id: TenantId::new(Timestamp::from_secs(1), &OsRandom::new()),
            slug: "acme".into(),
            name: "Acme".into(),
            hosts: hosts.iter().map(|host| (*host).into()).collect(),
            issuer: "https://id.example.com/t/acme".into(),
            suspended: false,
        }
    }

    fn at(public_url: &str, hosts: &[&str], origin: Option<&str>) -> Result<Party, Problem> {
        let settings = Settings { public_url: public_url.into(), ..Settings::default() };
        let mut headers = HeaderMap::new();
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().expect("a header"));
        }
        Party::of(&settings, &tenant(hosts), page(&headers).as_ref())
    }

    #[test]
    fn keys_are_bound_to_a_host_of_the_tenant_alone() {
        let public = "https://id.example.com:8443";
        let hosts = ["login.acme.example", "acme.example"];
        for (hosts, origin, expected) in [
            (&[][..], None, "id.example.com"),
            (&[][..], Some("https://evil.example"), "id.example.com"),
            (&hosts[..], None, "login.acme.example"),
            (&hosts[..], Some("https://acme.example:8443"), "acme.example"),
            (&hosts[..], Some("https://acme.example"), "login.acme.example"),
            (&hosts[..], Some("http://acme.example:8443"), "login.acme.example"),
            (&hosts[..], Some("https://id.example.com:8443"), "id.example.com"),
            (&hosts[..], Some("null"), "login.acme.example"),
        ] {
            assert_eq!(at(public, hosts, origin).expect("a party").rp_id, expected, "{origin:?}");
        }
        assert_eq!(at("http://localhost:8080", &[], None).expect("a party").rp_id, "localhost");
        for address in ["http://127.0.0.1:8080", "http://[::1]:8080"] {
            assert_eq!(at(address, &[], None).expect_err("no name").kind, NO_HOST);
        }
        assert_eq!(at("http://127.0.0.1:8080", &["acme.example"], None).expect("a party").rp_id, "acme.example");
    }

    #[test]
    fn pages_at_and_below_the_host_may_use_its_keys() {
        let hosts = ["acme.example", "login.acme.example", "notacme.example"];
        let party = at("https://id.example.com", &hosts, None).expect("a party");
        let allowed = party.webauthn().expect("the library's view");
        let allowed: Vec<&str> = allowed.get_allowed_origins().iter().map(Url::as_str).collect();
        assert_eq!(allowed, ["https://acme.example/", "https://login.acme.example/"]);
    }
}
