//! Opening a database: what can be wrong, and that the answer says what to do.

use futures_util::future::join_all;
use storage::{OpenError, Store, StoreOptions, migrate};
use testservers::PrivatePostgres;

use super::connect;
use crate::now;

async fn open(url: &str) -> Result<Store, OpenError> {
    Store::open(&StoreOptions::new(url)).await
}

async fn refused(url: &str) -> String {
    open(url).await.expect_err(url).to_string()
}

/// Opens and migrates, as `serve` does.
async fn start(url: &str) -> Result<usize, OpenError> {
    migrate::up(&open(url).await?, now()).await
}

#[tokio::test]
async fn what_cannot_be_reached_is_said_in_a_sentence_without_the_password() {
    let database = testservers::postgres().await;
    let url = database.url();
    let (before, password_on) = url.split_once("portcullis:").expect("a URL");
    let (password, address) = password_on.split_once('@').expect("a URL");

    let wrong = refused(&format!("{before}portcullis:wrong{password}@{address}")).await;
    assert!(wrong.contains("password authentication failed") && !wrong.contains(password), "{wrong}");
    let nothing = refused(&url.replace(database.name(), "no_such_database")).await;
    assert!(nothing.contains("\"no_such_database\" does not exist"), "{nothing}");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let nobody = refused(&format!("postgres://portcullis:{password}@127.0.0.1:{port}/gate")).await;
    assert!(nobody.contains("refused") && nobody.contains("check storage.url and that the server runs"), "{nobody}");
    let plain = refused(&format!("{url}?sslmode=require")).await;
    assert!(plain.contains("does not support TLS"), "{plain}");
    let file = refused(&format!("{url}?sslmode=require&sslrootcert=/no/such/file.pem")).await;
    assert!(file.contains("/no/such/file.pem") && file.contains("PEM"), "{file}");
}

#[tokio::test]
async fn a_store_that_was_never_migrated_says_so() {
    let server = PrivatePostgres::start().await;
    let store = open(&server.url()).await.expect("open");
    let error = store.check().await.expect_err("no role").to_string();
    assert!(error.contains("portcullis_app") && error.contains("migrate up"), "{error}");
}

#[tokio::test]
async fn a_role_that_cannot_be_made_is_asked_for() {
    let server = PrivatePostgres::start().await;
    let behind = connect(&server.superuser_url()).await;
    behind.batch_execute("ALTER ROLE portcullis NOCREATEROLE").await.expect("alter");
    let error = start(&server.url()).await.expect_err("no right to create").to_string();
    let both = "have a superuser run: CREATE ROLE portcullis_app NOLOGIN; GRANT portcullis_app TO \"portcullis\"";
    assert!(error.ends_with(both), "{error}");

    behind.batch_execute("CREATE ROLE portcullis_app NOLOGIN BYPASSRLS").await.expect("create");
    let error = start(&server.url()).await.expect_err("too much").to_string();
    assert!(error.ends_with("ALTER ROLE portcullis_app NOSUPERUSER NOBYPASSRLS"), "{error}");

    behind.batch_execute("ALTER ROLE portcullis_app NOBYPASSRLS").await.expect("alter");
    let error = start(&server.url()).await.expect_err("no right to grant").to_string();
    assert!(error.ends_with("have a superuser run: GRANT portcullis_app TO \"portcullis\""), "{error}");

    behind.batch_execute("GRANT portcullis_app TO portcullis").await.expect("grant");
    start(&server.url()).await.expect("now it may");
    open(&server.url()).await.expect("open").check().await.expect("works");
}

#[tokio::test]
async fn many_databases_and_nodes_may_make_the_role_at_once() {
    let server = PrivatePostgres::start().await;
    let behind = connect(&server.superuser_url()).await;
    let mut urls = vec![server.url(); 2];
    for i in 0..6 {
        behind.batch_execute(&format!("CREATE DATABASE d{i} OWNER portcullis")).await.expect("create");
        let (server_part, _) = urls[0].rsplit_once('/').expect("a URL");
        urls.push(format!("{server_part}/d{i}"));
    }
    for outcome in join_all(urls.iter().map(|url| start(url))).await {
        outcome.expect("nobody fails");
    }
    for url in &urls {
        open(url).await.expect("open").check().await.expect("works");
    }
}

