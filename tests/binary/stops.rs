//! How the program ends, with copies that are shell scripts.

use rustix::process::Signal;

use crate::bot::{Home, LONG, Process, lives};

/// A measurement that is never taken and two copies of a script.
fn process(name: &str, script: &str) -> String {
    format!(
        r#"
        [processes.{name}.measurement]
        backend = "app_decision"
        measurement_url = "http://127.0.0.1:9/"
        measurement_interval_in_seconds = 0.2
        [processes.{name}.decision]
        min_processes = 2
        [processes.{name}.scaling]
        backend = "local"
        command = ["/bin/sh", "-c", '{script}']
        stop_grace_in_seconds = 600
        "#
    )
}

const PATIENT: &str = "[supervision]\nshutdown_grace_in_seconds = 600\n";

fn home(script: &str) -> Home {
    Home::with(&(process("web", script) + PATIENT))
}

/// Ends upon SIGTERM with a word about it.
const POLITE: &str =
    r#"trap "echo $DYNO stopped; exit 0" TERM; echo $DYNO ready; while :; do sleep 0.1; done"#;

/// Hears no signal that asks, and neither does its child.
const DEAF: &str = r#"trap "echo $DYNO deaf" TERM; trap "" INT HUP; sh -c "trap \"\" TERM; echo $DYNO ready; while :; do sleep 1; done" & while :; do wait; done"#;

fn wait_ready(home: &Home) -> Vec<Process> {
    for number in 1..=2 {
        home.wait_out(&format!("web.{number} ready"));
    }
    home.processes()
}

#[test]
fn both_signals_that_ask_stop_the_copies_and_end_well() {
    for signal in [Signal::TERM, Signal::INT] {
        let home = home(POLITE);
        let mut bot = home.run();
        wait_ready(&home);
        bot.signal(signal);
        assert_eq!(bot.exit_code(), Some(0), "{}", home.what_was_said());
        home.assert_empty(LONG);
        let mut stopped = home.out();
        stopped.retain(|line| line.ends_with("stopped"));
        stopped.sort();
        assert_eq!(stopped, ["web.1 stopped", "web.2 stopped"]);
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for (first, second) in [(Signal::TERM, Signal::TERM), (Signal::INT, Signal::TERM)] {
        let home = home(DEAF);
        let mut bot = home.run();
        let all = wait_ready(&home);
        bot.signal(first);
        for number in 1..=2 {
            home.wait_out(&format!("web.{number} deaf"));
        }
        // The grace is far longer than any test: without a second signal it would go on.
        assert!(all.iter().filter(|process| lives(process.pid)).count() >= 6);
        bot.signal(second);
        assert_eq!(bot.exit_code(), Some(1), "{}", home.what_was_said());
        home.assert_empty(LONG);
    }
}

#[test]
fn a_hang_up_while_it_stops_is_no_second_signal() {
    let home = home(DEAF);
    let mut bot = home.run();
    wait_ready(&home);
    bot.signal(Signal::TERM);
    home.wait_out("web.1 deaf");
    bot.signal(Signal::HUP);
    bot.signal(Signal::TERM);
    assert_eq!(bot.exit_code(), Some(1), "{}", home.what_was_said());
    home.assert_empty(LONG);
}

/// Finishes the task in hand before it ends, as a worker does.
const BUSY: &str = r#"trap "echo $DYNO told; sleep 3; echo $DYNO done; exit 0" TERM; echo $DYNO ready; while :; do sleep 0.1; done"#;

#[test]
fn an_end_in_the_middle_of_a_reload_loses_no_task() {
    let stays = process("other", "exec sleep 1000") + PATIENT;
    let home = Home::with(&(process("web", BUSY) + &stays));
    let mut bot = home.run();
    wait_ready(&home);
    home.configure(&stays);
    bot.signal(Signal::HUP);
    for number in 1..=2 {
        home.wait_out(&format!("web.{number} told"));
    }
    bot.signal(Signal::TERM);
    assert_eq!(bot.exit_code(), Some(0), "{}", home.what_was_said());
    home.assert_empty(LONG);
    let mut done = home.out();
    done.retain(|line| line.ends_with("done"));
    done.sort();
    assert_eq!(done, ["web.1 done", "web.2 done"]);
}
