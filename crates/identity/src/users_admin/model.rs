//! What an administrator wants of a user: parsed values and pure decisions.

use kernel::{Problem, Random, RoleName, Secret, Timestamp, problem::common, random};
use zeroize::Zeroizing;

use super::DELETED;
use crate::{
    language::Language,
    users::{Attributes, Email, ExternalId, NewUser, Phone, User, UserStatus, Username},
};

/// Why something is no verified address.
pub(super) const NO_ADDRESS: &str = "there is no address to be verified";

/// A user with what they were given.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Managed {
    pub(super) user: User,
    pub(super) roles: Vec<RoleName>,
}

/// A user to be.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) account: NewUser,
    /// Checked against the policy, not hashed yet.
    pub(super) password: Option<Secret>,
    /// `None`: those of everybody who registers.
    pub(super) roles: Option<Vec<RoleName>>,
    /// Whether the address counts as theirs from the beginning.
    pub(super) verified: bool,
    /// Whether they are asked by mail to verify it, and in which language if not the tenant's.
    pub(super) ask: Option<Option<Language>>,
    /// Whether they are invited by mail, and in which language if not the tenant's.
    pub(super) invite: Option<Option<Language>>,
}

/// What is to change about a user. `None`: nothing; `Some(None)`: it is cleared.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Patch {
    pub(super) email: Option<Option<Email>>,
    pub(super) email_verified: Option<bool>,
    pub(super) username: Option<Option<Username>>,
    pub(super) external_id: Option<Option<ExternalId>>,
    pub(super) display_name: Option<Option<String>>,
    pub(super) company_name: Option<Option<String>>,
    pub(super) phone: Option<Option<Phone>>,
    pub(super) attributes: Option<Attributes>,
}

impl Patch {
    /// The user as they are to be. An address that there is not cannot be verified.
    pub(super) fn apply(&self, old: &User, now: Timestamp) -> Result<User, Problem> {
        let mut user = old.clone();
        if let Some(email) = &self.email {
            user.email = email.as_ref().map(ToString::to_string);
        }
        // Nobody has shown that the new address is theirs.
        if user.email != old.email {
            user.email_verified_at = None;
        }
        match self.email_verified {
            Some(true) if user.email.is_none() => {
                return Err(Problem::new(common::INVALID).field("/email_verified", "not_allowed", NO_ADDRESS));
            }
            Some(true) => user.email_verified_at = user.email_verified_at.or(Some(now)),
            Some(false) => user.email_verified_at = None,
            None => {}
        }
        if let Some(username) = &self.username {
            user.username = username.as_ref().map(ToString::to_string);
        }
        if let Some(external_id) = &self.external_id {
            user.external_id = external_id.as_ref().map(ToString::to_string);
            user.external_id_claimed = false;
        }
        if let Some(name) = &self.display_name {
            user.display_name.clone_from(name);
        }
        if let Some(name) = &self.company_name {
            user.company_name.clone_from(name);
        }
        if let Some(phone) = &self.phone {
            user.phone = phone.as_ref().map(ToString::to_string);
        }
        if let Some(attributes) = &self.attributes {
            user.attributes = attributes.clone();
        }
        Ok(user)
    }

    /// Names of the fields that are touched, for the audit log; never their values.
    pub(super) fn touched(&self) -> Vec<&'static str> {
        let fields = [
            ("email", self.email.is_some()),
            ("email_verified", self.email_verified.is_some()),
            ("username", self.username.is_some()),
            ("external_id", self.external_id.is_some()),
            ("display_name", self.display_name.is_some()),
            ("company_name", self.company_name.is_some()),
            ("phone", self.phone.is_some()),
            ("attributes", self.attributes.is_some()),
        ];
        fields.into_iter().filter_map(|(name, touched)| touched.then_some(name)).collect()
    }
}

/// Refuses to change a user who is deleted.
pub(super) fn not_deleted(user: &User) -> Result<(), Problem> {
    if user.status == UserStatus::Deleted { Err(DELETED.into()) } else { Ok(()) }
}

/// Letters and digits that are not mistaken for each other when read aloud or copied by hand.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A password to be told to a user: 25 characters, 125 random bits, in groups of five.
pub(super) fn temporary_password(random: &dyn Random) -> Secret {
    let bytes = Zeroizing::new(random::bytes::<25>(random));
    let mut text = String::with_capacity(29);
    for (i, byte) in bytes.iter().enumerate() {
        if i > 0 && i % 5 == 0 {
            text.push('-');
        }
        text.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    Secret::new(text)
}
