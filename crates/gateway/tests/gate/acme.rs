//! Certificates that are ordered, from an authority of the test's own that keeps to RFC 8555: it checks nonces and
//! signatures, calls the gate to see whether a host is its own, and signs what is asked for.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::Duration,
};

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey},
};
use kernel::{Clock as _, ManualClock, Timestamp};
use parking_lot::Mutex;
use rcgen::{PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm};
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use x509_parser::prelude::{FromDer as _, GeneralName, ParsedExtension, X509CertificationRequest};

use crate::{
    harness::{Answer, Client, Gate, Setup, open_to, serve},
    pki::Authority,
};

const HOSTS: [&str; 2] = ["a.test", "b.test"];
const DAY: u64 = 86_400;

/// How the authority is disposed.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Mood {
    #[default]
    Well,
    /// It cannot see that a host is ours.
    Blind,
    /// It was asked too much.
    Tired,
}

#[derive(Default)]
struct Book {
    mood: Mood,
    /// Whether a good nonce has been refused once.
    forgot: bool,
    nonces: BTreeSet<String>,
    issued: usize,
    /// The key of each account.
    accounts: Vec<Value>,
    orders: Vec<Order>,
    refused: Vec<String>,
}

struct Order {
    hosts: Vec<String>,
    /// The status of each host's authorization, and why.
    shown: Vec<(&'static str, Option<String>)>,
    certificate: Option<String>,
}

/// The authority.
struct Acme {
    pki: Authority,
    clock: Arc<ManualClock>,
    begun: Timestamp,
    book: Mutex<Book>,
    /// Where the gate can be asked whether a host is its own, once that is known.
    gate: Mutex<Option<SocketAddr>>,
    own: Mutex<String>,
}

struct Refusal(u16, &'static str);

fn decode(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => panic!("no base64url: {text}"),
    };
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for byte in text.bytes() {
        bits = bits << 6 | u32::from(digit(byte));
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    bytes
}

fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut held, mut text) = (0_u32, 0, String::new());
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        held += 8;
        while held >= 6 {
            held -= 6;
            text.push(char::from(DIGITS[(bits >> held & 63) as usize]));
        }
    }
    if held > 0 {
        text.push(char::from(DIGITS[(bits << (6 - held) & 63) as usize]));
    }
    text
}

/// A key in a request for a certificate.
struct Asked(Vec<u8>);

