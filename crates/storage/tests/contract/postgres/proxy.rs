//! A wire between the store and the server that counts, and that can be cut.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What happened on all connections through the wire.
#[derive(Clone, Default)]
pub(super) struct Wire {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    /// How often the client began to speak after the server had spoken: its round trips.
    turns: AtomicUsize,
    /// How many connections there were.
    connections: AtomicUsize,
    /// Whether a `COMMIT` is swallowed and its connection cut.
    cut_commits: AtomicBool,
}

impl Wire {
    /// The wire, and the URL of its near end.
    pub(super) async fn to(url: &str) -> (Self, String) {
        let (before, rest) = url.split_once("@127.0.0.1:").expect("a URL of a test server");
        let (port, database) = rest.split_once('/').expect("a URL of a test server");
        let far: u16 = port.parse().expect("a port");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let near = listener.local_addr().expect("an address").port();
        let wire = Self::default();
        let inner = wire.inner.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(("127.0.0.1", far)).await.expect("the server");
                inner.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(relay(client, server, inner.clone()));
            }
        });
        // TLS would be tried first and would hide what is said.
        (wire, format!("{before}@127.0.0.1:{near}/{database}?sslmode=disable"))
    }

    /// Round trips since the last call.
    pub(super) fn turns(&self) -> usize {
        self.inner.turns.swap(0, Ordering::SeqCst)
    }
    pub(super) fn connections(&self) -> usize {
        self.inner.connections.load(Ordering::SeqCst)
    }
    pub(super) fn cut_commits(&self, yes: bool) {
        self.inner.cut_commits.store(yes, Ordering::SeqCst);
    }
}

async fn relay(mut client: TcpStream, mut server: TcpStream, wire: Arc<Inner>) {
    let (mut up, mut down) = ([0; 65_536], [0; 65_536]);
    let mut servers_turn = true;
    loop {
        tokio::select! {
            // What the server still says belongs before what the client says next.
            biased;
            read = server.read(&mut down) => match read {
                Ok(n @ 1..) if client.write_all(&down[..n]).await.is_ok() => servers_turn = true,
                _ => return,
            },
            read = client.read(&mut up) => match read {
                Ok(n @ 1..) => {
                    let said = &up[..n];
                    if wire.cut_commits.load(Ordering::SeqCst) && said.windows(6).any(|w| w == b"COMMIT") {
                        return;
                    }
                    if std::mem::take(&mut servers_turn) {
                        wire.turns.fetch_add(1, Ordering::SeqCst);
                    }
                    if server.write_all(said).await.is_err() {
                        return;
                    }
                }
                _ => return,
            },
        }
    }
}
