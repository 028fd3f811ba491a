use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{connection::Requests, http2::Patient};
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
