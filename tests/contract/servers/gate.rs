//! A gate before a source of measurements, which can be switched between well and ill while both sides go on: well, it
//! answers or lets everything through to a real server; ill, it does one thing that goes wrong in networks.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

use super::{free_port, pause};

/// How often a thread looks around.
const LOOK: Duration = Duration::from_millis(5);

/// What it does while all is well.
#[derive(Clone, Debug)]
pub(crate) enum Well {
    /// Says these bytes to whatever it is asked, and closes.
    Says(Vec<u8>),
    /// Lets everything through to the server on this port.
    Passes(u16),
}

/// What it does while it is ill.
#[derive(Clone, Debug)]
pub(crate) enum Ill {
    /// Nobody is there.
    Gone,
    /// Takes everything and says nothing.
    Hangs,
    /// Resets every connection that something is asked on.
    Resets,
    /// Says these bytes to whatever it is asked, and closes.
    Says(Vec<u8>),
    /// All is well, but this much later.
    Late(Duration),
}

/// Whether a source is ill.
pub(crate) type Switch = Arc<AtomicBool>;

/// The gate. Dropped, it is gone.
pub(crate) struct Gate {
    port: u16,
    inner: Arc<Inner>,
    thread: Option<JoinHandle<()>>,
}

struct Inner {
    port: u16,
    well: Well,
    ill: Ill,
    switch: Switch,
    stop: AtomicBool,
}

impl Gate {
    /// A gate that is ill while `switch` is on.
    pub(crate) fn start(well: Well, ill: Ill, switch: &Switch) -> Self {
        let port = free_port();
        let inner = Arc::new(Inner {
            port,
            well,
            ill,
            switch: Arc::clone(switch),
            stop: AtomicBool::new(false),
        });
        let keeping = Arc::clone(&inner);
        let thread = Some(std::thread::spawn(move || keeping.keep()));
        Self {
            port,
            inner,
            thread,
        }
    }

    /// Its address as a plain web server.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.inner.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

impl Inner {
    fn stops(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// What is wrong at the moment.
    fn ill(&self) -> Option<&Ill> {
        let is_ill = self.switch.load(Ordering::SeqCst);
        is_ill.then_some(&self.ill)
    }

    fn is_gone(&self) -> bool {
        matches!(self.ill(), Some(Ill::Gone))
    }

    fn keep(self: &Arc<Self>) {
        let mut listener: Option<TcpListener> = None;
        let mut connections = Vec::new();
        while !self.stops() {
            if self.is_gone() {
                listener = None;
            } else if listener.is_none() {
                let bound = TcpListener::bind(("127.0.0.1", self.port)).ok();
                listener = bound.filter(|bound| bound.set_nonblocking(true).is_ok());
            }
            match listener.as_ref().map(TcpListener::accept) {
                Some(Ok((client, _))) => {
                    let serving = Arc::clone(self);
                    connections.push(std::thread::spawn(move || {
                        // Either side may go away at any moment, which is for the test to judge.
                        serving.serve(client).ok();
                    }));
                }
                Some(Err(_)) | None => pause(LOOK),
            }
            connections.retain(|thread| !thread.is_finished());
        }
        drop(listener);
        for thread in connections {
            thread.join().ok();
        }
    }

    fn serve(&self, mut client: TcpStream) -> std::io::Result<()> {
        client.set_nonblocking(false)?;
        client.set_nodelay(true)?;
        client.set_read_timeout(Some(LOOK))?;
        let mut server = match self.well {
            Well::Passes(port) => Some(TcpStream::connect(("127.0.0.1", port))?),
            Well::Says(_) => None,
        };
        if let Some(server) = &server {
            server.set_nodelay(true)?;
            server.set_read_timeout(Some(LOOK))?;
        }
        while !self.stops() && !self.is_gone() {
            if let Some(asked) = read(&mut client)? {
                match self.ill() {
                    Some(Ill::Gone) => return Ok(()),
                    Some(Ill::Hangs) => continue,
                    Some(Ill::Resets) => {
                        set_socket_linger(&client, Some(Duration::ZERO))?;
                        return Ok(());
                    }
                    Some(Ill::Says(bytes)) => return client.write_all(bytes),
                    Some(Ill::Late(time)) => self.wait(*time),
                    None => {}
                }
                match (&self.well, &mut server) {
                    (Well::Says(bytes), _) => return client.write_all(bytes),
                    (Well::Passes(_), Some(server)) => server.write_all(&asked)?,
                    (Well::Passes(_), None) => {}
                }
            }
            if let Some(server) = &mut server
                && let Some(said) = read(server)?
            {
                client.write_all(&said)?;
            }
        }
        Ok(())
    }

    fn wait(&self, mut time: Duration) {
        while !time.is_zero() && !self.stops() {
            let slice = time.min(LOOK);
            pause(slice);
            time -= slice;
        }
    }
}

/// What has arrived; an error when the other side is gone.
fn read(stream: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = [0; 16 * 1024];
    match stream.read(&mut bytes) {
        Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
        Ok(read) => Ok(Some(bytes[..read].to_vec())),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
