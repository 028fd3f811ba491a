//! Other proxies in front, each with exactly the configuration that the guide prints.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use reqwest::{Client, redirect::Policy};
use serde_json::Value;
use testkit::TestApp;

/// The blocks of the guide in this language.
fn blocks(language: &str) -> Vec<String> {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/forward-auth.md");
    let guide = fs::read_to_string(guide).expect("the guide");
    let parts = guide.split("\n```");
    let found = parts.filter_map(|part| part.strip_prefix(language)?.strip_prefix('\n').map(str::to_owned));
    found.collect()
}

/// A program on the PATH, or where `scripts/ensure-tools test` puts those of PyPI.
#[expect(clippy::print_stderr, reason = "whoever runs the tests is told what was not tried")]
fn program(name: &str) -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).chain([own, "/usr/sbin".into()]).map(|dir| dir.join(name));
    let found = found.into_iter().find(|file| file.is_file());
    if found.is_none() {
        eprintln!("SKIPPED: there is no {name}; scripts/ensure-tools test installs it");
    }
    found
}

/// Another proxy, in front of an app. Dropped, it ends.
struct Peer {
    app: TestApp,
    address: SocketAddr,
    process: Child,
    client: Client,
    _dir: tempfile::TempDir,
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Peer {
    /// Starts it with the guide's text; `command` gets the folder to write to, the text, and the address to
    /// listen on.
    async fn start(text: &str, command: impl FnOnce(&Path, &str, SocketAddr) -> Command) -> Self {
        let toml = blocks("toml").concat();
        let app = TestApp::builder().config(&toml).start().await;
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("an address");
        let text = text
            .replace("127.0.0.1:8080", &app.address().to_string())
            .replace("127.0.0.1:9001", &app.echo.addr.to_string())
            .replace("port_value: 8080", &format!("port_value: {}", app.address().port()))
            .replace("port_value: 9001", &format!("port_value: {}", app.echo.addr.port()))
            .replace("port_value: 8000", &format!("port_value: {}", address.port()))
            .replace(":8000", &format!(":{}", address.port()));
        let dir = tempfile::tempdir().expect("a directory");
        let mut command = command(dir.path(), &text, address);
        let log = fs::File::create(dir.path().join("log")).expect("a log");
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
        drop(free);
        let mut process = command.spawn().expect("it starts");
        let client = Client::builder().redirect(Policy::none()).build().expect("a client");
        while tokio::net::TcpStream::connect(address).await.is_err() {
            if let Some(status) = process.try_wait().expect("a process") {
                panic!("it ended with {status}: {}", fs::read_to_string(dir.path().join("log")).unwrap_or_default());
            }
            tokio::task::yield_now().await;
        }
        let peer = Self { app, address, process, client, _dir: dir };
        // It listens before it serves.
        while peer.call("GET", "/public", &[]).await.0 != 200 {
            tokio::task::yield_now().await;
        }
        peer
    }

    /// Status, headers and what the service saw.
    async fn call(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> (u16, http::HeaderMap, Value) {
        let method = method.parse::<reqwest::Method>().expect("a method");
        let mut request = self.client.request(method, format!("http://{}{path}", self.address));
        let port = self.address.port();
        let host = if fields.iter().any(|(name, _)| *name == "host") {
            None
        } else {
            Some(format!("shop.example.com:{port}"))
        };
        for (name, value) in host.as_deref().map(|host| ("host", host)).iter().chain(fields) {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.expect("a body");
        (status, headers, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// What everybody who follows the guide must see. `refuses` is the status of a question that makes no sense.
    async fn behaves(&self, refuses: u16) {
        let app = &self.app;
        let ada = app.user("ada@example.com").await;
        let tokens = ada.login().await.expect_tokens();
        let bearer = format!("Bearer {}", tokens.access);
        let known = [("authorization", bearer.as_str())];

        let (status, headers, _) = self.call("GET", "/orders", &[]).await;
        assert_eq!((status, headers["www-authenticate"].to_str().ok()), (401, Some("Bearer realm=\"portcullis\"")));
        assert_eq!(self.call("GET", "/orders", &[("authorization", "Bearer nonsense")]).await.0, 401);
        let (status, headers, _) = self.call("GET", "/orders?a=1", &[("accept", "text/html")]).await;
        let back = format!("http://shop.example.com:{}/ui/login?return_to=/orders%3Fa%3D1", self.address.port());
        assert_eq!((status, headers["location"].to_str().ok()), (302, Some(back.as_str())));

        // What a client says of itself does not arrive.
        let forged = [
            ("x-portcullis-user", "root"),
            ("x-portcullis-roles", "administrator"),
            ("x-portcullis-session", "stolen"),
            ("x-portcullis-actor", "root"),
            ("x-portcullis-certificate-subject", "root"),
            ("x-portcullis-certificate-names", "root"),
            ("x-portcullis-certificate-fingerprint", "root"),
        ];
        let (status, _, seen) = self.call("PUT", "/orders/1?x=%20", &[&known[..], &forged].concat()).await;
        assert_eq!((status, &seen["method"], &seen["uri"]), (200, &"PUT".into(), &"/orders/1?x=%20".into()), "{seen}");
        let told = &seen["headers"];
        assert_eq!(told["x-portcullis-user"], ada.id.as_str(), "{told}");
        assert_eq!(told["x-portcullis-roles"], "user");
        for name in ["actor", "certificate-subject", "certificate-names", "certificate-fingerprint"] {
            let name = format!("x-portcullis-{name}");
            assert!(matches!(told[&name].as_str(), None | Some("")), "{name}: {told}");
        }
        assert_eq!(told["x-portcullis-assertion"].as_str().map(|token| token.split('.').count()), Some(3));
        assert!(told["x-portcullis-session"].as_str().is_some_and(|session| session.len() == 36), "{told}");
        let (status, _, seen) = self.call("GET", "/public", &forged).await;
        assert_eq!(status, 200);
        for (name, _) in forged {
            assert!(matches!(seen["headers"][name].as_str(), None | Some("")), "{name}: {seen}");
        }
        for name in ["x_portcullis_user", "x-portcullis_certificate_names"] {
            let (status, _, seen) = self.call("GET", "/public", &[(name, "root")]).await;
            assert!(status == refuses || (status == 200 && seen["headers"].get(name).is_none()), "{name}: {seen}");
        }

        assert_eq!(self.call("GET", "/reports/1", &known).await.0, 403);
        let search = async || self.call("GET", "/search", &known).await;
        assert_eq!((search().await.0, search().await.0), (200, 200));
        let (status, headers, _) = search().await;
        assert_eq!(status, 429);
        assert!(headers.contains_key("retry-after"), "{headers:?}");

        // A client that joins in the talk is let through nowhere, and never further than without.
        for (name, value) in [("x-original-url", "http://shop.example.com/public"), ("x-forwarded-uri", "/public")] {
            let status = self.call("GET", "/orders", &[(name, value)]).await.0;
            assert!(status == refuses || status == 401, "{name}: {status}");
        }

        assert_eq!(self.call("GET", "/orders", &known).await.0, 200);
        app.post("/api/v1/auth/logout").bearer(&tokens.access).send().await.expect(204);
        assert_eq!(self.call("GET", "/orders", &known).await.0, 401, "taken back, and felt by the next request");
    }
}

#[tokio::test]
async fn nginx_asks() {
    let Some(nginx) = program("nginx") else { return };
    let peer = Peer::start(&blocks("nginx").concat(), |dir, server, _| {
        let config = format!(
            "daemon off;\nmaster_process off;\npid {0}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n\
             client_body_temp_path {0}/1;\nproxy_temp_path {0}/2;\nfastcgi_temp_path {0}/3;\nuwsgi_temp_path {0}/4;\n\
             scgi_temp_path {0}/5;\n{server}\n}}\n",
            dir.display()
        );
        fs::write(dir.join("nginx.conf"), config).expect("written");
        let mut command = Command::new(nginx);
        command.arg("-p").arg(dir).args(["-e", "stderr"]).arg("-c").arg(dir.join("nginx.conf"));
        command
    })
    .await;
    // Portcullis' own pages are reached on the same host.
    let (status, headers, _) = peer.call("GET", "/ui/login?return_to=/orders", &[]).await;
    assert_eq!((status, headers.contains_key("content-security-policy")), (200, true));
    peer.behaves(500).await;
}

#[tokio::test]
async fn traefik_asks() {
    let Some(traefik) = program("traefik") else { return };
    let dynamic = blocks("yaml").into_iter().find(|block| block.contains("forwardAuth")).expect("in the guide");
    let peer = Peer::start(&dynamic, |dir, text, address| {
        fs::write(dir.join("dynamic.yml"), text).expect("written");
        let mut command = Command::new(traefik);
        command
            .arg(format!("--entrypoints.web.address={address}"))
            .arg(format!("--providers.file.filename={}", dir.join("dynamic.yml").display()))
            .args(["--global.checknewversion=false", "--global.sendanonymoususage=false"])
            .current_dir(dir);
        command
    })
    .await;
    peer.behaves(400).await;
}

#[tokio::test]
async fn caddy_asks() {
    let Some(caddy) = program("caddy") else { return };
    let peer = Peer::start(&blocks("caddyfile").concat(), |dir, text, _| {
        fs::write(dir.join("Caddyfile"), format!("{{\n\tadmin off\n}}\n{text}")).expect("written");
        let mut command = Command::new(caddy);
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(dir.join("Caddyfile")).env("HOME", dir);
        command
    })
    .await;
    peer.behaves(400).await;
}

#[tokio::test]
async fn envoy_asks() {
    let Some(envoy) = program("envoy") else { return };
    let config = blocks("yaml").into_iter().find(|block| block.contains("ext_authz")).expect("in the guide");
    let peer = Peer::start(&config, |dir, text, _| {
        fs::write(dir.join("envoy.yaml"), text).expect("written");
        let mut command = Command::new(envoy);
        // Several may run at a time.
        command.arg("-c").arg(dir.join("envoy.yaml")).args(["--concurrency", "1", "--use-dynamic-base-id"]);
        command
    })
    .await;
    peer.behaves(401).await;
}
