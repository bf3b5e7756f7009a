//! The running daemon: what it opens, which threads it starts, and how it stops.

mod deadline;
mod files;
mod first;
mod listen;
mod passed;
mod stop;
mod supervisor;

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parlor_protocol::refusal::Code;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::Accounts;
use crate::admission::Gate;
use crate::audit::{self, AuditError, AuditLog};
use crate::clock::now;
use crate::config::{Config, Overrides};
use crate::control::{ControlError, ControlSocket};
use crate::delivery::{self, ShardHandle};
use crate::hub::{ASKS_MAX, Ask, Core, Hub, Stopped, TICK};
use crate::logging::Logging;
use crate::metrics;
use crate::reload::{Aside, Configuration, RELOADS_MAX};
use crate::secrets::{self, SecretsError};
use crate::session::{self, Server};
use crate::store::{Create, Store, StoreError};
use crate::tls::{self, HostKey};
use deadline::Deadline;
use first::first_operator;
use listen::{Door, Listener};
pub(crate) use passed::Passed;
use stop::{join_all, until_stopped};
pub(crate) use supervisor::CONFINED;

/// Why the daemon did not start, or did not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error(transparent)]
    Control(#[from] ControlError),
    #[error("cannot listen on {place}: {source}{}", listen::remedy(source))]
    Listen { place: String, source: io::Error },
    #[error(
        "this process may have {files} files open at once and takes {least} at least; raise its \
         limit, as by `ulimit -n`, or by LimitNOFILE= of its unit"
    )]
    TooFewFiles { files: u64, least: u64 },
    #[error("cannot {operation}: {source}")]
    Io { operation: String, source: io::Error },
    #[error("the store failed and nothing may follow: {0}; see to the disk and start again")]
    Failed(StoreError),
    #[error("cannot make the first operator's code: {0}")]
    FirstCode(Code),
    #[error("a thread of the daemon has died; its last words are above")]
    Died,
    #[error("not everything ended within {} s of being told to; what was not answered may not be done", .0.as_secs())]
    Hung(Duration),
}

/// Names what an I/O error happened at.
fn failed(operation: impl Into<String>) -> impl FnOnce(io::Error) -> ServeError {
    let operation = operation.into();
    |source| ServeError::Io { operation, source }
}

/// Runs the daemon until it is told to stop. Where sockets were passed to it, they are its encrypted
/// listeners.
///
/// # Errors
/// It cannot start, or its store fails.
pub(crate) fn run(start: Start) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed("start"))?;
    let ended = runtime.block_on(serve(start));
    // Whoever still waits for a thread that hangs must not hold up the end of the process.
    runtime.shutdown_background();
    ended
}

/// What the daemon starts with.
pub(crate) struct Start {
    /// Its configuration.
    pub(crate) config: Config,
    /// What the command line said about it, for when it is read again.
    pub(crate) overrides: Overrides,
    /// Where the operational log goes.
    pub(crate) log: Logging,
    /// The sockets that were passed to it.
    pub(crate) passed: Passed,
}

