use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, Empty, StreamBody};
use hyper::{body::Incoming, client, server, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    connection::Requests,
    http2::Patient,
    taking::{Streams, Taken},
};
use crate::{guard::HeadLimits, http1::Bounds};

fn bounds() -> Bounds {
    let long = Duration::from_secs(3_600);
    let heads = HeadLimits { head: 1_024, headers: 20, target: 256 };
    Bounds { heads, head_timeout: long, write_timeout: long, idle_timeout: long }
}

/// Reads to the end and tells after how many seconds it came.
async fn ends_after(mut patient: Patient<tokio::io::DuplexStream>) -> u64 {
    let begun = tokio::time::Instant::now();
    patient.read_to_end(&mut Vec::new()).await.expect("an orderly end");
    begun.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn an_idle_http2_connection_ends_and_a_busy_one_does_not() {
    let bounds = Bounds { idle_timeout: Duration::from_secs(75), ..bounds() };
    let (_client, near) = tokio::io::duplex(1_024);
    assert_eq!(ends_after(Patient::new(near, bounds, Requests::default())).await, 75);

    let (_client, near) = tokio::io::duplex(1_024);
    let requests = Requests::default();
    let active = requests.enter();
    let answer = async {
        tokio::time::sleep(Duration::from_secs(100)).await;
        drop(active);
        std::future::pending::<()>().await;
    };
    let seconds = tokio::select! {
        seconds = ends_after(Patient::new(near, bounds, requests)) => seconds,
        () = answer => unreachable!("never ends"),
    };
    assert_eq!(seconds, 150, "a request ran for the first 100 seconds");
}

#[tokio::test(start_paused = true)]
async fn an_http2_client_that_takes_nothing_is_cut_off() {
    let bounds = Bounds { write_timeout: Duration::from_secs(30), ..bounds() };
    let (_client, near) = tokio::io::duplex(16);
    let mut patient = Patient::new(near, bounds, Requests::default());
    let begun = tokio::time::Instant::now();
    let error = patient.write_all(&[0; 64]).await.expect_err("nobody reads");
    assert_eq!((error.kind(), begun.elapsed().as_secs()), (std::io::ErrorKind::TimedOut, 30));
}

/// Answers one request over HTTP/2 with this body. Returns the client's end, with a window of so many bytes, and
/// how many seconds the answer took to end on our side.
async fn streamed<B>(body: B, window: u32) -> (Response<Incoming>, impl Future<Output = u64>)
where
    B: Stream<Item = Bytes> + Send + Unpin + 'static,
{
    let (far, near) = tokio::io::duplex(1 << 20);
    let (kept, ended) = tokio::sync::oneshot::channel::<()>();
    let given = parking_lot::Mutex::new(Some((body, kept)));
    let service = service_fn(move |_| {
        let given = given.lock().take();
        async move {
            let (body, kept) = given.ok_or("only one is answered")?;
            let frames = body.map(move |data| {
                let _kept = &kept;
                Ok::<_, std::convert::Infallible>(Frame::data(data))
            });
            Ok::<_, &str>(Response::new(Taken::new(StreamBody::new(frames))))
        }
    });
    let streams = Streams { write_timeout: Duration::from_secs(30) };
    tokio::spawn(server::conn::http2::Builder::new(streams).serve_connection(TokioIo::new(near), service));
    let mut client = client::conn::http2::Builder::new(TokioExecutor::new());
    let client = client.initial_stream_window_size(window).handshake(TokioIo::new(far));
    let (mut sender, driver) = client.await.expect("a connection");
    tokio::spawn(driver);
    let begun = tokio::time::Instant::now();
    let response = sender.send_request(Request::new(Empty::<Bytes>::new())).await.expect("an answer");
    let ended = async move {
        assert!(ended.await.is_err(), "dropped, as nothing is sent");
        drop(sender);
        begun.elapsed().as_secs()
    };
    (response, ended)
}

#[tokio::test(start_paused = true)]
async fn an_http2_stream_whose_client_takes_nothing_is_reset() {
    for window in [0, 1, 65_535] {
        let endless = stream::repeat_with(|| Bytes::from_static(&[0; 16_384]));
        let (response, ended) = streamed(endless, window).await;
        assert_eq!(ended.await, 30, "{window}");
        assert!(response.into_body().collect().await.is_err(), "it was cut, which is no end");
    }
}

#[tokio::test(start_paused = true)]
async fn an_http2_stream_whose_client_takes_it_slowly_goes_on() {
    let pieces = stream::iter((0..10).map(|_| Bytes::from_static(&[0; 16_384])));
    let (response, ended) = streamed(pieces, 16_384).await;
    let slowly = async {
        let (mut body, mut length) = (response.into_body(), 0);
        while let Some(frame) = body.frame().await {
            length += frame.expect("it goes on").into_data().map_or(0, |data| data.len());
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
        length
    };
    assert_eq!(tokio::join!(slowly, ended).0, 163_840);
}

#[tokio::test(start_paused = true)]
async fn an_http2_client_owes_a_slow_service_nothing() {
    let pieces = stream::iter(0..3).then(|_| async {
        tokio::time::sleep(Duration::from_secs(100)).await;
        Bytes::from_static(b"x")
    });
    let (response, ended) = streamed(Box::pin(pieces), 65_535).await;
    let (whole, seconds) = tokio::join!(response.into_body().collect(), ended);
    assert_eq!((whole.expect("whole").to_bytes().len(), seconds), (3, 300));
}
