//! A filter of breached passwords, as a file.
//!
//! A binary fuse filter with 16-bit fingerprints in 256 parts, one for each first byte of the SHA-1: 18 bits
//! for each password. It forgets none, and takes one of 65 000 others for breached.
//!
//! ```text
//! "portcullis breached passwords\n"  version: u32  least times: u64
//! 256 times:  seed: u64  segment length: u32  segment count length: u32  n: u32  n fingerprints: u16
//! passwords: u64
//! SHA-256 of all of the above
//! ```
//!
//! Numbers are little-endian. What is read is checked before it is used: a file that was cut off, changed, or
//! never was one is refused. It is read into memory, not mapped: a file that is changed while it is mapped
//! would change under us.

use std::{
    fs::File,
    io::{self, BufReader, Read, Write},
    path::PathBuf,
    sync::Arc,
    time::SystemTime,
};

use arc_swap::ArcSwap;
use aws_lc_rs::digest::{Context, SHA256};
use parking_lot::Mutex;
use xorf::{BinaryFuse16, Descriptor, Filter as _};

const MAGIC: &[u8] = b"portcullis breached passwords\n";
const VERSION: u32 = 1;
/// One for each first byte.
const PARTS: usize = 256;
/// Longest segment that the construction uses.
const MAX_SEGMENT: u32 = 262_144;

/// Why a file is no filter.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Something else.
    #[error("is no filter of breached passwords; make one with `portcullis passwords build-filter`")]
    Other,
    /// Made by another version.
    #[error(
        "is of version {0}, which this program does not know; make it again with `portcullis passwords build-filter`"
    )]
    Version(u32),
    /// Cut off or changed.
    #[error("is damaged; make or copy it again")]
    Damaged,
}

/// Breached passwords.
pub struct Filter {
    parts: Vec<Option<BinaryFuse16>>,
    passwords: u64,
    min_count: u64,
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filter").field("passwords", &self.passwords).field("min_count", &self.min_count).finish()
    }
}

/// What stands for a password: the first 64 bits of its SHA-1.
pub(super) fn key(hash: &[u8]) -> u64 {
    hash.iter().take(8).fold(0, |key, byte| key << 8 | u64::from(*byte))
}

/// The part that a key belongs to.
pub(super) const fn part(key: u64) -> usize {
    (key >> 56) as usize
}

impl Filter {
    /// Whether the hash is among them, or one in 65 000 others.
    pub fn contains(&self, hash: &[u8; 20]) -> bool {
        let key = key(hash);
        self.parts.get(part(key)).and_then(Option::as_ref).is_some_and(|filter| filter.contains(&key))
    }

    /// How many passwords it was made of.
    pub const fn passwords(&self) -> u64 {
        self.passwords
    }

    /// Reads a filter of `length` bytes.
    pub fn read(input: impl Read, length: u64) -> Result<Self, FilterError> {
        let mut input = Summed { inner: input, sum: Context::new(&SHA256), left: length };
        let mut magic = vec![0; MAGIC.len()];
        input.exact(&mut magic).map_err(|e| if matches!(e, FilterError::Damaged) { FilterError::Other } else { e })?;
        if magic != MAGIC {
            return Err(FilterError::Other);
        }
        let version = input.u32()?;
        if version != VERSION {
            return Err(FilterError::Version(version));
        }
        let min_count = input.u64()?;
        let parts = (0..PARTS).map(|_| input.part()).collect::<Result<_, _>>()?;
        let passwords = input.u64()?;
        let sum = input.sum.clone().finish();
        let mut written = [0; 32];
        input.exact(&mut written)?;
        let whole = sum.as_ref() == written && input.left == 0;
        whole.then_some(Self { parts, passwords, min_count }).ok_or(FilterError::Damaged)
    }
}

/// Reads and sums up, and never past the end.
struct Summed<R> {
    inner: R,
    sum: Context,
    left: u64,
}

impl<R: Read> Summed<R> {
    fn exact(&mut self, bytes: &mut [u8]) -> Result<(), FilterError> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or(FilterError::Damaged)?;
        self.inner.read_exact(bytes).map_err(|e| match e.kind() {
            io::ErrorKind::UnexpectedEof => FilterError::Damaged,
            _ => FilterError::Io(e),
        })?;
        self.sum.update(bytes);
        Ok(())
    }

    fn u32(&mut self) -> Result<u32, FilterError> {
        let mut bytes = [0; 4];
        self.exact(&mut bytes).map(|()| u32::from_le_bytes(bytes))
    }

    fn u64(&mut self) -> Result<u64, FilterError> {
        let mut bytes = [0; 8];
        self.exact(&mut bytes).map(|()| u64::from_le_bytes(bytes))
    }

    /// A part; `None` for an empty one. Lengths that do not go together would look beyond the fingerprints.
    fn part(&mut self) -> Result<Option<BinaryFuse16>, FilterError> {
        let (seed, segment_length, segment_count_length, n) = (self.u64()?, self.u32()?, self.u32()?, self.u32()?);
        if n == 0 {
            return Ok(None);
        }
        let fits = (2..=MAX_SEGMENT).contains(&segment_length)
            && segment_length.is_power_of_two()
            && segment_count_length > 0
            && segment_count_length.is_multiple_of(segment_length)
            && segment_count_length.checked_add(2 * segment_length) == Some(n)
            && u64::from(n) * 2 <= self.left;
        if !fits {
            return Err(FilterError::Damaged);
        }
        let mut fingerprints = Vec::with_capacity(n as usize);
        let mut bytes = [0; 16 * 1024];
        let mut left = n as usize * 2;
        while left > 0 {
            let some = &mut bytes[..left.min(16 * 1024)];
            left -= some.len();
            self.exact(some)?;
            fingerprints.extend(some.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])));
        }
        let descriptor =
            Descriptor { seed, segment_length, segment_length_mask: segment_length - 1, segment_count_length };
        Ok(Some(BinaryFuse16 { descriptor, fingerprints: fingerprints.into() }))
    }
}

