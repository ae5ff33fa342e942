//! Those who only cost: many that say nothing, one that sends a byte at a time, one that never reads.

use std::io::{ErrorKind, Write as _};
use std::net::TcpStream;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::server::TOKEN;

/// How many of those that say nothing are asked for.
const WANTED: u64 = 10_000;

/// How many files this test and the bot need besides.
const OTHERS: u64 = 200;

/// How many connections this process, and one that it starts, may hold. The soft limit is raised to the hard one.
pub(super) fn most() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).ok();
    // The bot gives connections no more than half of its files.
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX) / 2;
    usize::try_from(WANTED.min(files.saturating_sub(OTHERS))).unwrap()
}

/// The crowd.
pub(super) struct Crowd {
    port: u16,
    slow: TcpStream,
    deaf: Vec<TcpStream>,
    idle: Vec<TcpStream>,
    /// How often the slow one was sent away and came back.
    pub(super) returned: u64,
}

impl Crowd {
    pub(super) fn come(port: u16, many: usize) -> Self {
        let deaf = ["/api/v1/events", "/api/v1/processes"].map(|path| {
            let mut stream = connect(port);
            stream.set_nonblocking(true).unwrap();
            let text =
                format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
            for _ in 0..if path.ends_with("events") { 1 } else { 50 } {
                stream.write_all(text.as_bytes()).ok();
            }
            stream
        });
        Self {
            port,
            slow: connect(port),
            deaf: deaf.into(),
            idle: (0..many).map(|_| connect(port)).collect(),
            returned: 0,
        }
    }

    /// A byte of a head that never ends; who was sent away comes back.
    pub(super) fn drip(&mut self) {
        if self.slow.write_all(b"G").is_err() || is_gone(&self.slow) {
            self.slow = connect(self.port);
            self.returned += 1;
        }
    }

    /// Who was sent away comes back; how many that were.
    pub(super) fn return_idle(&mut self) -> usize {
        let mut many = 0;
        for stream in self.idle.iter_mut().filter(|stream| is_gone(stream)) {
            *stream = connect(self.port);
            many += 1;
        }
        many
    }

    /// How many there are.
    pub(super) fn size(&self) -> usize {
        self.idle.len() + self.deaf.len() + 1
    }
}

fn connect(port: u16) -> TcpStream {
    TcpStream::connect(("127.0.0.1", port)).unwrap()
}

/// Whether the other side has something to say: to who says nothing, that is the end.
fn is_gone(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let looked = stream.peek(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    looked.map_or_else(|error| error.kind() != ErrorKind::WouldBlock, |_| true)
}
