//! The directory that nodes share.
//!
//! | file | what |
//! |---|---|
//! | `certificate.pem` | the chain and its key, in one file: they change together |
//! | `account-….json` | the account, for each directory of an authority |
//! | `challenges/TOKEN` | what the authority is to be answered |
//! | `lock` | held by the node that orders; the system lets go of it when that node ends |
//!
//! Every file appears whole, by renaming, and can be read by its owner alone. Until then its name ends in that of the
//! node that writes it. Such a file is left behind by a node that ends meanwhile, and removed by the next one that
//! starts, once nobody can be writing it any more ([`LEFT`]).

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use aws_lc_rs::digest::{SHA256, digest};
use kernel::Random;
use rcgen::{CertificateParams, DnType, KeyPair};

/// Longest token and answer that are looked at, in bytes.
const MAX_TOKEN: usize = 128;
const MAX_ANSWER: usize = 1_024;
/// How long a file must not have been written to before it counts as left behind. Writing one takes a moment.
const LEFT: Duration = Duration::from_secs(3_600);

/// The directory.
#[derive(Clone, Debug)]
pub(super) struct Dir {
    path: PathBuf,
    /// What files that are being written are told apart by: nodes in containers have the same process id.
    node: u64,
}

impl Dir {
    /// Makes the directory, and a certificate of our own where there is none: it is what connections are taken
    /// with until the first has been ordered.
    pub(super) fn prepare(path: &Path, hosts: &[String], random: &dyn Random) -> io::Result<Self> {
        let dir = Self { path: path.to_owned(), node: u64::from_le_bytes(kernel::random::bytes(random)) };
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(dir.path.join("challenges"))?;
        if !fs::exists(dir.certificate())? {
            let content = stand_in(hosts).map_err(io::Error::other)?;
            // Another node may have put one there meanwhile, even the authority's.
            let placed = dir.place(&dir.certificate(), &content, |next, path| fs::hard_link(next, path));
            placed.or_else(|error| if error.kind() == io::ErrorKind::AlreadyExists { Ok(()) } else { Err(error) })?;
        }
        if let Err(error) = dir.tidy() {
            tracing::warn!(%error, dir = %dir.path.display(), "what was left behind cannot be removed");
        }
        Ok(dir)
    }

