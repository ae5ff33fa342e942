//! What is told at once to whoever has the page open: server-sent events.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::Stream;
use serde::Serialize;
use tokio::sync::broadcast::{self, Receiver};

use crate::server::views::{ProcessView, RecordView};

/// How many events may wait for one client; one that is slower is told to read all again.
pub const MOST_WAITING: usize = 256;

/// How many clients may listen at once.
pub const MOST_LISTENERS: usize = 64;

/// How often something is sent in any case, so that a connection that is gone is noticed.
const COMMENT_EVERY: Duration = Duration::from_secs(15);

/// One event, as it goes over the wire.
#[derive(Debug, Clone)]
pub struct Event(Arc<str>);

impl Event {
    /// A process stands otherwise now.
    pub fn process(view: &ProcessView) -> Self {
        Self::of("process", view)
    }

    /// A cycle has ended.
    pub fn record(record: &RecordView) -> Self {
        Self::of("record", record)
    }

    /// Somebody has given or ended an order for a process.
    pub fn order(process: &str) -> Self {
        Self::of("order", &serde_json::json!({ "process": process }))
    }

    /// All is to be read again.
    pub fn resync() -> Self {
        Self::of("resync", &serde_json::json!({}))
    }

    fn of(name: &str, data: &impl Serialize) -> Self {
        // JSON has no line break that is not escaped.
        let data = serde_json::to_string(data).unwrap_or_default();
        Self(format!("event: {name}\ndata: {data}\n\n").into())
    }
}

/// One listener's place; it is free again when this is dropped.
#[derive(Debug)]
pub struct Place(Rc<Cell<usize>>);

impl Place {
    /// Takes a place, if there is one.
    pub fn take(taken: &Rc<Cell<usize>>) -> Option<Self> {
        if taken.get() >= MOST_LISTENERS {
            return None;
        }
        taken.set(taken.get() + 1);
        Some(Self(Rc::clone(taken)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

/// The events from now on, until the bot ends or the client goes.
pub fn stream(
    events: Receiver<Event>,
    place: Place,
) -> impl Stream<Item = Result<Bytes, actix_web::Error>> {
    let begin = Bytes::from_static(b": the bot tells what happens\n\n");
    futures_util::stream::unfold(
        (events, place, Some(begin)),
        |(mut events, place, first)| async {
            if let Some(first) = first {
                return Some((Ok(first), (events, place, None)));
            }
            let bytes = match tokio::time::timeout(COMMENT_EVERY, events.recv()).await {
                Ok(Ok(Event(text))) => Bytes::copy_from_slice(text.as_bytes()),
                Ok(Err(broadcast::error::RecvError::Lagged(_))) => {
                    let Event(text) = Event::resync();
                    Bytes::copy_from_slice(text.as_bytes())
                }
                Ok(Err(broadcast::error::RecvError::Closed)) => return None,
                Err(_) => Bytes::from_static(b": still here\n\n"),
            };
            Some((Ok(bytes), (events, place, None)))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_of_json_whatever_is_in_it() {
        let Event(text) = Event::order("a\nevent: forged\n\n");
        assert_eq!(text.matches('\n').count(), 3, "{text}");
        assert!(
            text.starts_with("event: order\ndata: {\"process\":\"a\\nevent"),
            "{text}"
        );
    }

    #[test]
    fn a_place_is_free_again() {
        let taken = Rc::default();
        let places: Vec<_> = (0..MOST_LISTENERS).map(|_| Place::take(&taken)).collect();
        assert!(Place::take(&taken).is_none());
        drop(places);
        assert!(Place::take(&taken).is_some());
    }
}
