//! What becomes of one cell: its results as they come, the source's switch, and whether it was scaled down.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use autoscalebot::envelope::doubt::Trust;
use autoscalebot::messages::{Decided, Scale};
use autoscalebot::wire::Addressed;

use super::WINDOW;
use super::cells::{Row, Source};

/// How many results in a row a source is well for.
const WELL_FOR: usize = WINDOW / 2;

/// How often it is ill.
const ILL_TIMES: usize = 3;

/// How many results are enough: windows enough to scale down many times.
const ENOUGH: usize = WINDOW * 2;

/// How long an outage lasts, in results.
const OUTAGE: usize = 2;

/// What was seen of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// As it should be.
    Right,
    /// Scaled down where it should not be, or not where it should.
    Wrong,
    /// Not enough.
    Unfinished,
}

/// A cell under watch.
pub(super) struct Watched {
    name: String,
    row: Row,
    source: Source,
    is_ill: Cell<bool>,
    /// Results since the switch was changed.
    since: Cell<usize>,
    sound: Cell<usize>,
    doubted: RefCell<BTreeMap<&'static str, usize>>,
    down: RefCell<Option<String>>,
}

impl Watched {
    pub(super) fn new(name: &str, row: Row, source: Source) -> Self {
        let is_ill = row == Row::ZeroAfterOutage;
        source.set(is_ill);
        Self {
            name: name.to_owned(),
            row,
            source,
            is_ill: Cell::new(is_ill),
            since: Cell::default(),
            sound: Cell::default(),
            doubted: RefCell::default(),
            down: RefCell::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Sees a message on its way. The next measurement begins after it, so that the switch is changed in time.
    pub(super) fn see(&self, message: &dyn Addressed) {
        let message: &dyn Any = message;
        if let Some(decided) = message.downcast_ref::<Decided>() {
            let trust = decided.grounds.trust.clone();
            let is_old = decided
                .grounds
                .doubts
                .iter()
                .any(|doubt| doubt.starts_with("the oldest"));
            self.result(&trust.expect("every cycle has a result"), is_old);
        } else if let Some(scale) = message.downcast_ref::<Scale>()
            && scale.to < scale.from
        {
            let down = format!("{} -> {}", scale.from, scale.to);
            self.down.borrow_mut().get_or_insert(down);
        }
    }

    fn result(&self, trust: &Trust, is_old: bool) {
        let doubt = doubt(trust).or((self.row == Row::Suspended && is_old).then_some("old window"));
        match doubt {
            None => self.sound.set(self.sound.get() + 1),
            Some(doubt) => *self.doubted.borrow_mut().entry(doubt).or_default() += 1,
        }
        self.since.set(self.since.get() + 1);
        let turns = match self.row {
            Row::Control | Row::ZeroWhileBusy => false,
            Row::ZeroAfterOutage => self.is_ill.get() && self.since.get() >= OUTAGE,
            // A late answer is a sound one.
            Row::Suspended if self.is_ill.get() => true,
            _ if self.is_ill.get() => doubt.is_some(),
            _ => self.since.get() >= WELL_FOR,
        };
        if turns {
            self.is_ill.set(!self.is_ill.get());
            self.since.set(0);
            self.source.set(self.is_ill.get());
        }
    }

    fn doubted(&self) -> usize {
        self.doubted.borrow().values().sum()
    }

    fn has_seen_enough(&self) -> bool {
        match self.row {
            Row::Control => self.down.borrow().is_some(),
            Row::ZeroAfterOutage => self.count("zero after outage") >= ENOUGH,
            Row::ZeroWhileBusy => self.count("zero while busy") >= ENOUGH,
            Row::Suspended => self.doubted() >= ENOUGH,
            _ => self.doubted() >= ILL_TIMES && self.sound.get() >= ENOUGH,
        }
    }

    fn count(&self, doubt: &str) -> usize {
        self.doubted.borrow().get(doubt).copied().unwrap_or(0)
    }

    pub(super) fn is_done(&self) -> bool {
        self.seen() != Seen::Unfinished
    }

    pub(super) fn seen(&self) -> Seen {
        match (
            self.row,
            self.down.borrow().is_some(),
            self.has_seen_enough(),
        ) {
            (Row::Control, true, _) | (_, false, true) => Seen::Right,
            (_, true, _) => Seen::Wrong,
            (_, false, false) => Seen::Unfinished,
        }
    }

    /// What stands in the table.
    pub(super) fn shown(&self) -> String {
        let doubted = self.doubted.borrow();
        let doubts: Vec<&str> = doubted.keys().copied().collect();
        let doubt = doubts.join(", ");
        match (&*self.down.borrow(), self.seen()) {
            (Some(down), Seen::Right) => format!("down {down}"),
            (Some(down), _) => format!("DOWN {down}"),
            (None, Seen::Unfinished) => {
                format!("UNSEEN {}/{} {doubt}", self.sound.get(), self.doubted())
            }
            (None, _) => format!("held: {doubt}"),
        }
    }
}

/// Why a result is not trusted, in short.
fn doubt(trust: &Trust) -> Option<&'static str> {
    Some(match trust {
        Trust::Sound | Trust::LastKnown { .. } => return None,
        Trust::Stale { .. } => "stale",
        Trust::Missing => "missing",
        Trust::Incomplete { .. } => "incomplete",
        Trust::SourceDown => "source down",
        Trust::Implausible => "implausible",
        Trust::ZeroAfterOutage => "zero after outage",
        Trust::ZeroWhileBusy { .. } => "zero while busy",
    })
}
