//! The recorder: every message, in order.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::clock::Clock;
use crate::model::ProcessName;
use crate::wire::Tap;

/// One message, as the recorder saw it on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The virtual time since the start.
    pub at: Duration,
    /// The process that it is about.
    pub process: ProcessName,
    /// What it said, in short.
    pub message: String,
}

/// The recorder.
#[derive(Debug, Clone, Default)]
pub(super) struct Tape(pub(super) Rc<RefCell<Vec<Entry>>>);

impl Tape {
    pub(super) fn tap(&self, clock: Clock) -> Tap {
        let entries = Rc::clone(&self.0);
        Tap::new(move |message| {
            let (at, process) = (clock.now().mono, message.process().clone());
            entries.borrow_mut().push(Entry {
                at,
                process,
                message: message.to_string(),
            });
        })
    }
}
