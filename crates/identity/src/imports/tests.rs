//! Imports and exports, through the API and the worker.

use std::fmt::Write as _;

use http::Method;
use serde_json::{Value as Json, json};
use storage::{StoreError, params};

use super::*;
use crate::{
    testing::{PASSWORD, Person, TestCore},
    users,
};

crate::testing::on_both_databases! {
    a_file_becomes_users_and_a_report;
    a_second_time_changes_nothing_and_upsert_brings_up_to_date;
    a_dry_run_keeps_nothing;
    an_import_goes_on_where_it_was;
    nobody_gives_what_they_do_not_hold;
    imported_hashes_verify_and_are_replaced;
    what_is_exported_can_be_imported_elsewhere;
    files_are_bounded_and_wrong_ones_are_told;
    attributes_meet_the_tenants_schema;
    who_registered_with_an_address_is_not_taken_for_its_owner;
    who_says_to_have_an_external_id_is_not_taken_for_its_owner;
    a_key_that_ends_imports_no_more;
    nobody_imports_as_somebody_else;
    a_file_may_arrive_slowly;
    a_worker_that_lost_its_job_ends_nothing;
    passwords_that_were_not_looked_up_are_noted_once;
}

const IMPORT: &str = "/api/v1/admin/users/import";

/// Sends a file and lets the worker do it.
async fn import(node: &TestCore, by: &Person, query: &str, kind: &str, file: &str) -> Json {
    let call = node.call(Method::POST, &format!("{IMPORT}{query}"));
    let started = call.raw(file.to_owned()).header("content-type", kind).bearer(&by.token).send().await;
    let path = started.headers["location"].to_str().expect("text").to_owned();
    assert_eq!(started.expect(202)["status"], "running");
    run_due(&node.core).await.expect("worked on");
    node.get(&path).bearer(&by.token).send().await.expect(200)
}

async fn csv(node: &TestCore, by: &Person, query: &str, file: &str) -> Json {
    import(node, by, query, "text/csv", file).await
}

fn counts(import: &Json) -> [i64; 4] {
    ["created", "updated", "skipped", "failed"].map(|name| import[name].as_i64().expect("a number"))
}

/// Line, field and code of everything that was wrong.
async fn report(node: &TestCore, by: &Person, import: &Json) -> Vec<(i64, String, String)> {
    let path = format!("/api/v1/admin/users/imports/{}/errors", import["id"].as_str().expect("an id"));
    let told = node.get(&path).bearer(&by.token).send().await.expect(200);
    let text = |value: &Json| value.as_str().expect("text").to_owned();
    let items = told["items"].as_array().expect("items").iter();
    items.map(|e| (e["line"].as_i64().expect("a line"), text(&e["field"]), text(&e["code"]))).collect()
}

async fn user(node: &TestCore, by: &Person, email: &str) -> Json {
    let path = format!("/api/v1/admin/users?filter=email%20eq%20%22{email}%22");
    node.get(&path).bearer(&by.token).send().await.expect(200)["items"][0].clone()
}

