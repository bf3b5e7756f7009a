//! The listener of scrapers: as much of HTTP/1.1 as a GET takes, and one answer a connection.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use super::text::Scrape;
use super::{HubReport, ShardCounts};
use crate::accepting::Accepting;
use crate::clock::now;
use crate::hub::Ask;
use crate::session::Server;

/// Where a scraper finds everything.
const PATH: &str = "/metrics";
/// The longest request that is read, in bytes: a scraper's headers are a few hundred.
const REQUEST_BYTES_MAX: u64 = 8 * 1024;
/// Connections at once. Where there are as many, the oldest that has not said what it wants makes room
/// for the next: a scraper says so at once, so that nobody keeps it out by holding connections.
const CONNECTIONS_MAX: usize = 64;
/// Scrapers answered at once; more wait for their turn.
const SCRAPERS_MAX: usize = 4;
/// How long a scraper may take, and the hub and the shards. Prometheus itself gives up after 10 s.
const PATIENCE: Duration = Duration::from_secs(5);
/// Serves scrapers until it is dropped.
pub(crate) async fn serve(listener: TcpListener, server: Arc<Server>, shards: usize) {
    let turns = Arc::new(Semaphore::new(SCRAPERS_MAX));
    let (mut callers, mut accepting) = (Callers::default(), Accepting::default());
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                accepting.succeeded();
                callers.make_room().await;
                let (server, turns) = (Arc::clone(&server), Arc::clone(&turns));
                callers.take(|heard| async move {
                    let answer = answer(stream, &server, shards, (&heard, &turns));
                    let answered = timeout(PATIENCE, answer).await;
                    if let Err(error) = answered.unwrap_or_else(|late| Err(late.into())) {
                        log::warn!("a scrape failed: {error}");
                    }
                });
            }
            Err(error) => accepting.failed("a scraper", &error).await,
        }
    }
}

/// Whoever is connected, in the order in which they came.
#[derive(Default)]
struct Callers {
    tasks: JoinSet<()>,
    /// What ends each, and whether it was heard out.
    order: VecDeque<(AbortHandle, Heard)>,
}

type Heard = Arc<AtomicBool>;

impl Callers {
    /// Sees to it that one more may come.
    async fn make_room(&mut self) {
        while self.tasks.try_join_next().is_some() {}
        self.order.retain(|(task, _)| !task.is_finished());
        if self.order.len() < CONNECTIONS_MAX {
            return;
        }
        let silent = self.order.iter().position(|(_, heard)| !heard.load(Ordering::Relaxed));
        match silent.and_then(|place| self.order.remove(place)) {
            Some((task, _)) => task.abort(),
            // All wait for their answers, and none does for long.
            None => drop(self.tasks.join_next().await),
        }
    }

    fn take<F>(&mut self, serve: impl FnOnce(Heard) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let heard = Heard::default();
        let task = self.tasks.spawn(serve(Arc::clone(&heard)));
        self.order.push_back((task, heard));
    }
}

async fn answer(
    mut stream: TcpStream,
    server: &Server,
    shards: usize,
    (heard, turns): (&Heard, &Semaphore),
) -> io::Result<()> {
    let request = request(&mut stream).await?;
    heard.store(true, Ordering::Relaxed);
    let _turn = turns.acquire().await.expect("invariant: nobody closes the semaphore");
    let mut words = request.split(|&byte| byte == b' ' || byte == b'\r');
    let (status, body) = match (words.next(), words.next()) {
        (Some(b"GET"), Some(path)) if path == PATH.as_bytes() => {
            match scrape(server, shards).await {
                Some(scrape) => ("200 OK", scrape.text()),
                None => ("503 Service Unavailable", "the daemon is stopping\n".to_owned()),
            }
        }
        (Some(b"GET"), Some(_)) => ("404 Not Found", format!("metrics are at {PATH}\n")),
        _ => ("400 Bad Request", "only GET is understood\n".to_owned()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await?;
    stream.shutdown().await
}

/// The request up to the empty line behind its headers.
async fn request(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut request = vec![];
    let mut stream = stream.take(REQUEST_BYTES_MAX);
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(request)
}

/// Asks the hub, which passes the question on to the shards; `None` where one of them has ended.
async fn scrape(server: &Server, shards: usize) -> Option<Scrape> {
    let (answer, answered) = oneshot::channel();
    let (counts, mut counted) = mpsc::channel(shards);
    server.hub.send(Ask::Count { answer, shards: counts }).await.ok()?;
    let mut hub: HubReport = answered.await.ok()?;
    hub.limited += server.gate.limited(now(), Instant::now()).count();
    let mut sum = ShardCounts::default();
    for _ in 0..shards {
        sum.add(&counted.recv().await?);
    }
    Some(Scrape {
        version: env!("CARGO_PKG_VERSION"),
        uptime_secs: server.started.elapsed().as_secs(),
        connections: server.gate.open(),
        curbed: server.gate.curbed(),
        hub,
        shards: sum,
    })
}
