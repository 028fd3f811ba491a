//! Parameters of statements and cells of rows, the same for both engines.

use std::borrow::Cow;

use kernel::{
    ApiKeyId, AuditId, DeviceId, FactorId, MessageId, PasskeyId, PreviewId, RoleId, RoleName, SessionId, TenantId,
    Timestamp, TokenId, UserId,
};
use uuid::Uuid;

/// One value on its way into or out of the database. Time is `Int`, microseconds since the epoch.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// SQL `NULL`.
    Null,
    /// `BOOLEAN` (an integer on SQLite).
    Bool(bool),
    /// `BIGINT`.
    Int(i64),
    /// `DOUBLE PRECISION`.
    Real(f64),
    /// `TEXT`.
    Text(Cow<'a, str>),
    /// `BYTEA` / `BLOB`.
    Bytes(Cow<'a, [u8]>),
    /// `UUID` (16 bytes on SQLite).
    Uuid(Uuid),
    /// `JSONB` / `TEXT`.
    Json(Cow<'a, str>),
}

impl Value<'_> {
    /// Whether every engine can keep this. PostgreSQL cannot keep U+0000, so nobody may.
    pub(crate) fn is_storable(&self) -> bool {
        match self {
            Value::Text(text) => !text.contains('\0'),
            Value::Json(json) => !json.contains('\0') && !escapes_nul(json),
            _ => true,
        }
    }
}

/// Whether JSON text spells U+0000 as an escape. An even number of backslashes before it is only text.
fn escapes_nul(json: &str) -> bool {
    json.match_indices("\\u0000").any(|(at, _)| {
        let before = json.as_bytes()[..at].iter().rev().take_while(|b| **b == b'\\').count();
        before % 2 == 0
    })
}

macro_rules! from {
    ($($type:ty => |$v:ident| $make:expr;)*) => {$(
        impl<'a> From<$type> for Value<'a> {
            fn from($v: $type) -> Self { $make }
        }
    )*};
}

from! {
    bool => |v| Value::Bool(v);
    i64 => |v| Value::Int(v);
    i32 => |v| Value::Int(v.into());
    u32 => |v| Value::Int(v.into());
    f64 => |v| Value::Real(v);
    &'a str => |v| Value::Text(Cow::Borrowed(v));
    &'a String => |v| Value::Text(Cow::Borrowed(v));
    String => |v| Value::Text(Cow::Owned(v));
    &'a [u8] => |v| Value::Bytes(Cow::Borrowed(v));
    &'a Vec<u8> => |v| Value::Bytes(Cow::Borrowed(v));
    Vec<u8> => |v| Value::Bytes(Cow::Owned(v));
    [u8; 32] => |v| Value::Bytes(Cow::Owned(v.to_vec()));
    &'a [u8; 32] => |v| Value::Bytes(Cow::Borrowed(v));
    Uuid => |v| Value::Uuid(v);
    Timestamp => |v| Value::Int(v.as_micros());
    serde_json::Value => |v| Value::Json(Cow::Owned(v.to_string()));
    &'a serde_json::Value => |v| Value::Json(Cow::Owned(v.to_string()));
    &'a RoleName => |v| Value::Text(Cow::Borrowed(v.as_str()));
    ApiKeyId => |v| Value::Uuid(v.uuid());
    AuditId => |v| Value::Uuid(v.uuid());
    DeviceId => |v| Value::Uuid(v.uuid());
    MessageId => |v| Value::Uuid(v.uuid());
    FactorId => |v| Value::Uuid(v.uuid());
    PreviewId => |v| Value::Uuid(v.uuid());
    PasskeyId => |v| Value::Uuid(v.uuid());
    RoleId => |v| Value::Uuid(v.uuid());
    SessionId => |v| Value::Uuid(v.uuid());
    TenantId => |v| Value::Uuid(v.uuid());
    TokenId => |v| Value::Uuid(v.uuid());
    UserId => |v| Value::Uuid(v.uuid());
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_is_found_in_texts_and_in_the_escapes_of_json() {
        for (value, storable) in [
            (Value::from("a\0b"), false),
            (Value::from("a\\u0000b"), true),
            (Value::from(&b"\0"[..]), true),
            (Value::from(serde_json::json!("a\0b")), false),
            (Value::from(serde_json::json!({"\0": 1})), false),
            (Value::from(serde_json::json!("a\\u0000b")), true),
            (Value::from(serde_json::json!("\\\0")), false),
            (Value::from(serde_json::json!(["\u{1}", "u0000"])), true),
        ] {
            assert_eq!(value.is_storable(), storable, "{value:?}");
        }
    }
}
