//! Servers that tests start and stop: each on a free port of the loopback, gone when it is dropped.

pub(crate) mod celery;
pub(crate) mod gate;
pub(crate) mod heroku;
pub(crate) mod http;
pub(crate) mod proxy;
pub(crate) mod receiver;
pub(crate) mod redis;
pub(crate) mod smtp;
pub(crate) mod tls;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

/// A port that is free at this moment. It is none that the system gives to outgoing connections, so that it is still
/// free after a server on it was stopped; another test may take it meanwhile, which is unlikely and not excluded.
pub(crate) fn free_port() -> u16 {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let range = range.unwrap_or_default();
    let first: u16 = range
        .split_whitespace()
        .next()
        .and_then(|first| first.parse().ok())
        .unwrap_or(32_768);
    let below = LOWEST_PORT..first.max(LOWEST_PORT + 1);
    // Tests run side by side, in processes and threads of their own: each begins anywhere.
    let (number, _) = uuid::Uuid::new_v4().as_u64_pair();
    let many = u64::from(below.end - below.start);
    let start = below.start + u16::try_from(number % many).expect("a port");
    let mut ports = (start..below.end).chain(below.start..start);
    let free = ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.expect("a free port")
}

/// Below it are the well-known servers.
const LOWEST_PORT: u16 = 10_000;

/// Blocks this thread, which is a server's or a test's own and runs no actor.
pub(crate) fn pause(time: Duration) {
    let (_sender, never) = mpsc::channel::<()>();
    never.recv_timeout(time).ok();
}

/// A server that answers whatever it is sent with the same bytes, and speaks no protocol.
pub(crate) struct Parrot {
    port: u16,
    serving: Option<JoinHandle<()>>,
}

impl Parrot {
    /// Answers with `answer`.
    pub(crate) fn start(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let serving = std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut heard = [0; 4096];
                match stream.read(&mut heard) {
                    // Only its own drop comes and says nothing.
                    Ok(0) | Err(_) => return,
                    Ok(_) => stream.write_all(&answer).unwrap_or_default(),
                }
            }
        });
        Self {
            port,
            serving: Some(serving),
        }
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Parrot {
    fn drop(&mut self) {
        TcpStream::connect(("127.0.0.1", self.port)).ok();
        if let Some(serving) = self.serving.take() {
            serving.join().ok();
        }
    }
}
