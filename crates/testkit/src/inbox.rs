//! Where the mails and text messages of an app arrive.

use std::{
    future::ready,
    sync::{Mutex, PoisonError},
};

use futures_util::future::BoxFuture;
use identity::outbox::{Mail, MailSender, SendError, Sms, SmsSender};
use tokio::sync::Notify;

/// Takes every message and keeps it until a test reads it.
#[derive(Debug, Default)]
pub struct Inbox {
    received: Mutex<Vec<Received>>,
    arrived: Notify,
}

/// A message, as its recipient reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Address or number.
    pub to: String,
    /// One line; empty for a text message.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML; empty for a text message.
    pub html: String,
}

impl Inbox {
    fn take_in(&self, message: Received) -> BoxFuture<'_, Result<(), SendError>> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        self.arrived.notify_waiters();
        Box::pin(ready(Ok(())))
    }

    /// The oldest unread message to this address or number; waits for it.
    pub(crate) async fn next_to(&self, to: &str) -> Received {
        loop {
            // Before looking, so that what arrives meanwhile is noticed.
            let arrived = self.arrived.notified();
            {
                let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(at) = received.iter().position(|message| message.to == to) {
                    return received.remove(at);
                }
            }
            arrived.await;
        }
    }

    /// What nobody has read yet.
    pub(crate) fn unread(&self) -> Vec<Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl MailSender for Inbox {
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), SendError>> {
        let Mail { to, subject, text, html, .. } = mail;
        self.take_in(Received { to, subject, text, html })
    }
}

impl SmsSender for Inbox {
    fn send(&self, sms: Sms) -> BoxFuture<'_, Result<(), SendError>> {
        self.take_in(Received { to: sms.to, subject: String::new(), text: sms.text, html: String::new() })
    }
}

impl Received {
    /// The six digits in it.
    #[track_caller]
    pub fn code(&self) -> String {
        let mut words = self.text.split(|c: char| !c.is_ascii_alphanumeric());
        let code = words.find(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit()));
        code.unwrap_or_else(|| panic!("no code in: {}", self.text)).to_owned()
    }
    /// The link in it.
    #[track_caller]
    pub fn link(&self) -> String {
        let mut words = self.text.split_whitespace();
        let link = words.find(|word| word.starts_with("http") && word.contains("token="));
        link.unwrap_or_else(|| panic!("no link in: {}", self.text)).to_owned()
    }
    /// The token in its link.
    #[track_caller]
    pub fn token(&self) -> String {
        let link = self.link();
        link.split_once("token=").map(|(_, token)| token.to_owned()).expect("a token")
    }
}
