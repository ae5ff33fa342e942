//! Each actor × each fault × each phase of a cycle.
//!
//! The process's cycles begin at 0, 10, 20 s …; in each the measurement takes 2 s, reading the count 1 s, the decision
//! 1 s, the scale 2 s and the notice 1 s. The fault strikes in the second cycle; the third must be as if nothing had
//! happened, and a process beside it must not notice in any cycle.

use std::time::Duration;

use autoscalebot::harness::{Act, Entry, Scenario, Script, World};
use autoscalebot::model::Role;
use autoscalebot::supervisor::inject::Injected;

use crate::{process, seconds};

const MILLI: Duration = Duration::from_millis(1);

/// How long until an actor works again: the rest before its restart, and before that, if it hangs, the time until that
/// is noticed.
pub(crate) const BACKOFF: Duration = Duration::from_millis(100);
pub(crate) const HANG: Duration = Duration::from_secs(1);

/// When the fault strikes, and what is going on then.
const PHASES: [(&str, Duration); 6] = [
    ("measuring", Duration::from_millis(11_000)),
    ("counting", Duration::from_millis(12_500)),
    ("deciding", Duration::from_millis(13_500)),
    ("scaling", Duration::from_millis(15_000)),
    ("notifying", Duration::from_millis(16_500)),
    ("idle", Duration::from_millis(17_500)),
];

pub(crate) const FAULTS: [Injected; 4] = [
    Injected::Panic,
    Injected::Fail,
    Injected::Hang,
    Injected::End,
];

fn configuration() -> String {
    let slow = process(
        "web",
        "backend = \"scripted\"\npost_scale_wait_time_seconds = 1\nmax_processes = 50",
    )
    .replace(
        "min_measurement_value = 400\nmax_measurement_value = 1200\n",
        "",
    );
    slow + &process("other", "post_scale_wait_time_seconds = 1")
}

fn script(world: &World) {
    let web = world.script("web");
    web.set_count(1);
    web.measures([Act::value(1.0).after(seconds(2))]);
    web.counts([Act::Answer(()).after(seconds(1))]);
    // Each wish is another count than any before it, so that every cycle scales, whichever wish a fault swallowed.
    let wishes = 2..22;
    web.decides(wishes.map(|count| Act::Answer(count).after(seconds(1))));
    web.scales([Act::Answer(()).after(seconds(2))]);
    web.notifies("", [Act::Answer(()).after(seconds(1))]);
    let other = world.script("other");
    other.set_count(2);
    other.measures([
        Act::value(5000.0),
        Act::value(5000.0),
        Act::value(5000.0),
        Act::value(1.0),
    ]);
}

fn others(tape: &[Entry]) -> Vec<Entry> {
    tape.iter()
        .filter(|entry| entry.process.as_str() == "other")
        .cloned()
        .collect()
}

/// The tape of an undisturbed run.
fn undisturbed() -> Vec<Entry> {
    let mut tape = Vec::new();
    let into = &mut tape;
    Scenario::new(&configuration()).run(|world| async move {
        script(&world);
        world.advance(seconds(59)).await;
        *into = world.tape();
    });
    tape
}

/// The tape of a run in which one actor is struck. Until it works again, so many scales more are in the ledger.
fn disturbed(
    role: Role,
    fault: Injected,
    strikes: Duration,
    scales: usize,
    because: &str,
) -> Vec<Entry> {
    let mut tape = Vec::new();
    let into = &mut tape;
    Scenario::new(&configuration()).run(|world| async move {
        script(&world);
        world.advance(strikes).await;
        let before = world.status("web").await;
        world.inject("web", role, fault).await;
        world.advance(HANG + BACKOFF * 2).await;
        let after = world.status("web").await;
        assert_eq!(
            after.scales,
            before.scales + scales,
            "{because}: the ledger is kept"
        );
        assert!(!after.degraded, "{because}: one fault is no reason to stop");
        world.advance(seconds(59).saturating_sub(world.now())).await;
        *into = world.tape();
    });
    tape
}

