//! The pool that hashes.
//!
//! Its threads are its own, so that neither the runtime nor the database waits behind a hash. A place in
//! the pool is a permit: whoever gets none is refused at once. Some places are kept for those who are known, so that a
//! flood of strangers does not keep people out of browsers that they use. A password is not looked at for somebody who
//! went away while they waited. On Linux the threads give way to others: a flood of logins must not slow the gate down.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use kernel::{Caller, Problem, Random, Secret, problem::common, random};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::{
    BUSY,
    argon::{OURS, Workspace},
    cost::{Cost, OUTPUT, SALT},
    error::Failed,
    phc::Phc,
    stored::Stored,
};
use crate::settings::PasswordSettings;

/// How much the threads give way to others (nice(2)). Beside threads that want the whole processor they keep a
/// tenth of it.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;
/// A thread that has had nothing to do for this long gives its buffer back.
const KEEP_BUFFER: Duration = Duration::from_secs(60);
/// One in so many of the places to wait in is kept for those who are known.
const KEPT: usize = 4;
/// After which time a refused caller may try again.
const RETRY: Duration = Duration::from_secs(1);

/// Why a pool cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum HasherError {
    /// Too cheap to protect anybody, or too dear to serve anybody.
    #[error(
        "passwords.argon2 must be at least memory 19 MiB, iterations 2, parallelism 1, and at most memory 256 MiB, iterations 16, parallelism 16"
    )]
    Cost,
    /// The system gave no thread.
    #[error("cannot start a hashing thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// What verifying a password found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// The password is the right one.
    pub ok: bool,
    /// It is, and its hash has other parameters than new ones get: hash it again.
    pub needs_rehash: bool,
}

/// Hashes and verifies. Cheap to clone; its threads end with the last clone.
#[derive(Clone)]
pub struct Hasher {
    queue: Sender<Job>,
    /// The places that anybody may take.
    places: Arc<Semaphore>,
    /// And those that only somebody known may.
    kept: Arc<Semaphore>,
    /// Whether this is for somebody known.
    known: bool,
    /// Places there are: one for each thread, and those that may wait.
    capacity: usize,
    /// What the operator wants a hash to cost: the buffers of the threads are kept at that.
    usual: Cost,
    /// What it costs here.
    cost: Cost,
    /// What an unknown account's password is verified against: a salt, and random bytes that no password gives.
    dummy: Arc<([u8; SALT], [u8; OUTPUT])>,
    computed: Arc<AtomicU64>,
    random: Arc<dyn Random>,
}

struct Job {
    task: Task,
    password: Secret,
    /// Without them it need not be done.
    caller: Option<Caller>,
    reply: oneshot::Sender<Result<Done, Failed>>,
    place: OwnedSemaphorePermit,
}

/// What a thread is to do with a password.
enum Task {
    Hash { cost: Cost, salt: Vec<u8> },
    Verify(Stored),
}

/// What came of it.
enum Done {
    Hashed(Vec<u8>),
    Verified(bool),
    /// Nothing: nobody waited for it any more.
    Skipped,
}

impl Hasher {
    /// Starts the pool with the operator's settings.
    pub fn start(settings: &PasswordSettings, random: Arc<dyn Random>) -> Result<Self, HasherError> {
        let PasswordSettings { memory_kib, iterations, parallelism, .. } = *settings;
        let cost = Cost { memory_kib, iterations, parallelism };
        if !cost.is_acceptable() {
            return Err(HasherError::Cost);
        }
        Self::with_cost(cost, settings.threads, settings.queue, random)
    }

    /// A pool with any cost, also one below the floor. No threads are one for each core.
    pub fn with_cost(cost: Cost, threads: usize, waiting: usize, random: Arc<dyn Random>) -> Result<Self, HasherError> {
        // Unbounded, because the permits bound it.
        let (queue, jobs) = unbounded();
        let computed = Arc::new(AtomicU64::new(0));
        let threads = match threads {
            0 => thread::available_parallelism().map_or(1, usize::from),
            n => n,
        };
        for i in 0..threads {
            let (jobs, computed) = (jobs.clone(), computed.clone());
            thread::Builder::new().name(format!("password-{i}")).spawn(move || work(&jobs, cost, &computed))?;
        }
        let capacity = threads + waiting;
        let dummy = Arc::new((random::bytes(&*random), random::bytes(&*random)));
        let kept = waiting / KEPT;
        let places = Arc::new(Semaphore::new(capacity - kept));
        let kept = Arc::new(Semaphore::new(kept));
        Ok(Self { queue, places, kept, known: false, capacity, usual: cost, cost, dummy, computed, random })
    }

    /// The same pool for somebody who is known: signed in, with a mailed link, or at a browser that has logged in to
    /// the account before. Where strangers have taken the places that are open to all, some are left.
    #[must_use]
    pub fn for_known(&self) -> Self {
        Self { known: true, ..self.clone() }
    }

    /// The same pool at a tenant's own cost, if it has one.
    #[must_use]
    pub fn at(&self, cost: Option<Cost>) -> Self {
        Self { cost: cost.unwrap_or(self.usual), ..self.clone() }
    }

    /// Whether a tenant may choose a cost: what an operator may set, and no more than four times the work that
    /// the operator does. All tenants wait in one queue.
    pub fn allows(&self, cost: Cost) -> bool {
        cost.is_fair_beside(self.usual)
    }

