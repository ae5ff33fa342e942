//! A small HTTP server that answers as a test wants: at once, late, in parts, never, or with rubbish.
//!
//! It runs on threads of its own, so that tests of every kind (inside an actor system, or around the built program) can
//! use it. What it does with a request is a list of [`Act`]s; when they are done, the connection is kept.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::{ServerConnection, StreamOwned};

use super::pause;
use super::tls::Tls;

/// How often a waiting thread looks whether it shall stop.
const SLICE: Duration = Duration::from_millis(10);

/// One thing that the server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Waits.
    Wait(Duration),
    /// Does nothing more, and keeps the connection open.
    Stall,
    /// Sends bytes as fast as they are taken, until the client has enough.
    Flood,
    /// Closes the connection.
    Close,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// `GET /path HTTP/1.1`.
    pub(crate) line: String,
    /// `Name: value`, in order.
    pub(crate) headers: Vec<String>,
    /// As long as its `Content-Length`.
    pub(crate) body: Vec<u8>,
    /// Which connection it came over, counted from 1.
    pub(crate) connection: usize,
    /// Which request of that connection it is, counted from 1.
    pub(crate) nth: usize,
}

impl Seen {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|header| {
            let (key, value) = header.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A whole answer.
pub(crate) fn answer(status: &str, body: &str) -> Vec<Act> {
    let length = body.len();
    vec![send(&format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}"
    ))]
}

/// Some bytes.
pub(crate) fn send(text: &str) -> Act {
    Act::Send(text.as_bytes().to_vec())
}

type Script = Arc<dyn Fn(&Seen) -> Vec<Act> + Send + Sync>;

/// The running server.
pub(crate) struct HttpServer {
    port: u16,
    stop: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
    seen: Receiver<Seen>,
    acceptor: Option<JoinHandle<()>>,
}

impl HttpServer {
    /// Serves plain HTTP.
    pub(crate) fn start(script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static) -> Self {
        Self::serve(None, Arc::new(script))
    }

    /// Serves HTTPS, and lets each client wait before the handshake.
    pub(crate) fn start_tls(
        tls: &Tls,
        before_handshake: Duration,
        script: impl Fn(&Seen) -> Vec<Act> + Send + Sync + 'static,
    ) -> Self {
        let secured = Secured {
            config: tls.server_config(),
            before_handshake,
        };
        Self::serve(Some(secured), Arc::new(script))
    }

    /// Its address with a path appended, to be reached by plain HTTP.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The same for HTTPS.
    pub(crate) fn https_url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How many connections it has accepted.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The requests since the last call.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.try_iter().collect()
    }

    fn serve(secured: Option<Secured>, script: Script) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let stop = Arc::new(AtomicBool::new(false));
        let connections = Arc::new(AtomicUsize::new(0));
        let (tell, seen) = channel();
        let accept = Accept {
            secured,
            script,
            stop: Arc::clone(&stop),
            connections: Arc::clone(&connections),
            tell,
        };
        let acceptor = Some(std::thread::spawn(move || accept.run(&listener)));
        Self {
            port,
            stop,
            connections,
            seen,
            acceptor,
        }
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // A connection of our own wakes the acceptor.
        TcpStream::connect(("127.0.0.1", self.port)).ok();
        if let Some(acceptor) = self.acceptor.take() {
            acceptor.join().ok();
        }
    }
}

#[derive(Clone)]
struct Secured {
    config: Arc<rustls::ServerConfig>,
    before_handshake: Duration,
}

struct Accept {
    secured: Option<Secured>,
    script: Script,
    stop: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
    tell: Sender<Seen>,
}