impl PublicKeyData for Asked {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }
    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl Acme {
    async fn start() -> Arc<Self> {
        let begun = kernel::SystemClock.now();
        let this = Arc::new(Self {
            pki: Authority::new(),
            clock: Arc::new(ManualClock::at(begun)),
            begun,
            book: Mutex::default(),
            gate: Mutex::default(),
            own: Mutex::default(),
        });
        let acme = this.clone();
        let address = serve(move |mut connection| {
            let acme = acme.clone();
            async move {
                while let Some(request) = connection.message().await {
                    let answer = acme.answer(&request).await;
                    connection.send(answer).await;
                }
            }
        })
        .await;
        *this.own.lock() = format!("http://{address}");
        this
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.own.lock())
    }

    fn nonce(&self) -> String {
        let mut book = self.book.lock();
        book.issued += 1;
        let nonce = format!("nonce-{}", book.issued);
        book.nonces.insert(nonce.clone());
        nonce
    }

    async fn answer(&self, request: &Answer) -> String {
        let mut words = request.start.split(' ');
        let (method, path) = (words.next().expect("a method"), words.next().expect("a target"));
        let made = match (method, path) {
            ("GET", "/directory") => Ok((
                200,
                json!({ "newNonce": self.url("/nonce"), "newAccount": self.url("/account"), "newOrder": self.url("/order") })
                    .to_string(),
                String::new(),
            )),
            ("HEAD", "/nonce") => Ok((200, String::new(), String::new())),
            ("POST", path) => self.post(request, path).await,
            _ => Err(Refusal(404, "malformed")),
        };
        let (status, body, location) = made.unwrap_or_else(|Refusal(status, kind)| {
            self.book.lock().refused.push(kind.to_owned());
            let problem =
                json!({ "type": format!("urn:ietf:params:acme:error:{kind}"), "detail": "as the test wants it" });
            (status, problem.to_string(), String::new())
        });
        let location = if location.is_empty() { location } else { format!("Location: {location}\r\n") };
        let nonce = self.nonce();
        format!(
            "HTTP/1.1 {status} X\r\nReplay-Nonce: {nonce}\r\n{location}Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    /// Checks who asks (RFC 8555 §6.2 to §6.5): the account's key, and what is said.
    fn verify(&self, request: &Answer, path: &str) -> Result<(Value, Value), Refusal> {
        let malformed = || Refusal(400, "malformed");
        if request.field("content-type") != Some("application/jose+json") {
            return Err(Refusal(415, "malformed"));
        }
        let jws: Value = serde_json::from_slice(&request.body).map_err(|_| malformed())?;
        let text = |name: &str| jws[name].as_str().ok_or_else(malformed);
        let (protected, payload) = (text("protected")?, text("payload")?);
        let head: Value = serde_json::from_slice(&decode(protected)).map_err(|_| malformed())?;
        let mut book = self.book.lock();
        let fresh = head["nonce"].as_str().is_some_and(|nonce| book.nonces.remove(nonce));
        if !fresh || (path == "/order" && !std::mem::replace(&mut book.forgot, true)) {
            return Err(Refusal(400, "badNonce"));
        }
        if head["alg"] != "ES256" || head["url"] != self.url(path) {
            return Err(malformed());
        }
        let key = match (path, &head["jwk"], head["kid"].as_str()) {
            ("/account", jwk, None) if jwk.is_object() => jwk.clone(),
            (_, Value::Null, Some(kid)) if path != "/account" => {
                let number = kid.rsplit('/').next().and_then(|number| number.parse::<usize>().ok());
                number
                    .and_then(|number| book.accounts.get(number))
                    .cloned()
                    .ok_or(Refusal(400, "accountDoesNotExist"))?
            }
            _ => return Err(malformed()),
        };
        let point = |name: &str| decode(key[name].as_str().expect("a coordinate"));
        let public = [vec![4], point("x"), point("y")].concat();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public)
            .verify(format!("{protected}.{payload}").as_bytes(), &decode(text("signature")?))
            .map_err(|_| Refusal(403, "unauthorized"))?;
        let said = if payload.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&decode(payload)).map_err(|_| malformed())?
        };
        Ok((key, said))
    }

    async fn post(&self, request: &Answer, path: &str) -> Result<(u16, String, String), Refusal> {
        let (key, said) = self.verify(request, path)?;
        let mut parts = path.split('/').skip(1);
        let (kind, order, host) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
        let number =
            |text: Option<&str>| text.and_then(|text| text.parse::<usize>().ok()).ok_or(Refusal(404, "malformed"));
        match kind {
            "account" => {
                assert_eq!(
                    (&said["termsOfServiceAgreed"], &said["contact"][0]),
                    (&json!(true), &json!("mailto:ops@a.test"))
                );
                let mut book = self.book.lock();
                book.accounts.push(key);
                let url = self.url(&format!("/account/{}", book.accounts.len() - 1));
                Ok((201, json!({ "status": "valid" }).to_string(), url))
            }
            "order" if order.is_none() => {
                let mut book = self.book.lock();
                if book.mood == Mood::Tired {
                    return Err(Refusal(429, "rateLimited"));
                }
                let hosts = said["identifiers"].as_array().expect("identifiers").iter();
                let hosts: Vec<String> = hosts.map(|id| id["value"].as_str().expect("a host").to_owned()).collect();
                let shown = vec![("pending", None); hosts.len()];
                book.orders.push(Order { hosts, shown, certificate: None });
                let number = book.orders.len() - 1;
                drop(book);
                Ok((201, self.order(number), self.url(&format!("/order/{number}"))))
            }
            "order" => {
                let number = number(order)?;
                Ok((200, self.order(number), self.url(path)))
            }
            "authorization" => Ok((200, self.authorization(number(order)?, number(host)?), String::new())),
            "challenge" => {
                let (order, host) = (number(order)?, number(host)?);
                let found = self.look(order, host, &key).await;
                let mut book = self.book.lock();
                book.orders[order].shown[host] = match found {
                    Ok(()) => ("valid", None),
                    Err(why) => ("invalid", Some(why)),
                };
                drop(book);
                let authorization: Value = serde_json::from_str(&self.authorization(order, host)).expect("JSON");
                // It says what it found when it is asked about the order, not before.
                let mut challenge = authorization["challenges"][0].clone();
                challenge.as_object_mut().expect("an object").remove("error");
                Ok((200, challenge.to_string(), String::new()))
            }
            "finalize" => {
                let number = number(order)?;
                self.sign(number, &decode(said["csr"].as_str().unwrap_or_default()))?;
                Ok((200, self.order(number), self.url(&format!("/order/{number}"))))
            }
            "certificate" => {
                let certificate = self.book.lock().orders[number(order)?].certificate.clone();
                Ok((200, certificate.ok_or(Refusal(404, "malformed"))?, String::new()))
            }
            _ => Err(Refusal(404, "malformed")),
        }
    }

    fn order(&self, number: usize) -> String {
        let book = self.book.lock();
        let order = &book.orders[number];
        let all = |status| order.shown.iter().all(|(shown, _)| *shown == status);
        let status = match &order.certificate {
            Some(_) => "valid",
            None if all("valid") => "ready",
            None if order.shown.iter().any(|(shown, _)| *shown == "invalid") => "invalid",
            None => "pending",
        };
        let urls = (0..order.hosts.len()).map(|host| self.url(&format!("/authorization/{number}/{host}")));
        json!({
            "status": status,
            "identifiers": order.hosts.iter().map(|host| json!({ "type": "dns", "value": host })).collect::<Vec<_>>(),
            "authorizations": urls.collect::<Vec<_>>(),
            "finalize": self.url(&format!("/finalize/{number}")),
            "certificate": order.certificate.as_ref().map(|_| self.url(&format!("/certificate/{number}"))),
        })
        .to_string()
    }

    fn authorization(&self, order: usize, host: usize) -> String {
        let book = self.book.lock();
        let (status, why) = &book.orders[order].shown[host];
        let error = why.as_ref().map(|why| json!({ "type": "urn:ietf:params:acme:error:unauthorized", "detail": why }));
        json!({
            "status": status,
            "identifier": { "type": "dns", "value": book.orders[order].hosts[host] },
            "challenges": [{
                "type": "http-01",
                "url": self.url(&format!("/challenge/{order}/{host}")),
                "token": format!("token-{order}-{host}"),
                "status": status,
                "error": error,
            }],
        })
        .to_string()
    }

    /// Whether the host is the account's own (RFC 8555 §8.3): asked over plain HTTP.
    async fn look(&self, order: usize, host: usize, key: &Value) -> Result<(), String> {
        let (blind, name) = {
            let book = self.book.lock();
            (book.mood == Mood::Blind, book.orders[order].hosts[host].clone())
        };
        if blind {
            return Err(format!("nobody at {name}"));
        }
        let gate = loop {
            if let Some(gate) = *self.gate.lock() {
                break gate;
            }
            tokio::task::yield_now().await;
        };
        let token = format!("token-{order}-{host}");
        let thumbprint = json!({ "crv": key["crv"], "kty": key["kty"], "x": key["x"], "y": key["y"] }).to_string();
        let expected = format!("{token}.{}", encode(digest(&SHA256, thumbprint.as_bytes()).as_ref()));
        let mut client = Client::connect(gate).await;
        client.send(&format!("GET /.well-known/acme-challenge/{token} HTTP/1.1\r\nHost: {name}\r\n\r\n")).await;
        let answer = client.answer().await;
        let right = answer.status() == 200 && answer.text() == expected;
        if right { Ok(()) } else { Err(format!("{name} says {} {}", answer.status(), answer.text())) }
    }

    /// Signs what is asked for, if it is what was ordered.
    fn sign(&self, number: usize, csr: &[u8]) -> Result<(), Refusal> {
        let bad = |_| Refusal(400, "badCSR");
        let (_, request) = X509CertificationRequest::from_der(csr).map_err(bad)?;
        let names: Vec<String> = request
            .requested_extensions()
            .into_iter()
            .flatten()
            .filter_map(|extension| match extension {
                ParsedExtension::SubjectAlternativeName(names) => Some(&names.general_names),
                _ => None,
            })
            .flatten()
            .filter_map(|name| if let GeneralName::DNSName(name) = name { Some((*name).to_owned()) } else { None })
            .collect();
        let info = &request.certification_request_info;
        let mut book = self.book.lock();
        let order = &mut book.orders[number];
        if names != order.hosts || info.subject.iter_attributes().next().is_some() {
            return Err(Refusal(400, "badCSR"));
        }
        if !order.shown.iter().all(|(status, _)| *status == "valid") {
            return Err(Refusal(403, "orderNotReady"));
        }
        // Clients go by the machine's clock, which stands where the story began.
        let at = |time: Timestamp| OffsetDateTime::from_unix_timestamp(time.as_secs()).expect("a time");
        let times = (at(self.begun), at(self.clock.now()) + time::Duration::days(90));
        let key = Asked(info.subject_pki.subject_public_key.data.to_vec());
        order.certificate = Some(self.pki.sign_key(&key, &names, times));
        drop(book);
        Ok(())
    }

    fn orders(&self) -> usize {
        self.book.lock().orders.len()
    }

    fn gate(&self, dir: &Path) -> Gate {
        let upstream = SocketAddr::from(([127, 0, 0, 1], 1));
        let text = format!(
            "[tls]\nredirect_listen = '127.0.0.1:0'\n[tls.acme]\ndirectory = '{}'\nhosts = ['{}', '{}']\nterms_agreed = true\n\
             contact = ['mailto:ops@a.test']\ndir = {dir:?}\n[routing]\n{}",
            self.url("/directory"),
            HOSTS[0],
            HOSTS[1],
            open_to(upstream).replace("upstreams.u.targets", "[upstreams.u]\ntargets"),
        );
        let gate = Setup { clock: self.clock.clone(), ..Setup::new(&text.replace("[routing]\n", "")) }.open();
        *self.gate.lock() = gate.running.redirect_address();
        gate
    }

    /// The certificate that a client who believes only this authority gets; none while there is none of it.
    async fn served(&self, gate: &Gate, host: &'static str) -> Option<Vec<u8>> {
        let tcp = TcpStream::connect(gate.address).await.expect("connected");
        let connector = TlsConnector::from(self.pki.client(None, &["http/1.1"]));
        let stream = connector.connect(ServerName::try_from(host).expect("a name"), tcp).await.ok()?;
        Some(stream.get_ref().1.peer_certificates()?.first()?.to_vec())
    }

    async fn wait_for(&self, gate: &Gate, old: Option<&Vec<u8>>) -> Vec<u8> {
        loop {
            match self.served(gate, HOSTS[1]).await {
                Some(new) if Some(&new) != old => return new,
                _ => tokio::task::yield_now().await,
            }
        }
    }
}

