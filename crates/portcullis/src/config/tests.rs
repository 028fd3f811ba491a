use std::{ffi::OsString, path::PathBuf};

use super::*;

/// A file in a directory of its own, and variables.
struct Case {
    dir: tempfile::TempDir,
    sources: Sources,
}

impl Case {
    fn toml(text: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("portcullis.toml");
        std::fs::write(&file, text).expect("written");
        Self { dir, sources: Sources { file: Some(file), ..Sources::default() } }
    }
    fn env(mut self, name: &str, value: &str) -> Self {
        self.sources.environment.push((OsString::from(name), OsString::from(value)));
        self
    }
    fn config(&self) -> Config {
        self.sources.load().expect("a good configuration").config
    }
    /// The findings, with the directory cut off.
    fn errors(&self) -> Vec<String> {
        let report = self.sources.load().expect_err("a broken configuration");
        let dir = format!("{}/", self.dir.path().display());
        report.findings().iter().map(|f| f.to_string().replace(&dir, "")).collect()
    }
}

#[test]
fn nothing_set_is_the_defaults() {
    let config = Case::toml("").config();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.storage_url().expose(), "sqlite://data/portcullis.db");
    assert_eq!(config.master_key_file(), PathBuf::from("data/master.key"));
    assert_eq!(config.tokens.access_ttl.to_string(), "15m");
    assert_eq!(config.public_url(config.server.listen), "http://127.0.0.1:8080");
}

