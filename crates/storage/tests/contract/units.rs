//! Units of work: all or nothing, one tenant, durable order.

use futures_util::future::join_all;
use storage::{StoreError, params};

use super::{Database, add_user, count_users, on_every_engine};

on_every_engine! {
    a_failed_unit_leaves_nothing;
    a_swallowed_error_still_fails_the_unit;
    a_panicking_unit_leaves_nothing_and_hurts_nobody;
    a_unit_that_waits_for_something_else_is_refused_on_sqlite_or_completes;
    fifty_units_consume_a_single_use_row_once;
    many_units_at_once_are_all_kept;
    a_tenant_does_not_see_another;
    a_statement_without_the_tenant_is_refused;
    a_system_unit_can_enter_a_tenant;
    duplicates_are_a_constraint;
    values_come_back_as_they_went;
    a_text_with_nul_is_refused_and_hurts_nobody;
    sums_are_integers_and_averages_are_real;
    like_heeds_case_and_texts_sort_by_bytes;
    a_wrong_statement_is_an_error_and_hurts_nobody;
    a_reading_unit_cannot_write;
    a_unit_that_gives_up_a_statement_is_refused;
    parameters_go_by_number_wherever_they_stand;
    too_few_and_too_many_parameters_are_refused;
}

async fn a_failed_unit_leaves_nothing(db: &Database) {
    let tenant = db.tenant("acme").await;
    let outcome: Result<(), StoreError> = db
        .store
        .tenant(tenant)
        .write(|tx| {
            Box::pin(async move {
                add_user(tx, "ada@example.com").await?;
                Err(StoreError::Misuse("changed my mind"))
            })
        })
        .await;
    assert!(matches!(outcome, Err(StoreError::Misuse("changed my mind"))));
    assert_eq!(count_users(&db.store, tenant).await, 0);
}

async fn a_swallowed_error_still_fails_the_unit(db: &Database) {
    let tenant = db.tenant("acme").await;
    let outcome: Result<(), StoreError> = db
        .store
        .tenant(tenant)
        .write(|tx| {
            Box::pin(async move {
                add_user(tx, "ada@example.com").await?;
                drop(tx.execute("UPDATE nothing SET x = 1 WHERE tenant_id = $1", params![]).await);
                Ok(())
            })
        })
        .await;
    assert!(matches!(outcome, Err(StoreError::Swallowed(_))), "{outcome:?}");
    assert_eq!(count_users(&db.store, tenant).await, 0);
}

async fn a_panicking_unit_leaves_nothing_and_hurts_nobody(db: &Database) {
    let tenant = db.tenant("acme").await;
    let store = db.store.clone();
    let task = tokio::spawn(async move {
        let outcome: Result<(), StoreError> = store
            .system()
            .write(move |tx| {
                Box::pin(async move {
                    tx.enter(tenant, |tx| {
                        Box::pin(async move {
                            add_user(tx, "ada@example.com").await?;
                            panic!("a defect")
                        })
                    })
                    .await
                })
            })
            .await;
        outcome
    });
    // SQLite answers with an error, PostgreSQL unwinds the caller's own task.
    assert!(!matches!(task.await, Ok(Ok(()))));
    assert_eq!(count_users(&db.store, tenant).await, 0);
    db.store
        .tenant(tenant)
        .write(|tx| Box::pin(async move { add_user(tx, "bob@example.com").await }))
        .await
        .expect("works on");
    assert_eq!(count_users(&db.store, tenant).await, 1);
}

async fn a_unit_that_waits_for_something_else_is_refused_on_sqlite_or_completes(db: &Database) {
    let tenant = db.tenant("acme").await;
    let outcome: Result<(), StoreError> = db
        .store
        .tenant(tenant)
        .write(|tx| {
            Box::pin(async move {
                add_user(tx, "ada@example.com").await?;
                tokio::task::yield_now().await;
                Ok(())
            })
        })
        .await;
    let kept = count_users(&db.store, tenant).await;
    match outcome {
        Ok(()) => assert_eq!(kept, 1),
        Err(StoreError::Misuse(_)) => assert_eq!(kept, 0),
        Err(other) => panic!("{other}"),
    }
}

