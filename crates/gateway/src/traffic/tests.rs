use std::{collections::BTreeMap, sync::Arc};

use http::HeaderMap;
use kernel::{Clock, OsRandom, SystemClock};

use super::*;
use crate::{
    config::{GatewayConfig, UpstreamConfig},
    shape::Common,
    upstream::{Making, StickyKey, Upstream},
};

fn common(names: &[&str]) -> Common {
    let mut config = GatewayConfig::default();
    let mut upstreams = BTreeMap::new();
    for name in names {
        let upstream: UpstreamConfig = toml::from_str("targets = ['http://127.0.0.1:1']").expect("it parses");
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let sticky_key = &StickyKey::new(&[0; 32]);
        let making = Making { workers: 1, random: &OsRandom::new(), clock: &clock, zone: None, sticky_key };
        upstreams.insert((*name).to_owned(), Arc::new(Upstream::new(name, &upstream, making, None)));
        config.upstreams.insert((*name).to_owned(), upstream);
    }
    Common::compile(&config, &upstreams, None, &mut Findings::default())
}

fn split(text: &str) -> (Option<Split>, Vec<String>) {
    #[derive(serde::Deserialize)]
    struct File {
        split: Vec<SplitConfig>,
    }
    let file: File = toml::from_str(text).expect("it parses");
    let mut findings = Findings::default();
    let split = Split::compile(&file.split, "s", &common(&["a", "b"]), &mut findings);
    (split, findings.into_problems().into_iter().map(|p| p.path).collect())
}

#[test]
fn callers_are_shared_out_and_stay_where_they_are() {
    let (split, problems) = split("split = [{ upstream = 'a', percent = 5 }, { upstream = 'b', percent = 20 }]");
    assert_eq!(problems, Vec::<String>::new());
    let split = split.expect("it compiles");
    let none = HeaderMap::new();
    let of = |route: &str, caller: u32| split.choose(route, &caller.to_be_bytes(), &none).map(|u| u.name().to_owned());
    let mut counts = BTreeMap::new();
    for caller in 0..10_000 {
        *counts.entry(of("r", caller)).or_insert(0) += 1;
        assert_eq!(of("r", caller), of("r", caller));
    }
    // Ten thousand callers, five standard deviations.
    assert!((391..=609).contains(&counts[&Some("a".into())]), "{counts:?}");
    assert!((1_800..=2_200).contains(&counts[&Some("b".into())]), "{counts:?}");
    assert!((0..1_000).any(|caller| of("r", caller) != of("other", caller)), "not the same people everywhere");
}

#[test]
fn a_request_may_ask_for_its_side() {
    let (split, _) =
        split("split = [{ upstream = 'a', headers = { x-canary = '*', x-b = '1' }, cookies = { c = 'on' } }]");
    let split = split.expect("it compiles");
    let goes = |fields: &[(&'static str, &'static str)]| {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        split.choose("r", b"ada", &headers).is_some()
    };
    assert!(goes(&[("x-canary", ""), ("x-b", "1")]) && goes(&[("cookie", "a=1; c=on")]));
    assert!(!goes(&[]) && !goes(&[("x-canary", "1")]) && !goes(&[("cookie", "c=off; d=on")]));
}

#[test]
fn mistakes_are_found_at_load() {
    let (_, places) = split(
        "split = [{ upstream = 'lost', percent = 101 }, { upstream = 'a' }, { upstream = 'b', percent = 60 }, { upstream = 'b', percent = 60, headers = { 'a b' = '1' } }]",
    );
    assert_eq!(places, ["s[0].upstream", "s[0].percent", "s[1]", "s[3].percent", "s[3].headers.a b"]);
    let config: FaultConfig =
        toml::from_str("delay = { time = '2m', percent = 101 }\nabort = { status = 200 }").expect("it parses");
    let mut findings = Findings::default();
    Faults::compile(&config, "f", &mut findings);
    Faults::compile(&FaultConfig::default(), "g", &mut findings);
    let places: Vec<String> = findings.into_problems().into_iter().map(|p| p.path).collect();
    assert_eq!(places, ["f.delay.percent", "f.delay.time", "f.abort.status", "g"]);
}

#[test]
fn so_many_in_a_hundred_are_drawn() {
    let random = OsRandom::new();
    let drawn = |percent| (0..10_000).filter(|_| is_drawn(percent, &random)).count();
    assert_eq!((drawn(0), drawn(100)), (0, 10_000));
    assert!((2_700..=3_300).contains(&drawn(30)));
}
