//! Administration of users as JSON.

use kernel::{Problem, RoleName, Secret, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json_};
use utoipa::ToSchema;

use super::model::{Draft, Managed, NO_ADDRESS, Patch};
use crate::{
    auth::lockout::Counted,
    http::{Fields, present},
    language::Language,
    roles::MAX_ROLES_OF_USER,
    users::{self, Attributes, NewUser, UserKind, UserView},
};

/// A user, as administrators see them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ManagedUser {
    #[serde(flatten)]
    user: UserView,
    /// Their roles.
    #[schema(value_type = Vec<String>)]
    roles: Vec<RoleName>,
}

impl From<Managed> for ManagedUser {
    fn from(Managed { user, roles }: Managed) -> Self {
        Self { user: user.into(), roles }
    }
}

/// A user with what is counted against them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WatchedUser {
    #[serde(flatten)]
    managed: ManagedUser,
    /// When the last of their locks ends; `null` if there is none. A lock holds for one source: an address, or a browser
    /// that they use.
    #[schema(value_type = Option<String>, format = DateTime)]
    locked_until: Option<Timestamp>,
    /// Failed logins, confirmations of the password and second factors that still count, from everywhere. A login that
    /// succeeds forgets those from its source.
    failed_attempts: u64,
}

impl From<(Managed, Counted)> for WatchedUser {
    fn from((managed, counted): (Managed, Counted)) -> Self {
        let Counted { failures, locked_until } = counted;
        Self { managed: managed.into(), locked_until, failed_attempts: failures }
    }
}

/// What became of a lock.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Unlocked {
    /// Whether there were failed attempts to forget.
    pub(super) unlocked: bool,
}

/// A user to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateUser {
    /// `person` unless given.
    kind: Option<UserKind>,
    #[schema(max_length = 254)]
    email: Option<String>,
    /// Whether the address counts as theirs. Unless given: with a password, because you vouch for it, and not otherwise.
    /// `false` mails them a link to verify it. An invitation verifies it when it is accepted.
    email_verified: Option<bool>,
    /// 3 to 64 characters of `a-z`, `0-9`, `.`, `_` and `-`.
    #[schema(max_length = 64)]
    username: Option<String>,
    /// Without one the user cannot log in until it is reset.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<Secret>,
    #[schema(max_length = 128)]
    display_name: Option<String>,
    #[schema(max_length = 128)]
    company_name: Option<String>,
    /// International form: `+4930123456`.
    #[schema(max_length = 32)]
    phone: Option<String>,
    /// Your own id of the user.
    #[schema(max_length = 128)]
    external_id: Option<String>,
    /// Custom attributes: 16 KiB and 5 levels at most.
    #[schema(value_type = Option<Object>)]
    attributes: Option<Map<String, Json_>>,
    /// `user` unless given. Giving roles needs `roles:assign` and everything they grant.
    roles: Option<Vec<String>>,
    /// Whether to mail them a link to choose a password, instead of giving one.
    #[serde(default)]
    invite: bool,
    /// The language of mails that follow; the tenant's unless given.
    language: Option<Language>,
}

impl CreateUser {
    pub(super) fn parse(self) -> Result<Draft, Problem> {
        let mut fields = Fields::new();
        if self.email.is_none() && self.username.is_none() {
            fields.wrong("/email", "required", "give an e-mail address or a user name");
        }
        let account = NewUser {
            kind: self.kind.unwrap_or(UserKind::Person),
            email: self.email.and_then(|t| fields.keep("/email", "format", t.parse())),
            username: self.username.and_then(|t| fields.keep("/username", "format", t.parse())),
            display_name: self.display_name.and_then(|t| fields.keep("/display_name", "format", users::text(&t))),
            company_name: self.company_name.and_then(|t| fields.keep("/company_name", "format", users::text(&t))),
            phone: self.phone.and_then(|t| fields.keep("/phone", "format", t.parse())),
            external_id: self.external_id.and_then(|t| fields.keep("/external_id", "format", t.parse())),
            external_id_claimed: false,
            attributes: self
                .attributes
                .and_then(|a| fields.keep("/attributes", "format", Attributes::try_from(a)))
                .unwrap_or_default(),
            password_hash: None,
        };
        if self.password.is_some() && account.kind == UserKind::Service {
            fields.wrong("/password", "not_allowed", "a service has API keys and no password");
        }
        if self.invite && (account.email.is_none() || self.password.is_some() || account.kind == UserKind::Service) {
            fields.wrong("/invite", "not_allowed", "needs a person with an e-mail address and without a password");
        }
        if self.email_verified == Some(true) && self.invite {
            let message = "an invitation verifies the address when it is accepted";
            fields.wrong("/email_verified", "not_allowed", message);
        } else if self.email_verified == Some(true) && account.email.is_none() {
            fields.wrong("/email_verified", "not_allowed", NO_ADDRESS);
        }
        let roles = self.roles.map(|all| roles(&mut fields, &all));
        fields.check()?;
        let vouched = self.email_verified.unwrap_or(self.password.is_some());
        Ok(Draft {
            verified: vouched && account.email.is_some(),
            ask: (self.email_verified == Some(false) && !self.invite && account.email.is_some())
                .then_some(self.language),
            account,
            password: self.password,
            roles,
            invite: self.invite.then_some(self.language),
        })
    }
}

