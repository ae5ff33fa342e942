//! The built program as a person runs it: in a folder of its own, with a configuration file, its output in files. What
//! it starts is known by a variable that every descendant inherits, so that nothing can be left behind unseen.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use autoscalebot::clock::Clock;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::servers::heroku::KEY;
use crate::servers::pause;

/// How often is looked. Waits count looks, not the clock: on a busy machine they take longer.
const LOOK: Duration = Duration::from_millis(50);

/// The longest that any test waits for one thing, by default; a bound, not an expectation.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// What no stream may ever show: the key of the tests' Heroku, and what every password of the tests contains, also as it
/// looks in base64 at each of its three places: so are passwords sent to web and mail servers.
pub(crate) const SECRETS: [&str; 5] = [KEY, "s3cr3t", "czNjcjN0", "MzY3Izd", "zM2NyM3"];

/// The variable by which the program and its descendants are found. Its value is the folder, which no other test has.
const MARK: &str = "AUTOSCALEBOT_TEST_FOLDER";

const CONFIG: &str = "autoscalebot.toml";
const OUT: &str = "stdout.txt";
const ERR: &str = "stderr.txt";

/// A folder with a configuration, in which the program runs. When it is dropped, everything that still runs there is
/// killed; that nothing did is [`Home::assert_empty`]'s to say.
pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    /// A folder whose `autoscalebot.toml` has this text.
    pub(crate) fn with(config: &str) -> Self {
        let home = Self {
            folder: TempDir::new().expect("a folder"),
        };
        home.configure(config);
        home
    }

    /// Writes the configuration anew, at once and whole.
    pub(crate) fn configure(&self, config: &str) {
        let draft = self.file("draft.toml");
        fs::write(&draft, config).expect("a configuration written");
        fs::rename(draft, self.file(CONFIG)).expect("a configuration in its place");
    }

    /// A file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with these arguments, in the folder and marked. `RUST_LOG` and the like are not inherited.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_autoscalebot"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env(MARK, self.folder.path())
            .env_remove("RUST_LOG")
            .env_remove("AUTOSCALEBOT_CONFIG")
            .stdin(Stdio::null());
        command
    }

    /// Starts `autoscalebot run` on the folder's configuration. It logs all that it can: [`Bot::exit_code`] looks whether
    /// a secret is in it.
    pub(crate) fn run(&self) -> Bot<'_> {
        let mut command = self.command(&["run", "--config", CONFIG]);
        command.env("RUST_LOG", "trace");
        self.start(command)
    }

    /// Starts a command of [`Home::command`], its output in the folder's files.
    pub(crate) fn start(&self, mut command: Command) -> Bot<'_> {
        let child = command
            .stdout(self.open(OUT))
            .stderr(self.open(ERR))
            .spawn()
            .expect("the built program starts");
        Bot { home: self, child }
    }

    fn open(&self, name: &str) -> File {
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).open(self.file(name));
        file.expect("a file for the output")
    }

    /// Every process of this home that lives: the program, its keeper, copies and what those started.
    pub(crate) fn processes(&self) -> Vec<Process> {
        let mark = format!("{MARK}={}", self.folder.path().display());
        let entries = fs::read_dir("/proc").expect("a Linux machine");
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        pids.filter_map(Process::read)
            .filter(|process| process.environment.contains(&mark))
            .collect()
    }

    /// Waits until nothing of this home is left; fails with the list of what is.
    #[track_caller]
    pub(crate) fn assert_empty(&self, within: Duration) {
        let gone = comes_true(within, || self.processes().is_empty());
        assert!(
            gone,
            "left behind: {:#?}\n{}",
            self.processes(),
            self.what_was_said()
        );
    }

    /// The lines on standard output so far.
    pub(crate) fn out(&self) -> Vec<String> {
        lines(&self.file(OUT))
    }

    /// The lines on standard error so far: the log, and what the copies have to say.
    pub(crate) fn err(&self) -> Vec<String> {
        lines(&self.file(ERR))
    }

    /// Both, for the text of a failure.
    pub(crate) fn what_was_said(&self) -> String {
        let (out, err) = (self.out().join("\n"), self.err().join("\n"));
        format!("--- standard output\n{out}\n--- standard error\n{err}")
    }

    /// Waits until it is so.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, until: impl FnMut() -> bool) {
        self.wait_within(LONG, what, until);
    }

    /// Waits until it is so, for a time of the test's own.
    #[track_caller]
    pub(crate) fn wait_within(&self, time: Duration, what: &str, until: impl FnMut() -> bool) {
        let came = comes_true(time, until);
        assert!(came, "waited in vain for: {what}\n{}", self.what_was_said());
    }

    /// Waits until a line of standard output has this part.
    #[track_caller]
    pub(crate) fn wait_out(&self, part: &str) {
        self.wait(&format!("`{part}` on standard output"), || {
            self.out().iter().any(|line| line.contains(part))
        });
    }

    /// Waits until a line of standard error has this part.
    #[track_caller]
    pub(crate) fn wait_err(&self, part: &str) {
        self.wait(&format!("`{part}` on standard error"), || {
            self.err().iter().any(|line| line.contains(part))
        });
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for process in self.processes() {
            kill(process.pid, Signal::KILL);
        }
    }
}