    /// Removes what nodes have left behind that ended while they wrote it.
    fn tidy(&self) -> io::Result<()> {
        let mut found = unfinished_in(&self.path, |name| {
            matches!(name, "certificate.pem" | "now") || (name.starts_with("account-") && name.ends_with(".json"))
        })?;
        found.extend(unfinished_in(&self.path.join("challenges"), is_token)?);
        if found.is_empty() {
            return Ok(());
        }
        let now = self.now()?;
        for (path, written) in found {
            // What says that it is of later is none of ours to judge.
            if now.duration_since(written).is_ok_and(|age| age >= LEFT) {
                match fs::remove_file(path) {
                    // Another node was faster.
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// The time by the clock that files are dated with: in a shared directory it is nobody's own.
    fn now(&self) -> io::Result<SystemTime> {
        let path = self.unfinished(&self.path.join("now"));
        let now = private().create_new(true).open(&path)?.metadata()?.modified();
        fs::remove_file(path)?;
        now
    }

    /// What a file is called until it is whole.
    fn unfinished(&self, path: &Path) -> PathBuf {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{:016x}", self.node));
        name.into()
    }

    /// Where the certificate and its key are.
    pub(super) fn certificate(&self) -> PathBuf {
        certificate(&self.path)
    }

    /// Where the account at an authority is.
    pub(super) fn account(&self, directory: &str) -> PathBuf {
        let digest = digest(&SHA256, directory.as_bytes());
        let name: String = digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        self.path.join(format!("account-{name}.json"))
    }

    /// Leave to order, until it is dropped; none while another node does.
    pub(super) fn lock(&self) -> io::Result<Option<File>> {
        let file = private().create(true).truncate(false).open(self.path.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Puts a whole file in place.
    pub(super) fn write(&self, path: &Path, content: &str) -> io::Result<()> {
        self.place(path, content, |next, path| fs::rename(next, path))
    }

    /// Writes a whole file beside its place and puts it there.
    fn place(&self, path: &Path, content: &str, put: impl FnOnce(&Path, &Path) -> io::Result<()>) -> io::Result<()> {
        let next = &self.unfinished(path);
        let mut file = private().create_new(true).open(next)?;
        let written = file.write_all(content.as_bytes()).and_then(|()| file.sync_all());
        let placed = written.and_then(|()| put(next, path));
        // Renamed already, as a rule.
        let _ = fs::remove_file(next);
        placed
    }

    /// What the authority is to be answered.
    pub(super) fn answer_with(&self, token: &str, answer: &str) -> io::Result<()> {
        let path = self.challenge(token).ok_or_else(|| io::Error::other("the token is not one"))?;
        self.write(&path, answer)
    }

    /// No answer any more.
    pub(super) fn forget(&self, token: &str) {
        if let Some(path) = self.challenge(token) {
            // What is gone already is as good.
            let _ = fs::remove_file(path);
        }
    }

    /// The answer for a token, if it is one that was ordered with.
    pub(super) async fn answer(&self, token: &str) -> Option<String> {
        let answer = tokio::fs::read_to_string(self.challenge(token)?).await.ok()?;
        (answer.len() <= MAX_ANSWER).then_some(answer)
    }

    /// The file of a token (RFC 8555 §8.3: base64url, so it can be a name).
    fn challenge(&self, token: &str) -> Option<PathBuf> {
        is_token(token).then(|| self.path.join("challenges").join(token))
    }
}

fn is_token(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    plain && (1..=MAX_TOKEN).contains(&text.len())
}

/// The files of a directory that are not whole yet, and when they were last written to. `ours` knows their names.
fn unfinished_in(dir: &Path, ours: impl Fn(&str) -> bool) -> io::Result<Vec<(PathBuf, SystemTime)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some((name, node)) = name.to_str().and_then(|name| name.rsplit_once('.')) else { continue };
        let is_node = node.len() == 16 && node.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_node || !ours(name) {
            continue;
        }
        match entry.metadata() {
            Ok(metadata) if metadata.is_file() => found.push((entry.path(), metadata.modified()?)),
            Ok(_) => {}
            // It is whole by now.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Where the certificate and its key are, in this directory.
pub(crate) fn certificate(dir: &Path) -> PathBuf {
    dir.join("certificate.pem")
}

/// To write what nobody else may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn stand_in(hosts: &[String]) -> Result<String, rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(hosts.to_vec())?;
    params.distinguished_name.push(DnType::CommonName, "a stand-in of Portcullis");
    Ok(params.self_signed(&key)?.pem() + &key.serialize_pem())
}

#[cfg(test)]
mod tests {
    use kernel::OsRandom;

    use super::*;

    #[tokio::test]
    async fn tokens_lead_nowhere_else() {
        let place = tempfile::tempdir().expect("a directory");
        let dir = Dir::prepare(&place.path().join("acme"), &["a.test".into()], &OsRandom::new()).expect("prepared");
        dir.answer_with("to-ken_1", "answer").expect("written");
        assert_eq!(dir.answer("to-ken_1").await.as_deref(), Some("answer"));
        for token in ["", "..", "../lock", "a/b", "a.b", "%2e%2e", &"a".repeat(129)] {
            assert_eq!(dir.answer(token).await, None, "{token}");
            assert!(dir.answer_with(token, "x").is_err(), "{token}");
        }
        dir.forget("to-ken_1");
        assert_eq!(dir.answer("to-ken_1").await, None);
    }

    #[test]
    fn nodes_do_not_meet_in_what_they_write() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("acme");
        let node = || Dir::prepare(&path, &["a.test".into()], &OsRandom::new()).expect("prepared");
        let (one, other) = (node(), node());
        one.write(&one.certificate(), "ordered").expect("written");
        let mut between = false;
        let late = other.place(&other.certificate(), "a stand-in", |next, path| {
            one.write(&one.certificate(), "ordered again").expect("written");
            between = true;
            fs::hard_link(next, path)
        });
        assert!(between && late.is_err_and(|error| error.kind() == io::ErrorKind::AlreadyExists));
        assert_eq!(fs::read_to_string(other.certificate()).expect("it is there"), "ordered again");
        node();
        assert_eq!(fs::read_to_string(one.certificate()).expect("it is there"), "ordered again");
        assert_eq!(fs::read_dir(&path).expect("a directory").count(), 2, "nothing else is left");
    }

    #[test]
    fn what_was_left_behind_is_removed_at_the_next_start() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("acme");
        let node = || Dir::prepare(&path, &["a.test".into()], &OsRandom::new()).expect("prepared");
        let now = node().now().expect("the time");
        let put = |name: &str, age: Duration| {
            let file = File::create(path.join(name)).expect("made");
            file.set_modified(now - age).expect("dated");
        };
        let (old, minute) = (LEFT + Duration::from_secs(60), Duration::from_secs(60));
        for left in ["certificate.pem", "account-0123456789abcdef.json", "challenges/to-ken_1", "now"] {
            put(&format!("{left}.00000000000000aa"), old);
        }
        let kept = [
            // Another node may be writing these, or has a clock of its own.
            ("certificate.pem.00000000000000ab", Duration::ZERO),
            ("challenges/to-ken_1.00000000000000ab", LEFT - minute),
            // What is whole, and what is not ours.
            ("account-0123456789abcdef.json", old),
            ("challenges/to-ken_2", old),
            ("lock", old),
            ("certificate.pem.bak", old),
            ("certificate.pem.00000000000000AA", old),
            ("notes.00000000000000aa", old),
            ("challenges/a.b.00000000000000aa", old),
        ];
        for (name, age) in kept {
            put(name, age);
        }
        fs::create_dir(path.join("certificate.pem.00000000000000ac")).expect("made");
        node();
        for (name, _) in kept {
            assert!(path.join(name).exists(), "{name}");
        }
        let count = |path: &Path| fs::read_dir(path).expect("a directory").count();
        // Beside what was kept: the certificate, the directory that is called like a file, and challenges.
        assert_eq!((count(&path), count(&path.join("challenges"))), (kept.len() - 3 + 3, 3));
    }

    #[test]
    fn one_at_a_time_and_for_our_eyes_only() {
        let place = tempfile::tempdir().expect("a directory");
        let (one, other) = [(), ()]
            .map(|()| Dir::prepare(&place.path().join("acme"), &["a.test".into()], &OsRandom::new()).expect("prepared"))
            .into();
        let held = one.lock().expect("a lock");
        assert!(held.is_some() && other.lock().expect("asked").is_none());
        drop(held);
        assert!(other.lock().expect("asked").is_some());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
            assert_eq!((mode(&one.path), mode(&one.certificate())), (0o700, 0o600));
        }
    }
}
