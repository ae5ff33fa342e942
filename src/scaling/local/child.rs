//! What the program does as a child of itself: the *shim*, which turns into a copy of the user's command, and the
//! *keeper*, which kills what the bot leaves behind when it is itself killed. Both are reached by a hidden first
//! argument (see `errand`), start no runtime and read no settings.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{BufRead as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::process::{Pid, Signal, getppid, kill_process_group, setsid};

/// The hidden first argument of the shim. After it come the bot's process id and the words of the command.
pub const SHIM: &str = "local-shim";

/// The hidden first argument of the keeper. Its standard input tells it the groups.
pub const KEEPER: &str = "local-keeper";

/// What a shell answers for a command that cannot be started.
const CANNOT_START: u8 = 127;

/// Becomes the command, in a session of its own, bound to the life of the bot; returns only when that failed.
///
/// A session rather than only a group: it has no controlling terminal, so that neither Ctrl-C nor a hang-up at the
/// bot's terminal reaches the copy, and job control never stops it for touching the terminal.
pub fn shim_main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter();
    let bot = arguments
        .next()
        .and_then(|text| text.to_str()?.parse().ok())
        .and_then(Pid::from_raw);
    let (Some(bot), Some(word)) = (bot, arguments.next()) else {
        return complain(
            "the shim is started by autoscalebot itself, with a process id and a command",
        );
    };
    if let Err(error) = setsid() {
        return complain(&format!(
            "no session of its own for `{}`: {error}",
            word.display()
        ));
    }
    if let Err(error) = die_with_parent() {
        return complain(&format!(
            "`{}` cannot be bound to autoscalebot: {error}",
            word.display()
        ));
    }
    // If the bot ended before the line above, no signal will come any more.
    if getppid() != Some(bot) {
        return ExitCode::from(CANNOT_START);
    }
    let error = Command::new(&word).args(arguments).exec();
    complain(&format!("`{}` cannot be started: {error}", word.display()))
}

/// The kernel kills this process when the *thread* that started it ends: the bot starts copies from its main thread.
#[cfg(target_os = "linux")]
fn die_with_parent() -> rustix::io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
}

/// Elsewhere only the keeper does it.
#[cfg(not(target_os = "linux"))]
fn die_with_parent() -> rustix::io::Result<()> {
    Ok(())
}

fn complain(what: &str) -> ExitCode {
    // When nobody listens on standard error, the exit code must do.
    writeln!(std::io::stderr().lock(), "autoscalebot: {what}").unwrap_or_default();
    ExitCode::from(CANNOT_START)
}

/// Reads `+group` and `-group` lines until the bot closes the pipe, by intent or by being killed; then kills the groups
/// that are left.
pub fn keeper_main() -> ExitCode {
    // Fails only for the leader of a session, which then has one of its own already.
    setsid().ok();
    outlive_signals();
    let mut groups = BTreeSet::new();
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        note(&mut groups, &line);
    }
    for group in groups.into_iter().filter_map(Pid::from_raw) {
        // A group that has ended meanwhile is what we want.
        kill_process_group(group, Signal::KILL).ok();
    }
    ExitCode::SUCCESS
}

/// A platform that stops the bot sends these to every process, and a handler that only sets a flag outlives them.
fn outlive_signals() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    for signal in [SIGTERM, SIGINT, SIGHUP, SIGQUIT] {
        let unread = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(signal, unread).ok();
    }
}

fn note(groups: &mut BTreeSet<i32>, line: &str) {
    // Groups 0 and 1 would be "my own" and "everybody"; nobody but the bot writes here, but a kill must be sure.
    let group = |text: &str| text.parse::<i32>().ok().filter(|group| *group > 1);
    if let Some(group) = line.strip_prefix('+').and_then(group) {
        groups.insert(group);
    } else if let Some(group) = line.strip_prefix('-').and_then(group) {
        groups.remove(&group);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keeper_notes_groups_and_ignores_what_would_kill_others() {
        let mut groups = BTreeSet::new();
        for line in [
            "+12", "+13", "-12", "+0", "+1", "+-5", "13", "", "+x", "-99",
        ] {
            note(&mut groups, line);
        }
        assert_eq!(groups, BTreeSet::from([13]));
    }

    #[test]
    fn the_shim_without_a_command_says_so() {
        assert_eq!(shim_main(["1".into()]), ExitCode::from(CANNOT_START));
        assert_eq!(shim_main([]), ExitCode::from(CANNOT_START));
    }
}
