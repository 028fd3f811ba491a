//! Parsed users. Pure.

use std::{fmt, str::FromStr};

use kernel::{Secret, Timestamp, UserId};
use serde_json::{Map, Value as Json};

/// Largest custom attributes, as JSON text.
const MAX_ATTRIBUTES: usize = 16 * 1024;
/// Deepest nesting of custom attributes: the object itself is the first level.
const MAX_DEPTH: usize = 5;

/// Why a value cannot be part of a user. `Display` is for people, after the field's name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidUser {
    /// E-mail.
    #[error("must be an e-mail address such as ada@example.com, in ASCII (international domains as punycode)")]
    Email,
    /// User name.
    #[error("must have 3 to 64 characters of a-z, 0-9, `.`, `_` and `-`, and start with a letter or digit")]
    Username,
    /// External id.
    #[error("must have 1 to 128 visible ASCII characters")]
    ExternalId,
    /// Phone.
    #[error("must be in international form, such as +4930123456")]
    Phone,
    /// A text for people.
    #[error("must have 1 to 128 characters and no control characters")]
    Text,
    /// Attributes.
    #[error("must be a JSON object of 16 KiB at most, nested 5 levels at most")]
    Attributes,
}

macro_rules! parsed_text {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, Debug)]
        pub struct $name(String);

        impl $name {
            /// The normalised text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

parsed_text! {
    /// An e-mail address (RFC 5321 §4.1.2, without quoted local parts and address literals), lower case.
    /// The local part is folded too: no provider of note tells `Ada` from `ada`, and people do not either.
    Email;
    /// A name to log in with, lower case. Holds no `@`, so it is never an e-mail address.
    Username;
    /// The consuming application's own id of the user. Opaque to us; case matters.
    ExternalId;
    /// A phone number in E.164.
    Phone;
}

impl FromStr for Email {
    type Err = InvalidUser;
    fn from_str(text: &str) -> Result<Self, InvalidUser> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidUser::Email)?;
        let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
        let local_ok = local.len() <= 64 && local.split('.').all(|a| !a.is_empty() && a.bytes().all(atom));
        let label_ok = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let ok = text.len() <= 254 && local_ok && domain.split('.').all(label_ok);
        if ok { Ok(Self(text.to_ascii_lowercase())) } else { Err(InvalidUser::Email) }
    }
}

