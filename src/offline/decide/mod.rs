//! `autoscalebot decide`: the decision as a filter, for other orchestrators and for checks by others. One JSON object a line
//! comes in, one a line goes out; the time is what the lines say, so that the same lines always lead to the same counts.
//!
//! ```text
//! {"at": 30, "measurement": {"response_time_ms": 840, "arrivals": 2200}, "count": 2, "ready": 2}
//! {"at":30.0,"desired":3,"reason":"…","count":2,"wish":3,"rules":[],"cause":"load"}
//! ```
//!
//! What a line may hold says [`line`]; what comes out, [`answer`].

mod answer;
mod line;

use std::io::{BufRead, BufReader, Read, Write};

use anyhow::{Context as _, Result};
use chrono::DateTime;

use super::replay::Replay;
use super::signal::Signal;
use crate::exit::Exit;
use crate::model::Count;
use crate::output::complain;
use crate::scaling::Observed;
use answer::Answer;
use line::Line;

/// How much is read at once.
const BUFFER: usize = 1 << 16;

/// Decides on line after line until there are no more. A line that is refused is answered with what is wrong with it, and
/// changes nothing; the exit status then says that there was one.
pub async fn filter(
    mut replay: Replay,
    signals: &[Signal],
    whole: bool,
    input: impl Read,
    output: impl Write,
) -> Result<Exit> {
    let mut input = BufReader::with_capacity(BUFFER, input);
    let mut output = std::io::BufWriter::with_capacity(BUFFER, output);
    let mut last = Last::default();
    let mut text = Vec::new();
    let mut exit = Exit::Success;
    for number in 1_u64.. {
        // Whoever sends line by line waits for the answer; whoever sends a file wants them fast.
        if input.buffer().is_empty() {
            output.flush().context("standard output")?;
        }
        text.clear();
        if input
            .read_until(b'\n', &mut text)
            .context("standard input")?
            == 0
        {
            break;
        }
        if text.trim_ascii().is_empty() {
            continue;
        }
        let answer = match last.read(&text, &replay, signals) {
            Ok(line) => last.decide(&mut replay, line, whole).await,
            Err(wrong) => {
                exit = Exit::Failure;
                complain(&format!("line {number}: {wrong}\n"));
                Answer::refused(number, wrong)
            }
        };
        serde_json::to_writer(&mut output, &answer).context("standard output")?;
        output.write_all(b"\n").context("standard output")?;
    }
    output.flush().context("standard output")?;
    Ok(exit)
}

/// What the line before left.
#[derive(Debug, Default)]
struct Last {
    at: Option<f64>,
    desired: Option<Count>,
}

impl Last {
    /// A line that can follow on the one before.
    fn read(&self, text: &[u8], replay: &Replay, signals: &[Signal]) -> Result<line::Good, String> {
        let line = Line::read(text)?;
        if let Some(before) = self.at.filter(|before| line.at < *before) {
            return Err(format!(
                "at: {} is before the last line's, {before}; lines in the order of time",
                line.at
            ));
        }
        let count = line.count.or(self.desired);
        let count = count.ok_or(
            "count: it is missing; how many processes there are (later lines may leave it out)",
        )?;
        line.good(count, replay.metrics(), signals)
    }

    async fn decide(&mut self, replay: &mut Replay, line: line::Good, whole: bool) -> Answer {
        let seen = Observed {
            count: line.count,
            ready: line.ready,
            fleet: None,
        };
        let moment = DateTime::from_timestamp_micros(line.micros).unwrap_or_default();
        let replayed = replay.step(moment, line.samples, seen).await;
        self.at = Some(line.at);
        self.desired = Some(replayed.desired);
        Answer::new(line.at, &replayed, whole)
    }
}
