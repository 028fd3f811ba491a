use bytes::Bytes;
use proptest::prelude::*;

use crate::http1::decode::{Decoder, Framing, Piece};

/// Everything that a body gives when it arrives in these pieces: its data, its trailers, whether it ended or
/// broke, and what was left over.
fn feed(framing: Framing, pieces: &[&[u8]]) -> (Vec<u8>, Vec<String>, Result<bool, ()>, Vec<u8>) {
    let mut decoder = Decoder::request(framing, 256);
    let (mut data, mut trailers, mut ended) = (Vec::new(), Vec::new(), Ok(false));
    let mut rest = Vec::new();
    for piece in pieces {
        let mut input = Bytes::copy_from_slice(piece);
        while ended == Ok(false) {
            match decoder.next(&mut input) {
                Ok(Piece::Data(piece)) => data.extend_from_slice(&piece),
                Ok(Piece::Trailers(fields)) => {
                    trailers
                        .extend(fields.iter().map(|(name, value)| format!("{name}={}", value.to_str().unwrap_or("?"))));
                }
                Ok(Piece::End) => ended = Ok(true),
                Ok(Piece::More) => break,
                Err(_) => ended = Err(()),
            }
        }
        rest.extend_from_slice(&input);
    }
    (data, trailers, ended, rest)
}

const CHUNKS: &[u8] = b"5;e=\"1\"\r\nhe\r\nl\r\nA\r\n0123456789\r\n0\r\nT: x\r\nU: y\r\n\r\nGET /";

#[test]
fn a_body_ends_where_it_says() {
    let (data, trailers, ended, rest) = feed(Framing::Chunked, &[CHUNKS]);
    assert_eq!(
        (data.as_slice(), ended, rest.as_slice()),
        (b"he\r\nl0123456789".as_slice(), Ok(true), b"GET /".as_slice())
    );
    assert_eq!(trailers, ["t=x", "u=y"]);
    assert_eq!(feed(Framing::Length(3), &[b"abcd"]), (b"abc".to_vec(), vec![], Ok(true), b"d".to_vec()));
    assert_eq!(feed(Framing::Length(5), &[b"abcd"]).2, Ok(false));
    let mut open = Decoder::response(Framing::UntilClose, 0);
    assert_eq!(open.next(&mut Bytes::from_static(b"all")), Ok(Piece::Data(Bytes::from_static(b"all"))));
    assert!(open.close(), "the end of the connection is the end of the body");
    assert!(!Decoder::response(Framing::Length(1), 0).close());
}

#[test]
fn every_cut_gives_the_same_body() {
    let whole = feed(Framing::Chunked, &[CHUNKS]);
    for cut in 0..=CHUNKS.len() {
        let cut = feed(Framing::Chunked, &[&CHUNKS[..cut], &CHUNKS[cut..]]);
        assert_eq!(cut, whole);
    }
    let bytes: Vec<&[u8]> = CHUNKS.chunks(1).collect();
    assert_eq!(feed(Framing::Chunked, &bytes), whole, "byte by byte");
}

#[test]
fn chunks_are_read_strictly() {
    for body in [
        "\r\n",
        "x\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\n",
        "5 \r\nhello\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhellooo\r\n",
        "5\rhello",
        "5\nhello",
        "5;a\nhello",
        "5;a\rb\r\n",
        "1000000000000000\r\n",
        "0\r\n Folded: x\r\n\r\n",
        "0\r\nT: x\n\r\n",
        "0\r\nno colon\r\n\r\n",
        "0\r\n\rX",
        "5;\0\r\n",
        "-1\r\n",
    ] {
        assert_eq!(feed(Framing::Chunked, &[body.as_bytes()]).2, Err(()), "{body:?}");
    }
    let long_extension = format!("5;{}\r\n", "x".repeat(300));
    assert_eq!(feed(Framing::Chunked, &[long_extension.as_bytes()]).2, Err(()));
    let many_trailers = format!("0\r\n{}", "T: x\r\n".repeat(100));
    assert_eq!(feed(Framing::Chunked, &[many_trailers.as_bytes()]).2, Err(()));
}

#[test]
fn a_space_behind_the_size_is_forgiven_in_answers_only() {
    let body = Bytes::from_static(b"2 \r\nok\r\n0\r\n\r\n");
    assert!(Decoder::request(Framing::Chunked, 0).next(&mut body.clone()).is_err());
    let mut lenient = Decoder::response(Framing::Chunked, 0);
    assert_eq!(lenient.next(&mut body.clone()), Ok(Piece::Data(Bytes::from_static(b"ok"))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Bodies out of fragments that matter, cut anywhere: one meaning.
    #[test]
    fn the_cut_never_matters(
        fragments in prop::collection::vec(prop::sample::select(vec![
            "\r\n", "4\r\n", "abcd", "0\r\n", "\n", "\r", " ", "X: y\r\n", ";", "\0", "f", "4;x\r\nabcd\r\n", ":",
        ]), 0..24),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let stream = fragments.concat().into_bytes();
        let mut cuts: Vec<usize> = cuts.iter().map(|c| c.index(stream.len() + 1)).chain([0, stream.len()]).collect();
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
        let (whole, cut) = (feed(Framing::Chunked, &[&stream]), feed(Framing::Chunked, &pieces));
        prop_assert_eq!((whole.0, whole.1, whole.2), (cut.0, cut.1, cut.2));
    }
}
