//! The program's role and what it may do.
//!
//! It may read and write rows; of the audit tables it may read, add, and set the two columns that seal
//! a row. It owns nothing, so it can neither change the schema nor switch row-level security off.
//! Roles belong to the whole server while databases are many, so two programs may make the same role at
//! the same moment: whoever loses looks again and finds it there.

use tokio_postgres::{Error, error::SqlState};

use super::{connect::quoted, convert, session::Session};
use crate::store::{OpenError, StoreError, dialect::APP_ROLE, tx::Lock};

/// How often to look again after somebody else was faster.
const ATTEMPTS: u32 = 20;
/// Tables of which rows are only added. What else may change of a row: `(table, columns)`.
const APPEND_ONLY: &[(&str, Option<&str>)] = &[("audit_log", Some("seq, hash")), ("audit_checkpoints", None)];
/// Tables that only the owner writes.
const OWNERS: &[&str] = &["schema_migrations"];

/// Makes sure that the role exists, that we may act as it, and that it has its rights on every table.
pub(super) async fn grant(session: &mut Session) -> Result<(), OpenError> {
    let mut attempts = 1;
    while let Err(refusal) = prepare_role(session).await {
        if !matches!(refusal, Refusal::Raced(_)) || attempts == ATTEMPTS {
            return Err(refusal.into_error());
        }
        attempts += 1;
    }
    let missing = tables_without_rights(session).await?;
    if missing.is_empty() {
        return Ok(());
    }
    // In one transaction, so that no node ever sees half of it, and one node after the other: two that give the
    // same rights at the same moment would fail with "tuple concurrently updated".
    let mut sql = format!("BEGIN;\nSELECT pg_advisory_xact_lock({});\n", Lock::Migrations as i64);
    sql += &format!("GRANT USAGE ON SCHEMA {} TO {APP_ROLE};\n", missing[0].0);
    for (schema, table) in &missing {
        sql += &rights(schema, table);
    }
    sql += "COMMIT";
    session.batch(&sql).await.map_err(|e| OpenError::Store(convert::error(&e)))
}

/// What the role may do with one table, `schema` and `table` quoted.
fn rights(schema: &str, table: &str) -> String {
    let is = |name: &str| quoted(name) == table;
    if OWNERS.iter().any(|name| is(name)) {
        return format!("GRANT SELECT ON {schema}.{table} TO {APP_ROLE};\n");
    }
    match APPEND_ONLY.iter().find(|(name, _)| is(name)) {
        None => format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {schema}.{table} TO {APP_ROLE};\n"),
        Some((_, None)) => format!("GRANT SELECT, INSERT ON {schema}.{table} TO {APP_ROLE};\n"),
        Some((_, Some(columns))) => {
            format!("GRANT SELECT, INSERT, UPDATE ({columns}) ON {schema}.{table} TO {APP_ROLE};\n")
        }
    }
}

/// Our tables, schema and name quoted, on which the role has no rights yet: new ones, or all of them in
/// a database that was restored on another server.
async fn tables_without_rights(session: &mut Session) -> Result<Vec<(String, String)>, StoreError> {
    let sql = format!(
        "SELECT quote_ident(n.nspname), format('\"%s\"', replace(c.relname, '\"', '\"\"'))
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p')
           AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
           AND NOT (has_schema_privilege('{APP_ROLE}', n.oid, 'USAGE')
                    AND has_table_privilege('{APP_ROLE}', c.oid, 'SELECT'))
         ORDER BY c.relname"
    );
    let rows = session.query(None, &sql, &[]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Why the role cannot be had.
enum Refusal {
    /// Somebody else changed the same role at the same moment.
    Raced(StoreError),
    /// We may not; the statements that somebody who may has to run.
    Forbidden {
        reason: String,
        remedy: String,
    },
    Failed(StoreError),
}

impl Refusal {
    fn into_error(self) -> OpenError {
        match self {
            Self::Raced(error) | Self::Failed(error) => OpenError::Store(error),
            Self::Forbidden { reason, remedy } => OpenError::Role { role: APP_ROLE, reason, remedy },
        }
    }

    fn new(error: &Error, remedy: String) -> Self {
        match error.code() {
            Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
                Self::Forbidden { reason: convert::sentence(error), remedy }
            }
            // The last one is "tuple concurrently updated".
            Some(code)
                if [SqlState::DUPLICATE_OBJECT, SqlState::UNIQUE_VIOLATION, SqlState::INTERNAL_ERROR]
                    .contains(code) =>
            {
                Self::Raced(convert::error(error))
            }
            _ => Self::Failed(convert::error(error)),
        }
    }
}

async fn prepare_role(session: &mut Session) -> Result<(), Refusal> {
    let sql = format!(
        "SELECT current_user::text, r.rolsuper OR r.rolbypassrls
         FROM (SELECT) one LEFT JOIN pg_roles r ON r.rolname = '{APP_ROLE}'"
    );
    let rows = session.query(None, &sql, &[]).await.map_err(Refusal::Failed)?;
    let row = rows.first().ok_or(Refusal::Failed(StoreError::Misuse("a query returned no row")))?;
    let (us, is_privileged): (String, Option<bool>) =
        (row.get(0).map_err(Refusal::Failed)?, row.get(1).map_err(Refusal::Failed)?);
    let (create, grant) = (format!("CREATE ROLE {APP_ROLE} NOLOGIN"), format!("GRANT {APP_ROLE} TO {}", quoted(&us)));
    match is_privileged {
        Some(true) => {
            return Err(Refusal::Forbidden {
                reason: "it would pass by row-level security".into(),
                remedy: format!("ALTER ROLE {APP_ROLE} NOSUPERUSER NOBYPASSRLS"),
            });
        }
        Some(false) => {}
        None => {
            let remedy = || format!("{create}; {grant}");
            session.batch(&create).await.map_err(|e| Refusal::new(&e, remedy()))?;
        }
    }
    // Trying is the only question that every version answers alike.
    match session.batch(&format!("SET ROLE {APP_ROLE}")).await {
        Ok(()) => session.batch("RESET ROLE").await.map_err(|e| Refusal::Failed(convert::error(&e))),
        Err(_) => session.batch(&grant).await.map_err(|e| Refusal::new(&e, grant.clone())),
    }
}
