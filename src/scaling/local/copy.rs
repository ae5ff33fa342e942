//! One copy: a number, a process, and the task that minds it.
//!
//! ```text
//!              start             ends by itself: the rest of its group is killed
//!   Waiting ──────────▶ Running ──────────────────────────────────────────────────▶ Waiting (backoff)
//!      │                   │
//!      │ told to stop      │ told to stop: the signal to the leader; after the grace SIGKILL to the group;
//!      ▼                   ▼               when the leader is gone, SIGKILL to what is left of the group
//!     Gone ◀────────────────
//! ```

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::rc::Rc;
use std::time::Duration;

use log::{info, warn};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use super::backoff::Backoff;
use super::child::SHIM;
use super::keeper::{Keeper, pid};
use super::recipe::Recipe;
use crate::clock::Clock;
use crate::model::ProcessName;

/// What every copy of a pool stands on.
#[derive(Debug)]
pub struct Ground {
    /// The managed process.
    pub process: ProcessName,
    /// The clock.
    pub clock: Clock,
    /// This program, which becomes the copies.
    pub program: PathBuf,
    /// Who takes them along when the bot is killed.
    pub keeper: Rc<Keeper>,
}

/// One copy, as its pool sees it.
#[derive(Debug)]
pub struct Copy {
    /// Its number: `n` in `DYNO=<type>.<n>`.
    pub number: u32,
    process_type: String,
    recipe: Rc<Recipe>,
    orders: watch::Sender<Order>,
    condition: Cell<Condition>,
    process: Cell<Option<i32>>,
}

/// What a copy is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Run,
    /// End upon this signal; killed at this moment (monotonic).
    Stop(Signal, Duration),
}

/// How a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It is about to be started, or started again.
    Waiting,
    /// Its process runs.
    Running,
    /// It has ended for good; nothing of it is left.
    Gone,
}

impl Copy {
    /// A copy that has not been started yet.
    pub fn new(number: u32, process_type: &str, recipe: Rc<Recipe>) -> Self {
        Self {
            number,
            process_type: process_type.to_owned(),
            recipe,
            orders: watch::Sender::new(Order::Run),
            condition: Cell::new(Condition::Waiting),
            process: Cell::new(None),
        }
    }

    /// How it is.
    pub fn condition(&self) -> Condition {
        self.condition.get()
    }

    /// The process id of its leader, while it runs.
    pub fn process(&self) -> Option<i32> {
        self.process.get()
    }

    /// Whether it is meant to run: it was not told to stop.
    pub fn is_wanted(&self) -> bool {
        self.condition.get() != Condition::Gone && *self.orders.borrow() == Order::Run
    }

    /// Tells it to stop upon `signal` until `end`. Told again, the earlier end holds.
    pub fn stop(&self, signal: Signal, end: Duration) {
        self.orders.send_modify(|order| {
            *order = match *order {
                Order::Run => Order::Stop(signal, end),
                Order::Stop(signal, sooner) => Order::Stop(signal, sooner.min(end)),
            }
        });
    }

    /// Its name: what it is given as DYNO.
    pub fn name(&self) -> String {
        format!("{}.{}", self.process_type, self.number)
    }
}

/// Keeps the copy running until it is told to stop, and sees it end.
pub fn mind(copy: Rc<Copy>, ground: Rc<Ground>) -> impl Future<Output = ()> {
    // Also when this task panics or is dropped, even before it began: its pool then sees that the copy is gone.
    let gone = MarkGone(Rc::clone(&copy));
    async move {
        run(copy, ground).await;
        drop(gone);
    }
}

