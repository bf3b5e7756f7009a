//! The running daemon: what it opens, which threads it starts, and how it stops.

mod first;
mod listen;
mod passed;
mod supervisor;

use std::io;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parlor_protocol::refusal::Code;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::Accounts;
use crate::admission::Gate;
use crate::audit::{self, AuditError, AuditLog};
use crate::clock::now;
use crate::config::Config;
use crate::control::{ControlError, ControlSocket};
use crate::delivery::{self, ShardHandle};
use crate::hub::{ASKS_MAX, Ask, Core, Hub, Stopped, TICK};
use crate::metrics;
use crate::secrets::{self, SecretsError};
use crate::session::{self, Server};
use crate::store::{Create, Store, StoreError};
use crate::tls::{self, HostKey};
use first::first_operator;
use listen::{Door, Listener};
pub(crate) use passed::Passed;

/// The whole of a stop, at most: whatever has not ended by then ends with the process.
const STOP_DEADLINE: Duration = Duration::from_secs(10);

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
    #[error("cannot {operation}: {source}")]
    Io { operation: String, source: io::Error },
    #[error("the store failed and nothing may follow: {0}; see to the disk and start again")]
    Failed(StoreError),
    #[error("cannot make the first operator's code: {0}")]
    FirstCode(Code),
    #[error("a thread of the daemon has died; its last words are above")]
    Died,
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
pub(crate) fn run(config: &Config, passed: Passed) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed("start"))?;
    runtime.block_on(serve(config, passed))
}

async fn serve(config: &Config, passed: Passed) -> Result<(), ServeError> {
    supervisor::status("loading the store");
    listen::allow_many_connections();
    let Store { mut writer, readers } = Store::open(&config.data, Create::IfMissing)?;
    let (host_key, setup) = secrets::load_or_make(&config.data, &mut writer)?;
    let listeners = listen::bind(&config.listen, passed, &tls::server_config(&host_key))?;
    let scrapers = listen::bind_metrics(config.metrics)?;
    let control = ControlSocket::open(&config.data)?;
    let audit_log = AuditLog::open(&config.data, config.audit, &audit::pending(&readers, 0)?)?;
    let core = Core::load(writer, config.allowances.clone())?;
    let audited = core.audited();

    let (hub, mut asks) = mpsc::channel(ASKS_MAX);
    let (mode, sign_up) = watch::channel(config.sign_up);
    let first = first_operator(core.world(), config.sign_up, now());
    let server = Arc::new(Server {
        name: config.server_name.clone(),
        motd: config.motd.clone(),
        sign_up,
        sign_up_configured: config.sign_up,
        login_deadline: config.login_timeout,
        gate: Gate::new(&config.connections),
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
    let (stopped, has_stopped) = oneshot::channel();
    let batches = shards.iter().map(|shard| shard.batches.clone()).collect();
    let hub_thread = {
        let penalties = config.penalties.clone();
        let owner = Hub::new(core, batches, ring, config.retention, penalties, mode);
        start("hub", move || {
            // Whoever waits for it sees the sender dropped, also after a panic.
            let _waiting = stopped.send(owner.run(&mut asks));
        })?
    };

    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let door = Door::new(server.gate.clone(), &shards);
    // Before anybody can know that there is a daemon to stop.
    let signals = Signals::new()?;
    if let Some(first) = first {
        let code = first.make(&server).await?;
        eprintln!("sign up as the first operator within 24 hours with the code {code}");
    }
    announce(&host_key, scrapers.as_ref(), &listeners);
    supervisor::ready(&listeners);
    for listener in listeners {
        tasks.spawn(stop.clone().run_until_cancelled_owned(listener.run(door.clone())));
    }
    if let Some(scrapers) = scrapers {
        let served = metrics::serve(scrapers, Arc::clone(&server), shards.len());
        tasks.spawn(stop.clone().run_until_cancelled_owned(served));
    }
    let control = control.run(Arc::clone(&server));
    tasks.spawn(stop.clone().run_until_cancelled_owned(control));
    tasks.spawn(stop.clone().run_until_cancelled_owned(tick(hub.clone())));
    tasks.spawn(stop.clone().run_until_cancelled_owned(supervisor::keep_alive(hub.clone())));

    let outcome = until_stopped(signals, &hub, has_stopped).await;
    stop.cancel();
    tasks.close();
    tasks.wait().await;
    drop((door, server, hub));
    join_all(hub_thread, shards, audit).await;
    outcome
}

/// The signals that stop the daemon. From here on they do not end the process by themselves.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self, ServeError> {
        let terminate = signal(SignalKind::terminate()).map_err(failed("listen for SIGTERM"))?;
        let interrupt = signal(SignalKind::interrupt()).map_err(failed("listen for SIGINT"))?;
        Ok(Self { terminate, interrupt })
    }
}

/// Waits for a signal or for the hub's end; after a signal the hub answers what it took.
async fn until_stopped(
    mut signals: Signals,
    hub: &mpsc::Sender<Ask>,
    mut has_stopped: oneshot::Receiver<Stopped>,
) -> Result<(), ServeError> {
    let stopped = tokio::select! {
        stopped = &mut has_stopped => stopped,
        _ = signals.terminate.recv() => stop_hub(hub, has_stopped).await,
        _ = signals.interrupt.recv() => stop_hub(hub, has_stopped).await,
    };
    match stopped {
        Ok(Stopped::AsTold) => Ok(()),
        Ok(Stopped::Failed(error)) => Err(ServeError::Failed(error)),
        Err(_panicked) => Err(ServeError::Died),
    }
}

async fn stop_hub(
    hub: &mpsc::Sender<Ask>,
    has_stopped: oneshot::Receiver<Stopped>,
) -> Result<Stopped, oneshot::error::RecvError> {
    supervisor::stopping();
    // A hub that is gone already says so through the other channel.
    let _gone = hub.send(Ask::Stop).await;
    has_stopped.await
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

/// Says where it listens and by which key it is known, a line each, for people and for tests.
fn announce(host_key: &HostKey, scrapers: Option<&TcpListener>, listeners: &[Listener]) {
    println!("host key {} (ED25519)", host_key.fingerprint());
    if let Some(Ok(address)) = scrapers.map(TcpListener::local_addr) {
        println!("metrics on http://{address}/metrics");
    }
    for listener in listeners {
        println!("listening on {listener}");
    }
}

/// Waits for the threads, each of which ends once nobody can reach it.
async fn join_all(hub: JoinHandle<()>, shards: Vec<ShardHandle>, audit: JoinHandle<()>) {
    let joined = tokio::task::spawn_blocking(move || {
        let mut threads = vec![hub];
        threads.extend(shards.into_iter().map(ShardHandle::close));
        threads.push(audit);
        for thread in threads {
            if thread.join().is_err() {
                log::error!("a thread of the daemon panicked");
            }
        }
    });
    if tokio::time::timeout(STOP_DEADLINE, joined).await.is_err() {
        log::error!("not everything ended within {} s", STOP_DEADLINE.as_secs());
    }
}
