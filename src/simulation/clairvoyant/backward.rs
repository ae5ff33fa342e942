//! From the last slot to the first: what the rest of the time costs from each state, for several prices at once.

use super::grid::{POINTS, Row};
use super::slot::{Slots, Table, undone};
use super::{PRICES, Terms};

/// After how many slots the state is kept, for going forward again. About the square root of the slots of two weeks.
pub const KEPT: usize = 200;

/// What the rest costs at one price: a row for each count, in process-seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    rows: Vec<Row>,
}

impl State {
    /// The row of a count, counted from the least.
    pub fn row(&self, count: usize) -> &[f64] {
        self.rows.get(count).map_or(&[], Row::as_slice)
    }
}

/// What the rest costs, for every price.
#[derive(Debug, Clone)]
pub struct Backward {
    pub(super) states: Vec<State>,
    scratch: State,
}

/// States that were kept: after which slot, and what the rest costs from there.
pub type Checkpoints = Vec<(usize, Vec<State>)>;

impl Backward {
    /// At the end, only what is left undone costs.
    fn at_end(slots: &Slots<'_>, terms: &Terms) -> Self {
        let state = State {
            rows: vec![undone(&slots.scenario.plant); terms.counts()],
        };
        Self {
            states: vec![state.clone(); PRICES],
            scratch: state,
        }
    }

    /// Going on from states that were kept.
    pub(super) fn from(states: Vec<State>) -> Self {
        let scratch = states
            .first()
            .cloned()
            .unwrap_or(State { rows: Vec::new() });
        Self { states, scratch }
    }

    /// One slot earlier.
    pub(super) fn step(&mut self, table: &Table, terms: &Terms, prices: &[f64; PRICES]) {
        for (state, price) in self.states.iter_mut().zip(prices) {
            spend(state, table, terms, *price, &mut self.scratch);
            move_up_or_down(&mut self.scratch, terms);
            std::mem::swap(state, &mut self.scratch);
        }
    }
}

/// Goes through all slots. `saved` gets the states on the way.
pub fn backward(
    slots: &Slots<'_>,
    terms: &Terms,
    prices: &[f64; PRICES],
    mut saved: Option<&mut Checkpoints>,
    tick: &mut dyn FnMut(),
) -> Backward {
    let mut value = Backward::at_end(slots, terms);
    let mut table = Table::default();
    for slot in (0..slots.count()).rev() {
        // What is kept is the cost of all after this slot.
        if let Some(saved) = saved
            .as_mut()
            .filter(|_| (slot + 1) % KEPT == 0 || slot + 1 == slots.count())
        {
            saved.push((slot, value.states.clone()));
        }
        slots.fill(slot, terms, &mut table);
        value.step(&table, terms, prices);
        tick();
    }
    value
}

/// What it costs to be through the slot with each count, from each point on.
fn spend(state: &State, table: &Table, terms: &Terms, price: f64, to: &mut State) {
    let rows = to
        .rows
        .iter_mut()
        .zip(&state.rows)
        .zip(table.late.iter().zip(&table.next));
    for (count, ((to, from), (late, next))) in (terms.least..).zip(rows) {
        let running = f64::from(count) * table.seconds;
        for ((to, late), next) in to.iter_mut().zip(late).zip(next) {
            *to = running + price * f64::from(*late) + next.of(from);
        }
    }
}

/// The least over all counts that could be gone to. Each step up costs a boot, each step down a stop, so it is enough to
/// look at the neighbour, once in each direction.
fn move_up_or_down(state: &mut State, terms: &Terms) {
    let mut below: Option<Row> = None;
    for row in &mut state.rows {
        if let Some(below) = below {
            least(row, &below, terms.grace);
        }
        below = Some(*row);
    }
    let mut above: Option<Row> = None;
    for row in state.rows.iter_mut().rev() {
        if let Some(above) = above {
            least(row, &above, terms.boot);
        }
        above = Some(*row);
    }
}

fn least(row: &mut [f64; POINTS], other: &[f64; POINTS], cost: f64) {
    for (value, other) in row.iter_mut().zip(other) {
        *value = value.min(other + cost);
    }
}