/// When messages like this one were sent about `web` from the third cycle on.
fn times(tape: &[Entry], text: &str) -> Vec<Duration> {
    let late = |entry: &&Entry| entry.at >= seconds(20) && entry.process.as_str() == "web";
    tape.iter()
        .filter(late)
        .filter(|entry| entry.message.starts_with(text))
        .map(|entry| entry.at)
        .collect()
}

#[track_caller]
fn check(role: Role, fault: Injected, phase: &str, strikes: Duration, undisturbed: &[Entry]) {
    let because = format!("{fault:?} of {role} while {phase}");
    // A scale that is under way is done by the time it is looked, unless the scaler itself was struck.
    let scales = usize::from(phase == "scaling" && role != Role::Scale);
    let tape = disturbed(role, fault, strikes, scales, &because);
    let said = |text: &str| {
        tape.iter()
            .find(|entry| entry.process.as_str() == "web" && entry.message.starts_with(text))
            .map(|entry| entry.at)
    };
    let struck =
        said(&format!("Fault {role}")).unwrap_or_else(|| panic!("{because}: nobody noticed"));
    let deadline = if fault == Injected::Hang {
        HANG
    } else {
        Duration::ZERO
    };
    assert!(
        struck <= strikes + deadline + MILLI * 2,
        "{because}: noticed at {struck:?}"
    );
    let back =
        said(&format!("Restarted {role}")).unwrap_or_else(|| panic!("{because}: not restarted"));
    assert!(
        back <= struck + BACKOFF + MILLI * 2,
        "{because}: noticed at {struck:?}, back at {back:?}"
    );
    assert_eq!(
        others(&tape),
        others(undisturbed),
        "{because}: the process beside it noticed"
    );
    for text in ["Measured", "GetCount", "Decided", "Scale ", "Scaled "] {
        assert_eq!(
            times(&tape, text),
            times(undisturbed, text),
            "{because}: the cycles after it are on time ({text})"
        );
    }
}

#[test]
fn every_actor_survives_every_fault_at_every_moment() {
    let undisturbed = undisturbed();
    assert_eq!(
        undisturbed
            .iter()
            .filter(|entry| entry.message.starts_with("Scaled "))
            .count(),
        7
    );
    for role in Role::ALL {
        for fault in FAULTS {
            for (phase, strikes) in PHASES {
                check(role, fault, phase, strikes, &undisturbed);
            }
        }
    }
}

/// Makes one call of a script panic.
type Panics = fn(&Script);

#[test]
fn a_backend_that_panics_fails_the_cycle_and_no_more() {
    let cases: [(&str, Panics); 4] = [
        ("measure", |script| {
            script.measures([Act::Panic, Act::value(1.0)]);
        }),
        ("scale", |script| {
            script.counts([Act::Panic, Act::Answer(())]);
        }),
        ("decide", |script| {
            script.decides([Act::Panic, Act::Answer(2)]);
        }),
        ("scale", |script| {
            script.scales([Act::Panic, Act::Answer(())]);
        }),
    ];
    for (role, panics) in cases {
        Scenario::new(&configuration()).run(|world| async move {
            script(&world);
            panics(&world.script("web"));
            world.advance(seconds(19)).await;
            let said = world.said("web");
            assert!(
                said.contains(&format!("Fault {role} panicked: scripted: Restart(100ms)")),
                "{role}: {said:?}"
            );
            world.advance(seconds(20)).await;
            assert!(
                !world.script("web").was_scaled_to().is_empty(),
                "{role}: the next cycles scale again"
            );
        });
    }
}

#[test]
fn the_supervisor_itself_is_restarted_and_the_groups_go_on() {
    Scenario::new(&configuration()).run(|world| async move {
        script(&world);
        world.advance(seconds(8)).await;
        let before = world.status("web").await;
        world.inject_into_supervisor().await;
        world.advance(seconds(12)).await;
        let after = world.status("web").await;
        assert_eq!(
            after.scales,
            before.scales + 1,
            "the ledger is kept, and the second cycle scaled"
        );
    });
}
