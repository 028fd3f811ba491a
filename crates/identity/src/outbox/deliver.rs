//! The worker: takes letters whose time has come, renders them, hands them to a sender.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use storage::StoreError;
use tokio::time::timeout;

use super::{
    model::{ATTEMPTS, Channel, Mail, SendError, Sms, wait_after},
    store::{self, Claimed, Outcome},
};
use crate::{
    Core,
    templates::{self, Rendered},
    trouble::Trouble,
};

/// Letters that are sent side by side.
const BATCH: i64 = 8;
/// Longest time for one attempt.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a node holds a letter: longer than an attempt takes.
const LEASE: Duration = Duration::from_secs(180);
/// At least so often the worker looks: for letters of other nodes, and for those to be tried again.
const LOOK: Duration = Duration::from_secs(1);

/// Sends letters until it is dropped. Every node runs it.
pub async fn run(core: Arc<Core>) {
    let mut trouble = Trouble::of("messages");
    loop {
        // Nothing is lost when neither comes: whatever waits is found the next time.
        let _ = timeout(LOOK, core.outbox.wake.notified()).await;
        trouble.note(&deliver_due(&core).await);
    }
}

/// Sends every letter whose time has come, and returns how many attempts that were.
pub async fn deliver_due(core: &Core) -> Result<u64, StoreError> {
    let mut attempts = 0;
    loop {
        let now = core.now();
        let claim = core.store.system().write(move |tx| Box::pin(store::claim(tx, BATCH, LEASE, now)));
        let claimed: Vec<Claimed> = claim.await?;
        let count = claimed.len() as u64;
        attempts += count;
        for done in join_all(claimed.into_iter().map(|letter| deliver(core, letter))).await {
            done?;
        }
        if count < BATCH.unsigned_abs() {
            return Ok(attempts);
        }
    }
}

/// One attempt, and what came of it.
async fn deliver(core: &Core, letter: Claimed) -> Result<(), StoreError> {
    let (tenant, id, channel, attempt) = (letter.tenant, letter.id, letter.channel, letter.attempt);
    let outcome = match attempt_one(core, &letter).await? {
        Ok(()) => Outcome::Sent,
        Err(SendError::Never(reason)) => Outcome::Dead(reason),
        Err(SendError::Later(reason)) => {
            let next = core.now() + wait_after(attempt, &*core.random);
            if attempt >= ATTEMPTS || next >= letter.expires_at {
                Outcome::Dead(reason)
            } else {
                Outcome::Later(next, reason)
            }
        }
    };
    match &outcome {
        Outcome::Sent => tracing::debug!(message = %id, channel = channel.as_str(), "sent"),
        Outcome::Later(_, reason) => tracing::warn!(message = %id, channel = channel.as_str(), reason, "not sent yet"),
        Outcome::Dead(reason) => tracing::error!(message = %id, channel = channel.as_str(), reason, "given up"),
    }
    let now = core.now();
    core.store.tenant(tenant).write(move |tx| Box::pin(store::finish(tx, id, attempt, outcome, now))).await.map(drop)
}

async fn attempt_one(core: &Core, letter: &Claimed) -> Result<Result<(), SendError>, StoreError> {
    let now = core.now();
    if letter.expires_at <= now {
        return Ok(Err(SendError::Never("it expired before it could be sent".to_owned())));
    }
    let rendered = match render(core, letter).await? {
        Ok(rendered) => rendered,
        Err(reason) => return Ok(Err(SendError::Never(reason))),
    };
    let (id, to) = (letter.id, letter.to.clone());
    let sending = async {
        match letter.channel {
            Channel::Mail => {
                let Rendered { subject, text, html } = rendered;
                core.outbox.mail.send(Mail { id, at: now, to, subject, text, html }).await
            }
            Channel::Sms => core.outbox.sms.send(Sms { id, at: now, to, text: rendered.text }).await,
        }
    };
    let sent = timeout(PATIENCE, sending).await;
    let sent = sent.unwrap_or_else(|_| Err(SendError::Later(format!("no answer within {PATIENCE:?}"))));
    // One recipient who is refused says nothing about the way there.
    *core.outbox.trouble(letter.channel).lock() = match &sent {
        Err(SendError::Later(reason)) => Some(reason.clone()),
        Ok(()) | Err(SendError::Never(_)) => None,
    };
    Ok(sent)
}

/// What the letter says. The inner error makes it dead.
async fn render(core: &Core, letter: &Claimed) -> Result<Result<Rendered, String>, StoreError> {
    let mut contents = match letter.open(&core.vault) {
        Ok(contents) => contents,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let Some(tenant) = core.edge.tenants.load().by_id(letter.tenant).cloned() else {
        return Ok(Err("its tenant is not known".to_owned()));
    };
    let product = core.brandings.of(letter.tenant).branding.product_name.clone();
    contents.values.insert("tenant".to_owned(), product.unwrap_or_else(|| tenant.name.to_string()));
    contents.values.insert("url".to_owned(), tenant.issuer.to_string());
    let work = core.store.tenant(letter.tenant).read(move |tx| {
        Box::pin(async move {
            match templates::render(tx, contents.name, contents.language, &contents.values).await {
                Ok(rendered) => Ok(Ok(rendered)),
                Err(templates::RenderError::Store(error)) => Err(error),
                Err(templates::RenderError::Broken(broken)) => Ok(Err(broken.to_string())),
            }
        })
    });
    work.await
}
