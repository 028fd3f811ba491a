//! How connections are made: as the owner, for migrations, and as the role of the program.

use std::time::Duration;

use tokio::{runtime::Handle, time::timeout};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{convert, session::Session, tls, url::Target};
use crate::store::{OpenError, StoreError, dialect::APP_ROLE};

/// For one address of the server to accept a connection, unless the URL says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// For the whole of it: name, connection, TLS, authentication, settings.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest statement of the program; the server ends it.
pub(super) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);

/// Makes connections for the pool.
#[derive(Debug)]
pub(super) struct Connector {
    pub(super) owner: Owner,
    /// Sent once on each connection.
    settings: String,
}

impl Connector {
    /// `schema` is where the owner's tables are; `durable`: whether a commit waits for the disk.
    pub(super) fn new(owner: Owner, schema: &str, durable: bool) -> Self {
        let seconds = STATEMENT_TIMEOUT.as_secs();
        // Only `BEGIN READ WRITE` may write, so a statement can never slip past its transaction. The
        // schema is fixed, since `"$user"` means another one under another role.
        let settings = format!(
            "SET ROLE {APP_ROLE};
             SET search_path = {schema}, pg_temp;
             SET default_transaction_read_only = on;
             SET statement_timeout = '{seconds}s';
             SET idle_in_transaction_session_timeout = '{}s';
             SET jit = off;
             SET synchronous_commit = {}",
            seconds * 2,
            if durable { "on" } else { "off" },
            schema = quoted(schema),
        );
        Self { owner, settings }
    }

    /// A connection as the role that row-level security binds.
    pub(super) async fn connect(&self) -> Result<Session, StoreError> {
        let mut session = self.owner.connect().await?;
        session.batch(&self.settings).await.map_err(|e| {
            let reason = convert::sentence(&e);
            StoreError::Unavailable(format!("{reason}; `portcullis migrate up` prepares the role {APP_ROLE}"))
        })?;
        // A server on a system that cannot tell refuses this one; it then finds out at the next answer.
        drop(session.batch("SET client_connection_check_interval = '5s'").await);
        Ok(session)
    }
}

/// Makes connections as whom the URL names.
#[derive(Clone)]
pub(super) struct Owner {
    config: tokio_postgres::Config,
    tls: MakeRustlsConnect,
    /// Where sockets are watched, whichever runtime asks for a connection.
    runtime: Handle,
}

impl Owner {
    pub(super) fn new(mut target: Target) -> Result<Self, OpenError> {
        if target.config.get_connect_timeout().is_none() {
            target.config.connect_timeout(CONNECT_TIMEOUT);
        }
        Ok(Self { tls: tls::connector(&target)?, config: target.config, runtime: Handle::current() })
    }

    pub(super) async fn connect(&self) -> Result<Session, StoreError> {
        let (config, tls) = (self.config.clone(), self.tls.clone());
        let work = async move { timeout(PATIENCE, config.connect(tls)).await };
        match self.runtime.spawn(work).await {
            Ok(Ok(Ok((client, link)))) => Ok(Session::new(client, link)),
            Ok(Ok(Err(error))) => Err(StoreError::Unavailable(convert::connecting(&error))),
            Ok(Err(_)) => Err(StoreError::Unavailable("the server does not answer".into())),
            Err(_) => Err(StoreError::Unavailable("the program is ending".into())),
        }
    }
}

impl std::fmt::Debug for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Owner").field("config", &self.config).finish_non_exhaustive()
    }
}

/// An identifier, as SQL spells it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
