//! `autoscalebot demo`: it scales up and down, tells how it went, and leaves nothing behind.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use autoscalebot::clock::Clock;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// Handed down from the demo to all that it starts, so that they can be found again.
const MARK: &str = "AUTOSCALEBOT_TEST_MARK";

/// A demo that runs. All that it starts bears its mark.
struct Demo {
    child: Child,
    mark: String,
}

impl Demo {
    fn start(seconds: u32, test: &str) -> Self {
        let mark = format!("{test}-{}", std::process::id());
        let child = Command::new(env!("CARGO_BIN_EXE_autoscalebot"))
            .args(["demo", "--seconds", &seconds.to_string()])
            .env(MARK, &mark)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        Self { child, mark }
    }

    fn signal(&self, signal: Signal) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        kill_process(id.and_then(Pid::from_raw).expect("it runs"), signal).expect("it can be told");
    }

    /// Waits until two servers and more run.
    async fn until_it_serves(&self) {
        let serving = async {
            while self
                .family()
                .iter()
                .filter(|line| line.contains("demo-server"))
                .count()
                < 2
            {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(Duration::from_secs(30), serving)
            .await
            .expect("two servers run in time");
    }

    /// How it ended. By then nothing of it may be left.
    async fn end(self, within: u64) -> Output {
        let mark = self.mark.clone();
        let output = timeout(Duration::from_secs(within), self.child.wait_with_output()).await;
        let output = output
            .expect("it ends in time")
            .expect("its output can be read");
        let gone = async {
            while !family(&mark).is_empty() {
                sleep(Duration::from_millis(50)).await;
            }
        };
        let is_gone = timeout(Duration::from_secs(5), gone).await.is_ok();
        assert!(is_gone, "left behind: {:?}", family(&mark));
        output
    }

    fn family(&self) -> Vec<String> {
        family(&self.mark)
    }
}

/// The command lines of all processes that bear the mark.
fn family(mark: &str) -> Vec<String> {
    let mark = format!("{MARK}={mark}\0");
    let member = |folder: &Path| {
        // A process may end while it is looked at; a zombie has neither environment nor command line.
        let environment = std::fs::read(folder.join("environ")).ok()?;
        let command = std::fs::read_to_string(folder.join("cmdline")).ok()?;
        let bears = format!("{}\0", String::from_utf8_lossy(&environment)).contains(&mark);
        bears.then(|| command.replace('\0', " "))
    };
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    processes
        .filter_map(|process| member(&process.path()))
        .collect()
}

/// The two figures in this row of the summary: the autoscaled application's and the fixed one's.
#[track_caller]
fn row(text: &str, name: &str) -> [u32; 2] {
    let line = text
        .lines()
        .find(|line| line.trim_start().starts_with(name));
    let line = line.unwrap_or_else(|| panic!("no row `{name}` in:\n{text}"));
    let figures = line
        .trim_start()
        .trim_start_matches(name)
        .split_whitespace();
    let figures: Vec<_> = figures.filter_map(|word| word.parse().ok()).collect();
    figures
        .try_into()
        .unwrap_or_else(|_| panic!("two figures in `{line}`"))
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    (text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn it_scales_up_and_down_and_ends_by_itself() {
    let output = Demo::start(20, "whole").end(60).await;
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(0), "{out}\n{err}");
    assert_eq!(err, "", "there is nothing to complain of");
    let ([ups, no_ups], [downs, no_downs]) = (row(&out, "scales up"), row(&out, "scales down"));
    assert!(ups >= 1 && downs >= 1, "it scales both ways:\n{out}");
    assert_eq!(
        (no_ups, no_downs),
        (0, 0),
        "the fixed application is not scaled:\n{out}"
    );
    for (shown, times) in [("SCALE UP", ups), ("SCALE DOWN", downs)] {
        let lines = out.lines().filter(|line| line.contains(shown)).count();
        // The last one may have been decided, and not be done, when the wave ended; it is in the lines alone then.
        assert!(
            (0..=1).contains(&(lines.cast_signed() - isize::try_from(times).unwrap())),
            "{shown}:\n{out}"
        );
    }
    let [web, fixed] = row(&out, "requests");
    assert!(web == fixed && web > 300, "both had the same wave:\n{out}");
    let [web, fixed] = row(&out, "process-seconds");
    assert!(
        web > fixed && (19..=25).contains(&fixed),
        "what it cost:\n{out}"
    );
    assert!(
        out.lines().all(|line| line.chars().count() <= 100),
        "it fits a terminal:\n{out}"
    );
}

#[tokio::test]
async fn it_can_be_ended_early_and_tells_how_far_it_came() {
    for (name, signal) in [("interrupted", Signal::INT), ("terminated", Signal::TERM)] {
        let demo = Demo::start(3600, name);
        demo.until_it_serves().await;
        sleep(Duration::from_secs(2)).await;
        demo.signal(signal);
        let output = demo.end(30).await;
        let (out, err) = texts(&output);
        assert_eq!(output.status.code(), Some(0), "{name}: {out}\n{err}");
        assert_eq!(err, "", "{name}");
        assert_eq!(row(&out, "scales up"), [0, 0], "{name}: there is a summary");
    }
}

#[tokio::test]
async fn ended_on_the_crest_it_flatters_neither() {
    let demo = Demo::start(20, "crest");
    demo.until_it_serves().await;
    // One process is behind by now by more than two seconds of load.
    sleep(Duration::from_secs(10)).await;
    demo.signal(Signal::INT);
    let output = demo.end(30).await;
    let (out, err) = texts(&output);
    assert_eq!(output.status.code(), Some(0), "{out}\n{err}");
    let [web, fixed] = row(&out, "requests");
    // What was sent in the last quarter of a second, and is not late yet, counts on neither side unless it is answered:
    // eleven requests at most.
    assert!(
        fixed > 100 && web.abs_diff(fixed) <= 15,
        "both had the same wave:\n{out}"
    );
    let [_, unanswered] = row(&out, "of these unanswered");
    assert!(unanswered > 15, "who waits for long has no answer:\n{out}");
}

#[tokio::test]
async fn nothing_outlives_it_even_when_it_is_killed() {
    let demo = Demo::start(3600, "killed");
    demo.until_it_serves().await;
    let clock = Clock::system();
    demo.signal(Signal::KILL);
    let killed = clock.now().mono;
    let output = demo.end(30).await;
    let taken = clock.now().mono.saturating_sub(killed);
    assert!(taken <= Duration::from_secs(5), "{taken:?}");
    assert_eq!(
        output.status.code(),
        None,
        "it was killed, and `end` has seen that nothing is left"
    );
}

#[tokio::test]
async fn a_length_that_shows_nothing_is_refused() {
    for seconds in [14, 3601] {
        let output = Demo::start(seconds, "refused").end(30).await;
        assert_eq!(output.status.code(), Some(64), "{seconds} s");
        assert!(
            texts(&output).1.contains("15..=3600"),
            "it says what is possible"
        );
    }
}