#[test]
fn the_environment_wins_over_the_file_and_options_over_both() {
    let mut case = Case::toml(
        "[server]\nlisten = \"127.0.0.1:1\"\nworkers = 2\n[tokens]\naccess_ttl = \"1m\"\n[storage]\ndata_dir = \"a\"",
    )
    .env("PORTCULLIS__SERVER__LISTEN", "0.0.0.0:8081")
    .env("PORTCULLIS__SERVER__WORKERS", "3")
    .env("PORTCULLIS__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 192.168.0.1")
    .env("PORTCULLIS__IDENTITY__LIMITS__IP", r#"["7/minute"]"#)
    .env("PORTCULLIS__PASSWORDS__ARGON2__MEMORY", "19MiB")
    .env("PORTCULLIS__LOG__ACCESS", "false")
    .env("PORTCULLIS__STORAGE__DATA_DIR", "b")
    .env("PORTCULLIS_HOME", "is not a setting");
    case.sources.data_dir = Some("c".into());
    let config = case.config();
    assert_eq!(config.server.listen.to_string(), "0.0.0.0:8081");
    assert_eq!(config.server.workers, 3);
    assert_eq!(config.server.trusted_proxies.len(), 2);
    assert_eq!(config.identity.limits.ip.iter().map(ToString::to_string).collect::<Vec<_>>(), ["7/minute"]);
    assert_eq!(config.passwords.argon2.memory, "19MiB".parse().expect("size"));
    assert_eq!(config.tokens.access_ttl.to_string(), "1m");
    assert!(!config.log.access);
    assert_eq!(config.storage.data_dir, PathBuf::from("c"));
}

#[test]
fn routes_and_upstreams_can_come_from_the_environment() {
    let config = Case::toml("[[routes]]\nname = \"a\"\nmatch = { path = \"/a\" }\nupstream = \"x\"")
        .env("PORTCULLIS__UPSTREAMS__X__TARGETS", "http://127.0.0.1:1,http://127.0.0.1:2")
        .env("PORTCULLIS__ROUTES__0__AUTH", "none")
        .env("PORTCULLIS__ROUTES__1", r#"{ name = "b", match.path = "/b", upstream = "x" }"#)
        .env("PORTCULLIS__ROUTES__1__LIMITS", r#"[{ by = "ip", rate = "1/second" }]"#)
        .config();
    assert_eq!(config.upstreams["x"].targets.len(), 2);
    assert_eq!(config.routes[0].auth, gateway::config::AuthConfig::None);
    assert_eq!((config.routes[1].name.as_str(), config.routes[1].limits.len()), ("b", 1));
}

#[test]
fn text_from_the_environment_stays_text() {
    // What looks like a number, a truth value or a quoted text is still what was written.
    let config = Case::toml("").env("PORTCULLIS__STORAGE__DATA_DIR", "2024").config();
    assert_eq!(config.storage.data_dir, PathBuf::from("2024"));
    let config = Case::toml("").env("PORTCULLIS__STORAGE__DATA_DIR", "true").config();
    assert_eq!(config.storage.data_dir, PathBuf::from("true"));
    let config = Case::toml("").env("PORTCULLIS__STORAGE__DATA_DIR", r#""quoted""#).config();
    assert_eq!(config.storage.data_dir, PathBuf::from("quoted"));
}

#[test]
fn a_secret_is_read_from_the_file_that_a_variable_names() {
    let case = Case::toml("");
    let secret = case.dir.path().join("url");
    std::fs::write(&secret, "postgres://u:p@h/d\n").expect("written");
    let case = case.env("PORTCULLIS__STORAGE__URL_FILE", &secret.display().to_string());
    assert_eq!(case.config().storage_url().expose(), "postgres://u:p@h/d");
    // A setting whose own name ends so is itself.
    let config = Case::toml("").env("PORTCULLIS__SECRETS__MASTER_KEY_FILE", "/k").config();
    assert_eq!(config.master_key_file(), PathBuf::from("/k"));
    let errors = Case::toml("").env("PORTCULLIS__STORAGE__URL_FILE", "/nowhere").errors();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].starts_with("PORTCULLIS__STORAGE__URL_FILE: storage.url: the file /nowhere cannot be read"));
}

#[test]
fn every_error_is_reported_at_once_with_its_place() {
    let case = Case::toml(
        r#"[server]
listn = "127.0.0.1:8080"
workers = "many"
public_url = "id.example.com"
trusted_proxies = ["10.0.0.0/8",
  "10.0.0.0/40"]

[tokens]
algorithm = "RS265"
access_ttl = "2d"

[passwords]
argon2 = { memory = "8MiB", iterations = 1 }

[mial]
url = "smtp://x"

[mail]
url = "http://x"

[sms]
url = "https://x"
"#,
    )
    .env("PORTCULLIS__LOG__LEVEL", "a=b=c")
    .env("PORTCULLIS__LOG__FROMAT", "json");
    assert_eq!(
        case.errors(),
        [
            "portcullis.toml:2:1: server.listn: unknown setting; did you mean \"listen\"?",
            "portcullis.toml:3:1: server.workers: expected an integer, found a string",
            "portcullis.toml:4:1: server.public_url: not an absolute URL: write http://host:port or https://host",
            "portcullis.toml:6:3: server.trusted_proxies[1]: `10.0.0.0/40` is not an address or a CIDR range such as 10.0.0.0/8 or 2001:db8::/32",
            "portcullis.toml:9:1: tokens.algorithm: \"RS265\" is none of \"RS256\", \"ES256\", \"EdDSA\"; did you mean \"RS256\"?",
            "portcullis.toml:10:1: tokens.access_ttl: must be from 10s to 24h",
            "portcullis.toml:13:12: passwords.argon2.memory: must be from 19MiB (the least that OWASP advises) to 4GiB",
            "portcullis.toml:13:29: passwords.argon2.iterations: must be at least 2",
            "portcullis.toml:15:2: mial: unknown setting; did you mean \"mail\"?",
            "portcullis.toml:19:1: mail.url: write smtps://USER:PASSWORD@HOST, smtp://HOST:PORT (with STARTTLS), or add ?tls=none for a server without TLS",
            "portcullis.toml:21:2: sms.account: is missing, and sms.url needs it",
            "portcullis.toml:21:2: sms.from: is missing, and sms.url needs it",
            "portcullis.toml:21:2: sms.token: is missing, and sms.url needs it",
            "PORTCULLIS__LOG__FROMAT: log.fromat: unknown setting; did you mean \"format\"?",
            "PORTCULLIS__LOG__LEVEL: log.level: not a level: write error, warn, info, debug or trace, or directives such as info,gateway=debug",
        ]
    );
}

#[test]
fn errors_of_routes_and_upstreams_are_reported_together() {
    let case = Case::toml(
        r#"[upstreams.orders]
targets = ["http://127.0.0.1:9001", { url = "http://127.0.0.1:9002", wieght = 2 }]
timeout = "5 seconds"

[upstreams.users]
targets = ["http://127.0.0.1:9003", "ftp://x"]

[[routes]]
name = "orders"
match = { path = "/orders/{*rest}", methods = ["get"] }
upstream = "orders"
atuh = "none"
limits = [{ by = "user", rate = "60/fortnight" }, { by = "users", rate = "60/minute" }]

[[routes]]
name = "broken"
upstream = "users"

[[routes]]
name = "users"
match = { path = "/users" }
upstream = "user"
auth = ["jwt", "apikey"]
permissions = ["users"]
roles = ["Admin"]
"#,
    );
    assert_eq!(
        case.errors(),
        [
            "portcullis.toml:2:70: upstreams.orders.targets[1].wieght: unknown setting; did you mean \"weight\"?",
            "portcullis.toml:3:1: upstreams.orders.timeout: \"5 seconds\" does not fit: a length of time: 250ms, 5s, 15m, 12h, 30d",
            "portcullis.toml:6:37: upstreams.users.targets[1]: `ftp://x` has no http or https scheme. Write http://host:port or https://host:port, without a path.",
            "portcullis.toml:10:48: routes[0].match.methods[0]: `get` is not a method that can be routed. Use upper case: GET, POST, PUT, PATCH, DELETE, OPTIONS.",
            "portcullis.toml:12:1: routes[0].atuh: unknown setting; did you mean \"auth\"?",
            "portcullis.toml:13:26: routes[0].limits[0].rate: `60/fortnight` is not a rate: write a count, a slash and a window, such as 10/minute, 100/15m, 5/hour or 1000/day; at most 1000000 a second",
            "portcullis.toml:13:53: routes[0].limits[1].by: \"users\" is none of \"ip\", \"user\", \"api_key\", \"tenant\", \"role\", \"route\"; did you mean \"user\"?",
            "portcullis.toml:15:1: routes[1]: \"match\" is missing",
            "portcullis.toml:22:1: routes[2].upstream: there is no upstream `user`; did you mean \"users\"?",
            "portcullis.toml:23:16: routes[2].auth[1]: \"apikey\" is none of \"jwt\", \"api_key\", \"session\", \"mtls\"; did you mean \"api_key\"?",
            "portcullis.toml:24:16: routes[2].permissions[0]: `users` is not a permission: write `resource:action` or `resource:action:scope` in lower case, digits, `_`, `-`, `.`",
            "portcullis.toml:25:10: routes[2].roles[0]: a role name has 1 to 64 characters of a-z, 0-9, `_` and `-`, and starts with a letter",
        ]
    );
}

#[test]
fn routes_in_each_others_way_are_reported_with_both_places() {
    let case = Case::toml(
        r#"[upstreams.u]
targets = ["http://127.0.0.1:9001"]

[[routes]]
name = "set-aside"
match = { pth = "/x" }
upstream = "u"

[[routes]]
name = "one"
match = { path = "/a/{id}" }
upstream = "u"

[[routes]]
name = "two"
match = { path = "/a/{other}" }
upstream = "u"

[[routes]]
name = "all"
match = { path = "/b/{*rest}" }
priority = 1
upstream = "u"

[[routes]]
name = "hidden"
match = { path = "/b/c", methods = ["GET"], sources = ["10.0.0.0/33"] }
upstream = "u"

[[routes]]
name = "all"
match = { path = "/b/c", methods = ["GET"], sources = ["10.0.0.0/8"] }
upstream = "u"
"#,
    );
    assert_eq!(
        case.errors(),
        [
            "portcullis.toml:6:1: routes[0].match: \"path\" is missing",
            "portcullis.toml:6:11: routes[0].match.pth: unknown setting; did you mean \"path\"?",
            "portcullis.toml:16:1: routes[2].match: takes the same requests as the route `one`. Tell them apart by path, method, host, header, query or source, or by priority where only some requests are the same. The other is at portcullis.toml:11:1.",
            "portcullis.toml:27:56: routes[4].match.sources[0]: `10.0.0.0/33` is not an address or a CIDR range such as 10.0.0.0/8 or 2001:db8::/32",
            "portcullis.toml:31:1: routes[5].name: `all` is the name of another route already. Names label metrics and logs; give each route its own. The other is at portcullis.toml:20:1.",
            "portcullis.toml:32:1: routes[5].match: is never reached: the route `all` has a higher priority and takes its requests. Give this route a priority that is as high, or drop it. The other is at portcullis.toml:21:1.",
        ]
    );
}

#[test]
fn every_error_of_syntax_is_reported() {
    let errors = Case::toml("[server\nlisten = \"x\nworkers = = 3\n").errors();
    assert!(errors.len() >= 2, "{errors:#?}");
    assert!(errors[0].starts_with("portcullis.toml:1:8: "), "{errors:#?}");
}

#[test]
fn a_secret_is_never_shown() {
    let case = Case::toml(
        "[storage]\nurl = \"mysql://root:hunter2@db/x\"\n[secrets]\nmaster_key = 4711\n[kv]\nurl = \"hunter2\"",
    )
    .env("PORTCULLIS__BUS__URL", "hunter2");
    let errors = case.errors().join("\n");
    assert_eq!(errors.lines().count(), 4, "{errors}");
    assert!(!errors.contains("hunter2") && !errors.contains("4711"), "{errors}");
}

#[test]
fn tables_and_values_are_not_confused() {
    let errors = Case::toml("log = \"info\"\n").env("PORTCULLIS__LOG__LEVEL", "info").errors();
    assert_eq!(
        errors,
        [
            "portcullis.toml:1:1: log: expected a table, found a string",
            "PORTCULLIS__LOG__LEVEL: log.level: cannot be set: log is not a table",
        ]
    );
}

#[test]
fn a_named_file_must_exist() {
    let sources = Sources { file: Some("/nowhere/p.toml".into()), ..Sources::default() };
    let report = sources.load().expect_err("no such file").to_string();
    assert!(report.starts_with("/nowhere/p.toml:1:1: there is no such file"), "{report}");
}

#[test]
fn every_format_of_the_schema_has_its_parser() {
    fn formats<'a>(value: &'a serde_json::Value, found: &mut Vec<&'a str>) {
        match value {
            serde_json::Value::Object(table) => {
                if table.get("type").is_some_and(|t| t == "string" || t[0] == "string") {
                    found.extend(table.get("format").and_then(|f| f.as_str()));
                }
                table.values().for_each(|v| formats(v, found));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|v| formats(v, found)),
            _ => {}
        }
    }
    let schema = Schema::new();
    let mut found = Vec::new();
    formats(schema.document(), &mut found);
    assert!(found.len() > 5);
    // The validator knows this one itself.
    found.retain(|name| *name != "uri");
    for name in found {
        assert!(formats::FORMATS.iter().any(|f| f.name == name), "{name} has no parser");
    }
}
