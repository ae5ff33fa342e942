//! What Prometheus answers to a range query (`/api/v1/query_range`) for a rate, such as
//! `sum(rate(http_requests_total[1m]))`: one series, one value a step.

use serde::Deserialize;

use super::{LONGEST, Trace, TraceError};
use crate::simulation::number::{length, place, whole};

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    data: Data,
    #[serde(default)]
    error: String,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Data {
    #[serde(default)]
    result_type: String,
    #[serde(default)]
    result: Vec<Series>,
}

#[derive(Deserialize)]
struct Series {
    #[serde(default)]
    values: Vec<(f64, String)>,
}

/// The trace in an answer.
pub fn parse(text: &str) -> Result<Trace, TraceError> {
    let answer: Answer = serde_json::from_str(text).map_err(|error| {
        let wrong = format!("it is no answer of Prometheus ({error})");
        TraceError::whole(wrong, "it is what /api/v1/query_range gives")
    })?;
    if !answer.error.is_empty() {
        let wrong = format!("Prometheus refused the query: {}", answer.error);
        return Err(TraceError::whole(wrong, "ask again"));
    }
    if answer.data.result_type != "matrix" {
        let wrong = format!("the result is a `{}`", answer.data.result_type);
        return Err(TraceError::whole(
            wrong,
            "a range query (/api/v1/query_range) gives a `matrix`",
        ));
    }
    let [series] = answer.data.result.as_slice() else {
        let wrong = format!("there are {} series", answer.data.result.len());
        return Err(TraceError::whole(
            wrong,
            "one is needed: put the query into sum(…)",
        ));
    };
    let values = values(&series.values)?;
    let bin = step(&values)?;
    Trace::new(bin, fill(&values, bin)?)
}

/// The values as numbers. A `NaN` is none, as when it divides by nothing.
fn values(raw: &[(f64, String)]) -> Result<Vec<(f64, f64)>, TraceError> {
    let mut values = Vec::with_capacity(raw.len());
    for ((at, text), number) in raw.iter().zip(1..) {
        match text.parse::<f64>() {
            Ok(value) if value.is_nan() => {}
            Ok(value) if value >= 0.0 && value.is_finite() => values.push((*at, value)),
            Ok(_) | Err(_) => {
                let wrong = format!("value {number}: `{text}` is no rate");
                return Err(TraceError::whole(
                    wrong,
                    "a rate is a number of at least 0: ask for rate(…[1m])",
                ));
            }
        }
    }
    Ok(values)
}

/// The query's step: the shortest time between two values.
fn step(values: &[(f64, f64)]) -> Result<u32, TraceError> {
    let pairs = values.iter().zip(values.iter().skip(1));
    let shortest = pairs
        .map(|((before, _), (after, _))| after - before)
        .fold(f64::INFINITY, f64::min);
    let step = whole(shortest.round());
    if !shortest.is_finite() || step == 0 {
        let right = "there are at least two values, at least a second apart: ask with `step=60`, over a longer range";
        return Err(TraceError::whole(
            "there is no step between its values",
            right,
        ));
    }
    Ok(step)
}

/// Every step's value. Where some are missing (nothing was scraped), the line between the neighbours.
fn fill(values: &[(f64, f64)], step: u32) -> Result<Vec<f64>, TraceError> {
    let mut rates = Vec::new();
    let mut last: Option<(f64, f64)> = None;
    for (at, rate) in values {
        if let Some((before, from)) = last {
            let steps = whole(((at - before) / f64::from(step)).round()).max(1);
            if length(rates.len()) + f64::from(steps) > f64::from(LONGEST / step.max(1)) {
                let right = format!("a trace has at most {} days", LONGEST / 86_400);
                return Err(TraceError::whole("it is too long", right));
            }
            rates.reserve(place(steps));
            for missing in 1..steps {
                rates.push(from + (rate - from) * f64::from(missing) / f64::from(steps));
            }
        }
        rates.push(*rate);
        last = Some((*at, *rate));
    }
    Ok(rates)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(values: &str) -> String {
        format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{}},"values":[{values}]}}]}}}}"#
        )
    }

    #[test]
    fn one_series_and_its_gaps() {
        let text = answer(
            r#"[1435781430.781,"1"],[1435781445.781,"1.5"],[1435781490.781,"3"],[1435781505.781,"NaN"]"#,
        );
        let trace = parse(&text).unwrap();
        assert_eq!(
            (trace.bin(), trace.rates()),
            (15, [1.0, 1.5, 2.0, 2.5, 3.0].as_slice())
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        let two = r#"{"data":{"resultType":"matrix","result":[{},{}]}}"#;
        for (text, expected) in [
            ("[1]".to_owned(), "it is no answer of Prometheus"),
            ("{}".to_owned(), "the result is a ``; a range query"),
            (
                r#"{"status":"error","error":"parse error"}"#.to_owned(),
                "Prometheus refused the query: parse error",
            ),
            (
                r#"{"data":{"resultType":"vector","result":[]}}"#.to_owned(),
                "the result is a `vector`; a range query",
            ),
            (
                two.to_owned(),
                "there are 2 series; one is needed: put the query into sum(…)",
            ),
            (answer(r#"[0,"1"]"#), "there is no step between its values"),
            (answer(r#"[0,"1"],[0,"1"]"#), "there is no step"),
            (answer(r#"[0,"1"],[15,"-2"]"#), "value 2: `-2` is no rate"),
            (answer(r#"[0,"1"],[15,"x"]"#), "value 2: `x` is no rate"),
            (answer(r#"[0,"1"],[1,"1"],[1e18,"1"]"#), "it is too long"),
        ] {
            let error = parse(&text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }
}
