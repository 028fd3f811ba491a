//! The client against servers that say exactly these bytes.

use std::future::poll_fn;

use http::{HeaderMap, HeaderValue, Method, Response};
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::{
    body::RequestBody,
    http1::{Client, Error, RequestHead},
};

fn begin(client: &mut Client<DuplexStream>, method: Method) {
    let host = HeaderValue::from_static("a");
    let headers = HeaderMap::new();
    client.begin(
        &RequestHead { method: &method, target: "/", host: &host, headers: &headers, upgrade: false },
        RequestBody::default(),
    );
}

/// The answer to a request of this method from a server that says these bytes and hangs up: the head, the
/// body with its trailers written behind it, and whether the connection could have been used again.
async fn answer(method: Method, said: &[&[u8]]) -> Result<(Response<()>, Vec<u8>, bool), Error> {
    let (near, mut far) = tokio::io::duplex(1 << 20);
    let mut client = Client::new(near);
    begin(&mut client, method);
    let said: Vec<Vec<u8>> = said.iter().map(|piece| piece.to_vec()).collect();
    let server = tokio::spawn(async move {
        for piece in said {
            far.write_all(&piece).await.expect("the client reads");
            tokio::task::yield_now().await;
        }
        let mut request = vec![0; 1_024];
        let length = far.read(&mut request).await.expect("a request");
        assert_eq!(&request[length - 4..length], b"\r\n\r\n");
    });
    let response = poll_fn(|cx| client.poll_head(cx)).await?;
    let mut body = Vec::new();
    while let Some(frame) = poll_fn(|cx| client.poll_body(cx)).await {
        match frame?.into_data() {
            Ok(data) => body.extend_from_slice(&data),
            Err(trailers) => {
                for (name, value) in trailers.trailers_ref().into_iter().flatten() {
                    body.extend_from_slice(format!("|{name}={value:?}").as_bytes());
                }
            }
        }
    }
    server.await.expect("the server is content");
    Ok((response, body, client.is_reusable()))
}

#[tokio::test]
async fn answers_end_where_they_say() {
    let get = Method::GET;
    let table: [(Method, &str, u16, &str, bool); 11] = [
        (get.clone(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", true),
        (get.clone(), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: x, Close\r\n\r\nok", 200, "ok", false),
        (get.clone(), "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, "ok", false),
        (get.clone(), "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok", 200, "ok", true),
        (
            get.clone(),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nT: x\r\n\r\n",
            200,
            "ok|t=\"x\"",
            true,
        ),
        // The coding wins over the length (RFC 9112 §6.3).
        (
            get.clone(),
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            200,
            "",
            true,
        ),
        (get.clone(), "HTTP/1.1 200 OK\r\n\r\nto the end", 200, "to the end", false),
        (
            get.clone(),
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
            204,
            "",
            true,
        ),
        (get.clone(), "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", true),
        (Method::HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "", true),
        // What nobody asked for makes the connection unusable, not the answer.
        (get, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n", 200, "ok", false),
    ];
    for (method, said, status, body, reusable) in table {
        let (response, got, again) =
            answer(method, &[said.as_bytes()]).await.unwrap_or_else(|e| panic!("{said:?}: {e}"));
        assert_eq!(
            (response.status().as_u16(), got.as_slice(), again),
            (status, body.as_bytes(), reusable),
            "{said:?}"
        );
    }
}

#[tokio::test]
async fn answers_that_could_be_read_in_two_ways_are_none() {
    for said in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "SSH-2.0-OpenSSH_9\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
    ] {
        let error = answer(Method::GET, &[said.as_bytes()]).await.expect_err(said);
        assert!(matches!(error, Error::Invalid(_)), "{said:?}: {error:?}");
    }
    let endless = format!("HTTP/1.1 200 OK\r\n{}", "X: y\r\n".repeat(20_000));
    assert!(matches!(answer(Method::GET, &[endless.as_bytes()]).await, Err(Error::Invalid(_))));
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(40);
    assert!(matches!(answer(Method::GET, &[interim.as_bytes()]).await, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn an_end_before_the_answer_is_told_from_one_within() {
    assert!(matches!(answer(Method::GET, &[]).await, Err(Error::Closed(_))));
    for said in ["HTTP/1.1 2", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"] {
        assert!(matches!(answer(Method::GET, &[said.as_bytes()]).await, Err(Error::Incomplete)), "{said:?}");
    }
}

#[tokio::test]
async fn a_connection_that_speaks_unasked_or_has_ended_is_not_quiet() {
    let (near, mut far) = tokio::io::duplex(64);
    let mut client = Client::new(near);
    assert!(client.is_quiet());
    far.write_all(b"HTTP/1.1 200 OK\r\n").await.expect("it is open");
    assert!(!client.is_quiet());
    let (near, far) = tokio::io::duplex(64);
    drop(far);
    assert!(!Client::new(near).is_quiet());
}

proptest! {
    /// However an answer is cut into reads, it is the same answer.
    #[test]
    fn the_cut_never_matters(cuts in prop::collection::vec(0_usize..140, 0..8), chunked: bool) {
        let said: &[u8] = if chunked {
            b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nyou\r\n0\r\nT: x\r\n\r\n"
        } else {
            b"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 8\r\n\r\nhelloyou"
        };
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(said.len())).chain([0, said.len()]).collect();
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &said[pair[0]..pair[1]]).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let (_, body, reusable) = runtime.block_on(answer(Method::GET, &pieces)).expect("an answer");
        let expected: &[u8] = if chunked { b"helloyou|t=\"x\"" } else { b"helloyou" };
        prop_assert_eq!((body.as_slice(), reusable), (expected, true));
    }
}