async fn fifty_units_consume_a_single_use_row_once(db: &Database) {
    let tenant = db.tenant("acme").await;
    let jti = kernel::TokenId::new(super::now(), &kernel::OsRandom::new());
    let insert = "INSERT INTO denied_tokens (tenant_id, jti, denied_at, expires_at) VALUES ($1, $2, 0, 0)";
    let tenant_store = db.store.tenant(tenant);
    tenant_store
        .write(move |tx| Box::pin(async move { tx.execute(insert, params![jti]).await }))
        .await
        .expect("insert");
    let consume = "UPDATE denied_tokens SET denied_at = 1 WHERE tenant_id = $1 AND jti = $2 AND denied_at = 0";
    let tries =
        (0..50).map(|_| tenant_store.write(move |tx| Box::pin(async move { tx.execute(consume, params![jti]).await })));
    let outcomes: Vec<Result<u64, StoreError>> = join_all(tries).await;
    let won: u64 = outcomes.into_iter().map(|o| o.expect("no error")).sum();
    assert_eq!(won, 1);
}

async fn many_units_at_once_are_all_kept(db: &Database) {
    let tenant = db.tenant("acme").await;
    let units = (0..300).map(|i| {
        db.store.tenant(tenant).write(move |tx| {
            Box::pin(async move {
                add_user(tx, &format!("user{i}@example.com")).await?;
                // Every third changes its mind: its neighbours in the batch must not notice.
                if i % 3 == 0 { Err(StoreError::Misuse("no")) } else { Ok(()) }
            })
        })
    });
    let kept = join_all(units).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(kept, 200);
    assert_eq!(count_users(&db.store, tenant).await, 200);
}

async fn a_tenant_does_not_see_another(db: &Database) {
    let (acme, other) = (db.tenant("acme").await, db.tenant("other").await);
    let add =
        |tenant| db.store.tenant(tenant).write(|tx| Box::pin(async move { add_user(tx, "ada@example.com").await }));
    let ada = add(acme).await.expect("add");
    add(other).await.expect("the same address in another tenant");
    assert_eq!(count_users(&db.store, acme).await, 1);
    let steal = "SELECT email FROM users WHERE tenant_id = $1 AND id = $2";
    let seen = db
        .store
        .tenant(other)
        .read(move |tx| Box::pin(async move { tx.query_opt(steal, params![ada]).await }))
        .await
        .expect("query");
    assert_eq!(seen, None::<storage::Row>);
}

async fn a_statement_without_the_tenant_is_refused(db: &Database) {
    let tenant = db.tenant("acme").await;
    for sql in ["SELECT count(*) FROM users", "SELECT count(*) FROM users WHERE status = $10"] {
        let outcome: Result<_, StoreError> =
            db.store.tenant(tenant).read(move |tx| Box::pin(async move { tx.query(sql, params![]).await })).await;
        assert!(matches!(outcome, Err(StoreError::Misuse(_))), "{sql}: {outcome:?}");
    }
}

async fn a_system_unit_can_enter_a_tenant(db: &Database) {
    let tenant = db.tenant("acme").await;
    let counted: Result<(i64, i64), StoreError> = db
        .store
        .system()
        .write(move |tx| {
            Box::pin(async move {
                tx.enter(tenant, |tx| Box::pin(async move { add_user(tx, "ada@example.com").await })).await?;
                let all = tx.query("SELECT count(*) FROM users", params![]).await?[0].get(0)?;
                let own =
                    tx.query("SELECT count(*) FROM users WHERE tenant_id = $1", params![tenant]).await?[0].get(0)?;
                Ok((all, own))
            })
        })
        .await;
    assert_eq!(counted.expect("counted"), (1, 1));
}

async fn duplicates_are_a_constraint(db: &Database) {
    let tenant = db.tenant("acme").await;
    let add = || db.store.tenant(tenant).write(|tx| Box::pin(async move { add_user(tx, "ada@example.com").await }));
    add().await.expect("first");
    assert!(matches!(add().await, Err(StoreError::Constraint(_))));
}

