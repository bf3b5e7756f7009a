//! What the kernel alone takes to send a message to a listener over loopback: the floor under every
//! delivery.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use mio::{Events, Interest, Poll, Token};

/// Listeners, as in the flooded room.
const LISTENERS: usize = 300;
/// Bytes of the frame that carries a message of 100 bytes.
const FRAME: [u8; 140] = [0; 140];
/// Sends to each listener.
const SENDS: usize = 500;

/// Measures and prints it.
pub(crate) fn print() -> Result<()> {
    println!(
        "the kernel's floor for a delivery over loopback here and now: {:.2} us alone, {:.2} us \
         where 16 share a send",
        per_frame(1)?.as_secs_f64() * 1e6,
        per_frame(16)?.as_secs_f64() * 1e6
    );
    Ok(())
}

/// The processor time of this thread for each frame, where so many share a send.
fn per_frame(frames: usize) -> Result<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let (mut from, mut to) = (vec![], vec![]);
    for _ in 0..LISTENERS {
        from.push(TcpStream::connect(listener.local_addr()?)?);
        to.push(listener.accept()?.0);
    }
    from.iter().try_for_each(|stream| stream.set_nodelay(true))?;
    let reading = thread::spawn(move || read_all(to));
    let bytes = FRAME.repeat(frames);
    let before = thread_cpu()?;
    for _ in 0..SENDS {
        for stream in &mut from {
            stream.write_all(&bytes)?;
        }
    }
    let took = thread_cpu()? - before;
    drop(from);
    reading.join().map_err(|_| anyhow!("the reader panicked"))??;
    Ok(took / u32::try_from(SENDS * LISTENERS * frames)?)
}

/// Reads all connections to their ends.
fn read_all(streams: Vec<TcpStream>) -> Result<()> {
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(LISTENERS));
    let mut streams = streams
        .into_iter()
        .enumerate()
        .map(|(place, stream)| {
            stream.set_nonblocking(true)?;
            let mut stream = mio::net::TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(place), Interest::READABLE)?;
            Ok(Some(stream))
        })
        .collect::<Result<Vec<_>>>()?;
    let (mut open, mut buffer) = (streams.len(), vec![0; 64 * 1024]);
    while open > 0 {
        poll.poll(&mut events, None)?;
        for event in &events {
            let Token(place) = event.token();
            // An end may be told of twice; would-block, the only error here, means that all is read.
            while let Some(stream) = &mut streams[place]
                && let Ok(count) = stream.read(&mut buffer)
            {
                if count == 0 {
                    streams[place] = None;
                    open -= 1;
                }
            }
        }
    }
    Ok(())
}

/// The time that this thread was on a processor.
fn thread_cpu() -> Result<Duration> {
    let times = fs::read_to_string("/proc/thread-self/schedstat").context("read thread times")?;
    let nanos = times.split(' ').next().context("read thread times")?;
    Ok(Duration::from_nanos(nanos.parse()?))
}
