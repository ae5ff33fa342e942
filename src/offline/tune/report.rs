//! What the search came to, for people and for programs: a sentence, the settings to paste, and the frontier.

use std::fmt::Write as _;

use serde::Serialize;

use crate::offline::simulate::report::{Row, Subject, aligned, span};

/// Settings that were tried.
#[derive(Debug, Clone, Serialize)]
pub struct Tried {
    /// Those that differ from the present ones, a line of TOML each.
    pub settings: Vec<String>,
    /// What came of them.
    #[serde(flatten)]
    pub row: Row,
}

/// The same on a seed that was not searched with.
#[derive(Debug, Clone, Serialize)]
pub struct HoldOut {
    /// The seed.
    pub seed: u64,
    /// The present settings.
    pub present: Row,
    /// The proposed ones.
    pub proposal: Row,
}

/// All of it.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What was simulated.
    #[serde(flatten)]
    pub subject: Subject,
    /// How many in a hundred may be late.
    pub budget: f64,
    /// How many settings were tried.
    pub tried: usize,
    /// How many more the settings' check refused.
    pub refused: usize,
    /// Whether the proposal keeps the budget.
    pub within_budget: bool,
    /// Whether the proposal is something else than what there is.
    pub better: bool,
    /// What there is.
    pub present: Row,
    /// The fewest hours within the budget; where nothing is within it, the least late.
    pub proposal: Tried,
    /// The same on another seed.
    pub hold_out: HoldOut,
    /// Those that none beats, from the fewest hours to the least late.
    pub frontier: Vec<Tried>,
}

/// The most rows of the frontier in the text.
pub const ROWS: usize = 10;

impl Report {
    /// For people; `rows` are those of the frontier that are told.
    pub fn text(&self, rows: &[Tried]) -> String {
        let mut text = format!("{}\n", self.sentence());
        if self.better {
            let _ = writeln!(text, "\n{}", self.toml());
        }
        let _ = writeln!(text, "\n{}\n", self.held_out());
        let subject = &self.subject;
        let seeds = match subject.seeds {
            1 => format!("seed {}", subject.seed),
            many => format!("the mean of {many} seeds"),
        };
        let refused = match self.refused {
            0 => String::new(),
            many => format!("; {many} more do not go together"),
        };
        let _ = writeln!(
            text,
            "load: {}, {:.1} days, late after {}; {seeds}; settings tried: {}{refused}\n",
            subject.load,
            subject.days,
            span(subject.late_after_seconds),
            self.tried,
        );
        text.push_str(&self.table(rows));
        text.push_str("\nNone that was tried is less late for fewer process-hours than these. The settings of each: --json.\n");
        text
    }

    /// The settings to paste.
    pub fn toml(&self) -> String {
        let table = format!("# under [processes.{}.decision]:", self.subject.process);
        let lines = self.proposal.settings.iter().map(String::as_str);
        let lines: Vec<&str> = std::iter::once(table.as_str()).chain(lines).collect();
        lines.join("\n")
    }

    fn sentence(&self) -> String {
        let (process, budget) = (&self.subject.process, self.budget);
        let present = &self.present;
        let now = format!(
            "{process}, {}: {:.2} % late at {} now",
            present.policy,
            present.figures.late,
            hours(present),
        );
        let then = &self.proposal.row;
        let late = then.figures.late;
        match (self.within_budget, self.better) {
            (true, true) => format!("{now}; {late:.2} % at {} with these settings:", short(then)),
            (true, false) => {
                format!("{now}; nothing that was tried takes fewer and keeps {budget} %.")
            }
            (false, true) => format!(
                "{now}; nothing that was tried keeps {budget} %. The least late is {late:.2} % at {}, with these settings:",
                short(then)
            ),
            (false, false) => format!(
                "{now}; nothing that was tried keeps {budget} %, and nothing is less late than that."
            ),
        }
    }

    fn held_out(&self) -> String {
        let HoldOut {
            seed,
            present,
            proposal,
        } = &self.hold_out;
        let now = format!(
            "On seed {seed}, which was not searched with: {:.2} % at {} now",
            present.figures.late,
            short(present)
        );
        let then = if self.better {
            format!(
                "; {:.2} % at {} with them",
                proposal.figures.late,
                short(proposal)
            )
        } else {
            String::new()
        };
        let is_over = self.within_budget && proposal.figures.late > self.budget;
        let over = if is_over {
            format!(
                ". That is above {} %: more --seeds or a smaller --budget make it surer.",
                self.budget
            )
        } else {
            ".".to_owned()
        };
        format!("{now}{then}{over}")
    }

