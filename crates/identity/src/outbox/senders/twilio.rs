//! Text messages by a service that speaks Twilio's REST API, as many do:
//! `POST {url}/2010-04-01/Accounts/{account}/Messages.json` with `From`, `To` and `Body`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Request, header};
use http_body_util::Full;
use kernel::Secret;
use serde::Deserialize;
use url::{Url, form_urlencoded};

use crate::{
    outbox::{SendError, Sms, SmsSender},
    outgoing::{self, Client},
};

/// Largest answer that is read.
const MAX_ANSWER: usize = 64 * 1024;

/// Why text messages cannot be sent this way.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidSmsUrl {
    /// The URL.
    #[error("write https://HOST; http:// only for a service on this machine")]
    Url,
    /// The account or the token.
    #[error("must have 1 to 128 letters, digits, `-` and `_`")]
    Account,
    /// TLS.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// Sends by the service.
pub struct Twilio {
    client: Client,
    messages: Url,
    authorization: HeaderValue,
    from: String,
}

impl std::fmt::Debug for Twilio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Twilio").field("messages", &self.messages.as_str()).finish_non_exhaustive()
    }
}

/// What a refusal says, as far as it interests anybody.
#[derive(Deserialize)]
struct Refused {
    code: Option<i64>,
    message: Option<String>,
}

impl Twilio {
    /// By the service at `url`, as this account, from this number or sender name.
    pub fn new(url: &str, account: &str, token: &Secret, from: &str) -> Result<Self, InvalidSmsUrl> {
        let base = Self::check_url(url)?;
        let plain = |text: &str| {
            (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        };
        if !plain(account) || !plain(token.expose()) {
            return Err(InvalidSmsUrl::Account);
        }
        let path = format!("{}/2010-04-01/Accounts/{account}/Messages.json", base.path().trim_end_matches('/'));
        let messages = base.join(&path).map_err(|_| InvalidSmsUrl::Url)?;
        let basic = Secret::new(STANDARD.encode(format!("{account}:{}", token.expose())));
        let header = HeaderValue::from_str(&format!("Basic {}", basic.expose()));
        let mut authorization = header.map_err(|_| InvalidSmsUrl::Account)?;
        authorization.set_sensitive(true);
        let client = Client::new().map_err(|e| InvalidSmsUrl::Tls(e.to_string()))?;
        Ok(Self { client, messages, authorization, from: from.to_owned() })
    }

    /// Whether the text names such a service: its token must not travel in the clear.
    pub fn check_url(text: &str) -> Result<Url, InvalidSmsUrl> {
        outgoing::trusted_url(text).ok_or(InvalidSmsUrl::Url)
    }
}

impl SmsSender for Twilio {
    fn send(&self, sms: Sms) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async move {
            let form = form_urlencoded::Serializer::new(String::new())
                .extend_pairs([("From", self.from.as_str()), ("To", &sms.to), ("Body", &sms.text)])
                .finish();
            let request = Request::post(self.messages.path())
                .header(header::AUTHORIZATION, self.authorization.clone())
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Full::new(Bytes::from(form)))
                .map_err(|e| SendError::Later(e.to_string()))?;
            let answer = self.client.exchange(&self.messages, request, MAX_ANSWER).await;
            let (status, body) = answer.map_err(|e| SendError::Later(e.to_string()))?;
            if (200..300).contains(&status) {
                return Ok(());
            }
            let refused = serde_json::from_slice(&body).unwrap_or(Refused { code: None, message: None });
            let reason = format!(
                "the service answered {status}: {} (code {})",
                refused.message.as_deref().unwrap_or("no message"),
                refused.code.map_or_else(|| "none".to_owned(), |code| code.to_string())
            );
            // 401 and 403 are about our account, which the operator corrects; 404 is a wrong account, 408 and
            // 429 are about now. What else the service says against the message, it will say again.
            let later = status >= 500 || matches!(status, 401 | 403 | 404 | 408 | 429);
            Err(if later { SendError::Later(reason) } else { SendError::Never(reason) })
        })
    }
}