/// Writes a filter, part by part.
pub(super) struct Writer<W> {
    inner: W,
    sum: Context,
    parts: usize,
    passwords: u64,
}

impl<W: Write> Writer<W> {
    pub(super) fn begin(inner: W, min_count: u64) -> io::Result<Self> {
        let mut writer = Self { inner, sum: Context::new(&SHA256), parts: 0, passwords: 0 };
        writer.put(MAGIC)?;
        writer.put(&VERSION.to_le_bytes())?;
        writer.put(&min_count.to_le_bytes())?;
        Ok(writer)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.inner.write_all(bytes)
    }

    /// How many parts have been written.
    pub(super) const fn parts(&self) -> usize {
        self.parts
    }

    /// Writes the next part. Its keys are distinct.
    pub(super) fn part(&mut self, keys: &[u64]) -> io::Result<()> {
        self.parts += 1;
        self.passwords += keys.len() as u64;
        if keys.is_empty() {
            return self.put(&[0; 20]);
        }
        let filter = BinaryFuse16::try_from(keys).map_err(io::Error::other)?;
        let Descriptor { seed, segment_length, segment_count_length, .. } = filter.descriptor;
        let n = u32::try_from(filter.fingerprints.len()).map_err(io::Error::other)?;
        self.put(&seed.to_le_bytes())?;
        self.put(&segment_length.to_le_bytes())?;
        self.put(&segment_count_length.to_le_bytes())?;
        self.put(&n.to_le_bytes())?;
        for some in filter.fingerprints.chunks(8 * 1024) {
            let bytes: Vec<u8> = some.iter().flat_map(|fingerprint| fingerprint.to_le_bytes()).collect();
            self.put(&bytes)?;
        }
        Ok(())
    }

    /// Writes the parts that are missing, and the end. Returns how many passwords there are.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        while self.parts < PARTS {
            self.part(&[])?;
        }
        let passwords = self.passwords;
        self.put(&passwords.to_le_bytes())?;
        let sum = self.sum.clone().finish();
        self.inner.write_all(sum.as_ref())?;
        self.inner.flush()?;
        Ok(passwords)
    }
}

/// A filter file that is taken over when it changes.
#[derive(Debug)]
pub struct FilterFile {
    path: Arc<PathBuf>,
    filter: ArcSwap<Filter>,
    /// What it was when it was read.
    seen: Mutex<Seen>,
}

/// When the file was changed, and how long it is.
type Seen = (Option<SystemTime>, u64);

fn load(path: &PathBuf) -> Result<(Filter, Seen), FilterError> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    let filter = Filter::read(BufReader::with_capacity(1 << 16, file), about.len())?;
    Ok((filter, (about.modified().ok(), about.len())))
}

impl FilterFile {
    /// Reads it.
    pub fn open(path: PathBuf) -> Result<Self, FilterError> {
        let (filter, seen) = load(&path)?;
        Ok(Self { path: Arc::new(path), filter: ArcSwap::from_pointee(filter), seen: Mutex::new(seen) })
    }

    /// Whether the hash is in it.
    pub fn contains(&self, hash: &[u8; 20]) -> bool {
        self.filter.load().contains(hash)
    }

    /// Reads it again if it was changed.
    pub(super) async fn refresh(&self) -> Result<(), FilterError> {
        let (path, seen) = (self.path.clone(), *self.seen.lock());
        let read = tokio::task::spawn_blocking(move || {
            let about = std::fs::metadata(&*path)?;
            if (about.modified().ok(), about.len()) == seen { Ok(None) } else { load(&path).map(Some) }
        });
        let read = read.await.map_err(|e| FilterError::Io(io::Error::other(e)))?;
        if let Some((filter, seen)) = read? {
            tracing::info!(passwords = filter.passwords(), "the filter of breached passwords was taken over");
            self.filter.store(Arc::new(filter));
            *self.seen.lock() = seen;
        }
        Ok(())
    }
}
