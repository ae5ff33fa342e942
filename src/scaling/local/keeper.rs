//! The bot's side of the keeper: a small child that knows which groups there are, and kills those that are left when
//! the bot's end of its pipe closes. That is how even `kill -9` of the bot takes the copies' own children with it, of
//! which the kernel's parent-death signal knows nothing.
//!
//! ```text
//!   bot ── "+4711\n" "-4711\n" ──▶ keeper        the pipe closes ──▶ the keeper kills what is left, and ends
//!       ◀─────── it ended ────────               it is started again, and told everything
//! ```

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::io::{PipeWriter, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::rc::Rc;
use std::time::Duration;

use log::{debug, warn};
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use super::backoff::Backoff;
use super::child::KEEPER;
use crate::clock::Clock;

/// How long a keeper may take to end when it has nothing left to do.
const END: Duration = Duration::from_secs(1);

/// The keeper of this program. Dropping it closes the pipe: what it still knows is killed.
#[derive(Debug, Default)]
pub struct Keeper {
    known: Rc<Known>,
    minder: RefCell<JoinSet<()>>,
}

/// What a keeper must be told, and how.
#[derive(Debug, Default)]
struct Known {
    groups: RefCell<BTreeSet<i32>>,
    pipe: RefCell<Option<PipeWriter>>,
    process: Cell<Option<Pid>>,
    /// Counts the minders: one whose keeper ends after the next was begun has nothing more to say.
    minders: Cell<u64>,
}

impl Keeper {
    /// Starts the keeper unless it runs. Call it before the first process whose group it shall know.
    pub fn start(&self, program: &Path, clock: Clock) {
        let mut minder = self.minder.borrow_mut();
        while minder.try_join_next().is_some() {}
        if minder.is_empty() {
            // The first start is not left to the task: the copy that comes next shall find its keeper.
            let first = self.known.open(program);
            let me = self.known.minders.get() + 1;
            self.known.minders.set(me);
            minder.spawn_local(mind(
                me,
                Rc::clone(&self.known),
                first,
                program.to_owned(),
                clock,
            ));
        }
    }

    /// From now on the group goes when the bot goes.
    pub fn add(&self, group: Pid) {
        let group = group.as_raw_pid();
        self.known.groups.borrow_mut().insert(group);
        self.known.tell(&format!("+{group}\n"));
    }

    /// The group has ended.
    pub fn remove(&self, group: Pid) {
        let group = group.as_raw_pid();
        self.known.groups.borrow_mut().remove(&group);
        self.known.tell(&format!("-{group}\n"));
    }

    /// Lets the keeper go, if it has nothing left to keep.
    pub async fn rest(&self) {
        if !self.known.groups.borrow().is_empty() {
            return;
        }
        let mut minder = std::mem::take(&mut *self.minder.borrow_mut());
        self.known.pipe.take();
        if tokio::time::timeout(END, minder.join_next()).await.is_err() {
            self.known.kill();
        }
    }

    /// The process id of the keeper, while it runs.
    pub fn process(&self) -> Option<i32> {
        self.known.process.get().map(Pid::as_raw_pid)
    }
}

impl Known {
    /// Starts a keeper and tells it everything.
    fn open(&self, program: &Path) -> std::io::Result<Child> {
        let (reader, writer) = std::io::pipe()?;
        // A keeper that does not read may not block the bot.
        rustix::io::ioctl_fionbio(&writer, true)?;
        let child = Command::new(program)
            .arg(KEEPER)
            .stdin(reader)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        self.process.set(child.id().and_then(pid));
        *self.pipe.borrow_mut() = Some(writer);
        let all = self
            .groups
            .borrow()
            .iter()
            .fold(String::new(), |all, group| format!("{all}+{group}\n"));
        self.tell(&all);
        Ok(child)
    }

    fn tell(&self, lines: &str) {
        let told = match self.pipe.borrow_mut().as_mut() {
            Some(pipe) => pipe.write_all(lines.as_bytes()),
            // It is just being started again, and will be told everything.
            None => return,
        };
        if let Err(error) = told {
            debug!("the keeper of the local copies does not listen: {error}");
            self.kill();
        }
    }

    /// Ends a keeper that is of no use. Killed first: at the end of its pipe it would kill groups that live.
    fn kill(&self) {
        if let Some(process) = self.process.take() {
            kill_process(process, Signal::KILL).ok();
        }
        self.pipe.take();
    }
}

/// Starts a keeper again for as long as there is something to keep.
async fn mind(
    me: u64,
    known: Rc<Known>,
    first: std::io::Result<Child>,
    program: std::path::PathBuf,
    clock: Clock,
) {
    let mut backoff = Backoff::default();
    let mut keeper = first;
    loop {
        let began = clock.now().mono;
        let how = match keeper {
            Ok(mut child) => child.wait().await.map(|status| status.to_string()),
            Err(error) => Err(error),
        };
        if known.minders.get() != me {
            return;
        }
        known.process.set(None);
        known.pipe.take();
        if known.groups.borrow().is_empty() {
            return;
        }
        let how = how.unwrap_or_else(|error| error.to_string());
        let wait = backoff.after(clock.now().mono.saturating_sub(began));
        warn!(
            "the keeper of the local copies ended ({how}); it is started again in {} s",
            wait.as_secs_f64()
        );
        tokio::time::sleep(wait).await;
        keeper = known.open(&program);
    }
}

/// A process id as `rustix` has it.
pub fn pid(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}
