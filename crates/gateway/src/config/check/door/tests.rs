//! What is reported about TLS, load balancers and certificates.

use crate::config::{GatewayConfig, ProxyProtocolConfig, RouteConfig, TlsConfig, UpstreamConfig};

fn tls(text: &str) -> TlsConfig {
    toml::from_str(text).expect("it parses")
}

#[test]
fn certificates_are_ordered_only_where_that_can_work() {
    let acme = |more: &str| of_tls(&format!("redirect_listen = \"127.0.0.1:80\"\n[acme]\n{more}"));
    assert_eq!(acme("hosts = ['a.test']\nterms_agreed = true"), [""; 0]);
    assert_eq!(
        of_tls("[acme]\nhosts = []\ncontact = ['ops']\ndirectory = 'http://acme.test'"),
        [
            "server.tls.acme.directory",
            "server.tls.acme.terms_agreed",
            "server.tls.acme.hosts",
            "server.tls.acme.contact[0]",
            "server.tls.acme",
        ]
    );
    let wrong = acme("hosts = ['*.a.test', 'localhost', '10.0.0.7', 'a b.test']\nterms_agreed = true");
    assert_eq!(wrong, [0, 1, 2, 3].map(|i| format!("server.tls.acme.hosts[{i}]")));
}

const PAIR: &str = "certificates = [{ certificate = \"c.pem\", key = \"k.pem\" }]\n";

/// The places of all problems.
fn places(config: GatewayConfig) -> Vec<String> {
    config.validate().into_iter().map(|problem| problem.path).collect()
}

fn of_tls(text: &str) -> Vec<String> {
    places(GatewayConfig { tls: Some(tls(text)), ..GatewayConfig::default() })
}

/// A route with these settings, with client certificates or without.
fn of_route(more: &str, client_ca: bool) -> Vec<String> {
    let text = format!("name = \"r\"\nmatch = {{ path = \"/\" }}\nupstream = \"u\"\n{more}");
    let route: RouteConfig = toml::from_str(&text).expect("it parses");
    places(GatewayConfig {
        tls: client_ca.then(|| tls(&format!("{PAIR}client_ca = \"ca.pem\""))),
        upstreams: [("u".to_owned(), UpstreamConfig::new(["http://127.0.0.1:1"]))].into(),
        routes: vec![route],
        ..GatewayConfig::default()
    })
}

#[test]
fn tls_settings_make_sense_together() {
    assert!(of_tls(PAIR).is_empty());
    assert_eq!(of_tls("certificates = []"), ["server.tls.certificates"]);
    assert_eq!(of_tls(&format!("{PAIR}handshake_timeout = \"2m\"")), ["server.tls.handshake_timeout"]);
    assert_eq!(of_tls(&format!("{PAIR}redirect_port = 443")), ["server.tls.redirect_port"]);
    assert_eq!(of_tls(&format!("{PAIR}hsts_subdomains = true")), ["server.tls.hsts_subdomains"]);
    let all = "redirect_listen = \"0.0.0.0:80\"\nredirect_port = 443\nhsts = \"1d\"\nhsts_subdomains = true";
    assert!(of_tls(&format!("{PAIR}{all}")).is_empty());
}

#[test]
fn tls_towards_targets_makes_sense() {
    let of = |more: &str| {
        let upstream: UpstreamConfig =
            toml::from_str(&format!("targets = [\"https://a\"]\n{more}")).expect("it parses");
        places(GatewayConfig { upstreams: [("u".to_owned(), upstream)].into(), ..GatewayConfig::default() })
    };
    assert!(of("tls = { ca = \"ca.pem\", certificate = \"c.pem\", key = \"k.pem\", server_name = \"b\" }").is_empty());
    assert_eq!(of("tls = { certificate = \"c.pem\" }"), ["upstreams.u.tls"]);
    assert_eq!(of("tls = { verify = \"insecure\", ca = \"ca.pem\" }"), ["upstreams.u.tls.verify"]);
    assert_eq!(of("max_streams = 0"), ["upstreams.u.max_streams"]);
    assert_eq!(of("max_connections = 0"), ["upstreams.u.max_connections"]);
    assert_eq!(of("max_idle = 1\nmin_idle = 2"), ["upstreams.u.min_idle"]);
}

#[test]
fn somebody_is_believed() {
    let proxy = |text: &str| {
        let proxy: ProxyProtocolConfig = toml::from_str(text).expect("it parses");
        places(GatewayConfig { proxy_protocol: Some(proxy), ..GatewayConfig::default() })
    };
    assert!(proxy("trusted = [\"10.0.0.0/8\"]").is_empty());
    assert_eq!(proxy("trusted = []"), ["server.proxy_protocol.trusted"]);
    assert_eq!(proxy("trusted = [\"::/0\"]\ntimeout = \"0s\""), ["server.proxy_protocol.timeout"]);
}

#[test]
fn certificates_are_asked_for_where_routes_need_them() {
    assert!(of_route("auth = [\"mtls\"]\nclient_sans = [\"dns:*.a.example\"]", true).is_empty());
    assert!(of_route("auth = [\"jwt\"]\nclient_sans = [\"dns:a.example\"]\nscopes = [\"a\"]", true).is_empty());
    assert_eq!(of_route("auth = [\"mtls\"]", false), ["routes[0].auth"]);
    assert_eq!(of_route("client_sans = [\"dns:a.example\"]", false), ["routes[0].client_sans"]);
    assert_eq!(of_route("client_sans = [\"a.example\"]", true), ["routes[0].client_sans[0]"]);
    // Nobody could ever have them.
    assert_eq!(of_route("auth = [\"mtls\"]\nscopes = [\"a\"]", true), ["routes[0].auth"]);
    assert!(of_route("auth = [\"mtls\", \"jwt\"]\nscopes = [\"a\"]", true).is_empty());
}
