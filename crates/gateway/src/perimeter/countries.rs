//! From addresses to countries: the registries' assignments that are built in, or the operator's own
//! database, which is read again when the file changes.

use std::{
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    thread,
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use maxminddb::{Reader, path};
use parking_lot::Mutex;

/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// Largest database that is read, in bytes.
const MAX_FILE: u64 = 512 << 20;

/// A country's two letters.
pub(super) type Country = [u8; 2];

/// The country in a text, if it is one.
pub(super) fn parse(text: &str) -> Option<Country> {
    let code: Country = text.as_bytes().try_into().ok()?;
    code.iter().all(u8::is_ascii_uppercase).then_some(code)
}

/// Knows the countries of addresses.
#[derive(Debug)]
pub(crate) struct Countries(Option<Database>);

struct Database {
    file: PathBuf,
    reader: ArcSwap<Reader<Vec<u8>>>,
    seen: Mutex<Stamp>,
}

/// What a changed file differs in.
type Stamp = (Option<SystemTime>, u64);

impl Countries {
    /// The database in the file, or what is built in. Its error is for the operator.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, String> {
        let Some(file) = file else { return Ok(Self(None)) };
        let seen = stamp(file)?;
        let reader = ArcSwap::from_pointee(read(file)?);
        Ok(Self(Some(Database { file: file.to_owned(), reader, seen: Mutex::new(seen) })))
    }

    /// The file that it was read from.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.0.as_ref().map(|database| database.file.as_path())
    }

    /// The address' country, if it has one.
    pub(super) fn of(&self, address: IpAddr) -> Option<Country> {
        let address = address.to_canonical();
        match &self.0 {
            None => parse(iptocc::country_code(address)?),
            Some(database) => {
                let reader = database.reader.load();
                let found = reader.lookup(address).ok()?;
                // GeoLite2 and its kin, else the flat form.
                let code = |path: &[maxminddb::PathElement<'_>]| found.decode_path::<&str>(path).ok().flatten();
                parse(code(&path!["country", "iso_code"]).or_else(|| code(&path!["country_code"]))?)
            }
        }
    }

    /// Looks at the file from now on, for as long as somebody uses the database.
    pub(crate) fn watch(self: &Arc<Self>) {
        if self.0.is_none() {
            return;
        }
        let weak = Arc::downgrade(self);
        let started = thread::Builder::new().name("countries".to_owned()).spawn(move || keep_looking(&weak));
        if let Err(error) = started {
            tracing::error!(%error, "changes of the country database will not be noticed");
        }
    }

    /// Reads the file again if it has changed. A file that cannot be read leaves the old one in force.
    pub(super) fn look(&self) {
        let Some(database) = &self.0 else { return };
        // A file that is gone is being replaced: what it becomes is looked at next time.
        let Ok(now) = stamp(&database.file) else { return };
        let mut seen = database.seen.lock();
        if *seen == now {
            return;
        }
        *seen = now;
        match read(&database.file) {
            Ok(reader) => {
                database.reader.store(Arc::new(reader));
                tracing::info!(file = %database.file.display(), "the country database was read again");
            }
            Err(error) => tracing::error!(%error, "the country database cannot be read; the old one serves on"),
        }
    }
}

fn keep_looking(countries: &Weak<Countries>) {
    loop {
        thread::sleep(LOOK);
        match countries.upgrade() {
            Some(countries) => countries.look(),
            None => return,
        }
    }
}

fn stamp(file: &Path) -> Result<Stamp, String> {
    let data = fs::metadata(file).map_err(|error| format!("{}: {error}", file.display()))?;
    if data.len() > MAX_FILE {
        return Err(format!("{} is larger than {} MiB", file.display(), MAX_FILE >> 20));
    }
    Ok((data.modified().ok(), data.len()))
}

fn read(file: &Path) -> Result<Reader<Vec<u8>>, String> {
    Reader::open_readfile(file).map_err(|error| format!("{}: {error}", file.display()))
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("file", &self.file).finish_non_exhaustive()
    }
}