    fn table(&self, rows: &[Tried]) -> String {
        let mut head = vec!["", "late %", "p99", "hours/day", "x demand"];
        if self.subject.price_per_hour.is_some() {
            head.push("cost/day");
        }
        head.extend(["scales/day", "settings changed"]);
        let mut lines = vec![head.into_iter().map(str::to_owned).collect::<Vec<_>>()];
        let is_on_it = rows.iter().any(|tried| tried.settings.is_empty());
        if !is_on_it {
            lines.push(cells("now", &self.present, 0));
        }
        for Tried { settings, row } in rows {
            let name = if settings.is_empty() {
                "now"
            } else if *settings == self.proposal.settings {
                "proposal"
            } else {
                ""
            };
            lines.push(cells(name, row, settings.len()));
        }
        aligned(&lines)
    }
}

fn cells(name: &str, row: &Row, settings: usize) -> Vec<String> {
    let mut cells = vec![
        name.to_owned(),
        format!("{:.2}", row.figures.late),
        span(row.figures.p99),
        format!("{:.1}", row.hours_a_day),
        format!("{:.2}", row.hours_to_demand),
    ];
    cells.extend(row.cost_a_day.map(|cost| format!("{cost:.2}")));
    cells.push(format!("{:.0}", row.figures.actions));
    cells.push(settings.to_string());
    cells
}

fn hours(row: &Row) -> String {
    let cost = row.cost_a_day.map(|cost| format!(" ({cost:.2})"));
    format!(
        "{:.0} process-hours a day{}",
        row.hours_a_day,
        cost.unwrap_or_default()
    )
}

fn short(row: &Row) -> String {
    let cost = row.cost_a_day.map(|cost| format!(" ({cost:.2})"));
    format!("{:.0}{}", row.hours_a_day, cost.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::search::testing::row;
    use super::*;

    fn report(settings: &[&str], now: f64, then: f64, held: f64) -> Report {
        let tried = |settings: &[&str], row: Row| Tried {
            settings: settings.iter().map(|line| (*line).to_owned()).collect(),
            row,
        };
        let proposal = tried(settings, row(251.0, then));
        Report {
            subject: Subject {
                process: "web".to_owned(),
                kind: "web",
                load: "daily-wave".to_owned(),
                days: 1.0,
                erlang: 10.0,
                late_after_seconds: 1.0,
                service_seconds: 0.1,
                slots: 1,
                start: chrono::DateTime::UNIX_EPOCH,
                seed: 0,
                seeds: 1,
                price_per_hour: None,
            },
            budget: 1.0,
            tried: 200,
            refused: 7,
            within_budget: then <= 1.0,
            better: !settings.is_empty(),
            present: row(290.0, now),
            hold_out: HoldOut {
                seed: 1,
                present: row(288.0, 1.3),
                proposal: row(252.0, held),
            },
            frontier: vec![tried(&["increment = 9"], row(200.0, 5.0)), proposal.clone()],
            proposal,
        }
    }

    #[test]
    fn the_first_line_says_it_and_the_settings_follow() {
        let report = report(&["increment = 2"], 1.2, 0.8, 0.9);
        let text = report.text(&report.frontier);
        let mut lines = text.lines();
        assert_eq!(
            lines.next(),
            Some(
                "web, x: 1.20 % late at 290 process-hours a day now; 0.80 % at 251 with these settings:"
            )
        );
        assert!(
            text.contains("\n# under [processes.web.decision]:\nincrement = 2\n\n"),
            "{text}"
        );
        assert!(
            text.contains("On seed 1, which was not searched with: 1.30 % at 288 now; 0.90 % at 252 with them.\n"),
            "{text}"
        );
        let named: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("now ") || line.starts_with("proposal "))
            .collect();
        assert_eq!(named.len(), 2, "{text}");
    }

    #[test]
    fn what_did_not_come_off_is_told() {
        for (settings, now, then, held, part) in [
            (
                &["increment = 2"][..],
                1.2,
                0.8,
                1.4,
                "That is above 1 %: more --seeds",
            ),
            (
                &[],
                0.8,
                0.8,
                0.9,
                "nothing that was tried takes fewer and keeps 1 %.",
            ),
            (
                &["increment = 2"],
                4.0,
                2.5,
                2.5,
                "The least late is 2.50 % at 251, with these",
            ),
            (&[], 4.0, 4.0, 4.0, "and nothing is less late than that"),
        ] {
            let report = report(settings, now, then, held);
            let text = report.text(&report.frontier);
            assert!(text.contains(part), "{part}: {text}");
            assert_eq!(text.contains("[processes"), !settings.is_empty(), "{text}");
        }
    }
}
