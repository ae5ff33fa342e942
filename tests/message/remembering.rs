//! Each actor × each fault: what outlives an actor is neither lost nor made up. A load that is always too high scales at
//! the third result in a row, and then only after the cooldown: a history that was lost makes the first scale late, and
//! a cooldown that was lost makes the second one early.
//!
//! ```text
//!   cycle            1    2    3    4    5    6    7    8    9   10   11   12   13
//!   begins at   0   10   20   30   40   50   60   70   80   90  100  110  120 s
//!   result     ■1   ■2   ■3    .    .   ■1   ■2   ■3    .    .   ■1   ■2   ■3
//!   scaled at             25                      75                      125 s     . while cooling
//! ```
//!
//! In each cycle the measurement takes 2 s, reading the count 1 s and the scale 2 s. One fault strikes before the first
//! scale, and another one halfway through the cooldown after it.

use std::time::Duration;

use autoscalebot::harness::{Act, Scenario, World};
use autoscalebot::model::Role;
use autoscalebot::supervisor::inject::Injected;

use crate::faults::{BACKOFF, FAULTS, HANG};
use crate::{process, seconds};

const COOLDOWN: &str =
    "number_of_fails_to_scale_up_after = 3\npost_scale_wait_time_seconds = 25\nmax_processes = 50";

/// When the first fault strikes, what is going on then, and whom it costs the result of the cycle: by how much that
/// moves all scales.
type Strike = (Duration, &'static str, fn(Role) -> u64);

const FIRST: [Strike; 5] = [
    // A measurement that is lost counts as failed, which by default ends the run: it begins anew at 20 s.
    (Duration::from_millis(11_000), "measuring", |role| {
        if role == Role::Measure { 20 } else { 0 }
    }),
    (Duration::from_millis(17_500), "idle", |_| 0),
    // The results are kept, so that the next cycle decides the same.
    (
        Duration::from_millis(22_500),
        "counting",
        |role| match role {
            Role::Decide | Role::Scale => 10,
            Role::Measure | Role::Notify => 0,
        },
    ),
    // A scale that failed changes nothing, and is tried again in the next cycle.
    (Duration::from_millis(24_000), "scaling", |role| {
        if role == Role::Scale { 10 } else { 0 }
    }),
    (Duration::from_millis(28_000), "just scaled", |_| 0),
];

/// From the first scale to the second fault: its cycle is over, the cooldown is not.
const INTO_THE_COOLDOWN: Duration = Duration::from_millis(12_500);

fn script(world: &World) {
    let web = world.script("web");
    web.set_count(1);
    web.measures([Act::value(5000.0).after(seconds(2))]);
    web.counts([Act::Answer(()).after(seconds(1))]);
    web.scales([Act::Answer(()).after(seconds(2))]);
}

/// When `web` was scaled, in ms.
fn scaled(world: &World) -> Vec<u128> {
    let tape = world.tape();
    let scaled = tape.iter().filter(|entry| {
        entry.message.starts_with("Scaled ") && !entry.message.starts_with("Scaled not")
    });
    scaled.map(|entry| entry.at.as_millis()).collect()
}

/// When it was scaled in a run in which one actor is struck at these moments.
fn times(role: Role, fault: Injected, strikes: &[Duration], because: &str) -> Vec<u128> {
    let mut times = Vec::new();
    let into = &mut times;
    Scenario::new(&process("web", COOLDOWN)).run(|world| async move {
        script(&world);
        for strike in strikes {
            world.advance(strike.saturating_sub(world.now())).await;
            world.inject("web", role, fault).await;
            world.advance(HANG + BACKOFF * 2).await;
            let restarted = world.said("web");
            let restarted = restarted
                .iter()
                .filter(|said| said.starts_with(&format!("Restarted {role}")));
            assert!(restarted.count() > 0, "{because}: it was struck");
        }
        world
            .advance(seconds(149).saturating_sub(world.now()))
            .await;
        *into = scaled(&world);
    });
    times
}

#[test]
fn no_fault_loses_a_result_or_a_cooldown() {
    let undisturbed = times(Role::Measure, Injected::Panic, &[], "undisturbed");
    assert_eq!(undisturbed, [25_000, 75_000, 125_000]);
    for role in Role::ALL {
        for fault in FAULTS {
            for (strikes, phase, costs) in FIRST {
                let because = format!("{fault:?} of {role} while {phase}, and while cooling");
                let later = seconds(costs(role));
                let again = seconds(25) + later + INTO_THE_COOLDOWN;
                let moved = undisturbed.iter().map(|at| at + later.as_millis());
                assert_eq!(
                    times(role, fault, &[strikes, again], &because),
                    moved.collect::<Vec<_>>(),
                    "{because}"
                );
            }
        }
    }
}
