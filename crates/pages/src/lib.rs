//! The pages that people see: signing in and up, what mails lead to, second factors, their account, errors.
//!
//! Everything is rendered on the server from templates that are part of the program, and works without
//! scripts; a script only adds to it. Pages call the same functions of [`identity`] as the API does, so what
//! is decided, limited and recorded there is so here, too.
//!
//! Invariants:
//! - **Nothing comes from elsewhere and nothing is inline**: the content security policy ([`headers`]) would
//!   refuse it, a `<script>` that got into a page included.
//! - **A form is believed only if it is ours** ([`csrf`]), signing in included.
//! - **Whether an account exists is not told**: a page says what the API says, with the same bytes.
//! - Every text is in every language ([`texts`]); no page holds words of its own.
//! - A browser is sent on to this origin, or to an address that the tenant has named ([`return_to`]).
//! - A page that is shown after a POST changed something was got by GET (303), so reloading repeats nothing. The
//!   one exception is beginning with a second factor: what has begun counts for nothing until its first code
//!   comes with the page's form, and beginning again replaces it.
//! - A tenant's look ([`look`]) is read from memory.
//!
//! Deliberately absent: any HTTP call to ourselves, and state on the server beside what identity keeps.

mod account;
mod address;
mod assets;
mod attributes;
mod branding;
mod ceremony;
mod change_email;
mod cookies;
mod csrf;
mod explain;
mod factor;
mod failure;
mod form;
mod headers;
mod look;
mod name;
mod new_password;
mod notice;
mod once;
mod preview;
mod reset_password;
mod return_to;
mod router;
mod second;
mod sign_in;
mod sign_out;
mod sign_up;
mod step_up;
mod texts;
mod verify_email;
mod view;
mod visit;

#[cfg(test)]
mod tests;

pub use csrf::PROBLEMS;
pub use router::{Pages, router};
pub use texts::Wordings;