async fn a_file_becomes_users_and_a_report(node: TestCore) {
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    let file = "\u{feff}email,email_verified,username,display_name,phone,roles,attributes,password\r\n\
        Ada@Example.com,true,ada,\"Lovelace, \"\"Ada\"\"\",'+4930123456,user premium,\"{\"\"plan\"\":\"\"gold\"\"}\",\r\n\
        bob@example.com,,,Bob,,,,Violet-Kettle-93-orbit\r\n\
        \r\n\
        not-an-address,maybe,,,12,,,\r\n\
        eve@example.com,,,Eve,,nobles,,\r\n\
        weak@example.com,,,,,,,password\r\n\
        short@example.com\r\n\
        boss@example.com,,,,,,,\r\n";
    let done = csv(&node, &boss, "", file).await;
    assert_eq!((&done["status"], counts(&done)), (&json!("done"), [2, 0, 1, 4]), "{done}");
    let wrong = report(&node, &boss, &done).await;
    let told: Vec<(i64, &str, &str)> = wrong.iter().map(|(l, f, c)| (*l, f.as_str(), c.as_str())).collect();
    assert!(
        told.contains(&(5, "email_verified", "format")) && told.contains(&(6, "roles", "unknown_role")),
        "{told:?}"
    );
    assert!(told.contains(&(7, "password", "common")) && told.contains(&(8, "", "columns")), "{told:?}");
    assert!(told.iter().all(|(line, ..)| (5..=8).contains(line)), "{told:?}");

    let ada = user(&node, &boss, "ada@example.com").await;
    assert_eq!((&ada["username"], &ada["phone"]), (&json!("ada"), &json!("+4930123456")));
    assert_eq!((&ada["email_verified"], &ada["roles"]), (&json!(true), &json!(["premium", "user"])));
    assert_eq!((&ada["attributes"], &ada["display_name"]), (&json!({"plan": "gold"}), &json!("Lovelace, \"Ada\"")));
    let bob = json!({"email": "bob@example.com", "password": PASSWORD});
    node.post("/api/v1/auth/login", &bob).send().await.expect(200);
    assert!(node.mails().await.iter().all(|mail| !mail.to.contains("ada")), "nobody is told");
    assert_eq!(chunks(&node).await, 0, "the file is forgotten");
    // A link to choose a password, where it was asked for.
    csv(&node, &boss, "?invite=true", "email,status\nivy@example.com,\ngone@example.com,disabled\n").await;
    let mails = node.mails().await;
    assert!(mails.iter().any(|mail| mail.to == "ivy@example.com"));
    assert!(mails.iter().all(|mail| mail.to != "gone@example.com"), "who may not come in is not invited");
}

async fn chunks(node: &TestCore) -> i64 {
    let counted = node.core.store.tenant(node.tenant().id).read(|tx| {
        Box::pin(async move {
            let sql = "SELECT count(*) FROM user_import_chunks WHERE tenant_id = $1";
            tx.query_opt(sql, params![]).await?.map_or(Ok(0), |row| row.get(0))
        })
    });
    counted.await.map_err(|e: StoreError| e).expect("a count")
}

async fn a_second_time_changes_nothing_and_upsert_brings_up_to_date(node: TestCore) {
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    let file = "external_id,email,display_name,roles\n7,ada@example.com,Ada,user\n8,bob@example.com,Bob,user\n";
    assert_eq!(counts(&csv(&node, &boss, "", file).await), [2, 0, 0, 0]);
    assert_eq!(counts(&csv(&node, &boss, "", file).await), [0, 0, 2, 0]);
    let newer = "external_id,email,email_verified,display_name,roles\n\
        7,ada@example.com,true,Ada L,premium\n8,,,,\n9,ada@example.com,,,\n,boss@example.com,,,user\n\
        8,moved@example.com,true,,\n";
    let done = csv(&node, &boss, "?mode=upsert", newer).await;
    assert_eq!(counts(&done), [0, 1, 0, 4], "{done}");
    let codes: Vec<String> = report(&node, &boss, &done).await.into_iter().map(|(.., code)| code).collect();
    assert_eq!(codes, ["required", "conflict", "last_super_admin", "not_allowed"]);
    let ada = user(&node, &boss, "ada@example.com").await;
    assert_eq!((&ada["display_name"], &ada["roles"]), (&json!("Ada L"), &json!(["premium"])));
    assert_eq!(ada["email_verified"], false, "that is not a file's to say of somebody who is there");
    assert_eq!(user(&node, &boss, "bob@example.com").await["external_id"], "8", "nobody is moved");
    assert_eq!(node.audited(node.tenant().id, "user.imported").await, 1);
    let path = "/api/v1/admin/audit?action=user.imported";
    let entry = node.get(path).bearer(&boss.token).send().await.expect(200)["items"][0]["details"].clone();
    assert_eq!(entry["fields"], json!(["display_name"]), "{entry}");
    // Other tenants have nothing to do with it.
    let acme = node.new_tenant("acme").await;
    let theirs = node.person_of(&acme, "ada@example.com", &["super_admin"]).await;
    let path = format!("/api/v1/admin/users/imports/{}", done["id"].as_str().expect("an id"));
    node.get(&path).bearer(&theirs.token).send().await.expect_problem(404, "not_found");
    let own = csv(&node, &theirs, "", "email\nlovelace@example.com\n").await;
    assert_eq!(counts(&own), [1, 0, 0, 0]);
}

