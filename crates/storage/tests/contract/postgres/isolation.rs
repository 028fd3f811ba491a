//! Row-level security and the rights of the program's role, tried from the inside: with raw SQL, as the
//! role itself, as if a statement of ours had been broken out of.

use kernel::TenantId;
use storage::{StoreError, params};
use tokio_postgres::{Client, error::SqlState};

use super::{connect, unit};
use crate::{Database, add_user};

struct Inside {
    db: Database,
    client: Client,
    ours: TenantId,
    theirs: TenantId,
}

/// Two tenants with a user and an audit row each, and a connection that acts as the program's role.
async fn inside() -> Inside {
    let db = Database::postgres().await;
    let (ours, theirs) = (db.tenant("ours").await, db.tenant("theirs").await);
    for tenant in [ours, theirs] {
        db.store
            .tenant(tenant)
            .write(|tx| {
                Box::pin(async move {
                    let user = add_user(tx, "ada@example.com").await?;
                    let sql =
                        "INSERT INTO audit_log (tenant_id, id, at, actor_kind, action, target_kind, outcome, details)
                         VALUES ($1, $2, 0, 'user', 'login', 'session', 'ok', '{}')";
                    tx.execute(sql, params![user]).await
                })
            })
            .await
            .map_err(|e: StoreError| e)
            .expect("rows");
    }
    let client = connect(&db.options.url).await;
    client.batch_execute("SET ROLE portcullis_app").await.expect("role");
    Inside { db, client, ours, theirs }
}

impl Inside {
    async fn see_as(&self, tenant: &str) {
        self.client.batch_execute(&format!("SET portcullis.tenant = '{tenant}'")).await.expect("set");
    }
    async fn count(&self, sql: &str) -> i64 {
        self.client.query_one(sql, &[]).await.expect(sql).get(0)
    }
    async fn changes(&self, sql: &str) -> u64 {
        self.client.execute(sql, &[]).await.expect(sql)
    }
    async fn refused(&self, sql: &str) {
        let error = self.client.batch_execute(sql).await.expect_err(sql);
        assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{sql}: {error:?}");
    }
}

#[tokio::test]
async fn with_a_tenants_setting_nothing_of_another_can_be_reached() {
    let it = inside().await;
    it.see_as(&it.ours.to_string()).await;
    let theirs = it.theirs;
    assert_eq!(it.count("SELECT count(*) FROM users").await, 1);
    assert_eq!(it.count(&format!("SELECT count(*) FROM users WHERE tenant_id = '{theirs}'")).await, 0);
    assert_eq!(it.changes(&format!("UPDATE users SET status = 'x' WHERE tenant_id = '{theirs}'")).await, 0);
    assert_eq!(it.changes(&format!("DELETE FROM users WHERE tenant_id = '{theirs}'")).await, 0);
    it.refused(&format!(
        "INSERT INTO users (tenant_id, id, kind, status, attributes, created_at, updated_at)
         VALUES ('{theirs}', '{theirs}', 'person', 'active', '{{}}', 0, 0)"
    ))
    .await;
    it.refused(&format!("UPDATE users SET tenant_id = '{theirs}'")).await;
    // What is ours we may change, so the refusals above are not for want of rights.
    assert_eq!(it.changes("UPDATE users SET status = 'x'").await, 1);
    it.see_as("*").await;
    assert_eq!(it.count("SELECT count(*) FROM users WHERE status = 'active'").await, 1);
}

#[tokio::test]
async fn without_a_setting_nothing_is_seen() {
    let it = inside().await;
    assert_eq!(it.count("SELECT count(*) FROM users").await, 0);
    it.see_as(&it.ours.to_string()).await;
    it.client.batch_execute("RESET portcullis.tenant").await.expect("reset");
    assert_eq!(it.count("SELECT count(*) FROM users").await, 0);
    it.see_as("").await;
    assert_eq!(it.count("SELECT count(*) FROM users").await, 0);
}

#[tokio::test]
async fn every_table_with_a_tenant_is_guarded() {
    let it = inside().await;
    let unguarded =
        "SELECT count(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
         WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
         AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND (SELECT count(*) FROM pg_policy p
             WHERE p.polrelid = c.oid AND p.polcmd = '*' AND p.polpermissive AND p.polroles = '{0}') = 1)";
    assert_eq!(it.count(unguarded).await, 0);
    assert!(it.count("SELECT count(*) FROM pg_policy").await > 8);
}

#[tokio::test]
async fn the_role_cannot_switch_the_guard_off() {
    let it = inside().await;
    it.see_as(&it.ours.to_string()).await;
    for sql in [
        "ALTER TABLE users DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE users NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY users_tenant ON users",
        "CREATE POLICY all_of_it ON users USING (true)",
        "ALTER ROLE portcullis_app BYPASSRLS",
        "DROP TABLE users",
        "TRUNCATE users",
        "CREATE TABLE mine (x int)",
        "CREATE FUNCTION public.peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT 1::bigint'",
        // Asks for an error rather than a filtered answer; gets it.
        "SET row_security = off; SELECT count(*) FROM users",
    ] {
        it.refused(sql).await;
    }
}

#[tokio::test]
async fn audit_rows_can_be_added_and_sealed_but_not_changed() {
    let it = inside().await;
    it.see_as("*").await;
    for sql in [
        "UPDATE audit_log SET action = 'nothing'",
        "UPDATE audit_log SET seq = 1, at = 5",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "UPDATE audit_checkpoints SET seq = 1",
        "DELETE FROM audit_checkpoints",
        "UPDATE schema_migrations SET version = 9",
        "DELETE FROM schema_migrations",
    ] {
        it.refused(sql).await;
    }
    assert_eq!(it.changes("UPDATE audit_log SET seq = 1, hash = '\\x00'").await, 2);
}

#[tokio::test]
async fn the_store_runs_as_the_role_and_the_role_is_nobody_special() {
    let it = inside().await;
    let sql =
        "SELECT current_user::text, r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb OR r.rolcanlogin,
         (SELECT count(*) FROM pg_class WHERE relowner = r.oid), current_setting('portcullis.tenant')
         FROM pg_roles r WHERE r.rolname = current_user";
    let rows = unit(it.db.store.system().read(move |tx| Box::pin(async move { tx.query(sql, params![]).await })).await);
    let row = &rows.expect("facts")[0];
    assert_eq!(row.get::<String>(0).expect("text"), "portcullis_app");
    assert!(!row.get::<bool>(1).expect("bool"));
    assert_eq!(row.get::<i64>(2).expect("count"), 0);
    assert_eq!(row.get::<String>(3).expect("text"), "*");
}

#[tokio::test]
async fn a_nested_scope_sees_its_tenant_and_the_outer_one_everything_again() {
    let it = inside().await;
    let (ours, theirs) = (it.ours, it.theirs);
    // `$1` is mentioned to no effect: what hides the other tenant here is the database alone.
    let counts = it
        .db
        .store
        .system()
        .write(move |tx| {
            Box::pin(async move {
                let mut counts = Vec::new();
                for tenant in [ours, theirs] {
                    let inner = tx.enter(tenant, |tx| {
                        Box::pin(
                            async move { tx.query("SELECT count(*) FROM users WHERE $1 = $1::uuid", params![]).await },
                        )
                    });
                    counts.push(inner.await?[0].get::<i64>(0)?);
                    counts.push(tx.query("SELECT count(*) FROM users", params![]).await?[0].get(0)?);
                }
                Ok::<_, StoreError>(counts)
            })
        })
        .await;
    assert_eq!(counts.expect("counts"), [1, 2, 1, 2]);
}
