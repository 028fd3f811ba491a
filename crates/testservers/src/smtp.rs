//! A mail server: RFC 5321 with STARTTLS (RFC 3207), TLS from the start (RFC 8314) and AUTH PLAIN
//! (RFC 4954), as far as a client that delivers mail can tell. In this process, on a free port; it ends
//! with the runtime of its test.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// When the server speaks TLS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SmtpSecurity {
    /// Never; STARTTLS is not offered.
    None,
    /// After STARTTLS; before it, nothing is accepted.
    StartTls,
    /// From the first byte.
    Tls,
}

/// A mail as the server took it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpMail {
    /// How the client introduced itself.
    pub hello: String,
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Header and body, as they came.
    pub data: String,
    /// Whether the connection was under TLS.
    pub secure: bool,
}

/// A running mail server.
#[derive(Clone, Debug)]
pub struct SmtpServer {
    addr: SocketAddr,
    certificate: String,
    received: Arc<Mutex<Vec<SmtpMail>>>,
}

/// What one connection needs.
#[derive(Clone)]
struct Rules {
    security: SmtpSecurity,
    login: Option<(String, String)>,
    tls: TlsAcceptor,
    received: Arc<Mutex<Vec<SmtpMail>>>,
}

impl SmtpServer {
    /// Starts one that asks for nothing, or for this user and password.
    ///
    /// Recipients whose address begins with `refused@` are refused for good (550), with `later@` for now
    /// (451).
    ///
    /// # Panics
    /// Fails the test when there is no free port or no certificate can be made.
    #[expect(clippy::expect_used, reason = "this crate is test code")]
    pub async fn start(security: SmtpSecurity, login: Option<(&str, &str)>) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a usable certificate");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("an address");
        let received = Arc::new(Mutex::new(Vec::new()));
        let rules = Rules {
            security,
            login: login.map(|(user, password)| (user.to_owned(), password.to_owned())),
            tls: TlsAcceptor::from(Arc::new(config)),
            received: received.clone(),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that breaks off is the client's business; the test sees what it received.
                tokio::spawn(serve(stream, rules.clone()));
            }
        });
        Self { addr, certificate: made.cert.pem(), received }
    }

    /// Its port on `localhost`.
    pub const fn port(&self) -> u16 {
        self.addr.port()
    }
    /// Its certificate (PEM), for `localhost`; signed by itself.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }
    /// What it took so far, oldest first.
    pub fn received(&self) -> Vec<SmtpMail> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(stream: TcpStream, rules: Rules) -> io::Result<()> {
    match rules.security {
        SmtpSecurity::Tls => talk(BufReader::new(rules.tls.accept(stream).await?), &rules, true, true).await.map(drop),
        SmtpSecurity::None => talk(BufReader::new(stream), &rules, false, true).await.map(drop),
        SmtpSecurity::StartTls => match talk(BufReader::new(stream), &rules, false, true).await? {
            None => Ok(()),
            Some(plain) => {
                // What came with STARTTLS in one piece would be injected into the secure part.
                if !plain.buffer().is_empty() {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                let secure = rules.tls.accept(plain.into_inner()).await?;
                talk(BufReader::new(secure), &rules, true, false).await.map(drop)
            }
        },
    }
}

/// One session. Answers with the stream when it is to change to TLS.
async fn talk<S>(mut stream: BufReader<S>, rules: &Rules, secure: bool, greet: bool) -> io::Result<Option<BufReader<S>>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut known = rules.login.is_none();
    let (mut hello, mut from, mut to) = (String::new(), String::new(), Vec::new());
    if greet {
        stream.write_all(b"220 localhost ready\r\n").await?;
    }
    let mut line = String::new();
    loop {
        line.clear();
        stream.flush().await?;
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let command = line.trim_end();
        let verb = command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let address = || command.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(a, _)| a);
        let unsafe_yet = rules.security == SmtpSecurity::StartTls && !secure;
        let answer = match verb.as_str() {
            "EHLO" => {
                hello = command.get(5..).unwrap_or_default().to_owned();
                let offers = match (unsafe_yet, known) {
                    (true, _) => "250-localhost\r\n250 STARTTLS\r\n",
                    (false, false) => "250-localhost\r\n250 AUTH PLAIN\r\n",
                    (false, true) => "250-localhost\r\n250 8BITMIME\r\n",
                };
                offers.to_owned()
            }
            "STARTTLS" if unsafe_yet => {
                stream.write_all(b"220 go ahead\r\n").await?;
                stream.flush().await?;
                return Ok(Some(stream));
            }
            "NOOP" | "RSET" => "250 ok\r\n".to_owned(),
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                stream.flush().await?;
                return Ok(None);
            }
            _ if unsafe_yet => "530 STARTTLS first\r\n".to_owned(),
            "AUTH" => {
                known = is_login(command, rules.login.as_ref());
                (if known { "235 welcome\r\n" } else { "535 who are you\r\n" }).to_owned()
            }
            _ if !known => "530 login first\r\n".to_owned(),
            "MAIL" => {
                address().clone_into(&mut from);
                "250 ok\r\n".to_owned()
            }
            "RCPT" if address().starts_with("refused@") => "550 no such user\r\n".to_owned(),
            "RCPT" if address().starts_with("later@") => "451 try again\r\n".to_owned(),
            "RCPT" => {
                to.push(address().to_owned());
                "250 ok\r\n".to_owned()
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                stream.flush().await?;
                let data = read_data(&mut stream).await?;
                let mail =
                    SmtpMail { hello: hello.clone(), from: from.clone(), to: std::mem::take(&mut to), data, secure };
                rules.received.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
                "250 taken\r\n".to_owned()
            }
            _ => "500 what\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// `AUTH PLAIN` with an initial response: base64 of `\0user\0password`.
fn is_login(command: &str, wanted: Option<&(String, String)>) -> bool {
    let given = command.split(' ').nth(2).and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
    wanted.is_some_and(|(user, password)| given == format!("\0{user}\0{password}").into_bytes())
}

/// Up to the line with a single dot; doubled dots become one (RFC 5321 §4.5.2).
async fn read_data<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> io::Result<String> {
    let mut data = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.as_str() {
            ".\r\n" => return Ok(data),
            dotted => data.push_str(dotted.strip_prefix('.').unwrap_or(dotted)),
        }
    }
}
