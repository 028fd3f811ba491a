//! Users as they are shown to themselves and to administrators.

use kernel::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{User, UserKind, UserStatus};

/// A user.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct UserView {
    /// Id; the `sub` of their tokens.
    pub id: Uuid,
    /// Person or service.
    pub kind: UserKind,
    /// Whether they may do anything.
    pub status: UserStatus,
    /// E-mail address.
    pub email: Option<String>,
    /// Whether they have proved that it is theirs.
    pub email_verified: bool,
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
    /// Custom attributes.
    #[schema(value_type = Object)]
    pub attributes: Map<String, Json>,
    /// Last successful login.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_login_at: Option<Timestamp>,
    /// When they were created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When anything of this last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id.uuid(),
            kind: user.kind,
            status: user.status,
            email_verified: user.email_verified_at.is_some(),
            email: user.email,
            username: user.username,
            display_name: user.display_name,
            company_name: user.company_name,
            phone: user.phone,
            external_id: user.external_id,
            attributes: user.attributes.as_map().clone(),
            last_login_at: user.last_login_at,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}
