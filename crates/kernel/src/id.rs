//! Typed identifiers. Every id is a UUID version 7 (RFC 9562): unique without coordination and sorted
//! by creation time, so that an index on it stays compact.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Random, Timestamp};

/// Builds a UUIDv7 from the given clock reading and source of randomness.
///
/// Both are parameters because time and randomness always are (see `clippy.toml`).
pub fn uuid_v7(now: Timestamp, random: &dyn Random) -> Uuid {
    let mut tail = [0_u8; 10];
    random.fill(&mut tail);
    uuid::Builder::from_unix_timestamp_millis(now.as_millis().max(0).unsigned_abs(), &tail).into_uuid()
}

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh id, stamped with `now`.
            pub fn new(now: Timestamp, random: &dyn Random) -> Self {
                Self(uuid_v7(now, random))
            }
            /// Wraps an id that was read from storage or parsed from input.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
            /// The bare UUID, for storage.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

typed_ids! {
    /// A tenant: the outermost boundary of data, keys, policies and issuer.
    TenantId;
    /// A person or service account of one tenant. The `sub` claim of its tokens.
    UserId;
    /// One login of one user, and the family of refresh tokens that grows from it. The `sid` claim.
    SessionId;
    /// What a user logs in with: a browser, or a program in a network.
    DeviceId;
    /// A key that a user signs in with, as stored.
    PasskeyId;
    /// A stored API key (not its secret).
    ApiKeyId;
    /// A role as stored. Roles are named in tokens and config by [`RoleName`](crate::RoleName).
    RoleId;
    /// One issued access token. The `jti` claim (RFC 7519 §4.1.7).
    TokenId;
    /// One row of the audit log.
    AuditId;
    /// One mail or text message to a person.
    MessageId;
    /// One second factor of a person.
    FactorId;
    /// A look of pages that is tried out.
    PreviewId;
}
