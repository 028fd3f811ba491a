//! The file of an import on its way into the database: in sealed pieces of one size.

use kernel::{Problem, RequestContext, TenantId, id::uuid_v7};
use serde_json::json;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{ABANDONED, Options, Starter, TOO_LARGE, TOO_MANY, store};
use crate::{
    Core,
    audit::{self, Action, Entry, Target},
    roles,
    vault::Purpose,
};

const STARTED: Action = Action::new("users.import_started");

/// Bytes of a piece. More than the longest record.
pub(super) const CHUNK: usize = 512 * 1024;
/// Largest file.
pub const MAX_BYTES: u64 = 256 << 20;
/// Most unfinished imports of a tenant.
const MAX_UNFINISHED: i64 = 3;

/// What a sealed piece is bound to: it does not open in another place.
fn context(tenant: TenantId, id: Uuid, number: i64) -> Vec<u8> {
    [tenant.uuid().as_bytes().as_slice(), id.as_bytes(), &number.to_be_bytes()].concat()
}

/// A file that is being received. Dropped before it is [finished](Self::finish), it is forgotten an hour after its
/// last piece.
pub struct Spool<'a> {
    core: &'a Core,
    tenant: TenantId,
    id: Uuid,
    options: Options,
    starter: Starter,
    /// What is not in a piece yet. Holds hashes and passwords.
    rest: Zeroizing<Vec<u8>>,
    chunks: i64,
    bytes: u64,
}

impl std::fmt::Debug for Spool<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spool").field("id", &self.id).field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl<'a> Spool<'a> {
    /// Begins an import.
    pub async fn begin(core: &'a Core, tenant: TenantId, options: Options, starter: Starter) -> Result<Self, Problem> {
        let now = core.now();
        let id = uuid_v7(now, &*core.random);
        let of = starter.clone();
        let work = core.write(tenant, move |tx| {
            Box::pin(async move {
                // Of many at once, each sees the ones before.
                roles::lock(tx).await?;
                if store::unfinished(tx).await? >= MAX_UNFINISHED {
                    return Err(Problem::new(TOO_MANY));
                }
                Ok(store::insert(tx, id, options, &of, now).await?)
            })
        });
        work.await?;
        let rest = Zeroizing::new(Vec::with_capacity(CHUNK));
        Ok(Self { core, tenant, id, options, starter, rest, chunks: 0, bytes: 0 })
    }

    /// Takes more of the file.
    pub async fn push(&mut self, mut bytes: &[u8]) -> Result<(), Problem> {
        self.bytes += bytes.len() as u64;
        if self.bytes > MAX_BYTES {
            return Err(TOO_LARGE.into());
        }
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.rest.len()));
            self.rest.extend_from_slice(now);
            bytes = later;
            if self.rest.len() == CHUNK {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Problem> {
        let (id, number, now) = (self.id, self.chunks, self.core.now());
        let context = context(self.tenant, id, number);
        let sealed = self.core.vault.seal(Purpose::Imports, &context, &self.rest, &*self.core.random)?;
        self.rest.clear();
        self.chunks += 1;
        let put = self
            .core
            .write(self.tenant, move |tx| Box::pin(async move { store::put_chunk(tx, id, number, sealed, now).await }));
        match put.await? {
            true => Ok(()),
            false => Err(ABANDONED.into()),
        }
    }

    /// The file is whole: the work may begin, and the audit log knows. `ctx` is the request that it came with, if it
    /// did. Returns the import's id.
    pub async fn finish(mut self, ctx: Option<&RequestContext>) -> Result<Uuid, Problem> {
        if !self.rest.is_empty() {
            self.flush().await?;
        }
        let (id, now) = (self.id, self.core.now());
        let bytes = i64::try_from(self.bytes).unwrap_or(i64::MAX);
        let (target, random) = (Target::new("user_import", id), self.core.random.clone());
        let entry = match ctx {
            Some(ctx) => Entry::new(self.starter.actor(), STARTED, target, ctx),
            None => Entry { actor: self.starter.actor(), ..Entry::by_system(STARTED, target) },
        };
        let entry = entry.details(json!(self.options));
        let done = self.core.write(self.tenant, move |tx| {
            Box::pin(async move {
                if !store::received(tx, id, bytes, now).await? {
                    return Err(ABANDONED.into());
                }
                Ok::<_, Problem>(audit::record(tx, entry, now, &*random).await?)
            })
        });
        done.await?;
        Ok(id)
    }

    /// Forgets what was received.
    pub async fn give_up(self) -> Result<(), Problem> {
        let id = self.id;
        self.core.write(self.tenant, move |tx| Box::pin(store::forget(tx, id))).await
    }
}

/// A part of a file that is being worked on.
pub(super) struct Window {
    tenant: TenantId,
    id: Uuid,
    /// Where in the file `bytes` begin.
    start: i64,
    bytes: Zeroizing<Vec<u8>>,
    next_chunk: i64,
}

impl Window {
    /// At a place of the file.
    pub(super) fn at(tenant: TenantId, id: Uuid, position: i64) -> Self {
        let next_chunk = position / CHUNK as i64;
        Self { tenant, id, start: next_chunk * CHUNK as i64, bytes: Zeroizing::default(), next_chunk }
    }

    /// What is known from there on.
    pub(super) fn rest(&self, position: i64) -> &[u8] {
        let skip = usize::try_from(position - self.start).unwrap_or(usize::MAX);
        self.bytes.get(skip..).unwrap_or_default()
    }

    /// Reads the next piece, and forgets what is before `position`. `false`: there is none.
    pub(super) async fn grow(&mut self, core: &Core, position: i64) -> Result<bool, Problem> {
        let (id, number) = (self.id, self.next_chunk);
        let Some(sealed) = core.read(self.tenant, move |tx| Box::pin(store::chunk(tx, id, number))).await? else {
            return Ok(false);
        };
        let opened = core.vault.open(Purpose::Imports, &context(self.tenant, id, number), &sealed)?;
        let joined = Zeroizing::new([self.rest(position), opened.expose().as_slice()].concat());
        // The first piece is known whole, although the work may go on in its middle.
        if !self.bytes.is_empty() {
            self.start = position;
        }
        self.bytes = joined;
        self.next_chunk += 1;
        Ok(true)
    }
}
