//! A share of the callers, or those who ask for it, to another upstream.

use std::sync::Arc;

use http::{HeaderMap, header};

use super::{Fields, SplitConfig, check_percent};
use crate::{config::Findings, shape::Common, upstream::Upstream};

/// The shares of one route.
#[derive(Debug)]
pub(crate) struct Split(Box<[Branch]>);

#[derive(Debug)]
struct Branch {
    upstream: Arc<Upstream>,
    /// The callers whose number is in here, of a hundred.
    share: std::ops::Range<u8>,
    fields: Fields,
    cookies: Box<[Cookie]>,
}

/// A cookie's name and value; without a value, any value.
type Cookie = (Box<str>, Option<Box<str>>);

impl Split {
    /// Compiles `[[routes.split]]`; `None` when there is none.
    pub(crate) fn compile(configs: &[SplitConfig], at: &str, common: &Common, findings: &mut Findings) -> Option<Self> {
        let mut branches = Vec::new();
        let mut taken = 0_u8;
        for (i, config) in configs.iter().enumerate() {
            let at = format!("{at}[{i}]");
            let upstream = common.upstream(&config.upstream, &format!("{at}.upstream"), findings);
            check_percent(config.percent, &format!("{at}.percent"), findings);
            let end = taken.saturating_add(if config.percent > 100 { 0 } else { config.percent });
            if end > 100 {
                findings.add(format!("{at}.percent"), "with those before it is more than all", "Lower the shares.");
            }
            let fields = Fields::compile(&config.headers, &format!("{at}.headers"), findings);
            if config.percent == 0 && fields.is_empty() && config.cookies.is_empty() {
                findings.add(&at, "takes no request", "Give it a percent, headers or cookies.");
            }
            let cookies = config
                .cookies
                .iter()
                .map(|(name, value)| (name.as_str().into(), (value != "*").then(|| value.as_str().into())));
            let cookies = cookies.collect();
            branches.extend(upstream.map(|upstream| Branch { upstream, share: taken..end, fields, cookies }));
            taken = end;
        }
        (!configs.is_empty()).then(|| Self(branches.into()))
    }

    /// The upstream of this request, if it is another than the route's own.
    pub(crate) fn choose(&self, route: &str, caller: &[u8], headers: &HeaderMap) -> Option<&Arc<Upstream>> {
        let number = number(route, caller);
        let takes = |branch: &&Branch| {
            branch.share.contains(&number)
                || (!branch.fields.is_empty() && branch.fields.are_in(headers))
                || (!branch.cookies.is_empty() && has_cookies(&branch.cookies, headers))
        };
        self.0.iter().find(takes).map(|branch| &branch.upstream)
    }
}

/// A number below a hundred that stays with the caller, and is another one on another route: FNV-1a, mixed.
fn number(route: &str, caller: &[u8]) -> u8 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in route.bytes().chain([0]).chain(caller.iter().copied()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    u8::try_from((hash ^ (hash >> 32)) % 100).unwrap_or_default()
}

fn has_cookies(wanted: &[Cookie], headers: &HeaderMap) -> bool {
    let sent = || {
        let values = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='))
    };
    wanted.iter().all(|(name, value)| {
        sent().any(|(key, own)| *key == **name && value.as_deref().is_none_or(|value| value == own))
    })
}
