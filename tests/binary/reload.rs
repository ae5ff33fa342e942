//! SIGHUP: what a new file changes, and what it leaves alone.

use rustix::process::Signal;

use crate::bot::Home;
use crate::broker::console;

const SLEEPERS: &str = r#"
[processes.worker.measurement]
backend = "command"
command = ["python3", "-c", '''
import json, sys
for line in sys.stdin:
    print(json.dumps({"id": json.loads(line)["id"], "data": 5}), flush=True)
''']
measurement_interval_in_seconds = 0.25
[processes.worker.decision]
min_processes = 2
max_processes = 3
min_measurement_value = 1
max_measurement_value = 20
[processes.worker.scaling]
backend = "local"
command = "sleep 1000"
"#;

fn sleepers() -> String {
    SLEEPERS.to_owned() + &console(r#""scale", "restarted""#)
}

fn pids(copies: &[crate::bot::Process]) -> Vec<i32> {
    copies.iter().map(|copy| copy.pid).collect()
}

#[test]
fn a_hang_up_reads_the_file_again_and_keeps_what_has_not_changed() {
    let home = Home::with(&sleepers());
    let bot = home.run();
    let copies = bot.wait_copies(2);

    home.configure(&sleepers().replace("max_measurement_value = 20", "max_measurement_value = 30"));
    bot.signal(Signal::HUP);
    home.wait_err("the configuration was read again: changed worker");
    assert_eq!(
        pids(&bot.wait_copies(2)),
        pids(&copies),
        "other thresholds, the same copies"
    );

    home.configure(&sleepers().replace("min_processes = 2", "min_processes = 9"));
    bot.signal(Signal::HUP);
    home.wait_err("the new configuration was refused and changes nothing");
    home.wait_out("worker: restarted: the new configuration was refused");
    assert_eq!(pids(&bot.wait_copies(2)), pids(&copies));

    home.configure(&sleepers().replace("sleep 1000", "sleep 2000"));
    bot.signal(Signal::HUP);
    home.wait("copies of the new command", || {
        let copies = bot.copies();
        copies.len() == 2
            && copies
                .iter()
                .all(|copy| copy.command.contains("sleep 2000"))
    });
    bot.stop();
}
