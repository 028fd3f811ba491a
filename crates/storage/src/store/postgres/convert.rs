//! Values and errors between PostgreSQL and us.

use std::{borrow::Cow, error::Error as StdError, fmt, io};

use bytes::{BufMut as _, BytesMut};
use tokio_postgres::{
    Error,
    error::SqlState,
    types::{FromSql, IsNull, ToSql, Type, to_sql_checked},
};
use uuid::Uuid;

use crate::store::{Row, StoreError, Value};

/// A value on its way to a parameter. What the parameter is, the server infers from the statement.
pub(super) struct Bound<'a>(pub(super) &'a Value<'a>);

/// The driver logs parameters when it is told to log everything: kinds only, for values are secrets.
impl fmt::Debug for Bound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(kind(self.0))
    }
}

const fn kind(value: &Value<'_>) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) => "integer",
        Value::Real(_) => "real",
        Value::Text(_) => "text",
        Value::Bytes(_) => "bytes",
        Value::Uuid(_) => "uuid",
        Value::Json(_) => "json",
    }
}

/// A value and a type of PostgreSQL that do not go together: a defect of a statement.
#[derive(Debug, thiserror::Error)]
#[error("{ours} cannot be sent or read as {theirs}")]
struct Unfit {
    ours: &'static str,
    theirs: String,
}

