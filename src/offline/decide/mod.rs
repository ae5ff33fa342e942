//! `autoscalebot decide`: the decision as a filter, for other orchestrators and for checks by others. One JSON object a line
//! comes in, one a line goes out; the time is what the lines say, so that the same lines always lead to the same counts.
//!
//! ```text
//! {"at": 30, "measurement": {"response_time_ms": 840, "arrivals": 2200}, "count": 2, "ready": 2}
//! {"at":30.0,"desired":3,"reason":"…","count":2,"wish":3,"rules":[],"cause":"load"}
//! ```
//!
//! What a line may hold says `line.rs`; what comes out, `answer.rs`.

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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::backend::Registry;
    use crate::clock::Clock;
    use crate::offline::subject::Subject;

    /// What the filter answers under these settings.
    fn filtered(settings: &str, input: &str) -> (Exit, Vec<Value>) {
        let registry = Registry::built_in();
        let subject = Subject::of_text("x", settings, &registry).unwrap();
        let (replay, signals) = subject.replay(&registry, Clock::system()).unwrap();
        let mut output = Vec::new();
        let work = filter(replay, &signals, false, input.as_bytes(), &mut output);
        let exit = crate::system::block_on(work).unwrap();
        let lines = String::from_utf8(output).unwrap();
        let lines = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap());
        (exit, lines.collect())
    }

    const ONE: &str = "[processes.web]\n\
        measurement = { backend = \"command\", command = \"x\", measurement_interval_in_seconds = 10 }\n\
        scaling = { backend = \"command\", command = \"x\" }\n\
        [processes.web.decision]\n\
        min_processes = { \"0:00\" = 1, \"0:01\" = 4 }\nmax_processes = 6\nnumber_of_fails_to_scale_up_after = 2\n";

    #[test]
    fn counts_follow_on_each_other_and_on_the_time_of_the_lines() {
        let input = "{\"at\": 0, \"measurement\": {\"response_time_ms\": 5000}, \"count\": 1}\n\n\
                     {\"at\": 10, \"measurement\": 5000}\n\
                     {\"at\": 12, \"measurement\": 5000}\n\
                     {\"at\": 20, \"measurement\": {\"data\": 300}}\n\
                     {\"at\": 30, \"measurement\": null, \"error\": \"refused\"}\n\
                     {\"at\": 61.5, \"measurement\": {\"response_time_ms\": 300, \"busy\": 1}}\n\
                     {\"at\": 70, \"measurement\": 300, \"count\": 9, \"ready\": 8}";
        let (exit, answers) = filtered(ONE, input);
        let told: Vec<String> = answers
            .iter()
            .map(|answer| {
                let (at, desired) = (&answer["at"], &answer["desired"]);
                format!("{at}: {desired}, {}", answer["reason"].as_str().unwrap())
            })
            .collect();
        assert_eq!(
            told,
            [
                "0.0: 1, 1 of 2 results above 1200 so far",
                "10.0: 2, the last 2 results are above 1200",
                "12.0: 2, cooling down for another 3.0 s",
                "20.0: 2, 1 of 5 results below 400 so far",
                "30.0: 2, not measured: refused",
                "61.5: 4, 2 is below the minimum of 4",
                "70.0: 6, 9 is above the maximum of 6",
            ],
            "{answers:#?}"
        );
        assert_eq!(exit, Exit::Success);
        assert_eq!(answers[1]["wish"], 2);
        assert_eq!(answers[5]["rules"], serde_json::json!(["bounds"]));
    }

    #[test]
    fn a_line_that_is_refused_changes_nothing() {
        for (line, wrong) in [
            ("{", "EOF while parsing"),
            ("[]", "as in {\"at\": 30"),
            (
                "{\"at\": 10, \"measurment\": 4}",
                "unknown field `measurment`",
            ),
            ("{\"at\": -1, \"measurement\": 4}", "at: -1 is no time"),
            ("{\"at\": 1e300, \"measurement\": 4}", "is no time"),
            (
                "{\"at\": 4, \"measurement\": 4}",
                "at: 4 is before the last line's, 5",
            ),
            (
                "{\"at\": 10, \"measurement\": \"4\"}",
                "it must be a number, or an object",
            ),
            (
                "{\"at\": 10, \"measurement\": {\"response_time\": 4}}",
                "`response_time` is no field",
            ),
            (
                "{\"at\": 10, \"measurement\": {\"busy\": \"4\"}}",
                "busy must be a number",
            ),
            (
                "{\"at\": 10, \"measurement\": {\"data\": 1, \"busy\": 4}}",
                "`busy` beside `data`",
            ),
            (
                "{\"at\": 10, \"measurement\": 4, \"count\": -1}",
                "invalid value",
            ),
            (
                "{\"at\": 10, \"measurement\": 4, \"count\": 1, \"ready\": 2}",
                "ready: 2 is above count, 1",
            ),
            (
                "{\"at\": 10, \"measurement\": 4, \"age\": -1}",
                "age: -1 is no age",
            ),
            (
                "{\"at\": 10, \"measurements\": {\"db\": 4}}",
                "none of the name \"db\"",
            ),
        ] {
            let input = format!(
                "{{\"at\": 5, \"measurement\": 5000, \"count\": 1}}\n{line}\n{{\"at\": 15, \"measurement\": 5000}}\n"
            );
            let (exit, answers) = filtered(ONE, &input);
            assert_eq!((exit, answers.len()), (Exit::Failure, 3), "{line}");
            let told = answers[1]["error"].as_str().unwrap();
            assert!(told.contains(wrong), "{line}: {told}");
            assert_eq!(answers[1]["line"], 2);
            assert_eq!(
                answers[2]["desired"], 2,
                "as if it had not been there: {line}"
            );
        }
    }

    #[test]
    fn several_measurements_are_named() {
        let two = "[processes.web]\nscaling = { backend = \"command\", command = \"x\" }\n\
                   [[processes.web.measurement]]\nname = \"load\"\nbackend = \"command\"\ncommand = \"x\"\n\
                   [[processes.web.measurement]]\nname = \"db\"\nbackend = \"command\"\ncommand = \"x\"\nceiling = true\n\
                   [processes.web.decision]\nmax_processes = 6\nnumber_of_fails_to_scale_up_after = 1\n";
        let line = |at: u32, db: &str| {
            format!(
                "{{\"at\": {at}, \"measurements\": {{\"load\": 5000, \"db\": {db}}}, \"count\": 1}}\n"
            )
        };
        let input = line(0, "5000") + &line(30, "500") + "{\"at\": 60, \"measurement\": 5}\n";
        let (exit, answers) = filtered(two, &input);
        assert_eq!(answers[0]["desired"], 1, "the ceiling holds: {answers:#?}");
        assert_eq!(answers[1]["desired"], 2, "and lets go");
        let told = answers[2]["error"].as_str().unwrap();
        assert!(
            told.contains("`measurements`, an object with load, db"),
            "{told}"
        );
        assert_eq!(exit, Exit::Failure);
    }
}