/// The program, running. When it is dropped, it is killed.
pub(crate) struct Bot<'home> {
    home: &'home Home,
    child: Child,
}

impl Bot<'_> {
    /// Its process id.
    pub(crate) fn pid(&self) -> i32 {
        Pid::from_child(&self.child).as_raw_pid()
    }

    /// Sends a signal to it alone.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a signal to a living program");
    }

    /// Waits for its end, and yields its exit code; `None` when a signal killed it. Whatever happened until then, no
    /// secret was told.
    #[track_caller]
    pub(crate) fn exit_code(&mut self) -> Option<i32> {
        let mut status: Option<ExitStatus> = None;
        let (home, child) = (self.home, &mut self.child);
        home.wait("the program's end", || {
            status = child.try_wait().expect("its state");
            status.is_some()
        });
        assert_silent("run", &home.what_was_said());
        status.and_then(|status| status.code())
    }

    /// Tells it to stop, and checks that it does so well and leaves nothing behind.
    #[track_caller]
    pub(crate) fn stop(mut self) {
        self.signal(Signal::TERM);
        let code = self.exit_code();
        assert_eq!(code, Some(0), "{}", self.home.what_was_said());
        self.home.assert_empty(LONG);
    }

    /// The first processes of its copies: its children that have a `DYNO`, by the number in it.
    pub(crate) fn copies(&self) -> Vec<Process> {
        let mut copies: Vec<_> = self
            .home
            .processes()
            .into_iter()
            .filter(|process| process.parent == self.pid() && process.number().is_some())
            .collect();
        copies.sort_by_key(Process::number);
        copies
    }

    /// Waits until it has this many copies, none of which is the shim any more, and yields them.
    #[track_caller]
    pub(crate) fn wait_copies(&self, many: usize) -> Vec<Process> {
        let mut copies = Vec::new();
        self.home.wait(&format!("{many} copies"), || {
            assert!(
                lives(self.pid()),
                "it has ended: {}",
                self.home.what_was_said()
            );
            copies = self.copies();
            let begun = |copy: &Process| !copy.command.contains("local-shim");
            copies.len() == many && copies.iter().all(begun)
        });
        copies
    }
}

impl Drop for Bot<'_> {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A living process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    /// Its id.
    pub(crate) pid: i32,
    /// Its parent's id.
    pub(crate) parent: i32,
    /// Its words, with blanks between.
    pub(crate) command: String,
    environment: Vec<String>,
}

impl Process {
    /// `None` when it is gone, only waits to be reaped, or is somebody else's.
    fn read(pid: i32) -> Option<Self> {
        let folder = PathBuf::from(format!("/proc/{pid}"));
        let stat = fs::read_to_string(folder.join("stat")).ok()?;
        let mut fields = stat.rsplit_once(") ")?.1.split(' ');
        let state = fields.next()?;
        let parent = fields.next()?.parse().ok()?;
        if state == "Z" || state == "X" {
            return None;
        }
        Some(Self {
            pid,
            parent,
            command: words(&folder.join("cmdline"))?.join(" "),
            environment: words(&folder.join("environ"))?,
        })
    }

