//! An application that answers as slowly as a test says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::servers::http::{Act, HttpServer, send};

pub(crate) struct App {
    server: HttpServer,
    millis: Arc<AtomicU64>,
    asked: Arc<AtomicUsize>,
}

impl App {
    /// Answers after this many milliseconds.
    pub(crate) fn answering_after(millis: u64) -> Self {
        let millis = Arc::new(AtomicU64::new(millis));
        let asked = Arc::new(AtomicUsize::new(0));
        let (wait, count) = (Arc::clone(&millis), Arc::clone(&asked));
        let server = HttpServer::start(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            let wait = Act::Wait(Duration::from_millis(wait.load(Ordering::SeqCst)));
            vec![wait, send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")]
        });
        Self {
            server,
            millis,
            asked,
        }
    }

    /// Answers after this many milliseconds from now on.
    pub(crate) fn answer_after(&self, millis: u64) {
        self.millis.store(millis, Ordering::SeqCst);
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    pub(crate) fn url(&self) -> String {
        self.server.url("/")
    }
}
