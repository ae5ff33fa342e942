//! What came of it, for people and for programs: one row for each that was tried.

use std::fmt::Write as _;

use serde::Serialize;

use crate::simulation::figures::Figures;
use crate::simulation::number::length;

/// What is asked of a contender's runs.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Who.
    pub policy: String,
    /// The means over the seeds.
    #[serde(flatten)]
    pub figures: Figures,
    /// Late requests or jobs of the worst seed, in a hundred.
    pub worst_late: f64,
    /// Process-hours a day.
    pub hours_a_day: f64,
    /// Process-hours as a multiple of what the smallest counts that are in time would take.
    pub hours_to_demand: f64,
    /// What a day costs, where a price is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_a_day: Option<f64>,
}

impl Row {
    /// The row of runs, one a seed: each with the process-hours of its demand.
    pub fn new(policy: String, runs: &[(Figures, f64)], price: Option<f64>) -> Self {
        let figures = mean(runs);
        let demand = runs.iter().map(|(_, demand)| demand).sum::<f64>() / length(runs.len().max(1));
        let hours_a_day = figures.hours / figures.days;
        Self {
            policy,
            worst_late: runs.iter().map(|(run, _)| run.late).fold(0.0, f64::max),
            hours_a_day,
            hours_to_demand: figures.hours / demand,
            cost_a_day: price.map(|price| price * hours_a_day),
            figures,
        }
    }
}

/// The mean, figure by figure.
pub fn mean(runs: &[(Figures, f64)]) -> Figures {
    let of = |figure: fn(&Figures) -> f64| {
        runs.iter().map(|(run, _)| figure(run)).sum::<f64>() / length(runs.len().max(1))
    };
    Figures {
        days: of(|run| run.days),
        hours: of(|run| run.hours),
        late: of(|run| run.late),
        late_time: of(|run| run.late_time),
        p99: of(|run| run.p99),
        actions: of(|run| run.actions),
        starts: of(|run| run.starts),
        theta_under: of(|run| run.theta_under),
        theta_over: of(|run| run.theta_over),
        tau_under: of(|run| run.tau_under),
        tau_over: of(|run| run.tau_over),
        upsilon: of(|run| run.upsilon),
        jitter: of(|run| run.jitter),
        sigma: of(|run| run.sigma),
    }
}

/// What was simulated.
#[derive(Debug, Clone, Serialize)]
pub struct Subject {
    /// The process.
    pub process: String,
    /// `web` or `queue`.
    pub kind: &'static str,
    /// The load's name.
    pub load: String,
    /// How many days it is.
    pub days: f64,
    /// How much work comes on average, in processes that are busy all the time.
    pub erlang: f64,
    /// What takes longer is late, in seconds.
    pub late_after_seconds: f64,
    /// How long one takes without waiting, in seconds.
    pub service_seconds: f64,
    /// How many each process works on at a time.
    pub slots: u32,
    /// When it begins.
    pub start: chrono::DateTime<chrono::Utc>,
    /// The first seed.
    pub seed: u64,
    /// How many there are.
    pub seeds: u64,
    /// What an hour of a process costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_per_hour: Option<f64>,
}

/// All of it.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What was simulated.
    #[serde(flatten)]
    pub subject: Subject,
    /// What came of it; the first row is the process's own.
    pub rows: Vec<Row>,
}

impl Report {
    /// A sentence, and the table.
    pub fn text(&self) -> String {
        let subject = &self.subject;
        let mut text = String::new();
        if let Some(row) = self.rows.first() {
            let _ = writeln!(text, "{}\n", self.sentence(row));
        }
        let seeds = match subject.seeds {
            1 => format!("seed {}", subject.seed),
            many => format!("the mean of {many} seeds"),
        };
        let _ = writeln!(
            text,
            "load: {}, {} days, {:.1} processes busy on average, {} each; {seeds}",
            subject.load,
            short(subject.days),
            subject.erlang / f64::from(subject.slots),
            span(subject.service_seconds)
        );
        text.push('\n');
        text.push_str(&self.table());
        text.push_str(
            "\nx demand: process-hours, as a multiple of the smallest counts that are in time. theta: how much too few - too \
             many; tau: how\nlong too few - too many; ups: how long not moving with the demand; sigma: all five as one; in %.\n",
        );
        text
    }

    fn sentence(&self, row: &Row) -> String {
        let subject = &self.subject;
        let (what, late) = match subject.kind {
            "queue" => ("jobs", "waited longer"),
            _ => ("requests", "took longer"),
        };
        let cost = row
            .cost_a_day
            .map(|cost| format!(" ({cost:.2} a day)"))
            .unwrap_or_default();
        format!(
            "{}: {:.2} % of the {what} {late} than {}, for {:.0} process-hours a day{cost}, {:.2} times the demand's; \
             {:.0} scales a day.",
            row.policy,
            row.figures.late,
            span(subject.late_after_seconds),
            row.hours_a_day,
            row.hours_to_demand,
            row.figures.actions
        )
    }

