//! How long connecting took, told to the request that waited for it.
//!
//! A measurement of the application's response time must not count the look-up of its name, the TCP and the TLS
//! handshake, which happen or not as the pool has it. `reqwest` does not tell them, so a layer around its connector
//! does: it writes into the [`Meter`] of the task that polls it. hyper polls the connector inside the request's own
//! future, so the task-local that [`metered`] sets finds exactly the connections that this request waited for, as long
//! as nobody else's requests go through the same client ([`Http::own_client`](super::Http::own_client)).

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use tower_layer::Layer;
use tower_service::Service;

use crate::clock::Clock;

tokio::task_local! {
    static METER: Rc<Meter>;
}

/// What a request spent on connecting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connecting {
    /// How many connections were made for it while it waited. None: it was sent over one that was kept, if at all.
    pub made: u32,
    /// How long it waited for them, and for those that failed.
    pub took: Duration,
}

/// Runs a request and tells what it spent on connecting.
pub async fn metered<F: Future>(clock: Clock, request: F) -> (F::Output, Connecting) {
    let meter = Rc::new(Meter {
        clock,
        spent: Cell::default(),
    });
    let output = METER.scope(Rc::clone(&meter), request).await;
    (output, meter.spent.get())
}

struct Meter {
    clock: Clock,
    spent: Cell<Connecting>,
}

impl Meter {
    fn add(&self, begun_at: Duration, connected: bool) {
        let spent = self.spent.get();
        let took = self.clock.now().mono.saturating_sub(begun_at);
        self.spent.set(Connecting {
            made: spent.made.saturating_add(u32::from(connected)),
            took: spent.took + took,
        });
    }
}

/// The layer around the connector.
#[derive(Clone, Copy, Debug)]
pub(super) struct MeterLayer;

impl<S> Layer<S> for MeterLayer {
    type Service = Metered<S>;

    fn layer(&self, connector: S) -> Metered<S> {
        Metered(connector)
    }
}

/// A connector whose calls are timed.
#[derive(Clone)]
pub(super) struct Metered<S>(S);

impl<S> fmt::Debug for Metered<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metered")
    }
}

impl<S, R> Service<R> for Metered<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, target: R) -> Self::Future {
        let connecting = self.0.call(target);
        Box::pin(async move {
            // Outside of `metered` (another room's request; a connection that finishes in the background because the
            // pool had one sooner) there is no meter, and nobody asks.
            let begun_at = METER.try_with(|meter| meter.clock.now().mono).ok();
            let connected = connecting.await;
            if let Some(begun_at) = begun_at {
                METER
                    .try_with(|meter| meter.add(begun_at, connected.is_ok()))
                    .ok();
            }
            connected
        })
    }
}
