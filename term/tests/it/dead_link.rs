//! A link that has died without a word: a proxy that stops forwarding and closes nothing.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use crate::daemon::Daemon;
use crate::full_screen::{User, times};

/// What is promised, and what a busy machine may add.
const NOTICED_WITHIN: Duration = Duration::from_secs(10);
const SLACK: Duration = Duration::from_secs(3);

/// Forwards connections to a port until it is frozen.
struct Proxy {
    port: u16,
    frozen: Arc<(Mutex<bool>, Condvar)>,
    stopped: Arc<AtomicBool>,
}

impl Proxy {
    fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let frozen = Arc::new((Mutex::new(false), Condvar::new()));
        let stopped = Arc::new(AtomicBool::new(false));
        let (freeze, stop) = (Arc::clone(&frozen), Arc::clone(&stopped));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let client = client.unwrap();
                let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let freeze = Arc::clone(&freeze);
                    std::thread::spawn(move || forward(from, to, &freeze));
                }
            }
        });
        Self { port: own, frozen, stopped }
    }

    fn set(&self, frozen: bool) {
        *self.frozen.0.lock().unwrap() = frozen;
        self.frozen.1.notify_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Its last connection wakes it.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        self.set(false);
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, frozen: &(Mutex<bool>, Condvar)) {
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let thawed = frozen.1.wait_while(frozen.0.lock().unwrap(), |frozen| *frozen);
        drop(thawed.unwrap());
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

#[test]
fn a_dead_link_is_noticed_within_10_seconds_of_being_used_and_nothing_is_lost_or_doubled() {
    let daemon = Daemon::start();
    let proxy = Proxy::to(daemon.port);
    let alice = User::signed_up("alice", &daemon);
    alice.does(&["create", "general"]);
    let through = User { port: proxy.port, ..alice };
    let mut hers = through.opens();
    hers.shows("This is where general begins.");
    hers.says("over a link that lives");
    proxy.set(true);
    hers.types("into the void\r");
    let since = Instant::now();
    hers.shows("Not connected since");
    let noticed = since.elapsed();
    assert!(noticed <= NOTICED_WITHIN + SLACK, "noticed after {noticed:?}");
    proxy.set(false);
    hers.until("it is sent when there is a link again, once", |screen| {
        !screen.contains("Not connected")
            && !screen.contains('◷')
            && times(screen, "into the void") == 1
    });
    hers.quits();
}
