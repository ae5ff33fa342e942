//! A trace as a table: `seconds,rate`, one line a bin. `seconds` is the start of the bin, from anywhere; `rate` is the
//! mean a second within it.

use super::{Trace, TraceError};
use crate::simulation::number::whole;

/// The first line.
pub const HEADER: &str = "seconds,rate";

/// The trace in a table.
pub fn parse(text: &str) -> Result<Trace, TraceError> {
    let mut lines = text
        .lines()
        .zip(1..)
        .filter(|(line, _)| !line.trim().is_empty());
    let header = lines
        .next()
        .map_or("", |(line, _)| line.trim_start_matches('\u{feff}').trim());
    if !header.eq_ignore_ascii_case(HEADER) {
        let wrong = format!("`{header}` is not the head of a trace");
        return Err(TraceError::line(1, wrong, format!("it is `{HEADER}`")));
    }
    let mut rates = Vec::new();
    let mut starts: Vec<(f64, usize)> = Vec::new();
    for (line, number) in lines {
        let (start, rate) = pair(line, number)?;
        starts.push((start, number));
        rates.push(rate);
    }
    Trace::new(bin(&starts)?, rates)
}

fn pair(line: &str, number: usize) -> Result<(f64, f64), TraceError> {
    let fault = |wrong: String| {
        TraceError::line(
            number,
            wrong,
            "a line is `300,0.25`: where the bin starts, and its rate a second",
        )
    };
    let Some((start, rate)) = line.split_once(',') else {
        return Err(fault(format!("`{}` has no comma", line.trim())));
    };
    let real = |text: &str| {
        let value = text.trim().parse::<f64>().ok();
        value.filter(|value| value.is_finite() && *value >= 0.0)
    };
    let start =
        real(start).ok_or_else(|| fault(format!("`{}` is no time in seconds", start.trim())))?;
    let rate =
        real(rate).ok_or_else(|| fault(format!("`{}` is no rate of at least 0", rate.trim())))?;
    Ok((start, rate))
}

/// The length that all bins share.
fn bin(starts: &[(f64, usize)]) -> Result<u32, TraceError> {
    let pairs = || starts.iter().zip(starts.iter().skip(1));
    let Some(((first, _), (second, line))) = pairs().next() else {
        let right = "a trace has at least two, for how long a bin is shows between them";
        return Err(TraceError::whole("there are fewer than two bins", right));
    };
    let step = second - first;
    let bin = whole(step);
    if bin == 0 || (step - f64::from(bin)).abs() > 1e-6 {
        let wrong = format!("the bins are {step} s long");
        return Err(TraceError::line(
            *line,
            wrong,
            "a bin is a whole number of seconds, and the times rise",
        ));
    }
    for ((before, _), (after, line)) in pairs() {
        if (after - before - step).abs() > 1e-6 {
            let wrong = format!("{after} follows {before}, and the bins before are {bin} s long");
            let right = "all bins are equally long; one in which nothing came has the rate 0";
            return Err(TraceError::line(*line, wrong, right));
        }
    }
    Ok(bin)
}

/// The trace as a table.
pub fn render(trace: &Trace) -> String {
    let mut text = format!("{HEADER}\n");
    let mut start = 0_u32;
    for rate in trace.rates() {
        text.extend([
            start.to_string(),
            ",".to_owned(),
            rate.to_string(),
            "\n".to_owned(),
        ]);
        start = start.saturating_add(trace.bin());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_and_written() {
        let text = "seconds,rate\n0,0.5\n300,2\n600,0\n";
        let trace = parse(text).unwrap();
        assert_eq!(
            (trace.bin(), trace.rates()),
            (300, [0.5, 2.0, 0.0].as_slice())
        );
        assert_eq!(render(&trace), text);
        let other = "\u{feff}Seconds,Rate\r\n 900 , 0.5\r\n1200,2\r\n\r\n1500,0";
        assert_eq!(
            parse(other).unwrap(),
            trace,
            "from a spreadsheet, from anywhere"
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, expected) in [
            (
                "",
                "line 1: `` is not the head of a trace; it is `seconds,rate`",
            ),
            ("0,1\n1,1\n", "line 1: `0,1` is not the head of a trace"),
            ("seconds,rate\n", "there are fewer than two bins"),
            ("seconds,rate\n0,1\n", "there are fewer than two bins"),
            (
                "seconds,rate\n0;1\n",
                "line 2: `0;1` has no comma; a line is `300,0.25`",
            ),
            (
                "seconds,rate\n0,1\nx,2\n",
                "line 3: `x` is no time in seconds",
            ),
            (
                "seconds,rate\n0,1\n\n60,-2\n",
                "line 4: `-2` is no rate of at least 0",
            ),
            ("seconds,rate\n0,1\n60,NaN\n", "line 3: `NaN` is no rate"),
            (
                "seconds,rate\n0,1\n0.5,1\n",
                "line 3: the bins are 0.5 s long; a bin is a whole number",
            ),
            (
                "seconds,rate\n60,1\n0,1\n",
                "line 3: the bins are -60 s long",
            ),
            (
                "seconds,rate\n0,1\n60,1\n180,1\n",
                "line 4: 180 follows 60, and the bins before are 60 s long; all bins",
            ),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
    }
}
