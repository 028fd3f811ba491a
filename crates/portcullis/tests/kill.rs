//! `kill -9` at any moment loses no acknowledged write, and what was revoked stays revoked.

#![expect(clippy::expect_used, reason = "this crate is test code")]

use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "Correct-Horse-7-Battery";

struct Node {
    child: Child,
    base: String,
    client: reqwest::Client,
}

impl Node {
    async fn start(dir: &Path) -> Self {
        let port = free_port();
        let child = portcullis(dir)
            .arg("serve")
            .env("PORTCULLIS__SERVER__LISTEN", format!("127.0.0.1:{port}"))
            .env("PORTCULLIS__SERVER__OPS_LISTEN", format!("127.0.0.1:{}", free_port()))
            // The issuer must not change with the port.
            .env("PORTCULLIS__SERVER__PUBLIC_URL", "http://portcullis.test")
            .env("PORTCULLIS__IDENTITY__LIMITS__LOGIN", "100000/minute")
            .env("PORTCULLIS__IDENTITY__LIMITS__IP", "[\"100000/minute\"]")
            .env("PORTCULLIS__IDENTITY__LIMITS__USER", "[\"100000/minute\"]")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let node = Self { child, base: format!("http://127.0.0.1:{port}"), client: reqwest::Client::new() };
        while node.client.get(format!("{}/readyz", node.base)).send().await.map_or(true, |r| !r.status().is_success()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        node
    }

    async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Option<(u16, Value)> {
        let mut call = self.client.post(format!("{}{path}", self.base)).json(body);
        if let Some(token) = token {
            call = call.bearer_auth(token);
        }
        let answer = call.send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.unwrap_or(Value::Null)))
    }

    async fn login(&self) -> Value {
        let (status, tokens) = self
            .post("/api/v1/auth/login", None, &json!({"email": EMAIL, "password": PASSWORD}))
            .await
            .expect("an answer");
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    async fn me(&self, access: &Value) -> u16 {
        let call = self.client.get(format!("{}/api/v1/me", self.base)).bearer_auth(access.as_str().expect("a token"));
        call.send().await.expect("an answer").status().as_u16()
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    fn kill(mut self) {
        self.child.kill().expect("kill -9");
        self.child.wait().expect("gone");
    }
}

fn portcullis(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    // The cheapest hashing that is allowed: this test is about durability.
    command
        .current_dir(dir)
        .env("PORTCULLIS__STORAGE__DATA_DIR", dir.join("data"))
        .env("PORTCULLIS__PASSWORDS__ARGON2__MEMORY", "19MiB")
        .env("PORTCULLIS__PASSWORDS__ARGON2__PARALLELISM", "1");
    command
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port()
}

fn create_admin(dir: &Path) {
    use std::io::Write as _;
    let mut child = portcullis(dir)
        .args(["admin", "create", "--email", EMAIL, "--password-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("admin create");
    child.stdin.take().expect("stdin").write_all(PASSWORD.as_bytes()).expect("a password");
    assert!(child.wait().expect("done").success());
}

#[tokio::test]
async fn what_was_revoked_stays_revoked() {
    let dir = tempfile::tempdir().expect("a folder");
    create_admin(dir.path());
    let node = Node::start(dir.path()).await;
    let (gone, stays) = (node.login().await, node.login().await);
    assert_eq!((node.me(&gone["access_token"]).await, node.me(&stays["access_token"]).await), (200, 200));
    let out = node.post("/api/v1/auth/logout", gone["access_token"].as_str(), &json!({})).await.expect("an answer");
    assert_eq!(out.0, 204);
    node.kill();

    let node = Node::start(dir.path()).await;
    assert_eq!((node.me(&gone["access_token"]).await, node.me(&stays["access_token"]).await), (401, 200));
    let refresh = |tokens: &Value| json!({"refresh_token": tokens["refresh_token"]});
    assert_eq!(node.post("/api/v1/auth/refresh", None, &refresh(&gone)).await.expect("an answer").0, 401);
    assert_eq!(node.post("/api/v1/auth/refresh", None, &refresh(&stays)).await.expect("an answer").0, 200);
    node.kill();
}

#[tokio::test]
async fn no_acknowledged_write_is_lost() {
    let dir = tempfile::tempdir().expect("a folder");
    create_admin(dir.path());
    for round in 0..3 {
        let node = Node::start(dir.path()).await;
        let mut last = node.login().await;
        let (sender, receiver) = tokio::sync::oneshot::channel();
        // Refreshes one after the other until the process dies under it; the last answer that came is
        // the last acknowledged write.
        let chain = tokio::spawn({
            let (client, base) = (node.client.clone(), node.base.clone());
            async move {
                let mut count = 0;
                let mut sender = Some(sender);
                loop {
                    let body = json!({"refresh_token": last["refresh_token"]});
                    let Ok(answer) = client.post(format!("{base}/api/v1/auth/refresh")).json(&body).send().await else {
                        return (last, count);
                    };
                    assert_eq!(answer.status(), 200);
                    let Ok(next) = answer.json().await else { return (last, count) };
                    last = next;
                    count += 1;
                    if count == 20 + 17 * round {
                        sender.take().map(|s| s.send(()));
                    }
                }
            }
        });
        receiver.await.expect("refreshes go on");
        node.kill();
        let (last, count) = chain.await.expect("the chain");
        assert!(count >= 20);

        let node = Node::start(dir.path()).await;
        let body = json!({"refresh_token": last["refresh_token"]});
        let (status, next) = node.post("/api/v1/auth/refresh", None, &body).await.expect("an answer");
        assert_eq!(status, 200, "round {round}: the last acknowledged token is lost: {next}");
        node.kill();
    }
    let verified = portcullis(dir.path()).args(["audit", "verify"]).output().expect("audit verify");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}