async fn a_dry_run_keeps_nothing(node: TestCore) {
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    let lines = "{\"email\":\"ada@example.com\",\"password\":\"Violet-Kettle-93-orbit\"}\n{\"emial\":1}\n{\n";
    let before = node.core.hasher.computed();
    let done = import(&node, &boss, "?dry_run=true", "application/jsonl", lines).await;
    assert_eq!((counts(&done), done["status"].as_str()), ([1, 0, 0, 2], Some("done")));
    assert_eq!(node.core.hasher.computed(), before, "nothing is hashed for nothing");
    assert_eq!(user(&node, &boss, "ada@example.com").await, Json::Null);
    assert_eq!(report(&node, &boss, &done).await.len(), 2);
}

/// As after a crash: somebody had the job, did a part of it, and was gone.
async fn an_import_goes_on_where_it_was(node: TestCore) {
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    let mut file = "email,display_name\n".to_owned();
    for i in 0..250 {
        let _ = writeln!(file, "person{i}@example.com,Person {i}");
    }
    let tenant = node.tenant().id;
    let options = Options { format: Format::Csv, mode: Mode::Create, dry_run: false, invite: false };
    let mut spool = Spool::begin(&node.core, tenant, options, Starter::System).await.expect("begun");
    spool.push(file.as_bytes()).await.expect("taken");
    let id = spool.finish(None).await.expect("whole");
    let seen = std::sync::Mutex::new(Vec::new());
    {
        // Dropped when the first batch is done: as if the process ended.
        let first = run_one(&node.core, tenant, id, |import| seen.lock().expect("a list").push(import.position));
        tokio::pin!(first);
        futures_util::future::poll_fn(|cx| {
            let ended = first.as_mut().poll(cx).is_ready();
            if ended || !seen.lock().expect("a list").is_empty() {
                return std::task::Poll::Ready(());
            }
            std::task::Poll::Pending
        })
        .await;
    }
    run_due(&node.core).await.expect("somebody has it");
    let load = async || {
        let read = node.core.store.tenant(tenant).read(move |tx| Box::pin(load(tx, id))).await;
        read.map_err(|e: StoreError| e).expect("read").expect("an import")
    };
    let half = load().await;
    assert_eq!(half.status, Status::Running, "the lease of whoever is gone is heeded: {half:?}");
    node.clock.advance(std::time::Duration::from_secs(121));
    run_due(&node.core).await.expect("worked on");
    let done = load().await;
    assert_eq!(
        (done.status, done.counts.created, done.counts.failed),
        (Status::Done, 250, 0),
        "none twice, none left out"
    );
    assert_eq!(user(&node, &boss, "person249@example.com").await["display_name"], "Person 249");
}

