//! What the terminal shows while the demo runs: one line a cycle of the autoscaled application. It is fed by a [`Tap`]:
//! it sees the messages that the bot's own actors send each other, and nothing else.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::history::History;
use super::settings::{MOST, TIMEOUT, WEB};
use super::wave::Wave;
use crate::clock::Clock;
use crate::decision::Wish;
use crate::measurement::OnFailure;
use crate::messages::{Decided, Measured, Outcome, Scaled};
use crate::model::{Bounds, Count};
use crate::one_line::one_line;
use crate::output::say;
use crate::wire::{Addressed, Tap};

/// The width of a terminal on which nothing wraps.
const WIDTH: usize = 100;

/// The head of the table.
pub fn head(rival: &str) -> String {
    row(["time", "load", "web", "count", rival, "decision for web"])
}

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
    web_answer: String,
    rival_answer: String,
    web: History,
    rival: History,
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

    /// No more lines. The counts so far, of `web` and of the application beside it.
    pub fn end(&self) -> (History, History) {
        let mut seen = self.seen.borrow_mut();
        seen.began = None;
        (seen.web.clone(), seen.rival.clone())
    }

    fn see(&self, message: &dyn Addressed) {
        let message: &dyn Any = message;
        if let Some(measured) = message.downcast_ref::<Measured>() {
            self.measured(measured);
        } else if let Some(decided) = message.downcast_ref::<Decided>() {
            self.decided(decided);
        } else if let Some(scaled) = message.downcast_ref::<Scaled>() {
            self.scaled(scaled);
        }
    }

    fn measured(&self, measured: &Measured) {
        let mut seen = self.seen.borrow_mut();
        let is_web = measured.process.as_str() == WEB;
        let kept = if is_web {
            &mut seen.web_answer
        } else {
            &mut seen.rival_answer
        };
        *kept = answer(measured);
    }

    fn decided(&self, decided: &Decided) {
        let seen = self.seen.borrow();
        let now = self.clock.now().mono;
        let at = seen.began.map(|began| now.saturating_sub(began));
        if let Some(at) = at.filter(|at| decided.process.as_str() == WEB && *at < self.wave.length)
        {
            let answers = [seen.web_answer.as_str(), &seen.rival_answer];
            // The demo goes on when nobody reads it any more: what matters then is that it ends in order.
            say(&line(at, self.wave.rate(at), decided, answers)).unwrap_or_default();
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
            &mut seen.rival
        };
        history.keep(now, count);
    }
}

/// One line; the last cell has what room is left.
fn row([time, load, web, count, rival, decision]: [&str; 6]) -> String {
    let cells = format!("{time:>8}{load:>8}{web:>11}  {count:<6}{rival:>11}   ");
    let room = WIDTH.saturating_sub(cells.chars().count());
    format!("{cells}{}\n", one_line(decision, room))
}

fn line(at: Duration, load: f64, decided: &Decided, answers: [&str; 2]) -> String {
    let [web, rival] = answers;
    let count = decided.count.as_ref();
    let count = count.map_or_else(|_| "?".to_owned(), |seen| bar(seen.count));
    let (time, load) = (format!("{:.1} s", at.as_secs_f64()), format!("{load:.0}/s"));
    row([&time, &load, web, &count, rival, &decision(decided)])
}

fn bar(count: Count) -> String {
    let width = usize::try_from(count).unwrap_or(usize::MAX).min(4);
    format!("{count} {}", "#".repeat(width))
}

fn answer(measured: &Measured) -> String {
    let first = measured.taken.first();
    // Where it is told of all requests, the mean is one of several figures.
    let mean = first.and_then(|taken| taken.measurement.data.get("response_time_ms")?.as_f64());
    match first.map(|taken| taken.outcome) {
        Some(Outcome::Taken(number)) if number.or(mean).is_some() => {
            format!("{:.0} ms", number.or(mean).unwrap_or_default())
        }
        Some(Outcome::Failed(OnFailure::TooHigh)) => format!(">{} ms", TIMEOUT.as_millis()),
        Some(Outcome::Taken(_) | Outcome::Failed(_)) | None => "none".to_owned(),
    }
}

/// What becomes of the wish, in words. The bounds are the demo's own and never change, so that this need not ask the
/// supervisor; the counts in the summary are those that the scaling backend answered.
fn decision(decided: &Decided) -> String {
    let wish = match &decided.wish {
        Ok(wish) => wish,
        Err(silence) => {
            let error = decided.opinions.first();
            let error = error.and_then(|opinion| opinion.measurement.error.as_deref());
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
            format!("stay at the most: {reason}")
        }
        std::cmp::Ordering::Equal if wish.desired < i64::from(now) => {
            format!("stay at the least: {reason}")
        }
        std::cmp::Ordering::Equal => format!("stay: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_told_with_what_becomes_of_it() {
        for (now, desired, expected) in [
            (1, 2, "SCALE UP 1 -> 2: R"),
            (2, 1, "SCALE DOWN 2 -> 1: R"),
            (2, 2, "stay: R"),
            (1, 0, "stay at the least: R"),
            (MOST, i64::from(MOST) + 1, "stay at the most: R"),
        ] {
            let wish = Wish {
                desired,
                reason: "R".to_owned(),
            };
            assert_eq!(granted(&wish, now), expected, "{now} to {desired}");
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let long = "x".repeat(200);
        let line = row(["3599.9 s", "45/s", ">2000 ms", "4 ####", ">2000 ms", &long]);
        assert_eq!(line.trim_end_matches('\n').chars().count(), WIDTH);
        assert!(
            head("fixed").starts_with("    time    load        web  count       fixed   decision")
        );
    }
}