async fn health(gate: &Gate) -> Result<(), String> {
    gate.running.certificates().expect("a check").check().await
}

#[tokio::test]
async fn a_certificate_is_ordered_served_and_renewed() {
    let acme = Acme::start().await;
    let place = tempfile::tempdir().expect("a directory");
    let dir = place.path().join("acme");
    let gate = acme.gate(&dir);
    let first = acme.wait_for(&gate, None).await;
    assert!(acme.served(&gate, HOSTS[0]).await.is_some(), "one certificate for all hosts");
    assert_eq!(health(&gate).await, Ok(()));
    assert_eq!(acme.book.lock().refused, ["badNonce"], "a nonce that was lost is no failure");
    // What the authority was answered is gone, and nobody but us reads the rest.
    let redirect = gate.running.redirect_address().expect("an address");
    let mut client = Client::connect(redirect).await;
    client.send("GET /.well-known/acme-challenge/token-0-0 HTTP/1.1\r\nHost: a.test\r\n\r\n").await;
    assert_eq!(client.answer().await.status(), 404);
    #[cfg(unix)]
    for file in std::fs::read_dir(&dir).expect("the directory").flatten() {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(file.metadata().expect("a file").permissions().mode() & 0o077, 0, "{:?}", file.path());
    }
    // Another node of the same directory orders nothing.
    let other = acme.gate(&dir);
    assert_eq!(acme.wait_for(&other, None).await, first);
    assert_eq!(acme.orders(), 1);
    acme.clock.advance(Duration::from_secs(63 * DAY));
    let second = acme.wait_for(&gate, Some(&first)).await;
    assert_eq!(acme.wait_for(&other, Some(&first)).await, second, "both serve it");
    assert_eq!((acme.orders(), acme.book.lock().accounts.len()), (2, 1), "one of them ordered, as the same account");
}

