//! The schema as each engine keeps it. A change shows up in the review of the snapshots.

use crate::{Database, Server, postgres::connect};

#[tokio::test]
async fn the_schema_on_sqlite() {
    let db = Database::sqlite().await;
    let Server::Folder(dir) = &db.server else { panic!("SQLite") };
    let connection = rusqlite::Connection::open(dir.path().join("test.db")).expect("open");
    let sql = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY tbl_name, type DESC, name";
    let mut statement = connection.prepare(sql).expect("prepare");
    let all: Vec<String> =
        statement.query_map([], |row| row.get(0)).expect("query").map(|r| r.expect("text")).collect();
    insta::assert_snapshot!(all.join(";\n\n"));
}

/// One line for each fact about a table: columns, constraints, indexes, policies, rights of the role.
const FACTS: &str = "
    SELECT c.relname AS name, 1 AS kind, a.attnum AS place,
           concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
               CASE WHEN a.attcollation <> 0 THEN 'COLLATE ' || quote_ident(k.collname) END,
               CASE WHEN a.attidentity <> '' THEN 'IDENTITY' END,
               CASE WHEN a.attnotnull THEN 'NOT NULL' END) AS fact
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
      LEFT JOIN pg_collation k ON k.oid = a.attcollation WHERE c.relkind = 'r'
    UNION ALL
    SELECT c.relname, 2, 0, pg_get_constraintdef(o.oid) FROM pg_class c JOIN pg_constraint o ON o.conrelid = c.oid
      WHERE o.contype IN ('p', 'u', 'f', 'c')
    UNION ALL
    SELECT tablename, 3, 0, indexdef FROM pg_indexes
    UNION ALL
    SELECT tablename, 4, 0, concat_ws(' ', 'POLICY', policyname, permissive, cmd, roles::text, 'USING', qual, 'CHECK', with_check)
      FROM pg_policies
    UNION ALL
    SELECT relname, 5, 0, 'ROW LEVEL SECURITY' || CASE WHEN relforcerowsecurity THEN ' FORCED' ELSE '' END
      FROM pg_class WHERE relrowsecurity
    UNION ALL
    SELECT table_name, 6, 0, 'the role may ' || string_agg(privilege_type, ', ' ORDER BY privilege_type)
      FROM information_schema.role_table_grants WHERE grantee = 'portcullis_app' GROUP BY table_name
    UNION ALL
    SELECT c.relname, 7, 0, 'the role may UPDATE ' || string_agg(a.attname, ', ' ORDER BY a.attname)
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attacl IS NOT NULL WHERE c.relkind = 'r' GROUP BY c.relname";

#[tokio::test]
async fn the_schema_on_postgres() {
    let db = Database::postgres().await;
    let client = connect(&db.options.url).await;
    let sql = format!(
        "SELECT name::text, fact FROM ({FACTS}) facts JOIN pg_tables t ON t.tablename = name AND t.schemaname = 'public'
         ORDER BY name COLLATE \"C\", kind, place, fact COLLATE \"C\""
    );
    let mut text = String::new();
    let mut table = String::new();
    for row in client.query(&sql, &[]).await.expect("facts") {
        let name: String = row.get(0);
        if name != table {
            text += &format!("{}{name}\n", if table.is_empty() { "" } else { "\n" });
            table = name;
        }
        text += &format!("    {}\n", row.get::<_, String>(1));
    }
    insta::assert_snapshot!(text);
}
