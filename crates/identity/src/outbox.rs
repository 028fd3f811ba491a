//! Messages to people: mails and text messages on their way.
//!
//! A slice writes a [`Letter`] in the transaction of its cause; a background worker renders it and hands
//! it to a sender. So no request waits for a mail server, a mail is never sent for what did not happen,
//! and none is lost when a node stops.
//!
//! Invariants:
//! - **What a letter says is sealed** in the database: it may hold links and codes. It is dropped once the
//!   letter has left.
//! - **One node at a time sends a letter**: it moves the letter's time ahead first, as its lease, by one
//!   atomic statement. A node that stops in the middle leaves it to another when the lease is over; then,
//!   and only then, somebody may get it twice (with the same `Message-ID`).
//! - A letter that cannot be sent is tried again, less and less often. What is refused for good, or for
//!   too long, is dead: administrators see it and may have it tried again.
//! - What a stranger can cause is bounded by [`limits`], per person and number.
//! - [`Fate::Void`] writes a letter that is never sent, so that a person who does not exist costs the same
//!   work as one who does.
//!
//! Deliberately absent: what letters say (see [`templates`](crate::templates)), whether they were read,
//! and an order among the letters to one person.

mod admin;
mod deliver;
mod health;
pub mod limits;
mod model;
mod routes;
pub mod senders;
mod store;
mod sweep;

pub use deliver::{deliver_due, run};
pub use health::checks;
pub use model::{Channel, Fate, Letter, Mail, MailSender, SendError, Sms, SmsSender};
pub use routes::routes;
pub use store::Post;
pub use sweep::sweep;

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

crate::rights! {
    /// Lists messages and what became of them.
    ReadMessages = "messages:read";
    /// Has messages sent again, and sends a test message.
    WriteMessages = "messages:write";
}

kernel::problems! {
    /// Only what was given up can be tried again.
    pub NOT_DEAD = 409 "message.not_dead" "The message was not given up" "Only messages with the status `dead` can be sent again.";
    /// What it says does not hold any more.
    pub EXPIRED = 409 "message.expired" "The message has expired" "What it says does not hold any more. Have the person ask for a new one.";
    /// Too many messages to this person or number, or of this tenant.
    pub LIMITED = 429 "message.limited" "Too many messages" "Try again after the time in Retry-After.";
}

/// The two ways out, and what is known about them on this node.
pub struct Outbox {
    mail: Arc<dyn MailSender>,
    sms: Arc<dyn SmsSender>,
    /// Tells the worker that there is something new.
    wake: Notify,
    /// Why the last attempt failed, unless it succeeded; by channel.
    trouble: [Mutex<Option<String>>; 2],
}

impl Outbox {
    /// Sends by these.
    pub fn new(mail: Arc<dyn MailSender>, sms: Arc<dyn SmsSender>) -> Self {
        Self { mail, sms, wake: Notify::new(), trouble: Default::default() }
    }

    /// To be called after the commit of a unit that wrote a letter. A letter whose call was forgotten
    /// leaves a second later.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    fn trouble(&self, channel: Channel) -> &Mutex<Option<String>> {
        match channel {
            Channel::Mail => &self.trouble[0],
            Channel::Sms => &self.trouble[1],
        }
    }
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
