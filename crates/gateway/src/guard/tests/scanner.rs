use proptest::prelude::*;

use super::head::LIMITS;
use crate::guard::{BadHead, Outcome, Scanner};

/// Feeds the stream in pieces as a connection would, holding back what is not passed.
/// Returns what was passed, the last outcome that is final, and the number of heads.
fn feed(pieces: &[&[u8]]) -> (Vec<u8>, Outcome, u64) {
    let mut scanner = Scanner::new(LIMITS);
    let (mut held, mut passed) = (Vec::new(), Vec::new());
    for piece in pieces {
        held.extend_from_slice(piece);
        loop {
            if held.is_empty() {
                break;
            }
            let (taken, outcome) = scanner.advance(&held);
            passed.extend(held.drain(..taken));
            match outcome {
                Outcome::More => break,
                // Every upgrade is declined here, so that what follows is judged.
                Outcome::Undecided => scanner.declined(),
                bad => return (passed, bad, scanner.heads()),
            }
        }
    }
    (passed, Outcome::More, scanner.heads())
}

const STREAM: &[u8] = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n\
    POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello\r\n\r\nyou\
    POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;e=\"1\"\r\nhe\r\nl\r\nA\r\n0123456789\r\n0\r\nT: x\r\n\r\n\
    \r\nGET /4 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n\
    GET /5 HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn bodies_are_followed_to_their_end() {
    let (passed, outcome, heads) = feed(&[STREAM]);
    assert_eq!((passed.as_slice(), outcome, heads), (STREAM, Outcome::More, 5));
}

#[test]
fn every_cut_gives_the_same_verdict() {
    let bad_tails: [(&[u8], Outcome); 4] = [
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\nmore", Outcome::BadHead(BadHead::Host)),
        (b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", Outcome::BadHead(BadHead::LineEnding)),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello", Outcome::BadBody),
        (b"", Outcome::More),
    ];
    for (tail, expected) in bad_tails {
        let stream = [STREAM, tail].concat();
        let whole = feed(&[&stream]);
        assert_eq!(whole.1, expected);
        for cut in 0..=stream.len() {
            assert_eq!(feed(&[&stream[..cut], &stream[cut..]]), whole, "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(feed(&bytes), whole, "byte by byte");
    }
}

#[test]
fn chunks_are_read_strictly() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in [
        "\r\n",
        "x\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\n",
        "5 \r\nhello\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhellooo\r\n",
        "5\rhello",
        "5;a\nhello",
        "5;a\rb\r\n",
        "1000000000000000\r\n",
        "0\r\n Folded: x\r\n\r\n",
        "0\r\nT: x\n\r\n",
        "0\r\n\rX",
        "5;\0\r\n",
        "-1\r\n",
    ] {
        assert_eq!(feed(&[head.as_bytes(), body.as_bytes()]).1, Outcome::BadBody, "{body:?}");
    }
    let long_extension = format!("5;{}\r\n", "x".repeat(300));
    assert_eq!(feed(&[head.as_bytes(), long_extension.as_bytes()]).1, Outcome::BadBody);
    let many_trailers = format!("0\r\n{}", "T: x\r\n".repeat(500));
    assert_eq!(feed(&[head.as_bytes(), many_trailers.as_bytes()]).1, Outcome::BadBody);
}

#[test]
fn a_head_that_hides_in_a_body_is_no_head() {
    let hidden = b"GET /admin HTTP/1.1\r\n\r\n";
    let stream =
        [format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", hidden.len()).as_bytes(), hidden].concat();
    assert_eq!(feed(&[&stream]).2, 1);
}

#[test]
fn http2_passes_unseen_however_it_is_cut() {
    let stream = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";
    for cut in 0..=stream.len() {
        let (passed, outcome, heads) = feed(&[&stream[..cut], &stream[cut..]]);
        assert_eq!((passed.as_slice(), outcome, heads), (&stream[..], Outcome::More, 0), "cut at {cut}");
    }
    // Only as the very first thing, and only exactly.
    let late = [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".as_slice(), stream].concat();
    assert_eq!(feed(&[&late]).1, Outcome::BadHead(BadHead::Version));
    assert_eq!(feed(&[b"PRI * HTTP/2.0\r\n\r\nXX"]).1, Outcome::BadHead(BadHead::Version));
}

#[test]
fn nothing_behind_an_upgrade_passes_before_it_is_decided() {
    let mut scanner = Scanner::new(LIMITS);
    let head = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";
    let stream = [head.as_slice(), b"GET /smuggled"].concat();
    assert_eq!(scanner.advance(&stream), (head.len(), Outcome::Undecided));
    assert_eq!(scanner.advance(b"GET /smuggled"), (0, Outcome::Undecided));
    scanner.upgraded();
    assert_eq!(scanner.advance(b"\x81\x00anything"), (10, Outcome::More));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Streams out of fragments that matter, cut anywhere: one verdict.
    #[test]
    fn the_cut_never_matters(
        fragments in prop::collection::vec(prop::sample::select(vec![
            "GET / HTTP/1.1\r\n", "POST /x HTTP/1.1\r\n", "Host: a\r\n", "\r\n", "Content-Length: 4\r\n", "Content-Length: 0\r\n",
            "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n", "Upgrade: x\r\n", "4\r\n", "abcd", "0\r\n", "\n", "\r",
            " ", "X: y\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ";", "\0", "GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ]), 0..24),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let stream = fragments.concat().into_bytes();
        let mut cuts: Vec<usize> = cuts.iter().map(|c| c.index(stream.len() + 1)).collect();
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut rest = stream.as_slice();
        let mut at = 0;
        for cut in cuts {
            let (piece, tail) = rest.split_at(cut - at);
            pieces.push(piece);
            (rest, at) = (tail, cut);
        }
        pieces.push(rest);
        prop_assert_eq!(feed(&pieces), feed(&[&stream]));
    }
}
