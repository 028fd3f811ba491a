//! Reading records out of the window of the file.

use kernel::{Problem, problem::common};

use super::super::{
    Format,
    model::{Progress, Wrong},
    records::{self, Next},
    row::{self, Row},
    spool::Window,
    store::Claimed,
};
use crate::Core;

/// Records of a batch: one unit of work, which others wait for.
const BATCH: usize = 100;

/// A record that was read, or is wrong.
pub(super) type Record = (i64, Result<Row, Vec<Wrong>>);

/// Reads the next batch, and moves on in the file. The inner error ends the job.
pub(super) async fn take(
    core: &Core,
    window: &mut Window,
    claimed: &mut Claimed,
) -> Result<Result<Vec<Record>, String>, Problem> {
    let format = claimed.import.options.format;
    claimed.from = Progress::of(&claimed.import);
    let mut batch = Vec::with_capacity(BATCH);
    while batch.len() < BATCH {
        let position = claimed.import.position;
        let seen = window.rest(position);
        let last = position + i64::try_from(seen.len()).unwrap_or(i64::MAX) >= claimed.import.bytes;
        let (bytes, lines) = match records::next(seen, format, last) {
            Next::Record { bytes, lines } => (bytes, lines),
            Next::TooLong => return Ok(Err(format!("line {}: a record is longer than 64 KiB", claimed.line))),
            Next::More if last => break,
            Next::More => {
                if !window.grow(core, position).await? {
                    return Err(Problem::new(common::INTERNAL).cause("a piece of an import is missing"));
                }
                continue;
            }
        };
        let mut text = &seen[..bytes];
        if position == 0 {
            text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
        }
        let line = claimed.line;
        if !text.trim_ascii().is_empty() {
            match (format, &claimed.header) {
                (Format::Jsonl, _) => {
                    batch.push((line, row::from_json(text).map_err(|w| vec![w]).and_then(|w| w.parse())))
                }
                (Format::Csv, Some(header)) => batch.push((line, row::from_csv(text, header).and_then(|w| w.parse()))),
                (Format::Csv, None) => match row::header(text) {
                    Ok(header) => claimed.header = Some(header),
                    Err(reason) => return Ok(Err(reason)),
                },
            }
        }
        claimed.import.position += i64::try_from(bytes).unwrap_or(i64::MAX);
        claimed.line += lines;
    }
    Ok(Ok(batch))
}
