//! Families of samples as text, in either format. Pure.

use std::fmt::Write as _;

use super::families::{Family, Kind};
use super::negotiate::Format;
use crate::server::board::clockwork::Histogram;

/// The labels of a sample: names that are fixed, and their values.
pub type Labels = Vec<(&'static str, String)>;

/// A number, or a distribution.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Of a gauge or a counter.
    Number(f64),
    /// Of a histogram.
    Histogram(Histogram),
}

/// All samples, family by family.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sheet(Vec<(&'static Family, Vec<(Labels, Value)>)>);

impl Sheet {
    /// Adds a family with its samples; one without samples is left out.
    pub fn add(
        &mut self,
        family: &'static Family,
        samples: impl IntoIterator<Item = (Labels, Value)>,
    ) {
        let samples: Vec<_> = samples.into_iter().collect();
        if !samples.is_empty() {
            self.0.push((family, samples));
        }
    }

    /// The families that have samples.
    pub fn families(&self) -> impl Iterator<Item = &'static Family> {
        self.0.iter().map(|(family, _)| *family)
    }

    /// All of it as text.
    pub fn text(&self, format: Format) -> String {
        let mut text = String::new();
        for (family, samples) in &self.0 {
            head(&mut text, family, format);
            for (labels, value) in samples {
                sample(&mut text, family, labels, value);
            }
        }
        if format == Format::OpenMetrics {
            text.push_str("# EOF\n");
        }
        text
    }
}

/// What is said of a family: in OpenMetrics a counter's name is without `_total` here, and the unit has a line.
fn head(text: &mut String, family: &Family, format: Format) {
    let name = match format {
        Format::Text => family.sampled(),
        Format::OpenMetrics => family.name.to_owned(),
    };
    let kind = family.kind.name();
    // Nothing that is written can fail: it goes into a string.
    writeln!(text, "# HELP {name} {}", escaped(family.help)).ok();
    writeln!(text, "# TYPE {name} {kind}").ok();
    if let (Format::OpenMetrics, Some(unit)) = (format, family.unit()) {
        writeln!(text, "# UNIT {name} {unit}").ok();
    }
}

fn sample(text: &mut String, family: &Family, labels: &Labels, value: &Value) {
    match value {
        Value::Number(number) => line(text, &family.sampled(), labels, None, *number),
        Value::Histogram(histogram) => {
            let name = family.name;
            for (bound, count) in histogram.cumulated() {
                let bound = if bound.is_finite() {
                    // `1.0`, not `1`: OpenMetrics wants it so, and one form keeps the series the same in both.
                    format!("{bound:?}")
                } else {
                    "+Inf".to_owned()
                };
                line(
                    text,
                    &format!("{name}_bucket"),
                    labels,
                    Some(("le", bound)),
                    float(count),
                );
            }
            line(text, &format!("{name}_sum"), labels, None, histogram.sum());
            let count = float(histogram.count());
            line(text, &format!("{name}_count"), labels, None, count);
        }
    }
}

fn line(
    text: &mut String,
    name: &str,
    labels: &Labels,
    more: Option<(&'static str, String)>,
    value: f64,
) {
    text.push_str(name);
    let labels = labels.iter().cloned().chain(more);
    let labels: Vec<String> = labels
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(&value)))
        .collect();
    if !labels.is_empty() {
        write!(text, "{{{}}}", labels.join(",")).ok();
    }
    writeln!(text, " {}", number(value)).ok();
}

/// As both formats write it, a label's value and a help alike.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        format!("{value}")
    }
}

/// A count as a number of the format; above 2^53 the last digits are lost, as in Prometheus itself.
pub(super) fn float(count: u64) -> f64 {
    num_traits::cast(count).unwrap_or(f64::MAX)
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Gauge => "gauge",
            Self::Counter => "counter",
            Self::Histogram => "histogram",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::server::exposition::families;

    fn sheet() -> Sheet {
        let mut sheet = Sheet::default();
        let process = |name: &str| vec![("process", name.to_owned())];
        sheet.add(
            &families::TICKS_SKIPPED,
            [(process("a\"b\\c\nd"), Value::Number(3.0))],
        );
        let mut late = Histogram::default();
        late.enter(Duration::from_millis(40));
        late.enter(Duration::from_secs(90));
        sheet.add(
            &families::CYCLE_LATENESS,
            [(process("web"), Value::Histogram(late))],
        );
        sheet.add(&families::LEADER, [(Vec::new(), Value::Number(f64::NAN))]);
        sheet.add(&families::RESTARTS, []);
        sheet
    }

    #[test]
    fn the_formats_differ_in_the_heads_and_the_end() {
        let (text, open) = (
            sheet().text(Format::Text),
            sheet().text(Format::OpenMetrics),
        );
        for (line, in_text, in_open) in [
            (
                "# TYPE autoscalebot_ticks_skipped_total counter",
                true,
                false,
            ),
            ("# TYPE autoscalebot_ticks_skipped counter", false, true),
            (
                r#"autoscalebot_ticks_skipped_total{process="a\"b\\c\nd"} 3"#,
                true,
                true,
            ),
            (
                "# UNIT autoscalebot_cycle_lateness_seconds seconds",
                false,
                true,
            ),
            (
                r#"autoscalebot_cycle_lateness_seconds_bucket{process="web",le="0.05"} 1"#,
                true,
                true,
            ),
            (
                r#"autoscalebot_cycle_lateness_seconds_bucket{process="web",le="1.0"} 1"#,
                true,
                true,
            ),
            (
                r#"autoscalebot_cycle_lateness_seconds_bucket{process="web",le="+Inf"} 2"#,
                true,
                true,
            ),
            (
                r#"autoscalebot_cycle_lateness_seconds_sum{process="web"} 90.04"#,
                true,
                true,
            ),
            ("autoscalebot_leader NaN", true, true),
            ("# EOF", false, true),
        ] {
            let has = |text: &str| text.lines().any(|other| other == line);
            assert_eq!((has(&text), has(&open)), (in_text, in_open), "{line}");
        }
        assert!(open.ends_with("# EOF\n"));
        assert!(!text.contains("restarts"), "a family without samples");
    }
}
