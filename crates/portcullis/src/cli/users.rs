//! `portcullis users`: users by the thousand, without an API in between.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand, ValueEnum};
use identity::imports::{self, Export, Import, Mode, Options, Spool, Starter, Status};
use storage::StoreError;

use super::{
    Failure, Settings,
    failure::{block_on, reason},
    keys::find_tenant,
    output,
};
use crate::app::{Missing, identity_node};

/// Bytes that are read at once.
const BUFFER: usize = 64 * 1024;
/// Errors that are shown; all of them are kept for 30 days and served by the API.
const SHOWN: i64 = 20;

#[derive(Debug, Subcommand)]
pub(super) enum Users {
    /// Make users out of a file: CSV with a line of names, or a JSON object a line
    Import(FromFile),
    /// Write all users who are not deleted, as import reads them
    Export(ToFile),
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Csv,
    Jsonl,
}

impl From<Format> for imports::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv,
            Format::Jsonl => Self::Jsonl,
        }
    }
}

/// By the name of the file, unless it is said.
fn format(said: Option<Format>, file: &Path) -> Result<imports::Format, Failure> {
    let by_name = || match file.extension()?.to_str()? {
        "csv" => Some(Format::Csv),
        "jsonl" | "ndjson" => Some(Format::Jsonl),
        _ => None,
    };
    said.or_else(by_name).map(Into::into).ok_or_else(|| {
        Failure::usage("the file's name does not say how it is written: add --format csv or --format jsonl")
    })
}

#[derive(Debug, Args)]
pub(super) struct FromFile {
    /// The file; `-` reads standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The tenant that the users belong to
    #[arg(long, value_name = "SLUG", default_value = identity::tenants::DEFAULT_SLUG)]
    tenant: String,
    /// How the file is written
    #[arg(long)]
    format: Option<Format>,
    /// Bring users who are there already up to date, instead of skipping them
    #[arg(long)]
    upsert: bool,
    /// Try everything and keep nothing
    #[arg(long)]
    dry_run: bool,
    /// Mail new people without a password a link to choose one
    #[arg(long)]
    invite: bool,
}

#[derive(Debug, Args)]
pub(super) struct ToFile {
    /// The file to write; `-` writes to standard output
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// The tenant that the users belong to
    #[arg(long, value_name = "SLUG", default_value = identity::tenants::DEFAULT_SLUG)]
    tenant: String,
    /// How the file is written
    #[arg(long)]
    format: Option<Format>,
    /// Write the hashes of passwords too. Guard the file like the database
    #[arg(long)]
    with_password_hashes: bool,
}

impl Users {
    pub(super) fn run(self, settings: &Settings) -> Result<(), Failure> {
        match self {
            Self::Import(args) => args.run(settings),
            Self::Export(args) => args.run(settings),
        }
    }
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{}: {}", path.display(), reason(error)))
}

