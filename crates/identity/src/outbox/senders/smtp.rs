//! Mail by SMTP (RFC 5321), over TLS.
//!
//! `smtps://` is TLS from the first byte (RFC 8314), `smtp://` must change to TLS (STARTTLS, RFC 3207)
//! before anything is said; a server that does not offer it is refused, since whoever sits in between
//! could take the offer away. Only a server on this machine, or one whose URL says `?tls=none`, is spoken
//! to in the clear, and never with a password unless it is on this machine.

use std::{
    net::IpAddr,
    time::{Duration, UNIX_EPOCH},
};

use futures_util::future::BoxFuture;
use kernel::{Secret, Timestamp};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::outbox::{Mail, MailSender, SendError};

/// What a certificate in PEM begins with (RFC 7468 §5.1).
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";
/// Longest time for one answer of the server.
const ANSWER: Duration = Duration::from_secs(20);

/// Why mail cannot be sent this way. Says what to write instead, and nothing of the URL, which may hold a
/// password.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidMailUrl {
    /// Not a URL of ours.
    #[error(
        "write smtps://USER:PASSWORD@HOST, smtp://HOST:PORT (with STARTTLS), or add ?tls=none for a server without TLS"
    )]
    Form,
    /// Another choice than we know.
    #[error("the only parameter is tls, which is `required` or `none`")]
    Parameter,
    /// A password in the clear.
    #[error("a password would be sent in the clear: use smtps://, or smtp:// without ?tls=none")]
    Exposed,
    /// The sender.
    #[error("must be an address such as no-reply@example.com, or \"Example <no-reply@example.com>\"")]
    From,
    /// The certificate of a private authority.
    #[error("is not a certificate in PEM")]
    Certificate,
    /// The TLS library refuses.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Security {
    /// TLS from the first byte.
    Wrapped,
    /// STARTTLS, or nothing.
    Upgraded,
    Clear,
}

/// A server, as its URL says.
struct Server {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
}

fn parse(text: &str) -> Result<Server, InvalidMailUrl> {
    let url = Url::parse(text).map_err(|_| InvalidMailUrl::Form)?;
    let wrapped = match url.scheme() {
        "smtps" => true,
        "smtp" => false,
        _ => return Err(InvalidMailUrl::Form),
    };
    // Of a scheme that is not the web's, the host is opaque: an address looks like a name.
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(InvalidMailUrl::Form)?;
    let host = Host::parse(host).map_err(|_| InvalidMailUrl::Form)?;
    let here = match &host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(v4) => IpAddr::V4(*v4).is_loopback(),
        Host::Ipv6(v6) => IpAddr::V6(*v6).is_loopback(),
    };
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err(InvalidMailUrl::Form);
    }
    let security = match (wrapped, url.query()) {
        (true, None) => Security::Wrapped,
        (false, None) if here => Security::Clear,
        (false, None | Some("tls=required")) => Security::Upgraded,
        (false, Some("tls=none")) => Security::Clear,
        _ => return Err(InvalidMailUrl::Parameter),
    };
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let credentials = match (url.username(), url.password()) {
        ("", None) => None,
        (user, Some(password)) if !user.is_empty() => Some(Credentials::new(decoded(user), decoded(password))),
        _ => return Err(InvalidMailUrl::Form),
    };
    if credentials.is_some() && security == Security::Clear && !here {
        return Err(InvalidMailUrl::Exposed);
    }
    // RFC 8314 §7.3, RFC 6409 §3.1.
    let port = url.port().unwrap_or(if wrapped { 465 } else { 587 });
    let host = match host {
        Host::Domain(name) => name,
        Host::Ipv4(v4) => v4.to_string(),
        Host::Ipv6(v6) => v6.to_string(),
    };
    Ok(Server { host, port, security, credentials })
}

/// Whether the text names a server that mail can be sent by.
pub fn check_url(text: &str) -> Result<(), InvalidMailUrl> {
    parse(text).map(drop)
}

/// Whether mail can be sent in this name.
pub fn check_from(text: &str) -> Result<(), InvalidMailUrl> {
    text.parse::<Mailbox>().map(drop).map_err(|_| InvalidMailUrl::From)
}

/// Sends by a mail server.
#[derive(Debug)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    /// By the server that the URL names, in the name of `from`. `authority` is the certificate (PEM) of a
    /// private authority that is believed beside the public ones.
    pub fn new(url: &Secret, from: &str, authority: Option<&[u8]>) -> Result<Self, InvalidMailUrl> {
        let from: Mailbox = from.parse().map_err(|_| InvalidMailUrl::From)?;
        let Server { host, port, security, credentials } = parse(url.expose())?;
        let tls = || {
            let mut parameters = TlsParameters::builder(host.clone());
            if let Some(pem) = authority {
                // Of a text without any certificate the library makes an empty list.
                if !pem.windows(PEM.len()).any(|w| w == PEM) {
                    return Err(InvalidMailUrl::Certificate);
                }
                let certificate = Certificate::from_pem(pem).map_err(|_| InvalidMailUrl::Certificate)?;
                parameters = parameters.add_root_certificate(certificate);
            }
            parameters.build().map_err(|e| InvalidMailUrl::Tls(e.to_string()))
        };
        let tls = match security {
            Security::Wrapped => Tls::Wrapper(tls()?),
            Security::Upgraded => Tls::Required(tls()?),
            Security::Clear => Tls::None,
        };
        // The name we greet with: receivers distrust a bare address.
        let name = ClientId::Domain(from.email.domain().to_owned());
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .hello_name(name)
            .timeout(Some(ANSWER));
        if let Some(credentials) = credentials {
            transport = transport.credentials(credentials);
        }
        Ok(Self { transport: transport.build(), from })
    }

    fn compose(&self, mail: Mail) -> Result<Message, SendError> {
        let never = |reason: &dyn std::fmt::Display| SendError::Never(format!("the mail cannot be written: {reason}"));
        let to: Address = mail.to.parse().map_err(|e| never(&e))?;
        let domain = self.from.email.domain();
        // RFC 3834 §5: no vacation notice answers it.
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .date(system_time(mail.at))
            .message_id(Some(format!("<{}@{domain}>", mail.id)))
            .subject(mail.subject)
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
            .map_err(|e| never(&e))
    }
}

fn system_time(at: Timestamp) -> std::time::SystemTime {
    UNIX_EPOCH + at.since(Timestamp::EPOCH)
}

/// Replies that are about us, not about the mail: our login (RFC 4954 §6) or our manners are not accepted
/// (RFC 3207 §4), which the operator corrects.
const OUR_FAULT: [u16; 4] = [530, 534, 535, 538];

impl MailSender for Smtp {
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async move {
            let message = self.compose(mail)?;
            match self.transport.send(message).await {
                Ok(_) => Ok(()),
                Err(error) => {
                    let code = error.status().map(u16::from);
                    let for_good = error.is_permanent() && code.is_none_or(|code| !OUR_FAULT.contains(&code));
                    let reason = describe(&error);
                    Err(if for_good { SendError::Never(reason) } else { SendError::Later(reason) })
                }
            }
        })
    }
}

/// The error with its causes: "connection error" alone helps nobody.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