async fn nobody_gives_what_they_do_not_hold(node: TestCore) {
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    let admin = node.person("admin@example.com", &["admin"]).await;
    let plain = node.person("ada@example.com", &["user"]).await;
    let file = "email,display_name,roles\nnew@example.com,,super_admin\nboss@example.com,Owned,\n";
    let done = csv(&node, &admin, "?mode=upsert", file).await;
    assert_eq!(counts(&done), [0, 0, 0, 2], "{done}");
    let codes: Vec<String> = report(&node, &admin, &done).await.into_iter().map(|(.., code)| code).collect();
    assert_eq!(codes, ["not_permitted", "not_permitted"]);
    assert_eq!(user(&node, &boss, "boss@example.com").await["display_name"], Json::Null);
    let call = node.call(Method::POST, IMPORT).raw("email\n").header("content-type", "text/csv");
    call.bearer(&plain.token).send().await.expect_problem(403, "permission.denied");
    // Hashes are more than an administrator's business.
    let export = "/api/v1/admin/users/export?format=jsonl&include=password_hash";
    node.get(export).bearer(&admin.token).send().await.expect_problem(403, "permission.denied");
    // Whoever is disabled meanwhile imports no more.
    let call = node.call(Method::POST, IMPORT).raw("email\nlate@example.com\n").header("content-type", "text/csv");
    let started = call.bearer(&admin.token).send().await.expect(202);
    let path = format!("/api/v1/admin/users/{}/disable", admin.id);
    node.post(&path, &json!({})).bearer(&boss.token).send().await.expect(200);
    run_due(&node.core).await.expect("worked on");
    let path = format!("/api/v1/admin/users/imports/{}", started["id"].as_str().expect("an id"));
    let failed = node.get(&path).bearer(&boss.token).send().await.expect(200);
    assert_eq!((&failed["status"], counts(&failed)), (&json!("failed"), [0, 0, 0, 0]), "{failed}");
}

async fn imported_hashes_verify_and_are_replaced(node: TestCore) {
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    // "correct horse", by bcrypt and by Django.
    let file = "email,email_verified,password_hash\n\
        bcrypt@example.com,true,$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e\n\
        django@example.com,true,pbkdf2_sha256$100$seasalt$gnpeHo+UWiHfHH1xG5L/3TxMI5h1MTr2gq2ykhUFVhM=\n\
        md5@example.com,true,5f4dcc3b5aa765d61d8327deb882cf99\n\
        dear@example.com,true,pbkdf2_sha256$900000000$seasalt$gnpeHo+UWiHfHH1xG5L/3TxMI5h1MTr2gq2ykhUFVhM=\n";
    let done = csv(&node, &boss, "", file).await;
    assert_eq!(counts(&done), [2, 0, 0, 2], "{done}");
    for email in ["bcrypt@example.com", "django@example.com"] {
        let login = async |password| {
            let body = json!({"email": email, "password": password});
            node.post("/api/v1/auth/login", &body).send().await
        };
        login("correct horsf").await.expect_problem(401, "credentials.invalid");
        node.clock.advance(std::time::Duration::from_secs(60));
        login("correct horse").await.expect(200);
        let stored = stored(&node, email).await;
        assert!(stored.starts_with("$argon2id$"), "{email}: {stored}");
        login("correct horse").await.expect(200);
    }
    // A password that was chosen since is not replaced by the file.
    let before = stored(&node, "bcrypt@example.com").await;
    assert_eq!(counts(&csv(&node, &boss, "?mode=upsert", file).await), [0, 2, 0, 2]);
    assert_eq!(stored(&node, "bcrypt@example.com").await, before);
}

async fn who_registered_with_an_address_is_not_taken_for_its_owner(node: TestCore) {
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    // Somebody registers with an address of a person who is about to be imported.
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    node.post("/api/v1/auth/register", &body).send().await;
    let file = "email,email_verified,external_id,roles\nada@example.com,true,7,premium\n";
    let done = csv(&node, &boss, "?mode=upsert", file).await;
    assert_eq!(counts(&done), [0, 0, 0, 1], "{done}");
    assert_eq!(report(&node, &boss, &done).await, [(2, "email".to_owned(), "unverified".to_owned())]);
    let ada = user(&node, &boss, "ada@example.com").await;
    assert_eq!((&ada["email_verified"], &ada["roles"]), (&json!(false), &json!(["user"])));
    assert_eq!(ada["external_id"], Json::Null);
}

