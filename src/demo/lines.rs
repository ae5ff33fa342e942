//! What the terminal shows while the demo runs: one line a cycle of the autoscaled application. It is fed by a [`Tap`]:
//! it sees the messages that the bot's own actors send each other, and nothing else.

use std::any::Any;
use std::cell::RefCell;
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

use super::history::History;
use super::settings::{FIXED, MOST, WEB};
use super::wave::Wave;
use crate::clock::Clock;
use crate::decision::Wish;
use crate::measurement::Measurement;
use crate::messages::{Addressed, Decided, Scaled, Tap};
use crate::model::{Bounds, Count};
use crate::one_line::one_line;
use crate::output::say;

/// The width of a terminal on which nothing wraps.
const WIDTH: usize = 100;

/// The head of the table.
pub const HEAD: &str = "\
 time      load    web, autoscaled      fixed   the decision for web
          req/s    answer  processes    answer\n";

/// Sees every message, prints the lines, and keeps the counts.
#[derive(Debug, Clone)]
pub struct Board {
    clock: Clock,
    wave: Wave,
    seen: Rc<RefCell<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// When the wave began (monotonic); lines are shown from then on.
    began: Option<Duration>,
    fixed_answer: String,
    web: History,
    fixed: History,
}

impl Board {
    /// A board that shows nothing yet.
    pub fn new(wave: Wave, clock: Clock) -> Self {
        Self {
            clock,
            wave,
            seen: Rc::default(),
        }
    }

    /// What feeds it.
    pub fn tap(&self) -> Tap {
        let board = self.clone();
        Tap::new(move |message| board.see(message))
    }

    /// The wave begins at `began`: from now on there are lines.
    pub fn begin(&self, began: Duration) {
        self.seen.borrow_mut().began = Some(began);
    }

    /// No more lines. The counts so far, of the autoscaled application and of the fixed one.
    pub fn end(&self) -> (History, History) {
        let mut seen = self.seen.borrow_mut();
        seen.began = None;
        (seen.web.clone(), seen.fixed.clone())
    }

    fn see(&self, message: &dyn Addressed) {
        let message: &dyn Any = message;
        if let Some(decided) = message.downcast_ref::<Decided>() {
            self.decided(decided);
        } else if let Some(scaled) = message.downcast_ref::<Scaled>() {
            self.scaled(scaled);
        }
    }

    fn decided(&self, decided: &Decided) {
        let mut seen = self.seen.borrow_mut();
        if decided.process.as_str() == FIXED {
            seen.fixed_answer = answer(&decided.measurement);
        } else if let Some(began) = seen.began {
            let at = self.clock.now().mono.saturating_sub(began);
            let line = line(at, self.wave.rate(at), decided, &seen.fixed_answer);
            // The demo goes on when nobody can read it any more: its end is what matters then.
            say(&line).unwrap_or_default();
        }
    }

    fn scaled(&self, scaled: &Scaled) {
        let Ok(count) = scaled.result else { return };
        let now = self.clock.now().mono;
        let mut seen = self.seen.borrow_mut();
        let is_web = scaled.process.as_str() == WEB;
        let history = if is_web {
            &mut seen.web
        } else {
            &mut seen.fixed
        };
        history.keep(now, count);
    }
}

fn line(at: Duration, load: f64, decided: &Decided, fixed_answer: &str) -> String {
    let count = decided.count.as_ref().ok().map(|seen| seen.count);
    let mut line = String::new();
    let (at, answer) = (at.as_secs_f64(), answer(&decided.measurement));
    let processes = count.map_or_else(|| "?".to_owned(), bar);
    write!(
        line,
        "{at:5.1} s  {load:5.0}  {answer:>8}  {processes:<9}  {fixed_answer:>8}   "
    )
    .unwrap_or_default();
    let room = WIDTH.saturating_sub(line.chars().count());
    line + &one_line(&decision(decided), room) + "\n"
}

fn bar(count: Count) -> String {
    let width = usize::try_from(count).unwrap_or(usize::MAX).min(6);
    format!("{count} {}", "#".repeat(width))
}

fn answer(measurement: &Measurement) -> String {
    match measurement.data.as_f64() {
        Some(ms) => format!("{ms:.0} ms"),
        None => "none".to_owned(),
    }
}

/// What becomes of the wish, in words. The bounds are the demo's own and never change, so that this need not ask the
/// supervisor; the counts in the summary are those that the scaling backend answered.
fn decision(decided: &Decided) -> String {
    let wish = match &decided.wish {
        Ok(wish) => wish,
        Err(silence) => {
            let error = decided.measurement.error.as_deref();
            return error.map_or_else(
                || silence.to_string(),
                |error| format!("{silence}; {error}"),
            );
        }
    };
    match &decided.count {
        Ok(seen) => granted(wish, seen.count),
        Err(error) => format!("the count could not be read: {error}"),
    }
}

fn granted(wish: &Wish, now: Count) -> String {
    let (to, reason) = (
        Bounds::new(1, MOST).map_or(now, |bounds| bounds.clamp_wish(wish.desired)),
        &wish.reason,
    );
    match to.cmp(&now) {
        std::cmp::Ordering::Greater => format!("SCALE UP {now} -> {to}: {reason}"),
        std::cmp::Ordering::Less => format!("SCALE DOWN {now} -> {to}: {reason}"),
        std::cmp::Ordering::Equal if wish.desired > i64::from(now) => {
            format!("stay, {now} is the most: {reason}")
        }
        std::cmp::Ordering::Equal if wish.desired < i64::from(now) => {
            format!("stay, {now} is the least: {reason}")
        }
        std::cmp::Ordering::Equal => format!("stay: {reason}"),
    }
}
