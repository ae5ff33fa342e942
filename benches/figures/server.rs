//! An HTTP server on loopback, in a thread of its own, that answers every request at once with two bytes.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Starts a server that lasts as long as this process; says where it listens.
pub(crate) fn start() -> Result<SocketAddr> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build();
        let served = runtime.map(|runtime| LocalSet::new().block_on(&runtime, serve(tell)));
        drop(served);
    });
    told.recv().context("the server did not start")
}

async fn serve(tell: mpsc::Sender<SocketAddr>) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    tell.send(listener.local_addr()?)?;
    loop {
        let (stream, _) = listener.accept().await?;
        spawn_local(talk(stream));
    }
}

async fn talk(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut head = Vec::new();
    loop {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
        if head.ends_with(b"\r\n\r\n") {
            head.clear();
            stream.write_all(ANSWER).await?;
        }
    }
}