    /// A variable of its environment.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        let mut variables = self.environment.iter();
        variables.find_map(|variable| variable.strip_prefix(name)?.strip_prefix('='))
    }

    /// `2` of `DYNO=web.2`.
    pub(crate) fn number(&self) -> Option<u32> {
        self.variable("DYNO")?.rsplit_once('.')?.1.parse().ok()
    }
}

/// Whether a process lives; one that only waits to be reaped does not.
pub(crate) fn lives(pid: i32) -> bool {
    Process::read(pid).is_some()
}

/// Sends a signal to a process of a test's own; one that has ended meanwhile does not mind.
pub(crate) fn kill(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        kill_process(pid, signal).ok();
    }
}

/// Kills the program, and checks by the clock that these of its processes are gone 2 s later, and all of them after 5 s.
#[track_caller]
pub(crate) fn kill_and_check(bot: &mut Bot<'_>, first: &[Process]) {
    let (home, clock) = (bot.home, Clock::system());
    bot.signal(Signal::KILL);
    let killed = clock.now().mono;
    let since = || clock.now().mono.saturating_sub(killed);
    assert_eq!(bot.exit_code(), None);
    home.wait("the copies' end", || {
        !first.iter().any(|copy| lives(copy.pid))
    });
    let taken = since();
    assert!(taken <= Duration::from_secs(2), "copies: {taken:?}");
    home.assert_empty(LONG);
    let taken = since();
    assert!(taken <= Duration::from_secs(5), "all of it: {taken:?}");
}

/// Fails with the lines that have a secret.
#[track_caller]
pub(crate) fn assert_silent(what: &str, said: &str) {
    let betrays = |line: &&str| SECRETS.iter().any(|secret| line.contains(secret));
    let betrayed: Vec<_> = said.lines().filter(betrays).collect();
    assert!(betrayed.is_empty(), "{what}: {betrayed:#?}");
}

/// Looks until it is so, at most for this long; whether it came to be.
pub(crate) fn comes_true(within: Duration, mut until: impl FnMut() -> bool) -> bool {
    let looks = within.as_millis() / LOOK.as_millis();
    for _ in 0..looks {
        if until() {
            return true;
        }
        pause(LOOK);
    }
    until()
}

fn words(file: &Path) -> Option<Vec<String>> {
    let bytes = fs::read(file).ok()?;
    let words = bytes
        .split(|byte| *byte == 0)
        .filter(|word| !word.is_empty());
    Some(
        words
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect(),
    )
}

/// The whole lines of a file; one that is still being written is not shown.
fn lines(file: &Path) -> Vec<String> {
    let text = fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(str::to_owned).collect()
}

/// A copy that only sleeps is enough to be counted.
#[test]
fn a_bot_starts_its_copies_and_leaves_nothing_behind() {
    let home = Home::with(
        r#"
        [processes.web.measurement]
        backend = "app_decision"
        measurement_url = "http://127.0.0.1:9/"
        measurement_interval_in_seconds = 0.2
        [processes.web.decision]
        min_processes = 2
        [processes.web.scaling]
        backend = "local"
        command = "sleep 1000"
        [[processes.web.notification]]
        backend = "console"
        notify_on_every_scale = true
        "#,
    );
    let bot = home.run();
    let copies = bot.wait_copies(2);
    assert_eq!(copies[0].variable("DYNO"), Some("web.1"));
    assert!(copies.iter().all(|copy| copy.command == "sleep 1000"));
    home.wait_out("web: scale up 0 -> 2: ");
    assert!(
        home.processes().len() > 3,
        "the bot, its keeper, two copies"
    );
    bot.stop();
    assert!(!copies.iter().any(|copy| lives(copy.pid)));
}
