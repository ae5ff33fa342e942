//! How it is searched: what holds at present first, then points spread evenly over all that may be (a Halton sequence), then
//! steps from the best ones, and last the best one with less changed. The same seed goes the same way.

use std::collections::BTreeSet;

use anyhow::Result;

use super::frontier::{best, frontier};
use super::space::{Point, Space};
use crate::offline::simulate::report::Row;
use crate::simulation::number::{length, place, whole};
use crate::simulation::random::{Random, Stream};

/// How much of the runs goes to points spread evenly.
const EVENLY: f64 = 0.4;

/// How far a step goes, as a part of a setting's range.
const STEPS: [f64; 3] = [0.25, 0.08, 0.025];

/// How far beside the best one on the frontier steps begin.
const BESIDE: usize = 2;

/// After so many points in a row that had been tried, there is nothing new.
const STALE: usize = 200;

/// So many points for each run at the most: the others were refused.
const POINTS: usize = 10;

/// Settings that were tried, and what came of them.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Where it lies.
    pub point: Point,
    /// The settings that differ from the present ones, a line of TOML each.
    pub lines: Vec<String>,
    /// What came of it.
    pub row: Row,
}

impl Trial {
    /// Process-hours a day.
    pub fn hours(&self) -> f64 {
        self.row.hours_a_day
    }

    /// The late ones in a hundred.
    pub fn late(&self) -> f64 {
        self.row.figures.late
    }
}

/// All that was tried; the first is what holds at present.
#[derive(Debug)]
pub struct Found {
    /// In the order of trying.
    pub trials: Vec<Trial>,
    /// How many the settings' check refused.
    pub refused: usize,
    /// Why it refused the first.
    pub why: Option<String>,
}

/// What came of settings: a row, or why they were refused.
pub type Outcome = Result<Row, String>;

/// Tries settings; it is shown what has been tried.
pub type Attempt<'a> = dyn FnMut(&[String], &[Trial]) -> Result<Outcome> + 'a;

/// A search.
struct Search<'s> {
    space: &'s Space,
    budget: f64,
    runs: usize,
    seen: BTreeSet<Vec<String>>,
    stale: usize,
    found: Found,
    random: Random,
    attempt: &'s mut Attempt<'s>,
}

/// Searches with so many runs at the most.
pub fn search(
    space: &Space,
    budget: f64,
    runs: usize,
    seed: u64,
    attempt: &mut Attempt<'_>,
) -> Result<Found> {
    let mut search = Search {
        space,
        budget,
        runs,
        seen: BTreeSet::new(),
        stale: 0,
        found: Found {
            trials: Vec::new(),
            refused: 0,
            why: None,
        },
        random: Random::new(seed, Stream::Search),
        attempt,
    };
    search.visit(space.present())?;
    // So many are kept for what can be left out of the best.
    let kept = space.dials.len().min(runs / 5);
    let evenly = place(whole(EVENLY * length(runs)));
    search.evenly(evenly)?;
    search.refine(runs - kept)?;
    search.simplify()?;
    Ok(search.found)
}

