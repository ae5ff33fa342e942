//! What a platform tells of each single process of a type: whether it is up, since when, and which release it runs. Read
//! by the scaling backends that can (`heroku`), and judged by [`settling`](super::settling).

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::model::Count;

/// The processes of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fleet(Vec<Member>);

/// One process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What it is known by for as long as it lives; a restart may give it another.
    pub id: String,
    /// What the platform calls it: `worker.3`.
    pub name: String,
    /// How it is.
    pub phase: Phase,
    /// The release that it runs.
    pub release: Option<u64>,
    /// Since when it has been so, by the platform's clock.
    pub since: Option<DateTime<Utc>>,
}

/// How a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It has been started and is not there for work yet.
    Starting,
    /// It works.
    Up,
    /// It ended by itself.
    Crashed,
    /// It sleeps until it is wanted.
    Idle,
    /// It is being stopped, or has been.
    Down,
    /// The platform has a word for it that we do not know.
    Unknown,
}

impl Phase {
    fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Up => "up",
            Self::Crashed => "crashed",
            Self::Idle => "idle",
            Self::Down => "down",
            Self::Unknown => "in no known state",
        }
    }
}

impl Fleet {
    /// These processes.
    pub fn new(members: Vec<Member>) -> Self {
        Self(members)
    }

    /// Each of them.
    pub fn members(&self) -> &[Member] {
        &self.0
    }

    /// How many are like this.
    pub fn many(&self, phase: Phase) -> Count {
        let alike = self.0.iter().filter(|member| member.phase == phase);
        Count::try_from(alike.count()).unwrap_or(Count::MAX)
    }

    /// The releases that run, or begin to.
    pub fn releases(&self) -> BTreeSet<u64> {
        let runs = |member: &&Member| matches!(member.phase, Phase::Starting | Phase::Up);
        let running = self.0.iter().filter(runs);
        running.filter_map(|member| member.release).collect()
    }

    /// What is under way, if anything is: `release v12 beside v11, 2 of 4 processes are starting`.
    pub fn unsettled(&self) -> Option<String> {
        let (starting, all) = (self.many(Phase::Starting), self.0.len());
        let releases = self.releases();
        let mut told = Vec::new();
        if let (true, Some(newest)) = (releases.len() > 1, releases.last()) {
            let older = releases.iter().filter(|release| *release != newest);
            let older: Vec<String> = older.map(|release| format!("v{release}")).collect();
            told.push(format!("release v{newest} beside {}", older.join(", ")));
        }
        if starting > 0 {
            let verb = if starting == 1 { "is" } else { "are" };
            told.push(format!("{starting} of {all} processes {verb} starting"));
        }
        (!told.is_empty()).then(|| told.join(", "))
    }

    /// How many there are that are not up, by what they are: `1 starting, 1 crashed`.
    pub fn not_up(&self) -> Option<String> {
        use Phase::{Crashed, Down, Idle, Starting, Unknown};
        let words = [Starting, Crashed, Idle, Down, Unknown].map(|phase| {
            let many = self.many(phase);
            (many > 0).then(|| format!("{many} {}", phase.word()))
        });
        let words: Vec<String> = words.into_iter().flatten().collect();
        (!words.is_empty()).then(|| words.join(", "))
    }

    /// What is to be known beside any decision: `1 of 3 processes has crashed`.
    pub fn crashed(&self) -> Option<String> {
        let (crashed, all) = (self.many(Phase::Crashed), self.0.len());
        let verb = if crashed == 1 { "has" } else { "have" };
        (crashed > 0).then(|| format!("{crashed} of {all} processes {verb} crashed"))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A fleet in words: `up12 starting13` are two processes, named `0` and `1`, of these releases.
    pub(in crate::scaling) fn fleet(words: &str) -> Fleet {
        let member = |(number, word): (usize, &str)| {
            let name = word.trim_end_matches(|c: char| c.is_ascii_digit());
            Member {
                id: number.to_string(),
                name: format!("web.{}", number + 1),
                phase: match name {
                    "up" => Phase::Up,
                    "starting" => Phase::Starting,
                    "crashed" => Phase::Crashed,
                    "idle" => Phase::Idle,
                    "down" => Phase::Down,
                    _ => Phase::Unknown,
                },
                release: word
                    .strip_prefix(name)
                    .and_then(|digits| digits.parse().ok()),
                since: None,
            }
        };
        Fleet::new(words.split_whitespace().enumerate().map(member).collect())
    }

    #[test]
    fn what_is_under_way_is_told() {
        for (words, unsettled, not_up, crashed) in [
            ("", "", "", ""),
            ("up11 up11", "", "", ""),
            ("up up", "", "", ""),
            (
                "up11 starting11 crashed11",
                "1 of 3 processes is starting",
                "1 starting, 1 crashed",
                "1 of 3 processes has crashed",
            ),
            (
                "up11 up11 starting12 starting12",
                "release v12 beside v11, 2 of 4 processes are starting",
                "2 starting",
                "",
            ),
            ("up12 up11", "release v12 beside v11", "", ""),
            ("up12 up11 up10", "release v12 beside v10, v11", "", ""),
            (
                "up12 crashed11 idle11 down10 odd9 crashed11",
                "",
                "2 crashed, 1 idle, 1 down, 1 in no known state",
                "2 of 6 processes have crashed",
            ),
        ] {
            let fleet = fleet(words);
            assert_eq!(fleet.unsettled().unwrap_or_default(), unsettled, "{words}");
            assert_eq!(fleet.not_up().unwrap_or_default(), not_up, "{words}");
            assert_eq!(fleet.crashed().unwrap_or_default(), crashed, "{words}");
        }
    }
}