impl FromStr for Username {
    type Err = InvalidUser;
    fn from_str(text: &str) -> Result<Self, InvalidUser> {
        let text = text.trim().to_ascii_lowercase();
        let ok = (3..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if ok { Ok(Self(text)) } else { Err(InvalidUser::Username) }
    }
}

impl FromStr for ExternalId {
    type Err = InvalidUser;
    fn from_str(text: &str) -> Result<Self, InvalidUser> {
        let ok = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if ok { Ok(Self(text.to_owned())) } else { Err(InvalidUser::ExternalId) }
    }
}

impl FromStr for Phone {
    type Err = InvalidUser;
    /// Spaces, hyphens and parentheses, as people write them, are dropped.
    fn from_str(text: &str) -> Result<Self, InvalidUser> {
        let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
        let digits = plain.strip_prefix('+').ok_or(InvalidUser::Phone)?;
        let ok = text.len() <= 32
            && (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if ok { Ok(Self(plain)) } else { Err(InvalidUser::Phone) }
    }
}

/// A text for people, trimmed: display name, company name.
pub fn text(text: &str) -> Result<String, InvalidUser> {
    let text = text.trim();
    let ok = (1..=super::MAX_TEXT).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if ok { Ok(text.to_owned()) } else { Err(InvalidUser::Text) }
}

/// Custom attributes: a bounded JSON object.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Attributes(Map<String, Json>);

impl Attributes {
    /// The object.
    pub const fn as_map(&self) -> &Map<String, Json> {
        &self.0
    }
    /// The object, as JSON.
    pub fn to_json(&self) -> Json {
        Json::Object(self.0.clone())
    }
    /// What was stored: it was bounded then.
    pub(super) fn stored(json: Json) -> Self {
        match json {
            Json::Object(map) => Self(map),
            _ => Self::default(),
        }
    }
}

impl TryFrom<Map<String, Json>> for Attributes {
    type Error = InvalidUser;
    fn try_from(map: Map<String, Json>) -> Result<Self, InvalidUser> {
        let json = Json::Object(map);
        let bounded = depth(&json) <= MAX_DEPTH && json.to_string().len() <= MAX_ATTRIBUTES && !holds_nul(&json);
        match json {
            Json::Object(map) if bounded => Ok(Self(map)),
            _ => Err(InvalidUser::Attributes),
        }
    }
}

/// Levels of nesting; a scalar has none. serde_json refuses to read more than 128, so this recursion is
/// bounded.
fn depth(json: &Json) -> usize {
    match json {
        Json::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        Json::Array(list) => 1 + list.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// PostgreSQL's `jsonb` holds no U+0000.
fn holds_nul(json: &Json) -> bool {
    match json {
        Json::Object(map) => map.iter().any(|(key, value)| key.contains('\0') || holds_nul(value)),
        Json::Array(list) => list.iter().any(holds_nul),
        Json::String(text) => text.contains('\0'),
        _ => false,
    }
}

macro_rules! stored_words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            /// As it is stored.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
            /// From what is stored; `None` for a word that is not one.
            pub fn from_stored(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    )*};
}

stored_words! {
    /// What a user is.
    UserKind {
        /// A human being.
        Person = "person",
        /// A program; it has API keys and no password.
        Service = "service",
    }
    /// Whether a user may do anything.
    UserStatus {
        /// May log in.
        Active = "active",
        /// May not, until enabled again.
        Disabled = "disabled",
        /// Deleted, and kept for a while so that it can be restored.
        Deleted = "deleted",
    }
}

/// A user as stored.
#[derive(Clone, PartialEq, Debug)]
pub struct User {
    /// Id; the `sub` of their tokens.
    pub id: UserId,
    /// Person or service.
    pub kind: UserKind,
    /// Whether they may do anything.
    pub status: UserStatus,
    /// E-mail address.
    pub email: Option<String>,
    /// When it was verified.
    pub email_verified_at: Option<Timestamp>,
    /// Login name.
    pub username: Option<String>,
    /// How to call them.
    pub display_name: Option<String>,
    /// Their company.
    pub company_name: Option<String>,
    /// Phone, E.164.
    pub phone: Option<String>,
    /// The consuming application's id of them.
    pub external_id: Option<String>,
    /// They gave it themselves at registration, and nobody has confirmed it.
    pub external_id_claimed: bool,
    /// Custom attributes.
    pub attributes: Attributes,
    /// Last successful login.
    pub last_login_at: Option<Timestamp>,
    /// When they were created.
    pub created_at: Timestamp,
    /// When anything of this last changed.
    pub updated_at: Timestamp,
}

impl User {
    /// Whether they have no address, or it has been verified. Before that, anybody may have registered with it.
    pub const fn has_proven_address(&self) -> bool {
        self.email.is_none() || self.email_verified_at.is_some()
    }
}

/// A user with the password's hash, for login.
#[derive(Clone, PartialEq, Debug)]
pub struct Account {
    /// Who.
    pub user: User,
    /// Their password's hash, if they have one.
    pub password_hash: Option<Secret>,
}

/// A user to be created.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Person or service.
    pub kind: UserKind,
    /// E-mail address.
    pub email: Option<Email>,
    /// Login name.
    pub username: Option<Username>,
    /// How to call them.
    pub display_name: Option<String>,
    /// Their company.
    pub company_name: Option<String>,
    /// Phone.
    pub phone: Option<Phone>,
    /// The consuming application's id of them.
    pub external_id: Option<ExternalId>,
    /// They gave it themselves.
    pub external_id_claimed: bool,
    /// Custom attributes.
    pub attributes: Attributes,
    /// PHC string of their password.
    pub password_hash: Option<Secret>,
}

impl NewUser {
    /// A person with this address and nothing else.
    pub fn person(email: Email) -> Self {
        Self {
            kind: UserKind::Person,
            email: Some(email),
            username: None,
            display_name: None,
            company_name: None,
            phone: None,
            external_id: None,
            external_id_claimed: false,
            attributes: Attributes::default(),
            password_hash: None,
        }
    }
}

/// What somebody typed to say who they are. Any text is one: what can be no account is simply not found,
/// with the same work as any other that is not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Login {
    /// Contains an `@`.
    Email(String),
    /// Does not.
    Username(String),
}

impl Login {
    /// Longest text that is looked at.
    pub const MAX_LEN: usize = 254;

    /// Normalises what was typed, the way [`Email`] and [`Username`] do.
    pub fn new(typed: &str) -> Self {
        let text = typed.trim().to_ascii_lowercase();
        if text.contains('@') { Self::Email(text) } else { Self::Username(text) }
    }
    /// The normalised text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(text) | Self::Username(text) => text,
        }
    }
}