impl Search<'_> {
    /// Tries a point that is new.
    fn visit(&mut self, point: Point) -> Result<()> {
        let lines = self.space.lines(&point);
        if !self.seen.insert(lines.clone()) {
            self.stale += 1;
            return Ok(());
        }
        self.stale = 0;
        match (self.attempt)(&lines, &self.found.trials)? {
            Ok(row) => self.found.trials.push(Trial { point, lines, row }),
            Err(why) => {
                self.found.refused += 1;
                self.found.why.get_or_insert(why);
            }
        }
        Ok(())
    }

    /// Whether there is more to try before so many have been.
    fn goes_on(&self, until: usize) -> bool {
        self.found.trials.len() < until.min(self.runs)
            && self.stale < STALE
            && self.seen.len() < POINTS * self.runs
    }

    fn evenly(&mut self, until: usize) -> Result<()> {
        let dials = self.space.dials.len();
        let shifts: Vec<f64> = (0..dials).map(|_| self.random.uniform()).collect();
        let mut number = 1;
        while self.goes_on(until) {
            let point = shifts.iter().enumerate().map(|(dial, shift)| {
                let even = PRIMES.get(dial).map(|base| halton(number, *base));
                let at = even.unwrap_or_else(|| self.random.uniform());
                Some((at + shift).fract())
            });
            let point = point.collect();
            self.visit(point)?;
            number += 1;
        }
        self.stale = 0;
        Ok(())
    }

    fn refine(&mut self, until: usize) -> Result<()> {
        let mut turn = 0;
        while self.goes_on(until) {
            if let Some(centre) = self.centre(turn) {
                let point = self.step(centre);
                self.visit(point)?;
            }
            turn += 1;
        }
        self.stale = 0;
        Ok(())
    }

    /// Where a step begins: every other time at the best, else at one beside it on the frontier.
    fn centre(&self, turn: usize) -> Option<Point> {
        let trials = &self.found.trials;
        let best = best(trials, self.budget);
        let line = frontier(trials);
        let rank = line.iter().position(|place| *place == best).unwrap_or(0);
        let first = rank.saturating_sub(BESIDE);
        let beside: Vec<usize> = line.into_iter().skip(first).take(2 * BESIDE + 1).collect();
        let other = beside.get((turn / 2) % beside.len().max(1)).copied();
        let place = if turn.is_multiple_of(2) {
            Some(best)
        } else {
            other
        };
        Some(trials.get(place?)?.point.clone())
    }

    /// One or two settings further.
    fn step(&mut self, mut point: Point) -> Point {
        let dials = &self.space.dials;
        let many = if self.random.uniform() < 0.3 { 2 } else { 1 };
        for _ in 0..many {
            let which = place(whole(self.random.uniform() * length(dials.len())));
            let size = place(whole(self.random.uniform() * length(STEPS.len())));
            let is_up = self.random.uniform() < 0.5;
            if let (Some(dial), Some(at), Some(step)) =
                (dials.get(which), point.get_mut(which), STEPS.get(size))
            {
                let step = step.max(dial.grain());
                let from = at.unwrap_or_else(|| dial.present());
                let to = if is_up { from + step } else { from - step };
                *at = Some(to.clamp(0.0, 1.0));
            }
        }
        point
    }

    /// Leaves out of the best what makes no difference, one setting after the other.
    fn simplify(&mut self) -> Result<()> {
        for dial in 0..self.space.dials.len() {
            let place = best(&self.found.trials, self.budget);
            let point = self.found.trials.get(place).map(|best| best.point.clone());
            let Some(mut point) = point.filter(|_| self.goes_on(usize::MAX)) else {
                break;
            };
            if let Some(at) = point.get_mut(dial) {
                *at = None;
            }
            self.visit(point)?;
        }
        Ok(())
    }
}

const PRIMES: [u32; 16] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53];