#[tokio::test]
async fn rights_are_given_again_where_they_are_missing() {
    let database = testservers::postgres().await;
    let store = open(&database.url()).await.expect("open");
    migrate::up(&store, now()).await.expect("migrate");
    let behind = connect(&database.superuser_url()).await;
    behind.batch_execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM portcullis_app").await.expect("revoke");
    let count = || {
        store.system().read(|tx| Box::pin(async move { tx.query("SELECT count(*) FROM tenants", &[]).await.map(drop) }))
    };
    super::unit(count().await).expect_err("no rights");
    assert_eq!(migrate::up(&store, now()).await.expect("nothing to migrate"), 0);
    super::unit(count().await).expect("rights");
}

#[tokio::test]
async fn tables_lie_where_the_owner_sees_them_whatever_the_role_is_called() {
    let database = testservers::postgres().await;
    let owner = connect(&database.url()).await;
    owner.batch_execute("CREATE SCHEMA portcullis; CREATE SCHEMA portcullis_app").await.expect("schemas");
    start(&database.url()).await.expect("migrate");
    open(&database.url()).await.expect("open").check().await.expect("works");
    let sql = "SELECT schemaname::text FROM pg_tables WHERE tablename = 'users'";
    assert_eq!(owner.query_one(sql, &[]).await.expect("one").get::<_, String>(0), "portcullis");
}

#[tokio::test]
async fn tls_is_used_where_the_server_offers_it_and_verified_where_the_url_requires_it() {
    let server = PrivatePostgres::start().await;
    let behind = connect(&server.superuser_url()).await;
    // The server makes its own certificate, in its own directory.
    let make = "COPY (SELECT 1) TO PROGRAM 'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
         -keyout server.key -out server.crt -subj /CN=test -addext basicConstraints=critical,CA:FALSE \
         -addext subjectAltName=IP:127.0.0.1 2>/dev/null'";
    behind.batch_execute(make).await.expect("openssl");
    behind.batch_execute("ALTER SYSTEM SET ssl = on").await.expect("ssl");
    behind.batch_execute("SELECT pg_reload_conf()").await.expect("reload");
    super::until(&behind, "SELECT current_setting('ssl')::boolean").await;
    let certificate: String = behind.query_one("SELECT pg_read_file('server.crt')", &[]).await.expect("crt").get(0);
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("ca.pem");
    std::fs::write(&path, certificate).expect("write");

    let url = server.url();
    start(&url).await.expect("prefer takes any certificate");
    let encrypted = async |url: String| {
        let store = open(&url).await.expect("open");
        let pid =
            store.system().read(|tx| Box::pin(async move { tx.query("SELECT pg_backend_pid()", &[]).await })).await;
        let pid: u32 = super::unit(pid).expect("rows")[0].get(0).expect("a number");
        let sql = format!("SELECT ssl FROM pg_stat_ssl WHERE pid = {pid}");
        behind.query_one(&sql, &[]).await.expect("the connection").get::<_, bool>(0)
    };
    assert!(encrypted(url.clone()).await);
    assert!(!encrypted(format!("{url}?sslmode=disable")).await);
    assert!(encrypted(format!("{url}?sslmode=require&sslrootcert={}", path.display())).await);
    let unknown = refused(&format!("{url}?sslmode=require")).await;
    assert!(unknown.contains("UnknownIssuer") && unknown.contains("sslrootcert"), "{unknown}");
    let other_name = url.replace("127.0.0.1", "localhost");
    let wrong = refused(&format!("{other_name}?sslmode=verify-full&sslrootcert={}", path.display())).await;
    assert!(wrong.contains("not valid for name"), "{wrong}");
}
