//! The application of the demo: an HTTP server that handles one request at a time, as a worker of a web application
//! does. It is this program itself, started by the `local` backend with a hidden first argument; as many of it as there
//! are share one port by `SO_REUSEPORT`, and the kernel spreads the connections over them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};

use crate::exit::Exit;
use crate::output::complain;

/// The hidden first argument. The port is in `PORT`, where the `local` backend puts it.
pub const ARGUMENT: &str = "demo-server";

/// How long a request is worked on. It is waited, not computed, as for a database: so several servers can do more than
/// one also on a machine whose cores are busy with something else.
pub const SERVICE: Duration = Duration::from_millis(40);

/// How many connections may wait for one server. Beyond that the kernel lets clients knock again after a second.
const BACKLOG: u32 = 32;

/// How long a client may take to say what it wants: it keeps everybody else waiting.
const PATIENCE: Duration = Duration::from_secs(1);

/// The longest request that is read.
const MOST_BYTES: usize = 8 * 1024;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Content-Type: text/plain\r\n\
    Content-Length: 3\r\n\
    Connection: close\r\n\r\n\
    ok\n";

/// Serves until SIGTERM.
pub fn main() -> ExitCode {
    let port = std::env::var("PORT")
        .ok()
        .and_then(|port| port.parse().ok());
    let Some(port) = port else {
        complain(
            "autoscalebot: the demo's server is started by `autoscalebot demo`, with a PORT\n",
        );
        return Exit::Usage.into();
    };
    let served = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .and_then(|runtime| runtime.block_on(serve(port)));
    match served {
        Ok(()) => Exit::Success.into(),
        Err(error) => {
            complain(&format!(
                "autoscalebot: the demo's server cannot serve on port {port}: {error}\n"
            ));
            Exit::Failure.into()
        }
    }
}

async fn serve(port: u16) -> io::Result<()> {
    // Before listening: whoever is told to end from now on answers what waits for it first.
    let mut terminate = signal(SignalKind::terminate())?;
    let listener = shared_socket(port)?.listen(BACKLOG)?;
    loop {
        tokio::select! {
            biased;
            _ = terminate.recv() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => answer(stream).await,
                // Out of files, perhaps: asking again at once would only make it worse.
                Err(_) => sleep(SERVICE).await,
            },
        }
    }
    empty(&listener.into_std()?).await
}

/// Answers who is waiting already. The port is open until nobody is: the kernel has no way to close it for new
/// connections alone.
async fn empty(queue: &std::net::TcpListener) -> io::Result<()> {
    // Asked for directly, as the runtime may not have seen a connection yet that the kernel has.
    while let Ok((stream, _)) = queue.accept() {
        stream.set_nonblocking(true)?;
        answer(TcpStream::from_std(stream)?).await;
    }
    Ok(())
}

/// Answers one client. One that went away or talks nonsense is no concern of the next.
async fn answer(mut stream: TcpStream) {
    let exchange = async {
        drop(timeout(PATIENCE, read_head(&mut stream)).await??);
        sleep(SERVICE).await;
        stream.write_all(ANSWER).await?;
        stream.shutdown().await
    };
    exchange.await.unwrap_or_default();
}

/// Reads a request up to the empty line at its end; a GET has no body.
pub(super) async fn read_head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(512);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > MOST_BYTES || stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    Ok(head)
}

/// A socket on this port of the loopback interface, which others may share; 0: a free port.
pub fn shared_socket(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    Ok(socket)
}
