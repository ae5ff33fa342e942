//! The thread's side: opens the file at its first use, opens it again when it was replaced, and moves a damaged one aside.
//!
//! ```text
//!   operation ─▶ open? ── no ──▶ open, or make; look whether it is ours
//!                  │
//!                 yes ─▶ done ─ ok ──────────────────────────────▶ answer
//!                          └─ damaged ─▶ save what can be read,
//!                                        move the file aside, begin a new one, try once more
//! ```

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::trouble::Trouble;
use super::{database, orders};
use crate::clock::Clock;
use crate::state::Remark;

/// Where the file is, and what bounds it.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) path: PathBuf,
    pub(super) max_bytes: u64,
    pub(super) timeout: Duration,
}

/// The file, open or not yet.
pub(super) struct Desk {
    options: Options,
    clock: Clock,
    open: Option<Open>,
    /// The file that was last opened, or could not be.
    seen: Option<Identity>,
}

struct Open {
    connection: Connection,
    file: Identity,
}

/// What tells two files of one name apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

impl Identity {
    fn of(path: &Path) -> Option<Self> {
        let there = fs::metadata(path).ok()?;
        Some(Self(there.dev(), there.ino()))
    }
}

impl Desk {
    pub(super) fn new(options: Options, clock: Clock) -> Self {
        Self {
            options,
            clock,
            open: None,
            seen: None,
        }
    }

    /// Does something with the open file; with a new one, should this one be damaged.
    pub(super) fn answer<T>(
        &mut self,
        work: &impl Fn(&mut Connection) -> Result<T, Trouble>,
    ) -> (Result<T, Trouble>, Vec<Remark>) {
        let mut remarks = Vec::new();
        let mut result = self.attempt(work);
        if let Err(trouble) = &result
            && trouble.is_damage()
        {
            match self.move_aside(trouble) {
                Ok(remark) => remarks.extend(remark),
                Err(why) => return (Err(why), remarks),
            }
            result = self.attempt(work);
        }
        if result.as_ref().is_err_and(Trouble::wants_opening_anew) {
            self.open = None;
        }
        (result, remarks)
    }

    fn attempt<T>(
        &mut self,
        work: &impl Fn(&mut Connection) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        work(self.connection()?)
    }

    /// The open file. One that was deleted or replaced meanwhile would be written in vain.
    fn connection(&mut self) -> Result<&mut Connection, Trouble> {
        let there = Identity::of(&self.options.path);
        self.seen = there;
        let open = match self.open.take() {
            Some(open) if there == Some(open.file) => open,
            Some(_) | None => self.opened()?,
        };
        self.seen = Some(open.file);
        Ok(&mut self.open.insert(open).connection)
    }

    fn opened(&self) -> Result<Open, Trouble> {
        let Options {
            path,
            max_bytes,
            timeout,
        } = &self.options;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        // A little less than who waits for the answer, so that it comes.
        connection.busy_timeout(timeout.mul_f64(0.8))?;
        database::prepare(&mut connection, *max_bytes)?;
        let file = Identity::of(path)
            .ok_or_else(|| Trouble::NotOurs("it vanished while it was opened".to_owned()))?;
        Ok(Open { connection, file })
    }

    /// Moves a damaged file aside, its log with it, and carries over what can still be read. Another program may have
    /// done so meanwhile: then there is nothing left to move.
    fn move_aside(&mut self, why: &Trouble) -> Result<Option<Remark>, Trouble> {
        let path = self.options.path.clone();
        let damaged = self.open.take();
        if Identity::of(&path) != self.seen {
            return Ok(None);
        }
        let (snapshots, known) = match damaged {
            Some(mut open) => (
                database::load(&mut open.connection).unwrap_or_default(),
                orders::all(&open.connection).unwrap_or_default().orders,
            ),
            None => (Vec::new(), Vec::new()),
        };
        let to = self.free_name(&path);
        let cannot = |error: std::io::Error| {
            Trouble::NotOurs(format!(
                "it is damaged, and cannot be moved to {}: {error}",
                to.display()
            ))
        };
        fs::rename(&path, &to).map_err(cannot)?;
        for ending in ["-wal", "-shm"] {
            // A file that was closed well has neither.
            fs::rename(with(&path, ending), with(&to, ending)).unwrap_or_default();
        }
        orders::carry_over(self.connection()?, &snapshots, &known)?;
        Ok(Some(Remark::MovedAside {
            file: path.display().to_string(),
            to: to.display().to_string(),
            why: match why {
                Trouble::Sqlite(error) => error.to_string(),
                Trouble::NotOurs(why) | Trouble::Impossible(why) => why.clone(),
            },
            snapshots: snapshots.len(),
            orders: known.len(),
        }))
    }

    /// `state.db.damaged-20240503T141502Z`, with a number behind it when that is taken.
    fn free_name(&self, path: &Path) -> PathBuf {
        let now = self.clock.now().wall.format("%Y%m%dT%H%M%SZ");
        let first = with(path, &format!(".damaged-{now}"));
        let more = (2..100).map(|number| with(path, &format!(".damaged-{now}-{number}")));
        std::iter::once(first.clone())
            .chain(more)
            .find(|name| !name.exists())
            .unwrap_or(first)
    }
}

/// A path with something behind it.
fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
