//! Portcullis in-process, for tests that read as stories.
//!
//! ```ignore
//! let app = TestApp::start().await;
//! let ada = app.user("ada@example.com").await;
//! let tokens = ada.login().await.expect_tokens();
//! app.get("/orders/1").bearer(&tokens.access).send().await.expect(200);
//! ```
//!
//! Every app has its own database (a file, or a database of the run's private PostgreSQL), its own
//! ports, its own upstream that answers with what it received, and hashing that is cheap but real.
//! Nothing relies on a server that happens to run, and nothing is shared between tests.

#![expect(clippy::expect_used, clippy::panic, reason = "this crate is test code")]

mod answer;
mod app;
mod authenticator;
mod browser;
mod echo;
mod inbox;
mod people;

pub use answer::{Answer, Tokens};
pub use app::{Backend, Builder, Call, TestApp};
pub use authenticator::Authenticator;
pub use browser::{Browser, Page};
pub use echo::Echo;
pub use inbox::{Inbox, Received};
pub use people::{PASSWORD, Person};
