//! What is packed and what goes, so that the ledgers stay within their numbers and the memory that is theirs.

use chrono::{DateTime, Utc};

use super::{Again, RedisStore, replies};
use crate::model::ProcessName;
use crate::state::pack::{RECORDS_64, pack, surplus};
use crate::state::{Limits, StoreError};

/// What an entry takes beside its own bytes.
const BESIDE: u64 = 110;

/// How many packs one pruning makes, so that nobody waits long for it.
const MOST_PACKED: u64 = 100;

/// What a process's ledger takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    packs: u64,
    loose: u64,
    /// In bytes, as far as some of it shows.
    bytes: u64,
}

/// What a server says of a ledger: how many packs and loose records, and some of each.
type Sizes = (u64, u64, Vec<Vec<u8>>, Vec<Vec<u8>>);

impl Held {
    fn new((packs, loose, some_packs, some_loose): &Sizes) -> Self {
        let bytes = packs.saturating_mul(each(some_packs)) + loose.saturating_mul(each(some_loose));
        let (packs, loose) = (*packs, *loose);
        Self {
            packs,
            loose,
            bytes,
        }
    }

    fn records(self) -> u64 {
        self.packs * RECORDS_64 + self.loose
    }
}

/// What one of these takes, in the mean; the allocator rounds up.
fn each(some: &[Vec<u8>]) -> u64 {
    let bytes: usize = some.iter().map(Vec::len).sum();
    let mean = bytes / some.len().max(1);
    u64::try_from(mean + mean / 5).unwrap_or(u64::MAX) + BESIDE
}

/// How many records a ledger may keep, when all together take `taken` of `max_bytes`.
fn allowed(held: Held, limits: Limits, taken: u64, max_bytes: u64) -> u64 {
    if taken <= max_bytes {
        return limits.max_records_per_process;
    }
    // A tenth less than all, so that this is not needed again at once.
    let share = u128::from(held.records()) * u128::from(max_bytes) * 9 / 10 / u128::from(taken);
    let share = u64::try_from(share).unwrap_or(u64::MAX);
    limits.max_records_per_process.min(share)
}

impl RedisStore {
    /// Packs what is old, and lets go of what is too old or too much.
    pub(super) async fn prune_ledgers(
        &self,
        limits: Limits,
        horizon: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let (names,): (Vec<String>,) = self.ask(&self.keys.ledgers(), Again::Yes).await?;
        let mut gone = 0;
        let mut may_pack = MOST_PACKED;
        let mut all = Vec::new();
        for process in names.iter().filter_map(|name| ProcessName::kept(name).ok()) {
            let asked = self.keys.forget_older(process.as_str(), horizon);
            let (packs, loose): (u64, u64) = self.ask(&asked, Again::Yes).await?;
            gone += packs * RECORDS_64 + loose;
            let held = self.packed(&process, &mut may_pack).await?;
            all.push((process, held));
        }
        let taken = all.iter().map(|(_, held)| held.bytes).sum();
        for (process, held) in all {
            let most = allowed(held, limits, taken, self.max_bytes);
            let (packs, loose) = surplus(held.packs, held.loose, most);
            if packs + loose > 0 {
                let asked = self.keys.forget_oldest(process.as_str(), packs, loose);
                // Asked twice, it would be twice as much.
                self.ask::<()>(&asked, Again::No).await?;
                gone += packs * RECORDS_64 + loose;
            }
        }
        Ok(gone)
    }

    /// Packs the oldest loose records of a process, as long as as many stay loose; yields what there is then.
    async fn packed(&self, process: &ProcessName, may_pack: &mut u64) -> Result<Held, StoreError> {
        let name = process.as_str();
        loop {
            let sizes: Sizes = self.ask(&self.keys.sizes(name), Again::Yes).await?;
            let held = Held::new(&sizes);
            if held.loose < 2 * RECORDS_64 || *may_pack == 0 {
                return Ok(held);
            }
            let (entries,): (Vec<String>,) = self.ask(&self.keys.oldest(name), Again::Yes).await?;
            let (records, _) = replies::records(process, entries.clone());
            let Some(pack) = pack(&records) else {
                return Ok(held);
            };
            let asked = self.keys.pack(name, &pack, &entries);
            match self.ask::<()>(&asked, Again::Yes).await {
                Ok(()) => *may_pack -= 1,
                // There is no room even for what would make some: what is too much must go first.
                Err(StoreError::Full(_)) => return Ok(held),
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_ledger_may_keep_its_share_of_the_memory() {
        let limits = Limits {
            keep_for: Duration::from_secs(1),
            max_records_per_process: 25_000,
        };
        let held = |packs| Held {
            packs,
            loose: 100,
            bytes: packs * 3000,
        };
        let allowed = |packs, taken, most| allowed(held(packs), limits, taken, most);
        assert_eq!(allowed(200, 600_000, 600_000), 25_000, "it fits");
        assert_eq!(allowed(199, 600_000, 300_000), 9000, "less than half of it");
        assert_eq!(
            allowed(999, 600_000, 599_999),
            25_000,
            "never more than its number"
        );
        assert_eq!(allowed(0, 600_000, 0), 0);
    }

    #[test]
    fn what_a_ledger_takes_is_told_by_some_of_it() {
        let some = |many, bytes| vec![vec![0; bytes]; many];
        let held = Held::new(&(10, 100, some(3, 3000), some(20, 500)));
        assert_eq!(held.bytes, 10 * (3600 + BESIDE) + 100 * (600 + BESIDE));
        assert_eq!(held.records(), 1100);
        assert_eq!(Held::new(&(0, 0, vec![], vec![])).bytes, 0);
    }
}
