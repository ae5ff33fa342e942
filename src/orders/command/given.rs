//! What every order is given with: for how long, why, and by whom.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use std::time::Duration;

use crate::model::ProcessName;
use crate::one_line::one_line;
use crate::orders::{Draft, Kind, MOST_OF_OWNER, MOST_OF_REASON, lasting};

/// What every order is given with.
#[derive(Debug, Args)]
pub(crate) struct Given {
    /// For how long: 90s, 30m, 2h, 7d, 1h30m
    #[arg(long = "for", value_name = "TIME", value_parser = time)]
    lasting: Duration,
    /// Why: everybody is told
    #[arg(long, value_name = "TEXT", default_value = "no reason given")]
    because: String,
    /// Who says so; else it is the dyno's name, or $USER@host
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
}

impl Given {
    /// The order, in force from now on.
    pub(super) fn draft(&self, process: ProcessName, kind: Kind, now: DateTime<Utc>) -> Draft {
        let lasting = TimeDelta::from_std(self.lasting).unwrap_or(TimeDelta::MAX);
        Draft {
            process,
            kind,
            owner: owner(self.owner.as_deref()),
            because: one_line(&self.because, MOST_OF_REASON),
            begins: now,
            ends: now
                .checked_add_signed(lasting)
                .unwrap_or(DateTime::<Utc>::MAX_UTC),
        }
    }
}

/// Reads a time that an order may last.
fn time(text: &str) -> Result<Duration, String> {
    lasting::of_order("it", text)
}

/// Who gives an order: the one who is named, else the dyno, else the user of this machine.
pub(super) fn owner(named: Option<&str>) -> String {
    let variable = |name: &str| std::env::var(name).ok();
    let host = rustix::system::uname();
    let who = guessed(named, &variable, &host.nodename().to_string_lossy());
    one_line(&who, MOST_OF_OWNER)
}

fn guessed(named: Option<&str>, variable: &dyn Fn(&str) -> Option<String>, host: &str) -> String {
    let set = |name| variable(name).filter(|value| !value.trim().is_empty());
    if let Some(name) = named.filter(|name| !name.trim().is_empty()) {
        return name.to_owned();
    }
    // A dyno's user and host say nothing to anybody.
    if let Some(dyno) = set("DYNO") {
        return match set("HEROKU_APP_NAME") {
            Some(app) => format!("{dyno} of {app}"),
            None => dyno,
        };
    }
    let user = set("USER").or_else(|| set("LOGNAME"));
    format!("{}@{host}", user.as_deref().unwrap_or("somebody"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_named_or_guessed() {
        let with = |named, variables: &[(&str, &str)]| {
            let find = |name: &str| {
                let found = variables.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            };
            guessed(named, &find, "box")
        };
        assert_eq!(with(Some("ann"), &[("DYNO", "run.1")]), "ann");
        assert_eq!(with(Some(" "), &[("USER", "bob")]), "bob@box");
        assert_eq!(with(None, &[("DYNO", "run.1"), ("USER", "u1")]), "run.1");
        let of_app = [("DYNO", "run.1"), ("HEROKU_APP_NAME", "shop")];
        assert_eq!(with(None, &of_app), "run.1 of shop");
        assert_eq!(with(None, &[("DYNO", ""), ("LOGNAME", "eve")]), "eve@box");
        assert_eq!(with(None, &[]), "somebody@box");
    }

    #[test]
    fn an_order_ends() {
        assert_eq!(time("2h"), Ok(Duration::from_secs(7200)));
        assert!(time("2 hours").unwrap_err().contains("such as 90s"));
        assert!(time("32d").unwrap_err().contains("within 31 days"));
    }
}
