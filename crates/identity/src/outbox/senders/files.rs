//! Messages as files, for development: one a message, that its owner alone reads.

use std::{io, path::PathBuf, sync::Arc};

use futures_util::future::BoxFuture;
use kernel::{MessageId, Timestamp};
use tokio::io::AsyncWriteExt as _;

use crate::outbox::{Mail, MailSender, SendError, Sms, SmsSender};

/// Writes messages into a folder, which is made when the first one comes. They are plain text, and read
/// as they would arrive; `ls` lists them in the order of their writing.
#[derive(Clone, Debug)]
pub struct Files {
    folder: Arc<PathBuf>,
}

impl Files {
    /// Writes into this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Arc::new(folder.into()) }
    }

    async fn keep(&self, kind: &str, id: MessageId, at: Timestamp, text: String) -> Result<(), SendError> {
        let file = self.folder.join(format!("{}-{id}.{kind}.txt", at.as_secs()));
        let written = async {
            // 0700 and 0600: messages hold links that open accounts.
            tokio::fs::DirBuilder::new().recursive(true).mode(0o700).create(&*self.folder).await?;
            let mut opened =
                tokio::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&file).await?;
            opened.write_all(text.as_bytes()).await?;
            opened.flush().await
        };
        written.await.map_err(|e: io::Error| SendError::Later(format!("cannot write {}: {e}", file.display())))
    }
}

impl MailSender for Files {
    fn send(&self, mail: Mail) -> BoxFuture<'_, Result<(), SendError>> {
        let text = format!("To: {}\nSubject: {}\n\n{}\n--- html ---\n{}", mail.to, mail.subject, mail.text, mail.html);
        Box::pin(self.keep("mail", mail.id, mail.at, text))
    }
}

impl SmsSender for Files {
    fn send(&self, sms: Sms) -> BoxFuture<'_, Result<(), SendError>> {
        let text = format!("To: {}\n\n{}", sms.to, sms.text);
        Box::pin(self.keep("sms", sms.id, sms.at, text))
    }
}