    fn table(&self) -> String {
        let mut head = vec!["policy", "late %"];
        let worst = self.subject.seeds > 1;
        if worst {
            head.push("worst %");
        }
        head.extend(["p99", "hours", "hours/day", "x demand"]);
        let priced = self.subject.price_per_hour.is_some();
        if priced {
            head.push("cost/day");
        }
        head.extend(["scales/day", "theta", "tau", "ups", "sigma"]);
        let mut lines = vec![head.into_iter().map(str::to_owned).collect::<Vec<_>>()];
        for row in &self.rows {
            let figures = &row.figures;
            let mut cells = vec![row.policy.clone(), format!("{:.2}", figures.late)];
            if worst {
                cells.push(format!("{:.2}", row.worst_late));
            }
            cells.extend([
                span(figures.p99),
                format!("{:.1}", figures.hours),
                format!("{:.1}", row.hours_a_day),
                format!("{:.2}", row.hours_to_demand),
            ]);
            cells.extend(row.cost_a_day.map(|cost| format!("{cost:.2}")));
            cells.extend([
                format!("{:.0}", figures.actions),
                format!("{:.0} - {:.0}", figures.theta_under, figures.theta_over),
                format!("{:.0} - {:.0}", figures.tau_under, figures.tau_over),
                format!("{:.0}", figures.upsilon),
                format!("{:.0}", figures.sigma),
            ]);
            lines.push(cells);
        }
        aligned(&lines)
    }
}

/// Columns side by side; the first to the left, the others to the right.
pub fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in lines {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let _ = if column == 0 {
                write!(text, "{cell:<width$}")
            } else {
                write!(text, "  {cell:>width$}")
            };
        }
        text.push('\n');
    }
    text
}

/// A time as people say it.
pub fn span(seconds: f64) -> String {
    if seconds < 0.9995 {
        format!("{:.0} ms", 1000.0 * seconds)
    } else if seconds < 9.95 {
        format!("{} s", short(seconds))
    } else if seconds < 600.0 {
        format!("{seconds:.0} s")
    } else {
        format!("{:.0} min", seconds / 60.0)
    }
}

/// With one place behind the point, where that is not 0.
fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::figures::Tally;

    fn figures(late: f64, hours: f64) -> Figures {
        let zero = Tally::new(1.0).figures(0.0, 0, 0);
        Figures {
            days: 2.0,
            late,
            hours,
            p99: 0.84,
            actions: 12.0,
            ..zero
        }
    }

    fn report(seeds: u64, price: Option<f64>) -> Report {
        let runs = [(figures(1.0, 480.0), 400.0), (figures(2.0, 520.0), 400.0)];
        Report {
            subject: Subject {
                process: "web".to_owned(),
                kind: "web",
                load: "daily-wave".to_owned(),
                days: 2.0,
                erlang: 10.0,
                late_after_seconds: 1.0,
                service_seconds: 0.1,
                slots: 1,
                start: chrono::DateTime::UNIX_EPOCH,
                seed: 0,
                seeds,
                price_per_hour: price,
            },
            rows: vec![Row::new("adaptive".to_owned(), &runs, price)],
        }
    }

    #[test]
    fn the_first_line_says_it_all() {
        let text = report(2, None).text();
        assert_eq!(
            text.lines().next(),
            Some(
                "adaptive: 1.50 % of the requests took longer than 1 s, for 250 process-hours a day, 1.25 times the demand's; \
                 12 scales a day."
            )
        );
        assert!(text.contains("the mean of 2 seeds"), "{text}");
        assert!(text.contains("worst %"), "{text}");
        assert!(!report(1, None).text().contains("worst %"));
    }

    #[test]
    fn a_price_makes_a_cost() {
        let text = report(1, Some(0.05)).text();
        assert!(
            text.contains("(12.50 a day)") && text.contains("cost/day"),
            "{text}"
        );
        let json = serde_json::to_value(report(1, Some(0.05))).unwrap();
        assert_eq!(json["rows"][0]["cost_a_day"], 12.5);
        assert_eq!(json["rows"][0]["worst_late"], 2.0);
        assert_eq!(json["rows"][0]["hours"], 500.0);
    }

    #[test]
    fn times_are_said_shortly() {
        for (seconds, text) in [
            (0.0, "0 ms"),
            (0.2504, "250 ms"),
            (1.0, "1 s"),
            (2.34, "2.3 s"),
            (30.0, "30 s"),
            (1200.0, "20 min"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }
}