/// Parses role names; one that is given twice is one.
fn roles(fields: &mut Fields, texts: &[String]) -> Vec<RoleName> {
    let mut seen = std::collections::HashSet::new();
    let mut roles = fields.list("/roles", texts, MAX_ROLES_OF_USER, str::parse::<RoleName>);
    roles.retain(|role| seen.insert(role.clone()));
    roles
}

/// What is to change about a user. A field that is absent stays as it is; `null` clears it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateUser {
    /// A new address is not verified unless you say so.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 254)]
    email: Option<Option<String>>,
    /// Whether the address counts as theirs.
    email_verified: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 64)]
    username: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 128)]
    external_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 128)]
    display_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 128)]
    company_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 32)]
    phone: Option<Option<String>>,
    /// Replaced as a whole.
    #[schema(value_type = Option<Object>)]
    attributes: Option<Map<String, Json_>>,
}

impl UpdateUser {
    pub(super) fn parse(self) -> Result<Patch, Problem> {
        let mut fields = Fields::new();
        let f = &mut fields;
        let patch = Patch {
            email_verified: self.email_verified,
            email: self.email.map(|t| t.and_then(|t| f.keep("/email", "format", t.parse()))),
            username: self.username.map(|t| t.and_then(|t| f.keep("/username", "format", t.parse()))),
            external_id: self.external_id.map(|t| t.and_then(|t| f.keep("/external_id", "format", t.parse()))),
            display_name: self.display_name.map(|t| t.and_then(|t| f.keep("/display_name", "format", users::text(&t)))),
            company_name: self.company_name.map(|t| t.and_then(|t| f.keep("/company_name", "format", users::text(&t)))),
            phone: self.phone.map(|t| t.and_then(|t| f.keep("/phone", "format", t.parse()))),
            attributes: self.attributes.and_then(|a| f.keep("/attributes", "format", Attributes::try_from(a))),
        };
        fields.check()?;
        Ok(patch)
    }
}

/// All roles of a user from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetRoles {
    #[schema(example = json!(["user", "billing-clerk"]))]
    roles: Vec<String>,
}

impl SetRoles {
    pub(super) fn parse(self) -> Result<Vec<RoleName>, Problem> {
        let mut fields = Fields::new();
        let roles = roles(&mut fields, &self.roles);
        fields.check()?;
        Ok(roles)
    }
}

/// How to reset a password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResetPassword {
    /// The new one; without it one is made up and told in the answer.
    #[schema(value_type = Option<String>, format = Password)]
    pub(super) password: Option<Secret>,
}

/// An invitation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Invite {
    /// The language of the mail; the tenant's unless given.
    pub(super) language: Option<Language>,
}

/// A mail to verify an address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SendVerification {
    /// The language of the mail; the tenant's unless given.
    pub(super) language: Option<Language>,
}

/// The made-up password, told once.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TemporaryPassword {
    /// Absent when the caller gave the password.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Password)]
    temporary_password: Option<String>,
}

impl TemporaryPassword {
    pub(super) fn new(made_up: Option<&Secret>) -> Self {
        Self { temporary_password: made_up.map(|secret| secret.expose().clone()) }
    }
}