async fn run(copy: Rc<Copy>, ground: Rc<Ground>) {
    let mut orders = copy.orders.subscribe();
    let (name, process) = (copy.name(), &ground.process);
    let mut backoff = Backoff::default();
    while matches!(*orders.borrow(), Order::Run) {
        let began = ground.clock.now().mono;
        let how = match Running::start(&copy, &ground) {
            Ok(mut running) => {
                info!(process:% = process; "copy {name} was started (process {})", running.group.as_raw_pid());
                let Some(how) = until_told(&mut orders, running.child.wait()).await else {
                    running.stop(&mut orders).await;
                    info!(process:% = process; "copy {name} was stopped");
                    return;
                };
                format!("ended ({})", told(how))
            }
            Err(error) => format!("could not be started: {error}"),
        };
        let lived = ground.clock.now().mono.saturating_sub(began);
        let wait = backoff.after(lived);
        warn!(process:% = process;
            "copy {name} (`{}`) {how} after {:.1} s; it is started again in {} s",
            copy.recipe.program(), lived.as_secs_f64(), wait.as_secs_f64());
        until_told(&mut orders, tokio::time::sleep(wait)).await;
    }
}

fn told(how: io::Result<ExitStatus>) -> String {
    how.map_or_else(|error| error.to_string(), |status| status.to_string())
}

/// What `work` yields; `None` when the order to stop comes first.
async fn until_told<T>(
    orders: &mut watch::Receiver<Order>,
    work: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        biased;
        _ = orders.wait_for(|order| *order != Order::Run) => None,
        done = work => Some(done),
    }
}

struct MarkGone(Rc<Copy>);

impl Drop for MarkGone {
    fn drop(&mut self) {
        self.0.condition.set(Condition::Gone);
    }
}

/// A process and its group. However this value ends, nothing of the group is left.
struct Running {
    child: Child,
    group: Pid,
    copy: Rc<Copy>,
    ground: Rc<Ground>,
}

impl Running {
    /// Starts the process through the shim, which makes it the leader of its own session and group.
    fn start(copy: &Rc<Copy>, ground: &Rc<Ground>) -> io::Result<Self> {
        ground.keeper.start(&ground.program, ground.clock);
        let recipe = &copy.recipe;
        let mut command = through_shim(&ground.program);
        command.args(recipe.words());
        for (variable, value) in recipe.variables(&copy.process_type, copy.number) {
            match value {
                Some(value) => command.env(variable, value),
                None => command.env_remove(variable),
            };
        }
        if let Some(directory) = recipe.directory() {
            command.current_dir(directory);
        }
        let child = command.spawn()?;
        let group = child
            .id()
            .and_then(pid)
            .ok_or_else(|| io::Error::other("it has no process id"))?;
        ground.keeper.add(group);
        copy.condition.set(Condition::Running);
        copy.process.set(Some(group.as_raw_pid()));
        Ok(Self {
            child,
            group,
            copy: Rc::clone(copy),
            ground: Rc::clone(ground),
        })
    }

    /// Asks the leader alone, so that a worker can finish with its own children; at the end of the time kills all.
    async fn stop(&mut self, orders: &mut watch::Receiver<Order>) {
        let mut asked = false;
        loop {
            let Order::Stop(signal, end) = *orders.borrow_and_update() else {
                return;
            };
            if !asked && self.child.id().is_some() {
                kill_process(self.group, signal).ok();
                asked = true;
            }
            tokio::select! {
                _ = self.child.wait() => return,
                _ = orders.changed() => {}
                () = tokio::time::sleep(self.ground.clock.until(end)) => break,
            }
        }
        let (process, name) = (&self.ground.process, self.copy.name());
        warn!(process:% = process; "copy {name} did not end in time and is killed");
        self.kill();
        self.child.wait().await.ok();
    }

    /// Kills the leader by its own id too: in its first moments the shim has no group yet.
    fn kill(&mut self) {
        self.child.start_kill().ok();
        // The number of a group cannot pass to another one while a member is left, and nobody can have got it in the
        // moment since the leader was reaped. An error means that the group is empty, which is what we want.
        kill_process_group(self.group, Signal::KILL).ok();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
        self.ground.keeper.remove(self.group);
        self.copy.condition.set(Condition::Waiting);
        self.copy.process.set(None);
    }
}

/// This program as a shim: the words of a command are still to be added. What it becomes is killed by the kernel when
/// the calling *thread* ends, and reads nothing from the terminal.
pub fn through_shim(program: &std::path::Path) -> Command {
    let mut command = Command::new(program);
    command
        .arg(SHIM)
        .arg(std::process::id().to_string())
        .stdin(Stdio::null());
    command
}
