//! A way to another server on this machine that can be cut: by closing every connection, or by letting nothing through.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::pause;

/// How often a thread that waits looks whether the way is another.
const SLICE: Duration = Duration::from_millis(5);

/// What becomes of what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// It arrives.
    Open,
    /// Nothing arrives, in neither direction, and nothing is said. What was held back arrives when the way is open again.
    Silent,
    /// Connections are closed, and new ones at once as well.
    Closed,
    /// The proxy ends.
    Gone,
}

/// The running proxy.
pub(crate) struct Proxy {
    port: u16,
    way: Arc<AtomicU8>,
    accepting: Option<JoinHandle<()>>,
}

fn way(from: &AtomicU8) -> Way {
    match from.load(Ordering::SeqCst) {
        0 => Way::Open,
        1 => Way::Silent,
        2 => Way::Closed,
        _ => Way::Gone,
    }
}

impl Proxy {
    /// The way to this port of the loopback; open.
    pub(crate) fn to(target: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let shared = Arc::new(AtomicU8::new(0));
        let seen = Arc::clone(&shared);
        let accepting = std::thread::spawn(move || {
            let mut pumps = Vec::new();
            for near in listener.incoming().map_while(Result::ok) {
                match way(&seen) {
                    Way::Gone => break,
                    Way::Closed => {}
                    Way::Open | Way::Silent => pumps.extend(pass(&near, target, &seen)),
                }
            }
            for pump in pumps {
                pump.join().ok();
            }
        });
        Self {
            port,
            way: shared,
            accepting: Some(accepting),
        }
    }

    /// Its own port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What becomes of what is sent from now on.
    pub(crate) fn set(&self, way: Way) {
        let number = match way {
            Way::Open => 0,
            Way::Silent => 1,
            Way::Closed => 2,
            Way::Gone => 3,
        };
        self.way.store(number, Ordering::SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.set(Way::Gone);
        TcpStream::connect(("127.0.0.1", self.port)).ok();
        if let Some(accepting) = self.accepting.take() {
            accepting.join().ok();
        }
    }
}

/// A thread for each direction.
fn pass(near: &TcpStream, target: u16, shared: &Arc<AtomicU8>) -> Vec<JoinHandle<()>> {
    let Ok(far) = TcpStream::connect(("127.0.0.1", target)) else {
        return Vec::new();
    };
    let pair =
        |from: &TcpStream, to: &TcpStream| Some((from.try_clone().ok()?, to.try_clone().ok()?));
    let both = [pair(near, &far), pair(&far, near)];
    let pumps = both.into_iter().flatten().map(|(from, to)| {
        let shared = Arc::clone(shared);
        std::thread::spawn(move || pump(from, to, &shared))
    });
    pumps.collect()
}

fn pump(mut from: TcpStream, mut to: TcpStream, shared: &AtomicU8) {
    from.set_read_timeout(Some(SLICE)).expect("a time-out");
    to.set_nodelay(true).ok();
    let mut bytes = [0; 16 * 1024];
    loop {
        let read = match from.read(&mut bytes) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => 0,
            Err(_) => break,
        };
        while way(shared) == Way::Silent {
            pause(SLICE);
        }
        if way(shared) != Way::Open || to.write_all(&bytes[..read]).is_err() {
            break;
        }
    }
    from.shutdown(Shutdown::Both).ok();
    to.shutdown(Shutdown::Both).ok();
}