async fn values_come_back_as_they_went(db: &Database) {
    let tenant = db.tenant("acme").await;
    let sql = "INSERT INTO api_keys (tenant_id, id, name, prefix, hash, permissions, networks, limits, created_at)
         VALUES ($1, $2, $3, 'pk_live_x', $4, $5, $6, $6, $7)";
    let id = kernel::ApiKeyId::new(super::now(), &kernel::OsRandom::new());
    let permissions = serde_json::json!({"ü": ["\u{0}x".trim_matches('\0'), 1.5, true, null]});
    let wanted = permissions.clone();
    let at = kernel::Timestamp::from_micros(1_700_000_000_123_456);
    let row = db
        .store
        .tenant(tenant)
        .write(move |tx| {
            Box::pin(async move {
                let list = serde_json::json!([]);
                tx.execute(sql, params![id, "Zoë's key 🔑", vec![0_u8, 255, 7], &permissions, &list, at]).await?;
                let sql = "SELECT id, name, hash, permissions, created_at, expires_at, user_id, created_at > 5
                     FROM api_keys WHERE tenant_id = $1 AND hash = $2";
                tx.query_opt(sql, params![vec![0_u8, 255, 7]]).await
            })
        })
        .await
        .expect("unit")
        .expect("row");
    let text = |e: Result<_, StoreError>| e.expect("cell");
    assert_eq!(text(row.get::<kernel::ApiKeyId>(0)), id);
    assert_eq!(row.get::<String>(1).expect("name"), "Zoë's key 🔑");
    assert_eq!(row.get::<Vec<u8>>(2).expect("hash"), vec![0, 255, 7]);
    assert_eq!(row.get::<serde_json::Value>(3).expect("json"), wanted);
    assert_eq!(row.get::<kernel::Timestamp>(4).expect("time"), at);
    assert_eq!(row.get::<Option<kernel::Timestamp>>(5).expect("null"), None);
    assert_eq!(row.get::<Option<kernel::UserId>>(6).expect("null"), None);
    assert!(row.get::<bool>(7).expect("bool"));
    assert!(matches!(row.get::<i64>(1), Err(StoreError::Decode { column: 1, .. })));
}

/// One row of a system unit.
async fn one(db: &Database, sql: &'static str) -> Result<storage::Row, StoreError> {
    let rows = db.store.system().read(move |tx| Box::pin(async move { tx.query(sql, params![]).await })).await?;
    Ok(rows.into_iter().next().expect("a row"))
}

async fn a_text_with_nul_is_refused_and_hurts_nobody(db: &Database) {
    let tenant = db.tenant("acme").await;
    for sql in
        ["UPDATE tenants SET name = $2 WHERE id = $1", "UPDATE tenants SET slug = slug WHERE id = $1 AND name = $2"]
    {
        let outcome: Result<u64, StoreError> = db
            .store
            .tenant(tenant)
            .write(move |tx| Box::pin(async move { tx.execute(sql, params!["a\0b"]).await }))
            .await;
        assert!(matches!(outcome, Err(StoreError::Constraint(_))), "{outcome:?}");
    }
    let outcome: Result<u64, StoreError> = db
        .store
        .tenant(tenant)
        .write(move |tx| {
            let json = serde_json::json!({"deep": ["\0"]});
            Box::pin(async move { tx.execute("UPDATE tenants SET settings = $2 WHERE id = $1", params![json]).await })
        })
        .await;
    assert!(matches!(outcome, Err(StoreError::Constraint(_))), "{outcome:?}");
    db.store.check().await.expect("works on");
}

async fn sums_are_integers_and_averages_are_real(db: &Database) {
    let numbers = "FROM (SELECT 7000000000 AS n UNION ALL SELECT -1 UNION ALL SELECT 2) numbers";
    let sql: &'static str = Box::leak(
        format!(
            "SELECT sum(n), sum(n) FILTER (WHERE n < 0), avg(n + 0.5), count(*), sum(n) FILTER (WHERE n = 5) {numbers}"
        )
        .into_boxed_str(),
    );
    let row = one(db, sql).await.expect("numbers");
    assert_eq!(row.get::<i64>(0).expect("sum"), 7_000_000_001);
    assert_eq!(row.get::<i64>(1).expect("sum"), -1);
    assert!((row.get::<f64>(2).expect("avg") - (7_000_000_001.0 / 3.0 + 0.5)).abs() < 0.001);
    assert_eq!(row.get::<i64>(3).expect("count"), 3);
    assert_eq!(row.get::<Option<i64>>(4).expect("nothing"), None);
}

