//! The messages of a drain: between the supervisor and the scaling actor, before a scale down.

use std::fmt;

use actix::Message;

use crate::drain::progress::Look;
use crate::model::{Count, Cycle, ProcessName};
use crate::scaling::Observed;

/// `SupervisorActor` to `ScalerActor`: let those that this scale takes away finish their work, and see how far they are.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct Drain {
    /// The process.
    pub process: ProcessName,
    /// The cycle.
    pub cycle: Cycle,
    /// The count now.
    pub seen: Observed,
    /// The count wanted.
    pub to: Count,
}

/// `ScalerActor` to `SupervisorActor`: how far they are.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct Drained {
    /// The process.
    pub process: ProcessName,
    /// The cycle.
    pub cycle: Cycle,
    /// What was seen.
    pub look: Look,
}

/// `SupervisorActor` to `ScalerActor`: nobody is drained; who was, takes work again.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct GiveBack {
    /// The process.
    pub process: ProcessName,
    /// The cycle.
    pub cycle: Cycle,
}

/// `ScalerActor` to `SupervisorActor`: they do, or why not all of them.
#[derive(Debug, Clone, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct GivenBack {
    /// The process.
    pub process: ProcessName,
    /// The cycle that ordered it.
    pub cycle: Cycle,
    /// Why something is still owed.
    pub result: Result<(), String>,
}

impl fmt::Display for Drain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Drain {} -> {}", self.seen.count, self.to)
    }
}

impl fmt::Display for Drained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.look {
            Look::Unnamed => f.write_str("Drained nobody"),
            Look::Failed(_, why) => write!(f, "Drained not: {why}"),
            Look::Seen(held) => {
                f.write_str("Drained")?;
                held.tasks.iter().try_for_each(|(name, left)| match left {
                    Some(left) => write!(f, " {name}={left}"),
                    None => write!(f, " {name}=?"),
                })
            }
        }
    }
}

impl fmt::Display for GiveBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GiveBack")
    }
}

impl fmt::Display for GivenBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.result {
            Ok(()) => f.write_str("GivenBack"),
            Err(why) => write!(f, "GivenBack not: {why}"),
        }
    }
}
