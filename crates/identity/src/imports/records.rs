//! Where records begin and end. Pure.

use super::Format;

/// Longest record: attributes and hashes included.
pub(super) const MAX_RECORD: usize = 64 * 1024;

/// What is at the start of some bytes of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// A record of so many bytes, its line's end included, over so many lines.
    Record { bytes: usize, lines: i64 },
    /// More bytes are needed.
    More,
    /// A record is longer than any may be.
    TooLong,
}

/// Finds the end of the first record. `last`: nothing follows the bytes.
pub(super) fn next(bytes: &[u8], format: Format, last: bool) -> Next {
    let mut quoted = false;
    let mut lines = 0;
    for (at, byte) in bytes.iter().enumerate().take(MAX_RECORD) {
        match byte {
            // A quote within quotes is written twice, so it ends and begins them.
            b'"' if format == Format::Csv => quoted = !quoted,
            b'\n' => {
                lines += 1;
                if !quoted {
                    return Next::Record { bytes: at + 1, lines };
                }
            }
            _ => {}
        }
    }
    if bytes.len() >= MAX_RECORD {
        Next::TooLong
    } else if last && !bytes.is_empty() {
        Next::Record { bytes: bytes.len(), lines: lines + 1 }
    } else {
        Next::More
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_ends_with_its_line_unless_it_is_quoted() {
        let csv = |text: &str, last| next(text.as_bytes(), Format::Csv, last);
        assert_eq!(csv("a,b\r\nc,d\n", false), Next::Record { bytes: 5, lines: 1 });
        assert_eq!(csv("\"a\nb\",\"say \"\"hi\"\"\"\nc", false), Next::Record { bytes: 19, lines: 2 });
        assert_eq!(csv("a,b", false), Next::More);
        assert_eq!(csv("a,b", true), Next::Record { bytes: 3, lines: 1 });
        assert_eq!(csv("", true), Next::More);
        assert_eq!(csv(&"a".repeat(MAX_RECORD), false), Next::TooLong);
        assert_eq!(next(b"{\"a\":\"\\\"\"}\n{}", Format::Jsonl, false), Next::Record { bytes: 11, lines: 1 });
    }
}
