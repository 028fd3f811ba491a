//! Rows and how their cells become Rust values.

use kernel::{
    ApiKeyId, AuditId, DeviceId, FactorId, MessageId, PasskeyId, PreviewId, RoleId, RoleName, SessionId, TenantId,
    Timestamp, TokenId, UserId,
};
use uuid::Uuid;

use super::{StoreError, Value};

/// One row of an answer. Cells are read by position, in the order of the `SELECT` list.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(Vec<Value<'static>>);

impl Row {
    pub(crate) const fn new(cells: Vec<Value<'static>>) -> Self {
        Self(cells)
    }

    /// The cell at `column` (from 0), as `T`.
    pub fn get<T: FromValue>(&self, column: usize) -> Result<T, StoreError> {
        self.0
            .get(column)
            .and_then(|cell| T::from_value(cell))
            .ok_or(StoreError::Decode { column, expected: std::any::type_name::<T>() })
    }
}

/// A type that a cell can be read as.
pub trait FromValue: Sized {
    /// `None` when the cell holds something else.
    fn from_value(value: &Value<'static>) -> Option<Self>;
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value<'static>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            other => T::from_value(other).map(Some),
        }
    }
}

impl FromValue for bool {
    fn from_value(value: &Value<'static>) -> Option<Self> {
        match value {
            Value::Bool(b) => Some(*b),
            Value::Int(i) => Some(*i != 0),
            _ => None,
        }
    }
}

impl FromValue for i64 {
    fn from_value(value: &Value<'static>) -> Option<Self> {
        match value {
            Value::Int(i) => Some(*i),
            _ => None,
        }
    }
}

impl FromValue for u32 {
    fn from_value(value: &Value<'static>) -> Option<Self> {
        i64::from_value(value).and_then(|i| Self::try_from(i).ok())
    }
}

impl FromValue for f64 {
    fn from_value(value: &Value<'static>) -> Option<Self> {
        match value {
            Value::Real(r) => Some(*r),
            _ => None,
        }
    }
}

impl FromValue for String {
    fn from_value(value: &Value<'static>) -> Option<Self> {
        match value {
            Value::Text(t) | Value::Json(t) => Some(t.clone().into_owned()),
            _ => None,
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: &Value<'static>) -> Option<Self> {
        match value {
            Value::Bytes(b) => Some(b.clone().into_owned()),
            _ => None,
        }
    }
}

impl FromValue for serde_json::Value {
    fn from_value(value: &Value<'static>) -> Option<Self> {
        match value {
            Value::Text(t) | Value::Json(t) => serde_json::from_str(t).ok(),
            _ => None,
        }
    }
}

impl FromValue for Timestamp {
    fn from_value(value: &Value<'static>) -> Option<Self> {
        i64::from_value(value).map(Self::from_micros)
    }
}

impl FromValue for RoleName {
    fn from_value(value: &Value<'static>) -> Option<Self> {
        String::from_value(value)?.parse().ok()
    }
}

impl FromValue for Uuid {
    fn from_value(value: &Value<'static>) -> Option<Self> {
        match value {
            Value::Uuid(u) => Some(*u),
            Value::Bytes(b) => Self::from_slice(b).ok(),
            _ => None,
        }
    }
}

macro_rules! ids {
    ($($id:ty),*) => {$(
        impl FromValue for $id {
            fn from_value(value: &Value<'static>) -> Option<Self> {
                Uuid::from_value(value).map(Self::from_uuid)
            }
        }
    )*};
}

ids!(
    ApiKeyId, AuditId, DeviceId, FactorId, MessageId, PasskeyId, PreviewId, RoleId, SessionId, TenantId, TokenId,
    UserId
);
