//! The range API: `GET {url}{first 5 hex digits}`, answered with a line `{other 35}:{times}` for each hash.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use kernel::Timestamp;
use quick_cache::sync::Cache;
use tokio::time::timeout;
use url::Url;

use super::BreachError;
use crate::outgoing::{self, Client};

/// Largest answer that is read. A padded one has about 45 KiB.
const MAX_ANSWER: usize = 256 * 1024;
/// Answers that are kept: 8 bytes a line, so 16 KiB each at most usual, 3.5 MiB together at the worst.
const KEPT: usize = 64;
/// For how long.
const KEEP: Duration = Duration::from_secs(3_600);

/// A client of one service, which the operator chose: it is not a caller's to say where we connect.
pub struct RangeApi {
    client: Client,
    url: Url,
    timeout: Duration,
    kept: Cache<u32, Arc<Answer>>,
}

/// What begins alike.
struct Answer {
    at: Timestamp,
    /// The 64 bits that follow the prefix, sorted.
    known: Vec<u64>,
}

impl std::fmt::Debug for RangeApi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RangeApi").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

/// The 20 bits that are sent, and the 64 that follow. That another password has the same 84 is as good as
/// impossible.
fn split(hash: &[u8; 20]) -> (u32, u64) {
    let number = hash[..11].iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    // 88 bits: 20, 64, and 4 too many.
    (u32::try_from(number >> 68).unwrap_or(u32::MAX), (number >> 4) as u64)
}

impl RangeApi {
    /// The service at `url`, which ends where the prefix begins.
    pub fn new(url: &str, timeout: Duration) -> Result<Self, BreachError> {
        let mut url = outgoing::trusted_url(url).ok_or(BreachError::Url)?;
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        let client = Client::new().map_err(|e| BreachError::Tls(e.to_string()))?;
        Ok(Self { client, url, timeout, kept: Cache::new(KEPT) })
    }

    /// Whether the service knows the hash. The error is for administrators.
    pub(super) async fn knows(&self, hash: &[u8; 20], now: Timestamp) -> Result<bool, String> {
        let (prefix, rest) = split(hash);
        let fresh = |answer: &Arc<Answer>| now.since(answer.at) < KEEP;
        let answer = match self.kept.get(&prefix).filter(fresh) {
            Some(answer) => answer,
            None => {
                let asked = timeout(self.timeout, self.ask(prefix)).await;
                let known = asked.map_err(|_| format!("no answer within {:?}", self.timeout))??;
                let answer = Arc::new(Answer { at: now, known });
                self.kept.insert(prefix, answer.clone());
                answer
            }
        };
        Ok(answer.known.binary_search(&rest).is_ok())
    }

    async fn ask(&self, prefix: u32) -> Result<Vec<u64>, String> {
        let request = Request::get(format!("{}{prefix:05X}", self.url.path()))
            // Answers of all prefixes then have about the same length.
            .header("Add-Padding", "true")
            .header(header::USER_AGENT, "Portcullis")
            .body(Full::new(Bytes::new()))
            .map_err(|e| e.to_string())?;
        let (status, body) = self.client.exchange(&self.url, request, MAX_ANSWER).await.map_err(|e| e.to_string())?;
        if status != 200 {
            return Err(format!("the service answered {status}"));
        }
        read(&body).ok_or_else(|| "the service answered something else than a range".into())
    }
}

/// Reads an answer. Every line must be one: half an answer would let through what it left out.
fn read(body: &[u8]) -> Option<Vec<u64>> {
    let text = std::str::from_utf8(body).ok()?;
    let mut known = Vec::with_capacity(body.len() / 37);
    for line in text.lines() {
        let (rest, times) = line.trim_end().split_once(':')?;
        let hexadecimal = rest.len() == 35 && rest.bytes().all(|b| b.is_ascii_hexdigit());
        let first = u64::from_str_radix(rest.get(..16)?, 16).ok().filter(|_| hexadecimal)?;
        // What is there for padding was seen no times.
        if times.parse::<u64>().ok()? > 0 {
            known.push(first);
        }
    }
    known.sort_unstable();
    (!text.is_empty()).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_cut_after_twenty_bits() {
        let mut hash = [0; 20];
        hash[..11].copy_from_slice(&[0x5B, 0xAA, 0x61, 0xE4, 0xC9, 0xB9, 0x3F, 0x3F, 0x06, 0x82, 0x25]);
        assert_eq!(split(&hash), (0x5_BAA6, 0x1E4C_9B93_F3F0_6822));
    }

    #[test]
    fn an_answer_is_read_whole_or_not_at_all() {
        let good = "1E4C9B93F3F0682250B6CF8331B7EE68FD8:3\r\n00000000000000000000000000000000000:0\r\n";
        assert_eq!(read(good.as_bytes()), Some(vec![0x1E4C_9B93_F3F0_6822]), "padding is left out");
        for bad in [
            "",
            "<html>",
            "1E4C:3",
            &good.replace(":3", ""),
            &good.replace(":3", ":x"),
            &good.replace('E', "ö"),
            &good.replace('E', "+"),
        ] {
            assert_eq!(read(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(read(&[0xFF, 0xFE]), None);
    }
}
