//! Dropping rows that can matter no more, a bounded number at a time: no login waits behind it for long.

use kernel::Timestamp;
use storage::{Store, StoreError, params};

/// Rows that one unit drops at most.
pub(crate) const CHUNK: i64 = 500;

/// Runs a statement until it finds nothing more, and returns how many rows it dropped. `$1` is the time before
/// which rows are dropped, `$2` how many at once.
pub(crate) async fn drop_all(store: &Store, sql: &str, before: Timestamp) -> Result<u64, StoreError> {
    let mut dropped = 0;
    loop {
        let sql = sql.to_owned();
        let work =
            store.system().write(move |tx| Box::pin(async move { tx.execute(&sql, params![before, CHUNK]).await }));
        let chunk: u64 = work.await?;
        dropped += chunk;
        if chunk < CHUNK.unsigned_abs() {
            return Ok(dropped);
        }
    }
}