impl Accept {
    fn run(&self, listener: &TcpListener) {
        let mut threads = Vec::new();
        for stream in listener.incoming().map_while(Result::ok) {
            if self.stop.load(Ordering::SeqCst) {
                break;
            }
            let number = self.connections.fetch_add(1, Ordering::SeqCst) + 1;
            let connection = Connection {
                number,
                script: Arc::clone(&self.script),
                stop: Arc::clone(&self.stop),
                tell: self.tell.clone(),
            };
            let secured = self.secured.clone();
            threads.push(std::thread::spawn(move || {
                // The client may go away at any moment, which is for the test to judge.
                connection.serve(stream, secured).ok();
            }));
        }
        for thread in threads {
            thread.join().ok();
        }
    }
}

struct Connection {
    number: usize,
    script: Script,
    stop: Arc<AtomicBool>,
    tell: Sender<Seen>,
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

impl Connection {
    fn serve(&self, stream: TcpStream, secured: Option<Secured>) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(SLICE))?;
        stream.set_write_timeout(Some(SLICE))?;
        let Some(secured) = secured else {
            return self.talk(stream);
        };
        self.wait(secured.before_handshake);
        let server = ServerConnection::new(secured.config).map_err(std::io::Error::other)?;
        self.talk(StreamOwned::new(server, stream))
    }

    fn talk(&self, mut stream: impl Stream) -> std::io::Result<()> {
        for nth in 1.. {
            let Some(seen) = self.request(&mut stream, nth)? else {
                return Ok(());
            };
            self.tell.send(seen.clone()).ok();
            for act in (self.script)(&seen) {
                match act {
                    Act::Send(bytes) => self.send(&mut stream, &bytes)?,
                    Act::Wait(time) => self.wait(time),
                    Act::Stall => return self.stall(&mut stream),
                    Act::Flood => loop {
                        self.send(&mut stream, &[b'x'; 16 * 1024])?;
                    },
                    Act::Close => return Ok(()),
                }
            }
        }
        Ok(())
    }

    /// The next request; `None` when the client has gone, or the server shall stop.
    fn request(&self, stream: &mut impl Stream, nth: usize) -> std::io::Result<Option<Seen>> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            match self.patiently(|| stream.read(&mut byte))? {
                0 => return Ok(None),
                _ => head.push(byte[0]),
            }
        }
        let head = String::from_utf8_lossy(&head);
        let mut lines = head.lines().map(ToOwned::to_owned);
        let mut seen = Seen {
            line: lines.next().unwrap_or_default(),
            headers: lines.filter(|line| !line.is_empty()).collect(),
            body: Vec::new(),
            connection: self.number,
            nth,
        };
        let length = seen.header("content-length").and_then(|n| n.parse().ok());
        let mut left = length.unwrap_or(0);
        while left > 0 {
            let mut piece = vec![0; left];
            match self.patiently(|| stream.read(&mut piece))? {
                0 => return Ok(None),
                read => seen.body.extend_from_slice(&piece[..read]),
            }
            left = length.unwrap_or(0) - seen.body.len();
        }
        Ok(Some(seen))
    }

    fn send(&self, stream: &mut impl Stream, mut bytes: &[u8]) -> std::io::Result<()> {
        while !bytes.is_empty() {
            let sent = self.patiently(|| stream.write(bytes))?;
            bytes = &bytes[sent..];
        }
        self.patiently(|| stream.flush())
    }

    fn stall(&self, stream: &mut impl Stream) -> std::io::Result<()> {
        let mut ignored = [0; 1024];
        while self.patiently(|| stream.read(&mut ignored))? > 0 {}
        Ok(())
    }

    /// Repeats what only waited too long for the other side, until the server shall stop.
    fn patiently<T>(&self, mut io: impl FnMut() -> std::io::Result<T>) -> std::io::Result<T> {
        loop {
            match io() {
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
                        && !self.stop.load(Ordering::SeqCst) => {}
                done => return done,
            }
        }
    }

    fn wait(&self, mut time: Duration) {
        while !time.is_zero() && !self.stop.load(Ordering::SeqCst) {
            let slice = time.min(SLICE);
            pause(slice);
            time -= slice;
        }
    }
}
