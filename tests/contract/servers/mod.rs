//! Servers that tests start and stop: each on a free port of the loopback, gone when it is dropped.

pub(crate) mod heroku;
pub(crate) mod http;
pub(crate) mod receiver;
pub(crate) mod redis;
pub(crate) mod smtp;
pub(crate) mod tls;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

/// A port that is free at this moment.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

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