async fn like_heeds_case_and_texts_sort_by_bytes(db: &Database) {
    for slug in ["b", "Z", "a-b", "ab", "\u{e9}"] {
        db.tenant(slug).await;
    }
    let row = one(db, "SELECT count(*) FROM tenants WHERE slug LIKE 'A%'").await.expect("count");
    assert_eq!(row.get::<i64>(0).expect("count"), 0);
    let rows: Vec<storage::Row> = db
        .store
        .system()
        .read(|tx| Box::pin(async move { tx.query("SELECT slug FROM tenants ORDER BY slug", params![]).await }))
        .await
        .map_err(|e: StoreError| e)
        .expect("rows");
    let slugs: Vec<String> = rows.iter().map(|r| r.get(0).expect("text")).collect();
    assert_eq!(slugs, ["Z", "a-b", "ab", "b", "\u{e9}"]);
}

async fn a_wrong_statement_is_an_error_and_hurts_nobody(db: &Database) {
    let tenant = db.tenant("acme").await;
    for sql in [
        "SELEKT $1",
        "SELECT id FROM tenants WHERE id = $1 AND no_such_column = 1",
        "SELECT '\0' FROM tenants WHERE id = $1",
    ] {
        let outcome: Result<_, StoreError> =
            db.store.tenant(tenant).read(move |tx| Box::pin(async move { tx.query(sql, params![]).await })).await;
        assert!(matches!(outcome, Err(StoreError::Statement(_))), "{sql}: {outcome:?}");
    }
    db.store.check().await.expect("works on");
}

async fn a_reading_unit_cannot_write(db: &Database) {
    let tenant = db.tenant("acme").await;
    let outcome: Result<_, StoreError> =
        db.store.tenant(tenant).read(|tx| Box::pin(async move { add_user(tx, "ada@example.com").await })).await;
    outcome.expect_err("refused");
    assert_eq!(count_users(&db.store, tenant).await, 0);
}

async fn a_unit_that_gives_up_a_statement_is_refused(db: &Database) {
    use futures_util::FutureExt as _;
    let tenant = db.tenant("acme").await;
    let outcome: Result<bool, StoreError> = db
        .store
        .tenant(tenant)
        .write(|tx| {
            Box::pin(async move {
                add_user(tx, "ada@example.com").await?;
                // Polled once and dropped: on PostgreSQL the statement is on its way by then.
                Ok(add_user(tx, "bob@example.com").now_or_never().is_some())
            })
        })
        .await;
    match outcome {
        // SQLite has finished the statement at the first poll.
        Ok(finished) => assert!(finished),
        Err(StoreError::Misuse(_)) => assert_eq!(count_users(&db.store, tenant).await, 0),
        Err(other) => panic!("{other}"),
    }
}

async fn parameters_go_by_number_wherever_they_stand(db: &Database) {
    let tenant = db.tenant("acme").await;
    db.store
        .tenant(tenant)
        .write(|tx| {
            Box::pin(async move {
                let user = add_user(tx, "ada@example.com").await?;
                let sql = "UPDATE users SET display_name = $4, company_name = $3 WHERE tenant_id = $1 AND id = $2";
                assert_eq!(tx.execute(sql, params![user, "company", "name"]).await?, 1);
                let sql = "SELECT display_name, company_name FROM users WHERE id = $2 AND tenant_id = $1";
                let row = tx.query_opt(sql, params![user]).await?.expect("the user");
                assert_eq!((row.get::<String>(0)?, row.get::<String>(1)?), ("name".into(), "company".into()));
                Ok::<_, StoreError>(())
            })
        })
        .await
        .expect("the unit");
}

async fn too_few_and_too_many_parameters_are_refused(db: &Database) {
    let tenant = db.tenant("acme").await;
    for (sql, given) in [
        ("SELECT id FROM users WHERE tenant_id = $1 AND email = $2", 0),
        ("SELECT id FROM users WHERE tenant_id = $1 AND email = $2", 2),
        ("SELECT id FROM users WHERE tenant_id = $1", 1),
    ] {
        let outcome: Result<_, StoreError> = db
            .store
            .tenant(tenant)
            .read(move |tx| Box::pin(async move { tx.query(sql, &params!["a", "b"][..given]).await }))
            .await;
        assert!(matches!(outcome, Err(StoreError::Misuse(_))), "{sql}: {outcome:?}");
    }
    db.store.check().await.expect("works on");
}