    /// Takes a place in the pool, for one hash. Whoever must do anything before the hash reserves first: then a
    /// full pool costs the caller nothing, and a flood next to nothing.
    pub fn reserve(&self) -> Result<Reservation<'_>, Problem> {
        let open = self.places.clone().try_acquire_owned();
        let kept = open.is_err() && self.known;
        let place = if kept { self.kept.clone().try_acquire_owned() } else { open }.map_err(|_| busy())?;
        Ok(Reservation { hasher: self, cost: self.cost, kept, place })
    }

    /// Hashes a new password to a PHC string.
    pub async fn hash(&self, password: Secret) -> Result<String, Problem> {
        self.reserve()?.hash(password).await
    }

    /// Verifies a password against a stored hash.
    pub async fn verify(&self, password: Secret, stored: String) -> Result<Verdict, Problem> {
        self.reserve()?.verify(None, password, Some(stored)).await?.ok_or_else(stopped)
    }

    /// How many hashes have been computed. For metrics, and for the test that a known and an unknown
    /// account cost the same.
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    /// Hashes that run or wait now. For metrics.
    pub fn pending(&self) -> usize {
        self.capacity.saturating_sub(self.places.available_permits() + self.kept.available_permits())
    }
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hasher").field("cost", &self.cost).field("computed", &self.computed()).finish_non_exhaustive()
    }
}

/// A place in the pool. Dropping it gives the place back.
#[derive(Debug)]
pub struct Reservation<'a> {
    hasher: &'a Hasher,
    cost: Cost,
    /// It is one that only somebody known may have.
    kept: bool,
    place: OwnedSemaphorePermit,
}

impl Reservation<'_> {
    /// The same place, now that it is clear whether whoever has it is known. A kept one is given back if they are not.
    pub fn of(self, known: bool) -> Result<Self, Problem> {
        if self.kept && !known { Err(busy()) } else { Ok(self) }
    }

    /// The same place at a tenant's own cost, if it has one.
    #[must_use]
    pub fn at(self, cost: Option<Cost>) -> Self {
        Self { cost: cost.unwrap_or(self.cost), ..self }
    }

    /// Hashes a new password to a PHC string.
    pub async fn hash(self, password: Secret) -> Result<String, Problem> {
        let (cost, salt) = (self.cost, random::bytes::<SALT>(&*self.hasher.random).to_vec());
        match self.perform(Task::Hash { cost, salt: salt.clone() }, None, password).await? {
            Done::Hashed(output) => Ok(Phc::new(cost, salt, output).to_string()),
            Done::Verified(_) | Done::Skipped => Err(Problem::new(common::INTERNAL).cause("a hash was not hashed")),
        }
    }

    /// Verifies a password against a stored hash. No hash is for an account that does not exist or has no
    /// password: it costs the same and is never right. `None`: the caller went away before it was their turn, and
    /// the password was not looked at.
    pub async fn verify(
        self,
        caller: Option<&Caller>,
        password: Secret,
        stored: Option<String>,
    ) -> Result<Option<Verdict>, Problem> {
        let (cost, known) = (self.cost, stored.is_some());
        let stored = match stored {
            Some(text) => text.parse().map_err(|e| Problem::new(common::INTERNAL).cause(e))?,
            None => Stored::Argon2(Phc::new(cost, self.hasher.dummy.0.to_vec(), self.hasher.dummy.1.to_vec())),
        };
        let current = matches!(&stored, Stored::Argon2(hash) if hash.is_current(cost, OUTPUT));
        let ok = match self.perform(Task::Verify(stored), caller.cloned(), password).await? {
            Done::Skipped => return Ok(None),
            done => matches!(done, Done::Verified(true)) && known,
        };
        Ok(Some(Verdict { ok, needs_rehash: ok && !current }))
    }

    async fn perform(self, task: Task, caller: Option<Caller>, password: Secret) -> Result<Done, Problem> {
        let (reply, answer) = oneshot::channel();
        let job = Job { task, password, caller, reply, place: self.place };
        self.hasher.queue.send(job).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?.map_err(|e| Problem::new(common::INTERNAL).cause(e))
    }
}

/// Too many passwords are being checked.
pub fn busy() -> Problem {
    Problem::new(BUSY).retry_after(RETRY)
}

fn stopped() -> Problem {
    Problem::new(common::UNAVAILABLE).cause("the hashing threads have stopped")
}

impl Job {
    fn is_wanted(&self) -> bool {
        self.caller.as_ref().is_none_or(|caller| !caller.has_gone())
    }

    fn answer(self, done: Result<Done, Failed>) {
        // Whoever is answered finds the place free.
        drop(self.place);
        // They may have gone away meanwhile.
        drop(self.reply.send(done));
    }
}

/// Does one job.
fn perform(task: &Task, password: &[u8], workspace: &mut Workspace) -> Result<Done, Failed> {
    match task {
        Task::Verify(stored) => stored.verify(password, workspace).map(Done::Verified),
        Task::Hash { cost, salt } => {
            let mut output = vec![0; OUTPUT];
            let done = workspace.compute(OURS, *cost, password, salt, &mut output);
            done.map(|()| Done::Hashed(output)).map_err(|e| Failed(e.to_string()))
        }
    }
}

/// The life of one thread.
fn work(jobs: &Receiver<Job>, usual: Cost, computed: &AtomicU64) {
    // On other systems this would concern the whole process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "the hashing threads do not give way");
    }
    let mut workspace = Workspace::default();
    loop {
        match jobs.recv_timeout(KEEP_BUFFER) {
            Ok(job) if !job.is_wanted() => job.answer(Ok(Done::Skipped)),
            Ok(job) => {
                let done = perform(&job.task, job.password.expose().as_bytes(), &mut workspace);
                computed.fetch_add(1, Ordering::Relaxed);
                workspace.shrink_to(usual);
                job.answer(done);
            }
            Err(RecvTimeoutError::Timeout) => workspace.release(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

#[cfg(test)]
mod tests;
