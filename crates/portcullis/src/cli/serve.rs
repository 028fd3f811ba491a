//! `portcullis serve`: run the gate until told to stop.

use clap::Args;
use kernel::Secret;
use tokio::runtime::Builder;

use super::{Failure, Settings, failure::reason, output};
use crate::{
    app::{App, Parts, Running},
    config::{Loaded, Sources},
    demo::{self, Demo},
    operator::{FIRST_ADMIN, admins, password},
    reload::{self, Event},
};

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Start a small service behind the gate as well, with routes to it, to try things out
    #[arg(long)]
    demo: bool,
}

impl Serve {
    pub(super) fn run(self, settings: &Settings) -> Result<(), Failure> {
        let sources = settings.sources();
        let loaded = sources.load()?;
        let log = &loaded.config.log;
        observe::logging::init(log.format.into(), &log.level).map_err(Failure::usage)?;
        // An error means that there is one already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        // The edge and identity have threads of their own. This one waits for signals.
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime
            .map_err(|e| Failure::new(format!("cannot start: {}", reason(&e))))?
            .block_on(self.serve(sources, loaded))
    }

    async fn serve(self, sources: Sources, loaded: Loaded) -> Result<(), Failure> {
        let mut events = reload::Events::new(loaded.file.clone())
            .map_err(|e| Failure::new(format!("cannot listen to signals: {}", reason(&e))))?;
        let demo = match self.demo {
            true => Some(
                Demo::start()
                    .await
                    .map_err(|e| Failure::new(format!("cannot start the demo service: {}", reason(&e))))?,
            ),
            false => None,
        };
        let adapt = |mut config| {
            if let Some(demo) = &demo {
                demo.add_to(&mut config);
            }
            config
        };
        let mut config = adapt(loaded.config);
        let running = App::start(config.clone(), Parts::default()).await?;
        let admin = first_admin(&running).await?;
        output::line(&greeting(&running, &config.public_url(running.public_addr()), admin.as_ref(), demo.is_some()));
        tracing::info!(public = %running.public_addr(), operations = %running.ops_addr(), "ready");

        loop {
            match events.next().await {
                Event::Stop => break,
                Event::Reload => reload::apply(&running, &sources, &mut config, adapt),
            }
        }
        tracing::info!("stopping: requests in flight may end; a second signal ends at once");
        tokio::select! {
            () = running.shutdown() => Ok(()),
            () = events.stopped() => Err(Failure::new("stopped at once, at the second signal")),
        }
    }
}

/// On a database that was made by this start, somebody must be able to log in: makes an administrator,
/// unless there is one.
async fn first_admin(running: &Running) -> Result<Option<Secret>, Failure> {
    if !running.is_first_start() {
        return Ok(None);
    }
    let core = running.core();
    let password = password::generate(&*core.random);
    let email = FIRST_ADMIN.parse().map_err(Failure::new)?;
    admins::create(core, email, password.clone()).await?;
    Ok(Some(password))
}

fn greeting(running: &Running, public_url: &str, admin: Option<&Secret>, demo: bool) -> String {
    let mut text = format!(
        "Portcullis {} on {public_url} (operations on http://{})",
        env!("CARGO_PKG_VERSION"),
        running.ops_addr()
    );
    if let Some(password) = admin {
        text += &format!(
            "\n\nThe first administrator, shown this once; `portcullis admin reset-password --email {FIRST_ADMIN}` gives\n\
             another password:\n\n  e-mail    {FIRST_ADMIN}\n  password  {}",
            password.expose()
        );
    }
    if demo {
        text += &demo::tour(public_url);
    }
    text + "\n"
}
