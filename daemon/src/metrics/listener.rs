//! The listener of scrapers: as much of HTTP/1.1 as a GET takes, and one answer a connection.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::text::Scrape;
use super::{HubReport, ShardCounts};
use crate::clock::now;
use crate::hub::Ask;
use crate::session::Server;

/// Where a scraper finds everything.
const PATH: &str = "/metrics";
/// The longest request that is read, in bytes: a scraper's headers are a few hundred.
const REQUEST_BYTES_MAX: u64 = 8 * 1024;
/// Scrapers served at once; more wait for their turn.
const SCRAPERS_MAX: usize = 4;
/// How long a scraper may take, and the hub and the shards. Prometheus itself gives up after 10 s.
const PATIENCE: Duration = Duration::from_secs(5);
/// After a failed accept: the process is short of descriptors, and needs a moment to close some.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves scrapers until it is dropped.
pub(crate) async fn serve(listener: TcpListener, server: Arc<Server>, shards: usize) {
    let places = Arc::new(Semaphore::new(SCRAPERS_MAX));
    let mut tasks = JoinSet::new();
    loop {
        let place = Arc::clone(&places).acquire_owned().await;
        let place = place.expect("invariant: nobody closes the semaphore");
        match listener.accept().await {
            Ok((stream, _)) => {
                let server = Arc::clone(&server);
                tasks.spawn(async move {
                    let answered = timeout(PATIENCE, answer(stream, &server, shards)).await;
                    if let Err(error) = answered.unwrap_or_else(|late| Err(late.into())) {
                        log::warn!("a scrape failed: {error}");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                log::warn!("cannot accept a scraper: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
        while tasks.try_join_next().is_some() {}
    }
}

async fn answer(mut stream: TcpStream, server: &Server, shards: usize) -> io::Result<()> {
    let request = request(&mut stream).await?;
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
        hub,
        shards: sum,
    })
}
