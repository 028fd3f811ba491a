//! What is wrong with where targets are learned from.

use super::Findings;
use crate::config::{DiscoverConfig, DiscoverFrom};

pub(super) fn check_discover(findings: &mut Findings, at: &str, discover: &DiscoverConfig) {
    use DiscoverFrom::{Consul, Dns, File, Kubernetes, Srv};
    let from = discover.from;
    let mut needs = |given: bool, setting: &str, hint: &str| {
        if !given {
            findings.add(format!("{at}.{setting}"), "is missing", hint);
        }
    };
    needs(from != File || discover.path.is_some(), "path", "Write the file that lists the targets.");
    needs(from == File || discover.name.is_some(), "name", "Write the name or service to ask for.");
    needs(from != Dns || discover.port.is_some(), "port", "Write the port of the targets.");
    // A setting that is for another source is a misunderstanding.
    for (given, setting, is_for) in [
        (discover.path.is_some(), "path", &[File][..]),
        (discover.name.is_some(), "name", &[Dns, Srv, Consul, Kubernetes]),
        (discover.port.is_some(), "port", &[Dns, Kubernetes]),
        (discover.resolver.is_some(), "resolver", &[Dns, Srv]),
        (discover.url.is_some(), "url", &[Consul, Kubernetes]),
        (discover.token_file.is_some(), "token_file", &[Consul, Kubernetes]),
        (discover.ca_file.is_some(), "ca_file", &[Consul, Kubernetes]),
        (discover.tag.is_some(), "tag", &[Consul]),
        (discover.datacenter.is_some(), "datacenter", &[Consul]),
        (discover.namespace.is_some(), "namespace", &[Consul, Kubernetes]),
    ] {
        if given && !is_for.contains(&from) {
            findings.add(format!("{at}.{setting}"), "is not for this source", "Leave it out.");
        }
    }
    if let Some(url) = &discover.url
        && let Err(message) = super::check_url(url)
    {
        findings.add(format!("{at}.url"), message, "Write http://host:port or https://host:port, without a path.");
    }
    let names = [&discover.name, &discover.tag, &discover.datacenter, &discover.namespace];
    for name in names.into_iter().flatten() {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        if name.is_empty() || name.len() > 253 || !name.bytes().all(plain) {
            findings.add(
                at,
                format!("`{}` is not a name", super::shorten(name)),
                "Use letters, digits, `-`, `_`, `.`.",
            );
        }
    }
    if !(100..=3_600_000).contains(&discover.interval.get().as_millis()) {
        findings.add(format!("{at}.interval"), "must lie between 100ms and 1h", "The default is 1s.");
    }
}
