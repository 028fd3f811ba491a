//! Values and errors between SQLite and us.

use std::borrow::Cow;

use rusqlite::{
    ErrorCode, ToSql,
    types::{ToSqlOutput, Value as Owned, ValueRef},
};

use crate::store::{Row, StoreError, Value};

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Value::Null => ToSqlOutput::Owned(Owned::Null),
            Value::Bool(b) => ToSqlOutput::Owned(Owned::Integer(i64::from(*b))),
            Value::Int(i) => ToSqlOutput::Owned(Owned::Integer(*i)),
            Value::Real(r) => ToSqlOutput::Owned(Owned::Real(*r)),
            Value::Text(t) | Value::Json(t) => ToSqlOutput::Borrowed(ValueRef::Text(t.as_bytes())),
            Value::Bytes(b) => ToSqlOutput::Borrowed(ValueRef::Blob(b)),
            Value::Uuid(u) => ToSqlOutput::Borrowed(ValueRef::Blob(u.as_bytes())),
        })
    }
}

pub(super) fn row(row: &rusqlite::Row<'_>, width: usize) -> Result<Row, StoreError> {
    let cell = |i| {
        Ok(match row.get_ref(i).map_err(error)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(v) => Value::Int(v),
            ValueRef::Real(v) => Value::Real(v),
            ValueRef::Text(v) => Value::Text(Cow::Owned(String::from_utf8_lossy(v).into_owned())),
            ValueRef::Blob(v) => Value::Bytes(Cow::Owned(v.to_vec())),
        })
    };
    (0..width).map(cell).collect::<Result<Vec<_>, StoreError>>().map(Row::new)
}

pub(super) fn error(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => StoreError::Constraint(error.to_string()),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Conflict,
        Some(
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::ReadOnly
            | ErrorCode::OutOfMemory,
        ) => StoreError::Unavailable(error.to_string()),
        _ => StoreError::Statement(error.to_string()),
    }
}