async fn serve(Start { config, overrides, log, passed }: Start) -> Result<(), ServeError> {
    supervisor::status("loading the store").await;
    let Store { mut writer, readers } = Store::open(&config.data, Create::IfMissing)?;
    let (host_key, setup) = secrets::load_or_make(&config.data, &mut writer)?;
    let listeners = listen::bind(&config.listen, passed, &tls::server_config(&host_key))?;
    let scrapers = listen::bind_metrics(config.metrics)?;
    let room = files::room_for_connections(config.shards, listeners.len())?;
    let control = ControlSocket::open(&config.data)?;
    let audit_log = AuditLog::open(&config.data, config.audit, &audit::pending(&readers, 0)?)?;
    let core = Core::load(writer, config.allowances.clone())?;
    let audited = core.audited();

    let (hub, asks) = mpsc::channel(ASKS_MAX);
    let (mode, sign_up) = watch::channel(config.sign_up);
    let (manners, heed) = watch::channel(config.manners());
    let (reload, reloads) = mpsc::channel(RELOADS_MAX);
    let first = first_operator(core.world(), config.sign_up, now());
    let server = Arc::new(Server {
        manners: heed,
        sign_up,
        reload,
        gate: Gate::new(&config.connections, room),
        started: Instant::now(),
        accounts: Accounts::new(setup, config.stretch.clone()),
        hub: hub.clone(),
        readers,
    });
    let shards = start_shards(config.shards, &server)?;
    let (ring, rung) = sync_channel(1);
    let audit = {
        let (readers, hub) = (server.readers.clone(), hub.clone());
        start("audit", move || audit::keep(audit_log, audited, &readers, &rung, &hub))?
    };
    let batches = shards.iter().map(|shard| shard.batches.clone()).collect();
    let penalties = config.penalties.clone();
    let owner = Hub::new(core, batches, ring, config.retention, penalties, mode);
    // Before anybody can know that there is a daemon to stop.
    let Deadline { told, over } = Deadline::start()?;
    let hang_up = signal(SignalKind::hangup()).map_err(failed("listen for SIGHUP"))?;
    let (hub_thread, has_stopped) = start_hub(owner, asks, over)?;

    // Nobody comes in any more before everything else ends.
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let accept = stop.child_token();
    let door = Door::new(server.gate.clone(), &shards);
    if let Some(first) = first {
        first.tell(&server).await?;
    }
    announce(&host_key, scrapers.as_ref(), &listeners);
    let living = supervisor::ready(&listeners, hub.clone()).await;
    tasks.spawn(stop.clone().run_until_cancelled_owned(living));
    for listener in listeners {
        tasks.spawn(accept.clone().run_until_cancelled_owned(listener.run(door.clone())));
    }
    if let Some(scrapers) = scrapers {
        let served = metrics::serve(scrapers, Arc::clone(&server), shards.len());
        tasks.spawn(stop.clone().run_until_cancelled_owned(served));
    }
    tasks.spawn(stop.clone().run_until_cancelled_owned(control.run(Arc::clone(&server))));
    tasks.spawn(stop.clone().run_until_cancelled_owned(tick(hub.clone())));
    let (gate, sign_up, way) = (server.gate.clone(), server.sign_up.clone(), hub.clone());
    let aside = Aside::default();
    let kept = Configuration { config, overrides, log, gate, manners, sign_up, hub: way, aside };
    tasks.spawn(stop.clone().run_until_cancelled_owned(kept.keep(reloads, hang_up)));

    let stopped = until_stopped(told_to_stop(told), &hub, has_stopped, &accept).await;
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    drop((door, server, hub));
    let shards = shards.into_iter().map(ShardHandle::close);
    let joined = join_all([hub_thread].into_iter().chain(shards).chain([audit]));
    stopped.and(joined)
}

async fn told_to_stop(told: CancellationToken) {
    told.cancelled().await;
    supervisor::stopping().await;
}

/// Starts the hub; whoever waits for its end sees the sender dropped, also after a panic.
fn start_hub(
    owner: Hub,
    mut asks: mpsc::Receiver<Ask>,
    over: CancellationToken,
) -> Result<(JoinHandle<()>, oneshot::Receiver<Stopped>), ServeError> {
    let (stopped, has_stopped) = oneshot::channel();
    let thread = start("hub", move || {
        let _over = over.drop_guard();
        let _waiting = stopped.send(owner.run(&mut asks));
    })?;
    Ok((thread, has_stopped))
}

fn start_shards(count: usize, server: &Arc<Server>) -> Result<Vec<ShardHandle>, ServeError> {
    (0..count)
        .map(|index| {
            let server = Arc::clone(server);
            let index = u16::try_from(index).expect("invariant: the configuration bounds shards");
            delivery::spawn(index, move |shard, conn| {
                session::run(shard, conn, Arc::clone(&server))
            })
            .map_err(failed("start a delivery thread"))
        })
        .collect()
}

fn start(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, ServeError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map_err(failed(format!("start the {name} thread")))
}

async fn tick(hub: mpsc::Sender<Ask>) {
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        if hub.send(Ask::Tick).await.is_err() {
            return;
        }
    }
}

/// Says where it listens and by which key it is known, a line each, for people and for tests. Whoever
/// starts it need not listen: it is there for others.
fn announce(host_key: &HostKey, scrapers: Option<&TcpListener>, listeners: &[Listener]) {
    let mut out = io::stdout().lock();
    let _unheard = writeln!(out, "host key {} (ED25519)", host_key.fingerprint());
    if let Some(Ok(address)) = scrapers.map(TcpListener::local_addr) {
        let _unheard = writeln!(out, "metrics on http://{address}/metrics");
    }
    for listener in listeners {
        let _unheard = writeln!(out, "listening on {listener}");
    }
}
