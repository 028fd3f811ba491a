//! `portcullis passwords`: the filter of breached passwords.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter},
    path::PathBuf,
};

use clap::{Args, Subcommand};
use identity::passwords::breach::{BuildOptions, Built, build_filter};

use super::{Failure, failure::reason, output};

const BUFFER: usize = 1 << 20;

#[derive(Debug, Subcommand)]
pub(super) enum Passwords {
    /// Make the file of `passwords.breach_filter` out of a public list of breached passwords
    ///
    /// The list has a line SHA1:TIMES for each password, as Have I Been Pwned publishes it. The filter takes 18
    /// bits for each: 2.1 GB for all of a thousand million, which the server holds in memory. --min-count makes
    /// it smaller. Building a sorted list takes about 34 bytes of memory for each password of the largest 256th
    /// of it: 150 MB for a thousand million. It never calls a password clean that is in it, and one in 65 000
    /// others breached.
    BuildFilter(BuildFilter),
}

#[derive(Debug, Args)]
pub(super) struct BuildFilter {
    /// The list; `-` reads standard input
    #[arg(value_name = "HASHLIST")]
    list: PathBuf,
    /// The filter to write; one that exists is replaced when the new one is whole
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// Leave out passwords that were seen fewer times
    #[arg(long, value_name = "TIMES", default_value_t = 1)]
    min_count: u64,
    /// The list is not sorted by hash: holds 8 bytes of memory for every password of it
    #[arg(long)]
    unsorted: bool,
}

impl Passwords {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Self::BuildFilter(BuildFilter { list, out, min_count, unsorted }) = self;
        let failed = |path: &PathBuf, error: &io::Error| Failure::new(format!("{}: {}", path.display(), reason(error)));
        let input: Box<dyn BufRead> = if list.as_os_str() == "-" {
            Box::new(BufReader::with_capacity(BUFFER, io::stdin()))
        } else {
            Box::new(BufReader::with_capacity(BUFFER, File::open(&list).map_err(|e| failed(&list, &e))?))
        };
        let part = out.with_added_extension("part");
        let file = File::create(&part).map_err(|e| failed(&part, &e))?;
        let written = BufWriter::with_capacity(BUFFER, &file);
        let options = BuildOptions { min_count, sorted: !unsorted };
        let built = build_filter(input, written, options, |lines| output::progress(&format!("{lines} lines read")));
        output::progress_done();
        let built = built.map_err(Failure::new).and_then(|built| {
            file.sync_all().and_then(|()| fs::rename(&part, &out)).map_err(|e| failed(&out, &e))?;
            Ok(built)
        });
        if built.is_err() {
            // Nothing half-written stays. That it cannot be removed matters less than what failed.
            drop(fs::remove_file(&part));
        }
        let Built { lines, passwords } = built?;
        output::line(&format!("{}: {passwords} breached passwords out of {lines} lines", out.display()));
        Ok(())
    }
}