type Fallible<T> = Result<T, Box<dyn StdError + Sync + Send>>;

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Fallible<IsNull> {
        match (self.0, ty) {
            (Value::Null, _) => return Ok(IsNull::Yes),
            (Value::Bool(b), &Type::BOOL) => out.put_u8(u8::from(*b)),
            (Value::Int(i), &Type::INT8) => out.put_i64(*i),
            (Value::Int(i), &Type::INT4) => out.put_i32(i32::try_from(*i)?),
            (Value::Int(i), &Type::INT2) => out.put_i16(i16::try_from(*i)?),
            (Value::Real(r), &Type::FLOAT8) => out.put_f64(*r),
            (
                Value::Text(t) | Value::Json(t),
                &Type::TEXT | &Type::VARCHAR | &Type::BPCHAR | &Type::NAME | &Type::UNKNOWN | &Type::JSON,
            ) => out.put_slice(t.as_bytes()),
            (Value::Text(t) | Value::Json(t), &Type::JSONB) => {
                // The version of the binary format.
                out.put_u8(1);
                out.put_slice(t.as_bytes());
            }
            (Value::Bytes(b), &Type::BYTEA) => out.put_slice(b),
            (Value::Uuid(u), &Type::UUID | &Type::BYTEA) => out.put_slice(u.as_bytes()),
            (value, ty) => return Err(Unfit { ours: kind(value), theirs: ty.name().to_owned() }.into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A cell on its way out.
struct Cell(Value<'static>);

impl<'a> FromSql<'a> for Cell {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Fallible<Self> {
        let text = |raw: &[u8]| -> Fallible<_> { Ok(Cow::Owned(std::str::from_utf8(raw)?.to_owned())) };
        Ok(Self(match *ty {
            Type::BOOL => Value::Bool(bool::from_sql(ty, raw)?),
            Type::INT8 => Value::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Value::Int(i16::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Value::Real(f64::from_sql(ty, raw)?),
            Type::FLOAT4 => Value::Real(f32::from_sql(ty, raw)?.into()),
            Type::NUMERIC => numeric(raw)?,
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => Value::Text(text(raw)?),
            Type::JSON => Value::Json(text(raw)?),
            Type::JSONB => Value::Json(text(raw.get(1..).unwrap_or_default())?),
            Type::BYTEA => Value::Bytes(Cow::Owned(raw.to_vec())),
            Type::UUID => Value::Uuid(Uuid::from_slice(raw)?),
            // What functions return that return nothing.
            Type::VOID => Value::Null,
            _ => return Err(Unfit { ours: "a cell", theirs: ty.name().to_owned() }.into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Fallible<Self> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// `sum` over `BIGINT` is `NUMERIC` here and an integer on SQLite; `avg` is a real there. Sixteen-bit
/// words: count of digits, weight of the first, sign, digits after the point; then digits of base 10 000.
fn numeric(raw: &[u8]) -> Fallible<Value<'static>> {
    let words: Vec<i16> = raw.chunks_exact(2).map(|w| i16::from_be_bytes([w[0], w[1]])).collect();
    let [_, weight, sign, scale, digits @ ..] = &words[..] else { return Err("numeric is cut short".into()) };
    let factor = match *sign {
        0 => 1,
        0x4000 => -1,
        _ => return Err("numeric is not a number".into()),
    };
    if *scale == 0 {
        let mut whole: i64 = 0;
        for place in 0..=*weight {
            let digit = digits.get(usize::try_from(place)?).copied().unwrap_or(0);
            let next = whole.checked_mul(10_000).and_then(|w| w.checked_add(factor * i64::from(digit)));
            whole = next.ok_or("numeric is larger than an integer may be")?;
        }
        return Ok(Value::Int(whole));
    }
    let (mut real, mut place) = (0.0, i32::from(*weight));
    for digit in digits {
        real += f64::from(*digit) * 10_000_f64.powi(place);
        place -= 1;
    }
    Ok(Value::Real(if factor < 0 { -real } else { real }))
}

pub(super) fn row(row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    let cell = |column| {
        let cell: Result<Cell, Error> = row.try_get(column);
        cell.map(|c| c.0)
            .map_err(|_| StoreError::Decode { column, expected: "a value of a type that Portcullis stores" })
    };
    (0..row.len()).map(cell).collect::<Result<Vec<_>, _>>().map(Row::new)
}

/// An error with its causes, in one line. The server's `DETAIL` is left out: it repeats the row.
pub(super) fn sentence(error: &Error) -> String {
    if let Some(db) = error.as_db_error() {
        return match db.constraint() {
            Some(constraint) => format!("{} ({constraint})", db.message()),
            None => db.message().to_owned(),
        };
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// As [`sentence`], with what to do about a certificate that nobody we trust has signed.
pub(super) fn connecting(error: &Error) -> String {
    let text = sentence(error);
    let io = error.source().and_then(|e| e.downcast_ref::<io::Error>()).and_then(io::Error::get_ref);
    match io.and_then(|e| e.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer)) => {
            format!("{text}; name the file of the authority that signed it with sslrootcert=FILE")
        }
        _ => text,
    }
}

/// Whether a prepared statement has gone stale: the schema changed under it, or the server forgot it.
pub(super) fn is_stale(error: &Error) -> bool {
    error.code().is_some_and(|c| {
        *c == SqlState::INVALID_SQL_STATEMENT_NAME
            || (*c == SqlState::FEATURE_NOT_SUPPORTED && sentence(error).contains("cached plan"))
    })
}

pub(super) fn error(error: &Error) -> StoreError {
    let text = sentence(error);
    let Some(db) = error.as_db_error() else {
        // Without a word from the server: either it is gone, or we could not say what we wanted.
        let io = error.source().and_then(|e| e.downcast_ref::<io::Error>());
        let gone = error.is_closed() || io.is_some_and(|e| e.kind() != io::ErrorKind::InvalidInput);
        return if gone { StoreError::Unavailable(text) } else { StoreError::Statement(text) };
    };
    let code = db.code();
    if [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::LOCK_NOT_AVAILABLE]
        .contains(code)
        || is_stale(error)
    {
        return StoreError::Conflict;
    }
    match &code.code()[..2] {
        "23" => StoreError::Constraint(text),
        // Here the server speaks of its own state: connections, resources, shutdown and timeouts, its
        // files, its insides.
        "08" | "53" | "57" | "58" | "F0" | "XX" => StoreError::Unavailable(text),
        _ => StoreError::Statement(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of a `NUMERIC`, as the server sends them.
    fn sent(words: &[i16]) -> Value<'static> {
        let raw: Vec<u8> = words.iter().flat_map(|w| w.to_be_bytes()).collect();
        numeric(&raw).expect("a numeric")
    }

    #[test]
    fn sums_are_integers_and_averages_are_real() {
        assert_eq!(sent(&[0, 0, 0, 0]), Value::Int(0));
        assert_eq!(sent(&[1, 0, 0, 0, 42]), Value::Int(42));
        // Trailing zeros are not sent.
        assert_eq!(sent(&[1, 2, 0x4000, 0, 7]), Value::Int(-700_000_000));
        assert_eq!(sent(&[5, 4, 0, 0, 922, 3372, 368, 5477, 5807]), Value::Int(i64::MAX));
        assert_eq!(sent(&[2, 0, 0x4000, 16, 1, 5000]), Value::Real(-1.5));
        assert_eq!(sent(&[1, -1, 0, 16, 2500]), Value::Real(0.25));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let words = |words: &[i16]| words.iter().flat_map(|w| w.to_be_bytes()).collect::<Vec<u8>>();
        assert!(numeric(&words(&[5, 4, 0, 0, 922, 3372, 368, 5477, 5808])).is_err());
        assert!(numeric(&words(&[0, 0, i16::MIN, 0])).is_err());
        assert!(numeric(&[0, 1]).is_err());
        let mut out = BytesMut::new();
        assert!(Bound(&Value::Int(1 << 40)).to_sql(&Type::INT4, &mut out).is_err());
        assert!(Bound(&Value::Text("x".into())).to_sql(&Type::UUID, &mut out).is_err());
        assert!(Bound(&Value::Bytes(vec![0; 16].into())).to_sql(&Type::UUID, &mut out).is_err());
    }

    #[test]
    fn a_logged_parameter_tells_its_kind_only() {
        assert_eq!(format!("{:?}", Bound(&Value::Text("secret".into()))), "text");
    }
}
