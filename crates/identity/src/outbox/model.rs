//! Letters, what senders take, and when to try again. Pure.

use std::time::Duration;

use futures_util::future::BoxFuture;
use kernel::{MessageId, Random, RequestContext, Timestamp, UserId, random};
use serde::{Deserialize, Serialize};

use crate::{
    language::Language,
    templates::{Name, Values},
    users::User,
};

/// How a message reaches a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail.
    Mail,
    /// Text message.
    Sms,
}

impl Channel {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Sms => "sms",
        }
    }
    pub(super) fn from_stored(text: &str) -> Option<Self> {
        [Self::Mail, Self::Sms].into_iter().find(|channel| channel.as_str() == text)
    }
}

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MessageStatus)]
pub(super) enum Status {
    /// On its way.
    Waiting,
    /// Taken by the mail server or the SMS service.
    Sent,
    /// Given up.
    Dead,
}

impl Status {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Dead => "dead",
        }
    }
    pub(super) fn from_stored(text: &str) -> Option<Self> {
        [Self::Waiting, Self::Sent, Self::Dead].into_iter().find(|status| status.as_str() == text)
    }
}

/// A message to a person, before it is rendered.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Which message.
    pub name: Name,
    /// In which language.
    pub language: Language,
    /// Which way.
    pub channel: Channel,
    /// Address or number.
    pub to: String,
    /// Whose it is, where that is known.
    pub user: Option<UserId>,
    /// What it says; the tenant's name and URL are added when it is rendered.
    pub values: Values,
    /// It makes no sense to send it later than this after it was written.
    pub useful: Duration,
}

/// How long a notice, which nobody waits for, is worth sending.
const NOTICE: Duration = Duration::from_secs(3 * 86_400);

impl Letter {
    /// A mail that says nothing but its texts yet.
    pub fn mail(name: Name, language: Language, to: impl Into<String>) -> Self {
        let to = to.into();
        // Whether or not a person has a name, a template may ask.
        let values = Values::from([("name".to_owned(), String::new()), ("email".to_owned(), to.clone())]);
        Self { name, language, channel: Channel::Mail, to, user: None, values, useful: NOTICE }
    }
    /// A mail to this user, who is called by their name. `None`: they have no address.
    pub fn to_user(name: Name, language: Language, user: &User) -> Option<Self> {
        Some(Self::mail(name, language, user.email.clone()?).naming(user))
    }
    /// To this user, who is called by their name.
    #[must_use]
    pub fn naming(self, user: &User) -> Self {
        self.of(Some(user.id)).with("name", user.display_name.clone().unwrap_or_default())
    }
    /// To this user.
    #[must_use]
    pub const fn of(mut self, user: Option<UserId>) -> Self {
        self.user = user;
        self
    }
    /// Says this.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }
    /// Says from where something was done, and when.
    #[must_use]
    pub fn done(self, ctx: &RequestContext, time: Timestamp) -> Self {
        self.with("ip", ctx.client_ip.to_string()).at(time)
    }
    /// Says when something happened, to the minute.
    #[must_use]
    pub fn at(self, time: Timestamp) -> Self {
        self.with("time", minute(time))
    }
    /// Says for how long its link or code holds; it is not sent later.
    #[must_use]
    pub fn valid_for(mut self, span: Duration) -> Self {
        self.useful = span;
        let text = self.language.span(span);
        self.with("valid_for", text)
    }
}

/// `2026-11-22 05:10 UTC`
fn minute(time: Timestamp) -> String {
    let text = time.to_string();
    format!("{} UTC", text.get(..16).unwrap_or(&text).replace('T', " "))
}

/// Whether a letter is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It is sent.
    Send,
    /// It is written, and never sent: its person does not exist, or got too many.
    Void,
}

impl Fate {
    /// Sent if so.
    pub const fn send_if(so: bool) -> Self {
        if so { Self::Send } else { Self::Void }
    }
}

/// A mail, ready to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mail {
    /// The same for every attempt.
    pub id: MessageId,
    /// Now.
    pub at: Timestamp,
    /// To whom.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
}

/// A text message, ready to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sms {
    /// The same for every attempt.
    pub id: MessageId,
    /// Now.
    pub at: Timestamp,
    /// To which number (E.164).
    pub to: String,
    /// What it says.
    pub text: String,
}

/// Why something was not sent. Texts are for administrators.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SendError {
    /// It may be taken later.
    #[error("{0}")]
    Later(String),
    /// It never will be.
    #[error("{0}")]
    Never(String),
}

/// Sends mail.
pub trait MailSender: Send + Sync + 'static {
    /// `Ok`: a mail server has taken it.
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), SendError>>;
}

/// Sends text messages.
pub trait SmsSender: Send + Sync + 'static {
    /// `Ok`: the service has taken it.
    fn send(&self, sms: Sms) -> BoxFuture<'_, Result<(), SendError>>;
}

/// How often a letter is tried, by the worker's own doing.
pub(super) const ATTEMPTS: u32 = 10;
/// Between the first and the second attempt.
const FIRST_WAIT: Duration = Duration::from_secs(15);
/// Longest time between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(2 * 3_600);

/// How long to wait after attempt number `attempt` (from 1): three times as long each time, a quarter
/// more or less by chance, so that what failed together does not come back together.
pub(super) fn wait_after(attempt: u32, random: &dyn Random) -> Duration {
    let factor = 3_u32.saturating_pow(attempt.saturating_sub(1));
    let wait = FIRST_WAIT.saturating_mul(factor).min(LONGEST_WAIT);
    let [chance] = random::bytes::<1>(random);
    wait.mul_f64(0.75 + f64::from(chance) / 510.0)
}
