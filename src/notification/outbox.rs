//! What waits to be told, notifier by notifier. The group owns it and lends it to the notifiers' actor, so that a
//! notice that is marked as told survives a restart, a rebuild, a degraded group and a reload.
//!
//! ```text
//!            put            next              done
//!   notice ──────▶ waiting ──────▶ under way ──────▶ out, or not delivered
//!                     ▲                │
//!                     └──── recall ────┘   once: whoever delivered it was restarted, or its life has ended
//! ```

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::notification::Notice;

/// How many notices may wait for one notifier; past it the oldest is dropped.
pub const MOST_WAITING: usize = 100;

/// What waits for each of a process's notifiers, in the order of the configuration.
#[derive(Clone, Debug, Default)]
pub struct Outbox(Rc<RefCell<Vec<Queue>>>);

#[derive(Debug, Default)]
struct Queue {
    /// Oldest first.
    waiting: VecDeque<Waiting>,
    under_way: Option<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    notice: Notice,
    /// Whether its delivery was broken off once already.
    retried: bool,
}

impl Outbox {
    /// Has a queue for each of so many notifiers.
    pub fn fit(&self, notifiers: usize) {
        self.0.borrow_mut().resize_with(notifiers, Queue::default);
    }

    /// Queues a notice. The oldest that waits is returned when there are too many, and is not told.
    pub fn put(&self, notifier: usize, notice: Notice) -> Option<Notice> {
        let mut queues = self.0.borrow_mut();
        let queue = queues.get_mut(notifier)?;
        let full = queue.waiting.len() >= MOST_WAITING;
        let oldest = if full {
            queue.waiting.pop_front()
        } else {
            None
        };
        queue.waiting.push_back(Waiting {
            notice,
            retried: false,
        });
        oldest.map(|oldest| oldest.notice)
    }

    /// The notice to deliver next, which is under way from now on; `None` when another is, or none waits.
    pub fn next(&self, notifier: usize) -> Option<Notice> {
        let mut queues = self.0.borrow_mut();
        let queue = queues.get_mut(notifier)?;
        if queue.under_way.is_some() {
            return None;
        }
        queue.under_way = queue.waiting.pop_front();
        queue.under_way.as_ref().map(|next| next.notice.clone())
    }

    /// The delivery under way is over, whatever came of it.
    pub fn done(&self, notifier: usize) -> Option<Notice> {
        let mut queues = self.0.borrow_mut();
        let done = queues.get_mut(notifier)?.under_way.take();
        done.map(|done| done.notice)
    }

    /// All deliveries under way were broken off: each notice is put back once. Those that were put back before are
    /// returned, with their notifiers, and given up.
    pub fn recall(&self) -> Vec<(usize, Notice)> {
        let mut given_up = Vec::new();
        for (notifier, queue) in self.0.borrow_mut().iter_mut().enumerate() {
            match queue.under_way.take() {
                Some(Waiting {
                    notice,
                    retried: true,
                }) => given_up.push((notifier, notice)),
                Some(Waiting {
                    notice,
                    retried: false,
                }) => queue.waiting.push_front(Waiting {
                    notice,
                    retried: true,
                }),
                None => {}
            }
        }
        given_up
    }

    /// Whether nothing is left to tell to this notifier.
    pub fn is_empty_for(&self, notifier: usize) -> bool {
        self.0
            .borrow()
            .get(notifier)
            .is_none_or(|queue| queue.len() == 0)
    }

    /// How many notices are not out yet.
    pub fn len(&self) -> usize {
        self.0.borrow().iter().map(Queue::len).sum()
    }

    /// Whether every notice is out.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The notifiers are others now: each has what waits for the old one that it is the heir of, if it is one. How many
    /// notices are nobody's, and lost.
    pub fn hand_on(&self, heirs: &[Option<usize>]) -> usize {
        let before = self.len();
        let mut old = self.0.take();
        let of = |heir: &Option<usize>| old.get_mut((*heir)?).map(std::mem::take);
        let new = heirs.iter().map(of).map(Option::unwrap_or_default);
        *self.0.borrow_mut() = new.collect();
        before - self.len()
    }
}

impl Queue {
    fn len(&self) -> usize {
        self.waiting.len() + usize::from(self.under_way.is_some())
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::model::ProcessName;
    use crate::notification::{Event, Phase};

    fn moment(reason: &str) -> Notice {
        Notice {
            process: ProcessName::new("web").unwrap(),
            event: Event::AboveMax,
            phase: Phase::Moment,
            at: DateTime::UNIX_EPOCH,
            cycle: 1,
            from: None,
            to: None,
            direction: None,
            reason: reason.to_owned(),
        }
    }

    fn outbox(notifiers: usize) -> Outbox {
        let outbox = Outbox::default();
        outbox.fit(notifiers);
        outbox
    }

    #[test]
    fn one_is_under_way_at_a_time() {
        let outbox = outbox(2);
        outbox.put(0, moment("a"));
        outbox.put(0, moment("b"));
        outbox.put(7, moment("nobody's"));
        assert_eq!(outbox.next(0), Some(moment("a")));
        assert_eq!(outbox.next(0), None, "it is not out yet");
        assert_eq!((outbox.len(), outbox.is_empty_for(1)), (2, true));
        assert_eq!(outbox.done(0), Some(moment("a")));
        assert_eq!(outbox.next(0), Some(moment("b")));
        outbox.done(0);
        assert!(outbox.is_empty() && outbox.next(0).is_none() && outbox.done(0).is_none());
    }

    #[test]
    fn the_oldest_gives_way() {
        let outbox = outbox(1);
        for number in 0..MOST_WAITING {
            assert_eq!(outbox.put(0, moment(&number.to_string())), None);
        }
        assert_eq!(outbox.put(0, moment("last")), Some(moment("0")));
        assert_eq!(outbox.len(), MOST_WAITING);
    }

    #[test]
    fn what_was_broken_off_is_put_back_once() {
        let outbox = outbox(2);
        outbox.put(0, moment("a"));
        outbox.put(0, moment("b"));
        assert!(outbox.recall().is_empty(), "nothing was under way");
        outbox.next(0);
        assert!(outbox.recall().is_empty());
        assert_eq!(outbox.next(0), Some(moment("a")), "before what came later");
        assert_eq!(outbox.recall(), [(0, moment("a"))], "not a third time");
        assert_eq!(outbox.next(0), Some(moment("b")));
    }

    #[test]
    fn queues_move_to_their_heirs() {
        let outbox = outbox(3);
        outbox.put(0, moment("nobody's"));
        outbox.put(1, moment("moved"));
        outbox.put(2, moment("kept"));
        outbox.next(1);
        assert_eq!(outbox.hand_on(&[Some(1), None, Some(2)]), 1);
        assert!(outbox.recall().is_empty());
        assert_eq!(outbox.next(0), Some(moment("moved")));
        assert!(outbox.is_empty_for(1));
        assert_eq!(outbox.next(2), Some(moment("kept")));
    }
}
