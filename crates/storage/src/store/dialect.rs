//! Everything in which the two databases differ: the types of the schema and row-level security.
//!
//! Migrations are written once, in PostgreSQL's words. For SQLite the types are replaced and every
//! table is `STRICT`. For PostgreSQL every table with a `tenant_id` gets row-level security by itself,
//! so that it cannot be forgotten, and texts compare by their bytes, as on SQLite, whatever the
//! language of the server.
//!
//! Statements are one text for both. What they must keep to, to mean the same:
//! - `NULLS FIRST` or `NULLS LAST` wherever a sorted column may be null;
//! - a type for a parameter that nothing else gives one: `(CAST($2 AS TEXT) IS NULL OR email = $2)`;
//! - `LIKE` heeds case on both (SQLite is told to);
//! - `RETURNING` and `ON CONFLICT … DO UPDATE` exist on both, `= ANY($2)` and JSON operators do not.

/// The database engines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// SQLite 3.
    Sqlite,
    /// PostgreSQL 15 or newer.
    Postgres,
}

/// The role that the program runs as on PostgreSQL: not the owner, so that row-level security holds.
pub const APP_ROLE: &str = "portcullis_app";

/// Word by word, what SQLite calls PostgreSQL's types.
const SQLITE_WORDS: &[(&str, &str)] = &[
    ("SEQUENCE PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT"),
    ("UUID", "BLOB"),
    ("JSONB", "TEXT"),
    ("BYTEA", "BLOB"),
    ("BIGINT", "INTEGER"),
    ("BOOLEAN", "INTEGER"),
    ("DOUBLE PRECISION", "REAL"),
];

/// The few words that are not quite PostgreSQL's.
const POSTGRES_WORDS: &[(&str, &str)] =
    &[("SEQUENCE PRIMARY KEY", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"), ("TEXT", "TEXT COLLATE \"C\"")];

impl Dialect {
    /// The statements of a migration, in this engine's words. Statements end with `;` at a line's end.
    pub fn statements(self, sql: &str) -> Vec<String> {
        let plain: String = sql.lines().filter(|l| !l.trim_start().starts_with("--")).collect::<Vec<_>>().join("\n");
        plain
            .split(";\n")
            .map(|s| s.trim().trim_end_matches(';').trim())
            .filter(|s| !s.is_empty())
            .flat_map(|s| self.statement(s))
            .collect()
    }

    fn statement(self, sql: &str) -> Vec<String> {
        let table = sql.strip_prefix("CREATE TABLE ").and_then(|rest| rest.split([' ', '(']).next());
        match (self, table) {
            (Self::Sqlite, None) => vec![replace_words(sql, SQLITE_WORDS)],
            (Self::Sqlite, Some(_)) => vec![format!("{} STRICT", replace_words(sql, SQLITE_WORDS))],
            (Self::Postgres, None) if sql.starts_with("ALTER TABLE ") => vec![replace_words(sql, POSTGRES_WORDS)],
            (Self::Postgres, None) => vec![sql.to_owned()],
            (Self::Postgres, Some(table)) => {
                let mut all = vec![replace_words(sql, POSTGRES_WORDS)];
                if all[0].contains("tenant_id ") {
                    all.extend(row_level_security(table));
                }
                all
            }
        }
    }
}

/// A row is seen by its tenant's transactions, and by system transactions, which say `*`.
fn row_level_security(table: &str) -> [String; 3] {
    let sees = "current_setting('portcullis.tenant', true) IN ('*', tenant_id::text)";
    [
        format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"),
        format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY"),
        format!("CREATE POLICY {table}_tenant ON {table} USING ({sees}) WITH CHECK ({sees})"),
    ]
}

fn replace_words(sql: &str, words: &[(&str, &str)]) -> String {
    words.iter().fold(sql.to_owned(), |sql, (from, to)| replace_word(&sql, from, to))
}

/// Replaces whole words only: `UUID` but not `UUIDS`.
fn replace_word(sql: &str, from: &str, to: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find(from) {
        let (before, after) = (&rest[..at], &rest[at + from.len()..]);
        let whole = !before.ends_with(is_word) && !after.starts_with(is_word);
        out.push_str(before);
        out.push_str(if whole { to } else { from });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQL: &str = "-- a comment; with a semicolon\nCREATE TABLE things (\n    tenant_id UUID NOT NULL,\n    seq SEQUENCE PRIMARY KEY,\n    data JSONB,\n    uuid_text TEXT\n);\nCREATE INDEX things_at ON things (tenant_id);\n";

    #[test]
    fn sqlite_gets_its_own_types() {
        let all = Dialect::Sqlite.statements(SQL);
        assert_eq!(all.len(), 2);
        assert!(all[0].contains("tenant_id BLOB NOT NULL") && all[0].ends_with(") STRICT"), "{}", all[0]);
        assert!(all[0].contains("seq INTEGER PRIMARY KEY AUTOINCREMENT") && all[0].contains("uuid_text TEXT"));
    }

    #[test]
    fn postgres_gets_row_level_security_for_every_tenant_table() {
        let all = Dialect::Postgres.statements(SQL);
        assert_eq!(all.len(), 5);
        assert!(
            all[0].contains("uuid_text TEXT COLLATE \"C\"\n") && all[0].contains("seq BIGINT GENERATED"),
            "{}",
            all[0]
        );
        assert!(all[2].contains("FORCE ROW LEVEL SECURITY") && all[3].starts_with("CREATE POLICY things_tenant"));
    }
}
