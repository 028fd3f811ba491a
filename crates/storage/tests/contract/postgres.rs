//! What only PostgreSQL has to prove.

mod isolation;
mod opening;
mod outage;
mod pool;
mod proxy;
mod round_trips;

use storage::StoreError;

/// A connection beside the store.
pub(crate) async fn connect(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("connect");
    tokio::spawn(connection);
    client
}

/// Looks at the database until `sql` answers true.
async fn until(client: &tokio_postgres::Client, sql: &str) {
    while !client.query_one(sql, &[]).await.expect(sql).get::<_, bool>(0) {
        tokio::task::yield_now().await;
    }
}

/// Names the error type that a unit cannot infer.
fn unit<T>(outcome: Result<T, StoreError>) -> Result<T, StoreError> {
    outcome
}