/// The digits of a number behind the point, in reverse: evenly spread however many are taken.
fn halton(mut number: u32, base: u32) -> f64 {
    let (mut sum, mut weight) = (0.0, 1.0);
    while number > 0 {
        weight /= f64::from(base);
        sum += weight * f64::from(number % base);
        number /= base;
    }
    sum
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use crate::simulation::figures::{Figures, Tally};

    /// What so many hours a day and so many late are.
    pub(in super::super) fn row(hours: f64, late: f64) -> Row {
        let figures = Figures {
            days: 1.0,
            hours,
            late,
            ..Tally::new(1.0).figures(0.0, 0, 0)
        };
        Row::new("x".to_owned(), &[(figures, 200.0)], None)
    }

    /// A trial that changes so many settings.
    pub(in super::super) fn trial(settings: usize, hours: f64, late: f64) -> Trial {
        Trial {
            point: Vec::new(),
            lines: (0..settings)
                .map(|number| format!("s{number} = 1"))
                .collect(),
            row: row(hours, late),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::space::{Dial, Reach};
    use super::testing::row;
    use super::*;

    /// Hours grow with `x`, and so falls what is late; `y` away from 30 costs hours, and `z` makes no difference.
    fn space() -> Space {
        let real = |name, low, high, present: &str| {
            Dial::new(name, Reach::Real(low, high), Some(present.to_owned()))
        };
        Space {
            dials: vec![
                real("x", 1.0, 9.0, "8"),
                real("y", 0.0, 100.0, "80"),
                real("z", 0.0, 1.0, "0.5"),
            ],
        }
    }

    fn cost(lines: &[String]) -> Row {
        let value = |name: &str, otherwise: f64| {
            let line = lines.iter().find_map(|line| line.strip_prefix(name));
            line.map_or(otherwise, |value| value.parse().unwrap())
        };
        let (x, y) = (value("x = ", 8.0), value("y = ", 80.0));
        row(
            100.0 + 10.0 * x + (y - 30.0).abs(),
            10.0_f64.powf(2.0 - x / 2.0),
        )
    }

    fn run(runs: usize, seed: u64) -> Found {
        search(&space(), 1.0, runs, seed, &mut |lines, _| {
            Ok(Ok(cost(lines)))
        })
        .unwrap()
    }

    #[test]
    fn the_frontier_of_a_known_cost_is_found() {
        for seed in 0..4 {
            let found = run(200, seed);
            assert_eq!(found.trials.len(), 200, "{seed}");
            let best = &found.trials[best(&found.trials, 1.0)];
            // One in a hundred is late at x = 4, and the least hours for it are 140.
            assert!(best.late() <= 1.0, "{best:?}");
            assert!(best.hours() < 143.0, "seed {seed}: {best:?}");
            assert!(
                best.lines.iter().all(|line| !line.starts_with('z')),
                "what makes no difference is left as it is: {:?}",
                best.lines
            );
        }
    }

    #[test]
    fn a_seed_goes_the_same_way() {
        let lines = |seed| {
            let trials = run(60, seed).trials;
            trials
                .into_iter()
                .map(|trial| trial.lines)
                .collect::<Vec<_>>()
        };
        assert_eq!(lines(3), lines(3));
        assert_ne!(lines(3), lines(4));
        assert_eq!(lines(3)[0], Vec::<String>::new(), "the present ones first");
    }

    #[test]
    fn what_is_refused_is_counted_and_passed_over() {
        let found = search(&space(), 1.0, 50, 0, &mut |lines, _| {
            Ok(if lines.iter().any(|line| line.starts_with("x = 8")) {
                Err("no".to_owned())
            } else {
                Ok(cost(lines))
            })
        })
        .unwrap();
        assert_eq!(found.trials.len(), 50);
        assert!(found.refused > 0);
        assert_eq!(found.why.as_deref(), Some("no"));
        let found = search(&space(), 1.0, 50, 0, &mut |lines, _| {
            Ok(if lines.is_empty() {
                Ok(cost(lines))
            } else {
                Err("no".to_owned())
            })
        })
        .unwrap();
        assert_eq!(found.trials.len(), 1, "an end there is all the same");
    }

    #[test]
    fn a_small_space_is_gone_through_once() {
        let values = ["1", "2", "4"].map(str::to_owned).to_vec();
        let dial = |name| Dial::new(name, Reach::Listed(values.clone()), Some("1".to_owned()));
        let space = Space {
            dials: vec![dial("x"), dial("z")],
        };
        let found = search(&space, 1.0, 200, 0, &mut |lines, _| Ok(Ok(cost(lines)))).unwrap();
        assert_eq!(found.trials.len(), 9);
    }

    #[test]
    fn halton_numbers_are_spread() {
        let numbers = [1, 2, 3, 4].map(|number| halton(number, 2));
        assert_eq!(
            numbers.map(|number| (8.0 * number).to_string()),
            ["4", "2", "6", "1"]
        );
    }
}
