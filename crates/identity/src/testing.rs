//! What tests of every slice start from: a whole identity service over its own database, in memory
//! and without the gate. Requests reach the router with the context that the gate would give them.

mod call;
mod gate;
mod inbox;
mod node;
mod people;

pub(crate) use call::Reply;
pub(crate) use inbox::Inbox;
pub(crate) use node::{Limiter, START, TestCore, parts, settings};
pub(crate) use people::{PASSWORD, Person};

/// Makes two tests of each `async fn name(node: TestCore)`: on SQLite and on PostgreSQL.
macro_rules! on_both_databases {
    ($($name:ident;)*) => {
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(crate::testing::TestCore::start().await).await })*
        }
        mod postgres {
            $(#[tokio::test] async fn $name() {
                let settings = crate::testing::settings();
                super::$name(crate::testing::TestCore::start_on_postgres(settings).await).await
            })*
        }
    };
}
pub(crate) use on_both_databases;