async fn who_says_to_have_an_external_id_is_not_taken_for_its_owner(node: TestCore) {
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    for email in ["ada@example.com", "eve@example.com"] {
        let body = json!({"email": email, "password": PASSWORD, "external_id": "7"});
        node.post("/api/v1/auth/register", &body).send().await.expect(201);
    }
    // By the id alone nobody is found, and with the address it proves nothing.
    let file = "username,external_id,roles\nada,7,admin\n";
    assert_eq!(counts(&csv(&node, &boss, "?mode=upsert", file).await), [1, 0, 0, 0]);
    let file = "email,external_id,roles\nada@example.com,8,admin\n";
    let done = csv(&node, &boss, "?mode=upsert", file).await;
    assert_eq!(report(&node, &boss, &done).await, [(2, "email".to_owned(), "unverified".to_owned())]);
    for email in ["ada@example.com", "eve@example.com"] {
        let found = user(&node, &boss, email).await;
        assert_eq!((&found["roles"], &found["external_id"]), (&json!(["user"]), &json!("7")), "{email}");
    }
}

/// Sends a file, without working on it.
async fn sent(node: &TestCore, token: &str, file: &str) -> crate::testing::Reply {
    let call = node.call(Method::POST, IMPORT).raw(file.to_owned()).header("content-type", "text/csv");
    call.bearer(token).send().await
}

async fn a_key_that_ends_imports_no_more(node: TestCore) {
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    let wanted = json!({"name": "crm", "permissions": ["users:create", "users:read"]});
    for path in ["/api/v1/admin/api-keys", "/api/v1/api-keys"] {
        let made = node.post(path, &wanted).bearer(&boss.token).send().await.expect(201);
        let call = node.call(Method::POST, IMPORT).raw("email\nlate@example.com\n").header("content-type", "text/csv");
        let key = kernel::Secret::new(made["key"].as_str().expect("a key").to_owned());
        let key = crate::api_keys::authenticate(&node.core, key).await.expect("a caller");
        let started = call.by(&key).send().await.expect(202);
        let key = format!("/api/v1/admin/api-keys/{}", made["id"].as_str().expect("an id"));
        node.call(Method::DELETE, &key).bearer(&boss.token).send().await.expect(204);
        run_due(&node.core).await.expect("worked on");
        let path = format!("/api/v1/admin/users/imports/{}", started["id"].as_str().expect("an id"));
        let failed = node.get(&path).bearer(&boss.token).send().await.expect(200);
        assert_eq!((&failed["status"], counts(&failed)), (&json!("failed"), [0, 0, 0, 0]), "{failed}");
    }
}

async fn nobody_imports_as_somebody_else(node: TestCore) {
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    let admin = node.person("admin@example.com", &["admin"]).await;
    let path = format!("/api/v1/admin/users/{}/impersonate", admin.id);
    let acting = node.post(&path, &json!({"reason": "a question"})).bearer(&boss.token).send().await.expect(200);
    let token = acting["access_token"].as_str().expect("a token");
    sent(&node, token, "email\nnew@example.com\n").await.expect_problem(403, "permission.denied");
}

async fn a_file_may_arrive_slowly(node: TestCore) {
    const SLOW: std::time::Duration = std::time::Duration::from_secs(2_400);
    let options = Options { format: Format::Csv, mode: Mode::Create, dry_run: false, invite: false };
    let tenant = node.tenant().id;
    let begin = async || Spool::begin(&node.core, tenant, options, Starter::System).await.expect("begun");
    let (mut slow, mut stopped) = (begin().await, begin().await);
    let piece = vec![b'\n'; spool::CHUNK];
    for _ in 0..3 {
        node.clock.advance(SLOW);
        slow.push(&piece).await.expect("taken");
        sweep(&node.core).await.expect("swept");
    }
    slow.finish(None).await.expect("whole");
    assert_eq!(stopped.push(&piece).await.expect_err("forgotten").kind, ABANDONED);
    assert_eq!(stopped.finish(None).await.expect_err("forgotten").kind, ABANDONED);
    assert_eq!(node.audited(tenant, "users.import_started").await, 1);
}