#[tokio::test]
async fn what_there_is_serves_on_when_an_order_fails() {
    let acme = Acme::start().await;
    acme.book.lock().mood = Mood::Blind;
    let place = tempfile::tempdir().expect("a directory");
    let gate = acme.gate(&place.path().join("acme"));
    let failed = loop {
        match health(&gate).await {
            Err(error) if error.starts_with("no new certificate") => break error,
            _ => tokio::task::yield_now().await,
        }
    };
    assert!(failed.contains("there is none yet") && failed.contains("nobody at"), "{failed}");
    assert_eq!((acme.served(&gate, HOSTS[0]).await, acme.orders()), (None, 1), "a stand-in that nobody believes");
    acme.book.lock().mood = Mood::Well;
    acme.clock.advance(Duration::from_secs(120));
    let first = acme.wait_for(&gate, None).await;
    assert_eq!((health(&gate).await, acme.orders()), (Ok(()), 2));

    acme.book.lock().mood = Mood::Tired;
    acme.clock.advance(Duration::from_secs(63 * DAY));
    while !acme.book.lock().refused.contains(&"rateLimited".to_owned()) {
        tokio::task::yield_now().await;
    }
    let told = loop {
        match health(&gate).await {
            Err(error) => break error,
            Ok(()) => tokio::task::yield_now().await,
        }
    };
    assert!(told.contains("serves until"), "{told}");
    assert_eq!(acme.served(&gate, HOSTS[0]).await.as_ref(), Some(&first));
    // Not before an hour has passed.
    acme.book.lock().mood = Mood::Well;
    acme.clock.advance(Duration::from_secs(2 * 3_600));
    acme.wait_for(&gate, Some(&first)).await;
    assert_eq!(acme.orders(), 3);
    let counts = acme.book.lock().refused.iter().fold(BTreeMap::new(), |mut counts: BTreeMap<String, u32>, kind| {
        *counts.entry(kind.clone()).or_default() += 1;
        counts
    });
    assert_eq!(counts, [("badNonce".to_owned(), 1), ("rateLimited".to_owned(), 1)].into());
}
