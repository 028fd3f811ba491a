//! Where state lives.
//!
//! [`store`] is the database (SQLite or PostgreSQL) behind one interface and one SQL text,
//! [`migrate`] its schema, [`feed`] the numbered changes that every node follows. [`kv`] is short-lived
//! state that nodes share (memory or Redis), [`bus`] the messages between them (local or Redis),
//! [`quota`] what is used up in a day or month, where there is no Redis.
//!
//! The choice of engine is made once, from a URL. No slice ever asks which one it got: what differs
//! lives in [`store::dialect`]. Deliberately absent: queries of any slice, and any web type.

pub mod bus;
pub mod feed;
pub mod kv;
mod link;
pub mod migrate;
pub mod quota;
pub mod store;

pub use bus::{Bus, BusError, BusOptions};
pub use kv::{Kv, KvError, KvOptions};
pub use store::{OpenError, Row, Store, StoreError, StoreOptions, SystemTx, TenantTx, Value};
