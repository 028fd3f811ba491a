//! How messages reach people: mail and text messages.

use std::path::PathBuf;

use gateway::config::Duration;
use identity::proofs::{Link, Links};
use kernel::{Rate, Secret};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::identity::RateText;

/// How mail leaves. Without a server, mails are files in the data directory: for development only.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// The mail server: `smtps://USER:PASSWORD@HOST` for TLS from the start, `smtp://USER:PASSWORD@HOST` for
    /// STARTTLS, which is then required; characters such as `@` in the password as `%40`. A server on this
    /// machine, or one with `?tls=none`, is spoken to without TLS. Unless set, each mail is a file in the
    /// folder `outbox` of the data directory.
    #[serde(skip_serializing)]
    #[schemars(with = "Option<String>", extend("format" = "mail-url", "writeOnly" = true))]
    pub url: Option<Secret>,
    /// In whose name mails are sent: an address, or `Name <address>`.
    #[schemars(extend("format" = "mail-sender"))]
    pub from: String,
    /// A file with the certificate (PEM) of the private authority that vouches for the mail server. Public
    /// authorities are believed anyway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Mails to one address that anybody may ask for: to confirm it, or for a new password. Notices of
    /// changes are not counted.
    #[schemars(with = "RateText")]
    pub per_address: Rate,
    /// Where the links of mails lead, and for how long they work.
    pub links: MailLinks,
}

/// Where the links of mails lead, and for how long they work.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MailLinks {
    /// To confirm an address.
    pub verify_email: MailLink,
    /// To choose a new password.
    pub reset_password: MailLink,
    /// To confirm a new address.
    pub change_email: MailLink,
    /// To accept an invitation.
    pub invitation: MailLink,
}

/// One kind of link.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct MailLink {
    /// A page of yours: `https://app.example.com/verify?token={token}`. `{token}` is the token, which the page
    /// sends to the API; `{url}` is where the tenant is reached.
    #[schemars(extend("format" = "mail-link"))]
    pub to: String,
    /// For how long the link works: from 5m to 30d.
    pub ttl: Duration,
}

impl Default for MailLinks {
    fn default() -> Self {
        let Links { verify_email, reset_password, change_email, invitation } = Links::default();
        let link = |link: Link| MailLink { to: link.to, ttl: Duration::from_secs(link.ttl.as_secs()) };
        Self {
            verify_email: link(verify_email),
            reset_password: link(reset_password),
            change_email: link(change_email),
            invitation: link(invitation),
        }
    }
}

impl Default for Mail {
    fn default() -> Self {
        let limits = identity::outbox::limits::MessageLimits::default();
        Self {
            url: None,
            from: "Portcullis <no-reply@localhost>".to_owned(),
            ca_file: None,
            per_address: limits.mail_per_address,
            links: MailLinks::default(),
        }
    }
}

/// How text messages leave: by a service that speaks Twilio's REST API. Without one, text messages are
/// files in the data directory: for development only.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sms {
    /// The service, such as `https://api.twilio.com`. Needs `account`, `token` and `from`. Unless set, each
    /// text message is a file in the folder `outbox` of the data directory.
    #[schemars(extend("format" = "sms-url"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The account at the service (Twilio: Account SID).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The account's token. Better from the environment or a file than from a file that is shared.
    #[serde(skip_serializing)]
    #[schemars(with = "Option<String>", extend("writeOnly" = true))]
    pub token: Option<Secret>,
    /// The number or name that text messages come from.
    #[schemars(length(min = 1, max = 64))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Text messages to one number, whoever asks.
    #[schemars(with = "RateText")]
    pub per_number: Rate,
    /// Text messages of one person, whatever the number.
    #[schemars(with = "RateText")]
    pub per_person: Rate,
    /// Text messages of one tenant: bounds what fraud with expensive numbers can cost.
    #[schemars(with = "RateText")]
    pub per_tenant: Rate,
}

impl Default for Sms {
    fn default() -> Self {
        let limits = identity::outbox::limits::MessageLimits::default();
        Self {
            url: None,
            account: None,
            token: None,
            from: None,
            per_number: limits.sms_per_number,
            per_person: limits.sms_per_person,
            per_tenant: limits.sms_per_tenant,
        }
    }
}