async fn a_worker_that_lost_its_job_ends_nothing(node: TestCore) {
    const LEASE: std::time::Duration = std::time::Duration::from_secs(120);
    let options = Options { format: Format::Csv, mode: Mode::Create, dry_run: false, invite: false };
    let tenant = node.tenant().id;
    let mut spool = Spool::begin(&node.core, tenant, options, Starter::System).await.expect("begun");
    spool.push(b"email\nada@example.com\n").await.expect("taken");
    let id = spool.finish(None).await.expect("whole");
    let claim = async || {
        let now = node.core.now();
        let claimed = node.core.store.tenant(tenant).write(move |tx| Box::pin(store::claim(tx, id, now, LEASE))).await;
        claimed.map_err(|e: StoreError| e).expect("asked")
    };
    let renew = async |from, to| {
        let renewed = node.core.store.tenant(tenant).write(move |tx| Box::pin(store::renew(tx, id, from, to))).await;
        renewed.map_err(|e: StoreError| e).expect("asked")
    };
    let finish = async |lease| {
        let now = node.core.now();
        let work = node.core.store.tenant(tenant);
        let done = work.write(move |tx| Box::pin(store::finish(tx, id, lease, None, now))).await;
        done.map_err(|e: StoreError| e).expect("asked")
    };
    let first = claim().await.expect("free").lease;
    // Whoever is heard of goes on.
    node.clock.advance(LEASE / 2);
    let longer = node.core.now() + LEASE;
    assert!(renew(first, longer).await);
    node.clock.advance(LEASE / 2);
    assert!(claim().await.is_none(), "it is held");
    // Whoever is not has lost it.
    node.clock.advance(LEASE);
    let second = claim().await.expect("free again").lease;
    assert!(!renew(longer, longer + LEASE).await && !finish(longer).await);
    assert_eq!(chunks(&node).await, 1, "the file is still needed");
    assert!(finish(second).await);
    assert_eq!(chunks(&node).await, 0);
}

async fn passwords_that_were_not_looked_up_are_noted_once(node: TestCore) {
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    let policy = json!({"password_policy": {"breach_check": "online"}});
    node.call(Method::PATCH, "/api/v1/admin/settings").json(&policy).bearer(&boss.token).send().await.expect(200);
    let mut file = "email,password\n".to_owned();
    for i in 0..3 {
        let _ = writeln!(file, "person{i}@example.com,{PASSWORD}");
    }
    assert_eq!(counts(&csv(&node, &boss, "", &file).await), [3, 0, 0, 0]);
    assert_eq!(node.audited(node.tenant().id, "password.breach_unchecked").await, 1);
}

async fn attributes_meet_the_tenants_schema(node: TestCore) {
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    let schema = json!({"type": "object", "required": ["grade"], "properties": {"grade": {"maximum": 12}}});
    let put = node.call(Method::PUT, "/api/v1/admin/attributes-schema").json(&schema).bearer(&boss.token);
    put.send().await.expect(200);
    let file = "{\"email\": \"ada@example.com\", \"attributes\": {\"grade\": 7}}\n\
        {\"email\": \"eve@example.com\", \"attributes\": {\"grade\": 13}}\n\
        {\"email\": \"bob@example.com\"}\n\
        {\"email\": \"boss@example.com\", \"display_name\": \"Boss\"}\n";
    let (id, now) = (boss.id, node.core.now());
    let verified = node.core.store.tenant(node.tenant().id);
    let verified = verified.write(move |tx| Box::pin(users::verify_email(tx, id, "boss@example.com", now))).await;
    assert!(verified.map_err(|e: StoreError| e).expect("asked"));
    let done = import(&node, &boss, "?mode=upsert", "application/jsonl", file).await;
    // Whoever is there already keeps the attributes they have.
    assert_eq!(counts(&done), [1, 1, 0, 2]);
    let wrong = |line| (line, "attributes".to_owned(), "schema".to_owned());
    assert_eq!(report(&node, &boss, &done).await, [wrong(2), wrong(3)]);
}

async fn stored(node: &TestCore, email: &'static str) -> String {
    let read = node.core.store.tenant(node.tenant().id).read(move |tx| {
        Box::pin(async move {
            let sql = "SELECT password_hash FROM users WHERE tenant_id = $1 AND email = $2";
            tx.query_opt(sql, params![email]).await?.map_or(Ok(String::new()), |row| row.get(0))
        })
    });
    read.await.map_err(|e: StoreError| e).expect("a hash")
}

