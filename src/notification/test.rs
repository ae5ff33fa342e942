//! Keeps notices in a list in memory, which tests [`read`]. Useful to whoever tests a configuration of the whole.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use async_trait::async_trait;

use super::{Notice, NotificationBackend, NotifyError};
use crate::backend::{Backend, Shared, no_check};

/// The row in the room's table.
pub static BACKEND: Backend<dyn NotificationBackend> = Backend {
    name: "test",
    summary: "keeps the latest notices in memory, for tests to read",
    settings: &[],
    example: "backend = \"test\"\nnotify_on_every_scale = true",
    check: no_check,
    build: |_, site| Ok(Rc::new(Memory(site.shared.get::<Kept>()))),
};

/// How many notices are kept: the latest.
pub const MOST: usize = 10_000;

/// All notices that `test` backends of this program were given and that are still kept, oldest first.
pub fn read(shared: &Shared) -> Vec<Notice> {
    shared.get::<Kept>().0.borrow().iter().cloned().collect()
}

#[derive(Default)]
struct Kept(RefCell<VecDeque<Notice>>);

struct Memory(Rc<Kept>);

#[async_trait(?Send)]
impl NotificationBackend for Memory {
    async fn notify(&self, notice: &Notice) -> Result<(), NotifyError> {
        let mut kept = self.0.0.borrow_mut();
        if kept.len() == MOST {
            kept.pop_front();
        }
        kept.push_back(notice.clone());
        Ok(())
    }
}
