//! Binds one address for several threads.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections the kernel queues while no thread accepts.
const BACKLOG: i32 = 1_024;

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Somebody else listens there.
    #[error("{0} is already in use: stop the other process or choose another `server.listen`")]
    Busy(SocketAddr),
    /// Ports below 1024 are guarded.
    #[error("not allowed to listen on {0}: choose a port above 1023, or grant CAP_NET_BIND_SERVICE")]
    Forbidden(SocketAddr),
    /// The machine does not have the address.
    #[error("this machine does not have the address {0}: correct `server.listen`")]
    NotOurs(SocketAddr),
    /// Anything else.
    #[error("cannot listen on {0}: {1}")]
    Other(SocketAddr, io::Error),
}

/// One listening socket for each thread, all on the same address.
pub(super) struct Sockets {
    pub(super) address: SocketAddr,
    pub(super) listeners: Vec<TcpListener>,
}

/// Binds `count` sockets.
pub(super) fn bind(address: SocketAddr, count: usize) -> Result<Sockets, BindError> {
    let explain = |error: io::Error| match error.kind() {
        io::ErrorKind::AddrInUse => BindError::Busy(address),
        io::ErrorKind::PermissionDenied => BindError::Forbidden(address),
        io::ErrorKind::AddrNotAvailable => BindError::NotOurs(address),
        _ => BindError::Other(address, error),
    };
    // Sharing a port works between processes too: a second gate would silently take half of the
    // connections of the first. One that does not share finds out whether anybody is there.
    if address.port() != 0 {
        open(address, false).map_err(explain)?;
    }
    let first = open(address, count > 1).map_err(explain)?;
    let address = first.local_addr().map_err(explain)?;
    let rest = (1..count).map(|_| open(address, true));
    let listeners = std::iter::once(Ok(first)).chain(rest).collect::<io::Result<_>>().map_err(explain)?;
    Ok(Sockets { address, listeners })
}

fn open(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Connections of a process before us that still wind down do not hold the address.
    socket.set_reuse_address(true)?;
    if shared {
        socket.set_reuse_port(true)?;
    }
    if address.is_ipv6() {
        // `[::]` serves IPv4 as well, whatever the machine's default.
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