/// Every page of an export.
async fn exported(node: &TestCore, tenant: kernel::TenantId, export: Export) -> String {
    let (mut text, mut before) = (String::new(), None);
    loop {
        let (page, next) = page(&node.core, tenant, export, before).await.expect("a page");
        text += std::str::from_utf8(&page).expect("text");
        match next {
            Some(id) => before = Some(id),
            None => return text,
        }
    }
}

async fn what_is_exported_can_be_imported_elsewhere(node: TestCore) {
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    let mut file = "email,display_name,phone,company_name\nada@example.com,=1+1,'+4930123456,\"a,b\"\n".to_owned();
    for i in 0..450 {
        let _ = writeln!(file, "person{i}@example.com,Person {i},,");
    }
    assert_eq!(counts(&csv(&node, &boss, "", &file).await), [451, 0, 0, 0]);
    let home = node.tenant().id;
    for (format, kind) in [(Format::Csv, "text/csv"), (Format::Jsonl, "application/jsonl")] {
        let text = exported(&node, home, Export { format, hashes: true }).await;
        assert_eq!(text.matches("@example.com").count(), 452, "everybody once");
        if format == Format::Csv {
            assert!(text.contains(",'=1+1,") && text.contains(",'+4930123456,"), "no formulas");
        }
        let acme = node.new_tenant(kind.rsplit('/').next().expect("a name")).await;
        let there = node.person_of(&acme, "root@acme.example", &["super_admin"]).await;
        let done = import(&node, &there, "", kind, &text).await;
        assert_eq!(counts(&done), [452, 0, 0, 0], "{done}");
        let ada = user(&node, &there, "ada@example.com").await;
        assert_eq!((&ada["display_name"], &ada["phone"]), (&json!("=1+1"), &json!("+4930123456")));
        let login = json!({"email": "boss@example.com", "password": PASSWORD});
        node.post("/api/v1/auth/login", &login).tenant(&acme).send().await.expect(200);
    }
    let without = exported(&node, home, Export { format: Format::Jsonl, hashes: false }).await;
    assert!(!without.contains("argon2"));
}

async fn files_are_bounded_and_wrong_ones_are_told(node: TestCore) {
    let boss = node.person("boss@example.com", &["super_admin"]).await;
    for (file, reason) in [
        ("email,nickname\nada@example.com,x\n".to_owned(), "columns that are not known (\"nickname\"); known are"),
        // Perhaps it is no header at all.
        ("ada@example.com,Secret-7\n".to_owned(), "columns that are not known; known are"),
        (
            "email;display_name\nada@example.com;Ada\n".to_owned(),
            "separated by commas, and the first line has a semicolon",
        ),
        ("email,email\nada@example.com,x\n".to_owned(), "names a column twice"),
        (format!("email\n\"{}", "x".repeat(70_000)), "longer than 64 KiB"),
    ] {
        let done = csv(&node, &boss, "", &file).await;
        assert_eq!(done["status"], "failed");
        assert!(done["error"].as_str().expect("a reason").contains(reason), "{done}");
    }
    let call = node.call(Method::POST, IMPORT).raw("email\n").header("content-type", "image/png");
    call.bearer(&boss.token).send().await.expect_problem(415, "request.media_type");
    let options = Options { format: Format::Csv, mode: Mode::Create, dry_run: false, invite: false };
    let begin = async || Spool::begin(&node.core, node.tenant().id, options, Starter::System).await;
    let (_a, _b, _c) = (begin().await.expect("one"), begin().await.expect("two"), begin().await.expect("three"));
    assert_eq!(begin().await.expect_err("four").kind, TOO_MANY);
    node.clock.advance(std::time::Duration::from_secs(7_200));
    assert_eq!(sweep(&node.core).await.expect("swept"), 3, "what stopped arriving is forgotten");
    begin().await.expect("room again");
}
