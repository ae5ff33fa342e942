//! Every family of samples that there is: its name, what it counts, and how. The dashboard in `config/` is held against this
//! table.

/// What a family's numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Goes up and down.
    Gauge,
    /// Only rises, until the program starts anew.
    Counter,
    /// How a time is distributed.
    Histogram,
}

/// A family.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name, without a counter's `_total`.
    pub name: &'static str,
    /// What its numbers are.
    pub kind: Kind,
    /// What it tells.
    pub help: &'static str,
}

impl Family {
    /// The name of its samples; a histogram's have further endings.
    pub fn sampled(&self) -> String {
        match self.kind {
            Kind::Counter => format!("{}_total", self.name),
            Kind::Gauge | Kind::Histogram => self.name.to_owned(),
        }
    }

    /// Its unit, which is the end of its name.
    pub fn unit(&self) -> Option<&'static str> {
        self.name.ends_with("_seconds").then_some("seconds")
    }

    /// All names under which samples of it can be asked for.
    pub fn names(&self) -> Vec<String> {
        match self.kind {
            Kind::Gauge | Kind::Counter => vec![self.sampled()],
            Kind::Histogram => ["bucket", "sum", "count"]
                .map(|ending| format!("{}_{ending}", self.name))
                .to_vec(),
        }
    }
}

macro_rules! families {
    ($($constant:ident $name:literal $kind:ident $help:literal)*) => {
        $(
            #[doc = $help]
            pub static $constant: Family = Family { name: $name, kind: Kind::$kind, help: $help };
        )*

        /// All of them, in the order in which they are told.
        pub static FAMILIES: &[&Family] = &[$(&$constant),*];
    };
}

families! {
    BUILD_INFO "autoscalebot_build_info" Gauge "The version of the bot; the value is always 1."
    PROCESS_START_TIME "process_start_time_seconds" Gauge "When the bot started, in seconds since 1970."
    LEADER "autoscalebot_leader" Gauge "Whether this replica leads; 1 where there is but one."
    PROCESSES_WANTED "autoscalebot_processes_wanted" Gauge "How many processes were asked for when that was last read or set."
    PROCESSES_UP "autoscalebot_processes_up" Gauge "How many of them were up."
    PROCESSES_MIN "autoscalebot_processes_min" Gauge "The fewest that are allowed now."
    PROCESSES_MAX "autoscalebot_processes_max" Gauge "The most that are allowed now."
    DEGRADED "autoscalebot_degraded" Gauge "Whether the process failed too often, and does not scale for now."
    ORDERS_IN_FORCE "autoscalebot_orders_in_force" Gauge "How many orders of people are in force."
    MEASUREMENT_VALUE "autoscalebot_measurement_value" Gauge "The number that is compared, in the unit of the settings."
    MEASUREMENT_SUCCESS "autoscalebot_measurement_success" Gauge "Whether the last measurement could be taken."
    MEASUREMENT_AGE "autoscalebot_measurement_age_seconds" Gauge "How long ago the last measurement was taken."
    THRESHOLD_LOW "autoscalebot_measurement_threshold_low" Gauge "Below this there are too many processes."
    THRESHOLD_HIGH "autoscalebot_measurement_threshold_high" Gauge "Above this there are too few."
    DECISIONS "autoscalebot_decisions" Counter "Cycles that ended, by what became of the count and what moved it."
    CLAMPS "autoscalebot_envelope_clamps" Counter "How often each rule of the safety envelope changed a wish."
    SCALES "autoscalebot_scales" Counter "How often the count was changed."
    MEASUREMENTS "autoscalebot_measurements" Counter "Measurements that were tried."
    MEASUREMENT_FAILURES "autoscalebot_measurement_failures" Counter "Measurements that could not be taken."
    RESTARTS "autoscalebot_restarts" Counter "How often a part of the process's group failed and was restarted."
    TICKS_SKIPPED "autoscalebot_ticks_skipped" Counter "Ticks that found their predecessor still busy, or came too late."
    CYCLE_LATENESS "autoscalebot_cycle_lateness_seconds" Histogram "How long after its tick a cycle began."
    CYCLE_DURATION "autoscalebot_cycle_duration_seconds" Histogram "How long a cycle took until it ended."
    HEROKU_CALLS "autoscalebot_heroku_calls" Counter "Requests to Heroku's Platform API that were answered."
    HEROKU_CALLS_LEFT "autoscalebot_heroku_calls_left" Gauge "How many requests Heroku's rate limit leaves, as it told last."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_conventions() {
        for family in FAMILIES {
            let name = family.name;
            let fine = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(name.chars().all(fine), "{name}");
            assert!(!name.ends_with("_total"), "{name}: that is added");
            let is_time = family.kind == Kind::Histogram;
            assert!(!is_time || family.unit().is_some(), "{name}: base units");
            let ours = name.starts_with("autoscalebot_");
            assert!(ours || name == "process_start_time_seconds", "{name}");
        }
        let mut names: Vec<_> = FAMILIES.iter().map(|family| family.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FAMILIES.len(), "no name twice");
    }
}
