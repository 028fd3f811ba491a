//! Where messages of tests arrive.

use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use super::TestCore;
use crate::outbox::{self, Mail, MailSender, SendError, Sms, SmsSender};

/// Takes everything, or refuses everything.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    mails: Mutex<Vec<Mail>>,
    texts: Mutex<Vec<Sms>>,
    refusing: Mutex<Option<SendError>>,
}

impl Inbox {
    /// Refuses from now on, or takes again.
    pub(crate) fn refuse(&self, error: Option<SendError>) {
        *self.refusing.lock() = error;
    }
    fn verdict(&self) -> Result<(), SendError> {
        self.refusing.lock().clone().map_or(Ok(()), Err)
    }
}

impl MailSender for Inbox {
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async move {
            self.verdict()?;
            self.mails.lock().push(mail);
            Ok(())
        })
    }
}

impl SmsSender for Inbox {
    fn send(&self, sms: Sms) -> BoxFuture<'_, Result<(), SendError>> {
        Box::pin(async move {
            self.verdict()?;
            self.texts.lock().push(sms);
            Ok(())
        })
    }
}

impl TestCore {
    /// Sends what waits, and takes out the mails that arrived since the last time.
    pub(crate) async fn mails(&self) -> Vec<Mail> {
        outbox::deliver_due(&self.core).await.expect("delivered");
        std::mem::take(&mut *self.inbox.mails.lock())
    }
    /// The same of text messages.
    pub(crate) async fn texts(&self) -> Vec<Sms> {
        outbox::deliver_due(&self.core).await.expect("delivered");
        std::mem::take(&mut *self.inbox.texts.lock())
    }
}