impl FromFile {
    fn run(self, settings: &Settings) -> Result<(), Failure> {
        let mode = if self.upsert { Mode::Upsert } else { Mode::Create };
        let format = format(self.format, &self.file)?;
        let options = Options { format, mode, dry_run: self.dry_run, invite: self.invite };
        let mut input: Box<dyn Read> = if self.file.as_os_str() == "-" {
            Box::new(io::stdin())
        } else {
            Box::new(BufReader::new(File::open(&self.file).map_err(|e| failed(&self.file, &e))?))
        };
        let config = settings.load()?.config;
        block_on(async {
            let core = identity_node::for_command(&config, Missing::Refuse).await?;
            let tenant = find_tenant(&core, &self.tenant)?;
            let mut spool = Spool::begin(&core, tenant, options, Starter::System).await?;
            let mut buffer = vec![0; BUFFER];
            loop {
                let n = match input.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(n) => n,
                    Err(error) => {
                        spool.give_up().await?;
                        return Err(failed(&self.file, &error));
                    }
                };
                if let Err(refused) = spool.push(&buffer[..n]).await {
                    spool.give_up().await?;
                    return Err(refused.into());
                }
            }
            let id = spool.finish(None).await?;
            let done = imports::run_one(&core, tenant, id, |import| output::progress(&progress(import))).await;
            output::progress_done();
            done?;
            let read = core.read(tenant, move |tx| {
                Box::pin(async move {
                    let import = imports::load(tx, id).await?;
                    Ok::<_, StoreError>((import, imports::errors(tx, id, 0, SHOWN).await?))
                })
            });
            let (import, errors) = read.await?;
            let import = import.ok_or_else(|| Failure::new("the import is gone"))?;
            for wrong in &errors {
                let field = if wrong.field.is_empty() { String::new() } else { format!("{} ", wrong.field) };
                output::line(&format!("line {}: {field}{} ({})", wrong.line, wrong.message, wrong.code));
            }
            output::line(&summary(&import));
            match import.status {
                Status::Done if import.counts.failed == 0 => Ok(()),
                Status::Done => Err(Failure::new(format!("{} records could not be done", import.counts.failed))),
                Status::Failed => Err(Failure::new(import.error.unwrap_or_default())),
                Status::Receiving | Status::Running => {
                    Err(Failure::new("a running server has taken the import over and will finish it"))
                }
            }
        })
    }
}

fn progress(import: &Import) -> String {
    let percent = import.position.saturating_mul(100) / import.bytes.max(1);
    format!("{percent:>3} %, {} records", import.counts.records())
}

fn summary(import: &Import) -> String {
    let imports::Counts { created, updated, skipped, failed } = import.counts;
    let would = if import.options.dry_run { "nothing was kept; it would be: " } else { "" };
    format!("{would}{created} made, {updated} brought up to date, {skipped} there already, {failed} not done")
}

impl ToFile {
    fn run(self, settings: &Settings) -> Result<(), Failure> {
        let format = format(self.format, &self.file)?;
        let config = settings.load()?.config;
        block_on(async {
            let core = identity_node::for_command(&config, Missing::Refuse).await?;
            let tenant = find_tenant(&core, &self.tenant)?;
            let to_stdout = self.file.as_os_str() == "-";
            let part = Part::beside(&self.file);
            let mut out: Box<dyn Write> = if to_stdout {
                Box::new(io::stdout())
            } else {
                Box::new(BufWriter::new(part.create().map_err(|e| failed(&part.0, &e))?))
            };
            let export = Export { format, hashes: self.with_password_hashes };
            imports::note(&core, tenant, export, None).await?;
            let (mut before, mut written) = (None, 0);
            loop {
                let (text, next) = imports::page(&core, tenant, export, before).await?;
                written += text.len();
                out.write_all(&text).map_err(|e| failed(&self.file, &e))?;
                if !to_stdout {
                    output::progress(&format!("{written} bytes"));
                }
                match next {
                    Some(id) => before = Some(id),
                    None => break,
                }
            }
            out.flush().map_err(|e| failed(&self.file, &e))?;
            if !to_stdout {
                drop(out);
                part.replace(&self.file).map_err(|e| failed(&self.file, &e))?;
                output::progress_done();
                output::line(&format!("wrote {}", self.file.display()));
            }
            Ok(())
        })
    }
}

/// A new file that nobody else may read, whatever was there before: it holds personal data, perhaps hashes. It takes
/// its place when it is whole; dropped before that, nothing of it stays.
struct Part(PathBuf);

impl Part {
    fn beside(file: &Path) -> Self {
        let mut name = file.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        Self(name.into())
    }

    fn create(&self) -> io::Result<File> {
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.0)
    }

    /// Takes the place of the file: a link is replaced, not followed. What is no file, such as a device, stays.
    fn replace(&self, file: &Path) -> io::Result<()> {
        if fs::metadata(file).is_ok_and(|there| !there.is_file()) {
            return Err(io::Error::other("it is no file; - writes to standard output"));
        }
        fs::rename(&self.0, file)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It has taken its place, or was never made.
        let _ = fs::remove_file(&self.0);
    }
}
