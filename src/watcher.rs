//! The last layer of supervision: a second thread that ends the program when the one that does the work hangs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use log::error;

use crate::exit::Exit;

/// How often the thread beats for its watcher.
const BEAT: Duration = Duration::from_millis(250);

/// After so many checks of the watcher without a beat the program is ended.
const MISSED_CHECKS: u32 = 30;

/// How long the watcher's last word may take.
const LAST_WORD: Duration = Duration::from_secs(1);

/// Ends the program when its one thread no longer beats: some code blocks it, and nothing is measured or scaled any
/// more. The dyno manager starts it again. The watcher counts its own checks, not the clock, so that a machine that
/// slept or was stopped is not taken for a thread that hangs.
#[derive(Debug)]
pub(crate) struct Watcher {
    beating: tokio::task::JoinHandle<()>,
}

impl Watcher {
    /// Watches the thread that calls it, which must be an actix system's, until the watcher is dropped.
    #[expect(
        clippy::disallowed_methods,
        reason = "the beat is a task of this thread, owned by the watcher; the watcher is a thread of its own and sleeps"
    )]
    pub(crate) fn start() -> Self {
        let beats = Arc::new(AtomicU64::new(0));
        let seen = Arc::downgrade(&beats);
        std::thread::spawn(move || {
            let (mut last, mut missed) = (u64::MAX, 0);
            loop {
                std::thread::sleep(Duration::from_secs(1));
                // Nobody is watched any more: the bot has stopped, and whoever ran it goes on.
                let Some(beats) = seen.upgrade() else { return };
                let now = beats.load(Ordering::Relaxed);
                missed = if now == last { missed + 1 } else { 0 };
                last = now;
                if missed >= MISSED_CHECKS {
                    end("the program's thread has not run for 30 s");
                }
            }
        });
        let beating = actix_rt::spawn(async move {
            loop {
                beats.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(BEAT).await;
            }
        });
        Self { beating }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.beating.abort();
    }
}

/// Ends the program, with a word about it if that can be said: the thread that hangs may do so on standard error, which
/// is then its own, and whoever logs waits for it.
#[expect(
    clippy::exit,
    reason = "the main thread hangs, so that nobody else can end the program"
)]
fn end(why: &'static str) {
    let (said, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let code = Exit::Internal.code();
        error!("{why}; ending with {code} for the dyno manager to start it again");
        said.send(()).unwrap_or_default();
    });
    heard.recv_timeout(LAST_WORD).unwrap_or_default();
    std::process::exit(Exit::Internal.code().into());
}
