//! A window that slides over slots of five seconds. Each holds what can be merged, so that any window is a merge of slots.

use std::collections::VecDeque;
use std::time::Duration;

/// How long a slot is, in seconds.
pub const SLOT: u64 = 5;

/// How many slots are kept: six minutes. The longest window is five.
pub const KEPT: u64 = 72;

/// The longest window.
pub const LONGEST_WINDOW: f64 = 300.0;

/// Slots with something in them, by their number, in order.
#[derive(Clone, Debug)]
pub struct Slots<T>(VecDeque<(u64, T)>);

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: Default> Slots<T> {
    /// The slot of this moment; nothing for what is too old to be kept.
    pub fn at(&mut self, moment: Duration, now: Duration) -> Option<&mut T> {
        let (number, newest) = (moment.min(now).as_secs() / SLOT, now.as_secs() / SLOT);
        let oldest = (newest + 1).saturating_sub(KEPT);
        self.forget(oldest);
        if number < oldest {
            return None;
        }
        let place = match self.0.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(place) => place,
            Err(place) => {
                self.0.insert(place, (number, T::default()));
                place
            }
        };
        self.0.get_mut(place).map(|(_, slot)| slot)
    }

    /// The slots of a window that ends at `to`. It begins with the slot in which its first moment is.
    pub fn within(&self, window: Duration, to: Duration) -> impl Iterator<Item = &T> {
        let first = to.saturating_sub(window).as_secs() / SLOT;
        let last = to.as_secs() / SLOT;
        let inside = move |(number, _): &&(u64, T)| (first..=last).contains(number);
        self.0.iter().filter(inside).map(|(_, slot)| slot)
    }

    fn forget(&mut self, oldest: u64) {
        while self.0.front().is_some_and(|(number, _)| *number < oldest) {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_is_old_goes_to_its_slot_or_nowhere() {
        let mut slots = Slots::<Vec<u64>>::default();
        let now = seconds(1000);
        for (moment, taken) in [
            (1000, true),
            (980, true),
            (990, true),
            (2000, true),
            (645, true),
            (644, false),
            (0, false),
        ] {
            let slot = slots.at(seconds(moment), now);
            assert_eq!(slot.is_some(), taken, "{moment}");
            if let Some(slot) = slot {
                slot.push(moment);
            }
        }
        let window = |long, to| slots.within(seconds(long), seconds(to)).flatten().copied();
        assert_eq!(window(15, 1000).collect::<Vec<_>>(), [990, 1000, 2000]);
        assert_eq!(window(400, 1000).count(), 5);
        assert_eq!(window(5, 1010).count(), 0);
        assert_eq!(
            window(5, 984).collect::<Vec<_>>(),
            [980],
            "a window of the past"
        );
    }

    #[test]
    fn there_are_never_more_than_are_kept() {
        let mut slots = Slots::<u64>::default();
        for second in 0..5000 {
            *slots.at(seconds(second), seconds(second)).unwrap() += 1;
            assert!(slots.0.len() <= usize::try_from(KEPT).unwrap());
        }
        assert_eq!(slots.within(seconds(5000), seconds(5000)).sum::<u64>(), 360);
    }
}
