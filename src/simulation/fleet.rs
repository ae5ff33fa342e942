//! The processes: ready, booting, draining, and what they cost.
//!
//! ```text
//!   order ──▶ booting ──boot time──▶ ready ──order──▶ draining ──grace──▶ gone
//!                │ a lower order takes the youngest
//!                ▼
//!              gone            all of it is billed, booting from the order on
//! ```

use std::collections::VecDeque;

use super::number::{place, whole};
use super::random::{Random, Stream};

/// How long a process boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boot {
    /// Always so many seconds.
    Fixed(u32),
    /// Anything between two numbers of seconds.
    Between(u32, u32),
}

/// The fleet of one process type.
#[derive(Debug, Clone)]
pub struct Fleet {
    boot: Boot,
    grace: u32,
    random: Random,
    ready: u32,
    /// When each will be ready, in the order in which they were ordered.
    booting: Vec<u32>,
    /// Until when how many are billed.
    draining: VecDeque<(u32, u32)>,
    /// When the next change is due.
    next: u32,
    billed: u32,
    starts: u64,
    orders: u64,
}

impl Fleet {
    /// So many are ready at the start.
    pub fn new(ready: u32, boot: Boot, grace: u32, seed: u64) -> Self {
        Self {
            boot,
            grace,
            random: Random::new(seed, Stream::Boots),
            ready,
            booting: Vec::new(),
            draining: VecDeque::new(),
            next: u32::MAX,
            billed: ready,
            starts: 0,
            orders: 0,
        }
    }

    /// Those that serve.
    pub fn ready(&self) -> u32 {
        self.ready
    }

    /// Those that serve or will: the count that was ordered.
    pub fn target(&self) -> u32 {
        self.ready + self.booting()
    }

    /// Those that will serve.
    pub fn booting(&self) -> u32 {
        u32::try_from(self.booting.len()).unwrap_or(u32::MAX)
    }

    /// Those that are paid for in this second.
    #[inline]
    pub fn billed(&self) -> u32 {
        self.billed
    }

    /// How many were started.
    pub fn starts(&self) -> u64 {
        self.starts
    }

    /// How often the count was changed.
    pub fn orders(&self) -> u64 {
        self.orders
    }

    /// Who is ready, or gone, by this second.
    #[inline]
    pub fn advance(&mut self, now: u32) {
        if now >= self.next {
            self.settle(now);
        }
    }

    /// So many there shall be.
    pub fn order(&mut self, target: u32, now: u32) {
        let before = self.target();
        if target == before {
            return;
        }
        self.orders += 1;
        for _ in before..target {
            let ready_at = now.saturating_add(self.boot_time());
            self.booting.push(ready_at);
            self.starts += 1;
        }
        let fewer = before.saturating_sub(target);
        let cancelled = fewer.min(self.booting());
        self.booting.truncate(place(self.booting() - cancelled));
        let stopped = fewer - cancelled;
        if stopped > 0 {
            self.ready -= stopped;
            self.draining
                .push_back((now.saturating_add(self.grace), stopped));
        }
        self.settle(now);
    }

    fn boot_time(&mut self) -> u32 {
        match self.boot {
            Boot::Fixed(seconds) => seconds,
            Boot::Between(least, most) => {
                least + whole(self.random.uniform() * f64::from(most.saturating_sub(least) + 1))
            }
        }
    }

    fn settle(&mut self, now: u32) {
        let before = self.booting.len();
        self.booting.retain(|ready_at| *ready_at > now);
        self.ready += u32::try_from(before - self.booting.len()).unwrap_or(0);
        while self
            .draining
            .front()
            .is_some_and(|(until, _)| *until <= now)
        {
            self.draining.pop_front();
        }
        let boots = self.booting.iter().copied().min();
        let drains = self.draining.front().map(|(until, _)| *until);
        self.next = boots.into_iter().chain(drains).min().unwrap_or(u32::MAX);
        let draining: u32 = self.draining.iter().map(|(_, many)| many).sum();
        self.billed = self.target() + draining;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booting_and_draining_are_billed() {
        let mut fleet = Fleet::new(2, Boot::Fixed(30), 10, 0);
        for (now, order, ready, billed, because) in [
            (0, Some(4), 2, 4, "two boot"),
            (10, Some(5), 2, 5, "and one more"),
            (29, None, 2, 5, "not yet"),
            (30, None, 4, 5, "the first two are ready"),
            (
                31,
                Some(3),
                3,
                4,
                "the youngest, which still boots, and one that was ready and drains",
            ),
            (40, None, 3, 4, "to its end"),
            (41, None, 3, 3, "and is gone"),
            (42, Some(3), 3, 3, "no change"),
        ] {
            fleet.advance(now);
            if let Some(target) = order {
                fleet.order(target, now);
            }
            assert_eq!(
                (fleet.ready(), fleet.billed()),
                (ready, billed),
                "{now}: {because}"
            );
        }
        assert_eq!((fleet.starts(), fleet.orders()), (3, 3));
    }

    #[test]
    fn a_random_boot_is_within_its_range() {
        let mut fleet = Fleet::new(0, Boot::Between(20, 120), 10, 3);
        fleet.order(400, 0);
        let ready = [19, 20, 70, 119, 120].map(|now| {
            fleet.advance(now);
            fleet.ready()
        });
        assert_eq!((ready[0], ready[4]), (0, 400), "{ready:?}");
        assert!(
            ready[1] > 0 && (160..240).contains(&ready[2]) && ready[3] < 400,
            "{ready:?}"
        );
    }
}
