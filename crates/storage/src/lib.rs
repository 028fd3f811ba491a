//! Where state lives.
//!
//! [`store`] is the database (SQLite or PostgreSQL) behind one interface and one SQL text,
//! [`migrate`] its schema, [`feed`] the numbered changes that every node follows.
//!
//! The choice of engine is made once, from a URL. No slice ever asks which one it got: what differs
//! lives in [`store::dialect`]. Deliberately absent: queries of any slice, and any web type.

pub mod feed;
pub mod migrate;
pub mod store;

pub use store::{OpenError, Row, Store, StoreError, StoreOptions, SystemTx, TenantTx, Value};
