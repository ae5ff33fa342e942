//! How often Heroku's API was asked, by all backends of this program, and how much of its rate limit is left.

use std::cell::Cell;

/// The program's use of the API.
#[derive(Debug, Default)]
pub struct Used {
    answered: Cell<u64>,
    left: Cell<Option<u64>>,
}

impl Used {
    /// An answer came, which told what is left; the limit is one for each account, so that with several the last counts.
    pub fn answered(&self, left: Option<u64>) {
        self.answered.set(self.answered.get().saturating_add(1));
        self.left.set(left.or(self.left.get()));
    }

    /// How many answers, and what is left; `None`: it was never asked.
    pub fn told(&self) -> Option<(u64, Option<u64>)> {
        let answered = self.answered.get();
        (answered > 0).then(|| (answered, self.left.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_tells_nothing_leaves_what_was_told() {
        let used = Used::default();
        assert_eq!(used.told(), None);
        used.answered(Some(4500));
        used.answered(None);
        assert_eq!(used.told(), Some((2, Some(4500))));
    }
}
