//! What messages to people say: templates in minijinja, by tenant and language, as text and HTML.
//!
//! Every message has a default in each [`Language`], embedded in the program: texts in
//! `templates/texts/*.json`, put into one layout. A tenant words a message in a language anew by the
//! admin API, without a rebuild or a restart, and goes back to the default by deleting its own.
//!
//! Invariants:
//! - **A broken template is refused when it is stored**, with its line: it is rendered with sample values
//!   first. Should one fail later all the same, the default is sent instead.
//! - **A template cannot harm the program.** It may say values and choose (`if`), has few filters, little fuel and
//!   bounded output; what else the language knows is refused, because one operator of it can do any amount of work.
//! - **A template cannot give an account away.** Whoever words messages must not thereby reach those who get them: a
//!   link is a whole `href` or stands by itself, a code stands by itself, and neither becomes a part of another address.
//! - Values are escaped in HTML, always: there is no filter to prevent it.
//!
//! Deliberately absent: who gets a message and when (see [`outbox`](crate::outbox) and the slices that
//! cause them), images and attachments.

mod defaults;
mod engine;
mod grammar;
mod model;
mod places;
mod routes;
mod service;
mod store;

pub use engine::Broken;
pub use model::{Name, Rendered, Source, Values};
pub use routes::routes;
pub use service::{RenderError, render};

crate::rights! {
    /// Reads the tenant's settings.
    ReadSettings = "settings:read";
    /// Changes the tenant's settings.
    WriteSettings = "settings:write";
}

kernel::problems! {
    /// A template does not parse or does not render with sample values.
    pub BROKEN = 400 "template.broken" "The template does not work" "Correct the fields listed in `errors`; each names its line.";
}

#[cfg(test)]
mod tests;
