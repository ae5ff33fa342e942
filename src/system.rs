//! The actor system that a command does its work in, and how that ends: at once, whatever still blocks a thread. Used by
//! [`run`](crate::run), [`cli`](crate::cli) and [`demo`](crate::demo).

use std::future::Future;
use std::sync::Arc;

use actix_rt::System;
use anyhow::{Context as _, Result};

/// Does the work in an actor system of its own, and lets go of everything that it has started.
///
/// A name is looked up on a thread of tokio's pool, by a call that nobody can interrupt and that a silent name server
/// holds for as long as the machine's resolver is patient. Dropped as usual, the runtime would wait for that thread,
/// long after the work is done; so it is left behind, and ends with the program.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the program's runtime cannot be made")?;
    let runtime = Arc::new(runtime);
    let system = System::with_tokio_rt(|| Arc::clone(&runtime));
    let done = system.block_on(work);
    // With it go all tasks, and with those what they mind: no copy of `local` is left.
    drop(system);
    if let Some(runtime) = Arc::into_inner(runtime) {
        runtime.shutdown_background();
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_thread_that_blocks_holds_up_nothing() {
        let (end, blocked) = mpsc::channel::<()>();
        let (ended, at_the_end) = mpsc::channel();
        let done = block_on(async move {
            actix_rt::task::spawn_blocking(move || {
                blocked.recv().unwrap_err();
                ended.send(()).unwrap();
            });
            tokio::task::yield_now().await;
            Ok(7)
        });
        assert_eq!(done.unwrap(), 7);
        assert_eq!(
            at_the_end.try_recv(),
            Err(mpsc::TryRecvError::Empty),
            "it is still blocked, and we are here"
        );
        drop(end);
        at_the_end.recv().unwrap();
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "a task that is left is what this is about"
    )]
    fn what_was_started_is_dropped() {
        struct Minded(mpsc::Sender<()>);
        impl Drop for Minded {
            fn drop(&mut self) {
                self.0.send(()).unwrap();
            }
        }
        let (dropped, was_dropped) = mpsc::channel();
        block_on(async {
            let minded = Minded(dropped);
            actix_rt::spawn(async move {
                std::future::pending::<()>().await;
                drop(minded);
            });
            Ok(())
        })
        .unwrap();
        assert_eq!(was_dropped.try_recv(), Ok(()));
    }
}
