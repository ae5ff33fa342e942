//! What can be tried before it is live: the production decision and envelope of one process, under a time that is given.
//!
//! ```text
//!   JSON lines ─▶ decide ────┐
//!   simulated plant ─────────┼─▶ replay: histories ─▶ decision backend(s) ─▶ envelope ─▶ the count
//!   records of the past ─────┘
//! ```
//!
//! | what | file |
//! | --- | --- |
//! | one process's cycles, without actors, platform and clock | [`replay`] |
//! | `autoscalebot decide`: a filter from measurements to counts | [`decide`] |
//! | `autoscalebot simulate`: a process's settings on a load and a plant | [`simulate`] |
//! | `autoscalebot backtest`: other settings on a process's own past | [`backtest`] |
//! | the production code as a policy of the simulator | [`simulated`] |
//! | which number of what was measured the thresholds compare | [`signal`] |
//! | `autoscalebot tune`: which settings cost the least within a budget | [`tune`] |
//! | how these commands end: the report, the picture | `outcome.rs` |
//! | which settings: a file's, or a backend's named on the command line | [`subject`] |

pub mod backtest;
pub(crate) mod command;
pub mod decide;
pub(crate) mod outcome;
pub mod replay;
pub mod signal;
pub mod simulate;
pub mod simulated;
pub mod subject;
pub mod tune;
