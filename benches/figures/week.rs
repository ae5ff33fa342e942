//! How long a virtual week takes on the harness's paused clock.

use std::time::Duration;

use anyhow::Result;
use autoscalebot::clock::Clock;
use autoscalebot::harness::{Act, Scenario};

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

const CONFIGURATION: &str = r#"
[defaults]
measurement = { backend = "scripted", measurement_interval_in_seconds = 30 }
decision = { max_processes = 9, post_scale_wait_time_seconds = 60 }
scaling = { backend = "scripted" }
notification = [{ backend = "scripted", notify_on = ["scale", "above_max"] }]
[processes.web]
[processes.worker]
"#;

#[expect(
    clippy::unnecessary_wraps,
    reason = "it is one of the figures, of which others can fail"
)]
pub(crate) fn figure() -> Result<String> {
    let mut cycles = 0;
    let mut scales = 0;
    let told = (&mut cycles, &mut scales);
    let clock = Real::start();
    Scenario::new(CONFIGURATION).run(|world| async move {
        for process in ["web", "worker"] {
            world.script(process).set_count(1);
            // Ten too high, ten in between, ten too low, again and again.
            let wave = (0..20_200_u32).map(|number| match number / 10 % 3 {
                0 => Act::value(2000.0),
                1 => Act::value(800.0),
                _ => Act::value(100.0),
            });
            world.script(process).measures(wave);
        }
        world.advance(WEEK).await;
        for process in ["web", "worker"] {
            let status = world.status(process).await;
            *told.0 += status.cycle;
            *told.1 += status.scales;
        }
    });
    let took = clock.took();
    Ok(format!(
        "week: a virtual week of two processes measured every 30 s: {cycles} cycles, {scales} scales in the ledgers
  took                       {:.2} s

",
        took.as_secs_f64(),
    ))
}

/// The machine's clock, outside of any runtime, whose clock may be paused.
struct Real(Clock);

impl Real {
    fn start() -> Self {
        Self(Clock::system())
    }

    fn took(&self) -> Duration {
        self.0.now().mono
    }
}
