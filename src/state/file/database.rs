//! The file's tables, and the operations on snapshots and ledgers as functions of an open connection.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::orders;
use super::trouble::Trouble;
use crate::model::ProcessName;
use crate::state::{Batch, First, Limits, Record, Snapshot, Wanted};

/// Says that a file is ours: `asb1` in `SQLite`'s header.
const APPLICATION: i32 = 0x6173_6231;

/// The version of the tables.
const VERSION: i32 = 1;

/// How many records one pruning takes from one process, so that nobody waits long for it.
const MOST_PRUNED: u64 = 5000;

/// How many pages one pruning gives back.
const MOST_PAGES_FREED: u32 = 2000;

/// A ledger is looked up by process and time, and no record is in it twice.
const TABLES: &str = "
CREATE TABLE snapshots (process TEXT PRIMARY KEY, at INTEGER NOT NULL, text TEXT NOT NULL) STRICT;
CREATE TABLE ledger (process TEXT NOT NULL, at INTEGER NOT NULL, cycle INTEGER NOT NULL, text TEXT NOT NULL,
    UNIQUE (process, at, cycle)) STRICT;
CREATE TABLE orders (id INTEGER PRIMARY KEY AUTOINCREMENT, draft TEXT NOT NULL, ended TEXT) STRICT;
";

/// Makes a new file ours, or sees that it is, and sets what a connection needs.
pub(super) fn prepare(connection: &mut Connection, max_bytes: u64) -> Result<(), Trouble> {
    // Before there is any table, or it has no effect; on a file of ours it changes nothing.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    let is_ours = look(connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // An acknowledged write survives the machine's end too, for one flush of the disk a batch.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", 4_000_000)?;
    let page: u32 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages = max_bytes / u64::from(page.max(1));
    let pages = u32::try_from(pages).unwrap_or(u32::MAX - 1).max(1);
    connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    if !is_ours {
        let transaction = begin(connection)?;
        // Two programs may begin the file at once.
        if !look(&transaction)? {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        transaction.commit()?;
    }
    Ok(())
}

/// Whether the file has our tables; `Err` when it has somebody else's.
fn look(connection: &Connection) -> Result<bool, Trouble> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    if application == APPLICATION {
        return match version {
            VERSION => Ok(true),
            _ => Err(Trouble::NotOurs(format!(
                "it is of version {version}, and this program knows version {VERSION}; name another file"
            ))),
        };
    }
    let sql = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    if application != 0 || tables > 0 {
        let why = "it is another program's database, and is left alone; name another file";
        return Err(Trouble::NotOurs(why.to_owned()));
    }
    Ok(false)
}

/// What is written at once begins by writing, so that two writers wait for each other rather than collide.
pub(super) fn begin(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

pub(super) fn load(connection: &mut Connection) -> Result<Vec<Snapshot>, Trouble> {
    let mut statement = connection.prepare("SELECT process, at, text FROM snapshots")?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let process: String = row.get(0)?;
        if let (Ok(process), Some(at)) = (ProcessName::new(&process), time(row.get(1)?)) {
            let text = row.get(2)?;
            found.push(Snapshot { process, at, text });
        }
    }
    Ok(found)
}

pub(super) fn save(connection: &mut Connection, batch: &Batch) -> Result<(), Trouble> {
    let transaction = begin(connection)?;
    for snapshot in &batch.snapshots {
        save_snapshot(&transaction, snapshot)?;
    }
    {
        let mut insert = transaction.prepare(
            "INSERT OR IGNORE INTO ledger (process, at, cycle, text) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for record in &batch.records {
            let cycle = i64::try_from(record.cycle).unwrap_or(i64::MAX);
            let at = record.at.timestamp_micros();
            insert.execute(params![record.process.as_str(), at, cycle, record.text])?;
        }
    }
    transaction.commit()?;
    Ok(())
}

pub(super) fn save_snapshot(
    transaction: &Transaction<'_>,
    snapshot: &Snapshot,
) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare(
        "INSERT INTO snapshots (process, at, text) VALUES (?1, ?2, ?3)
         ON CONFLICT (process) DO UPDATE SET at = excluded.at, text = excluded.text",
    )?;
    let at = snapshot.at.timestamp_micros();
    insert.execute(params![snapshot.process.as_str(), at, snapshot.text])?;
    Ok(())
}

pub(super) fn records(
    connection: &mut Connection,
    process: &ProcessName,
    wanted: Wanted,
) -> Result<Vec<Record>, Trouble> {
    let sql = match wanted.first {
        First::Oldest => {
            "SELECT at, cycle, text FROM ledger WHERE process = ?1 AND at BETWEEN ?2 AND ?3
             ORDER BY at, cycle LIMIT ?4"
        }
        First::Newest => {
            "SELECT at, cycle, text FROM ledger WHERE process = ?1 AND at BETWEEN ?2 AND ?3
             ORDER BY at DESC, cycle DESC LIMIT ?4"
        }
    };
    let mut statement = connection.prepare(sql)?;
    let micros = |at: Option<DateTime<Utc>>, open| at.map_or(open, |at| at.timestamp_micros());
    let mut rows = statement.query(params![
        process.as_str(),
        micros(wanted.since, i64::MIN),
        micros(wanted.until, i64::MAX),
        i64::try_from(wanted.most).unwrap_or(i64::MAX),
    ])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let cycle: i64 = row.get(1)?;
        if let (Some(at), Ok(cycle)) = (time(row.get(0)?), u64::try_from(cycle)) {
            found.push(Record {
                process: process.clone(),
                at,
                cycle,
                text: row.get(2)?,
            });
        }
    }
    Ok(found)
}

pub(super) fn prune(
    connection: &mut Connection,
    limits: Limits,
    now: DateTime<Utc>,
) -> Result<u64, Trouble> {
    let horizon = limits.horizon(now);
    let transaction = begin(connection)?;
    let mut gone = 0;
    for process in processes(&transaction)? {
        gone += prune_one(&transaction, &process, horizon, limits)?;
    }
    orders::prune(&transaction, horizon, now)?;
    transaction.commit()?;
    let pages = format!("PRAGMA incremental_vacuum({MOST_PAGES_FREED})");
    connection.execute_batch(&pages)?;
    Ok(gone)
}

/// The processes that have a ledger, each found by one look into the index.
fn processes(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<String>> {
    let mut next = transaction.prepare("SELECT min(process) FROM ledger WHERE process > ?1")?;
    let mut found: Vec<String> = Vec::new();
    loop {
        let last = found.last().map_or("", String::as_str);
        let process: Option<String> = next.query_row([last], |row| row.get(0))?;
        match process {
            Some(process) => found.push(process),
            None => return Ok(found),
        }
    }
}

fn prune_one(
    transaction: &Transaction<'_>,
    process: &str,
    horizon: DateTime<Utc>,
    limits: Limits,
) -> rusqlite::Result<u64> {
    // The newest record that is one too many; it and what is older goes.
    let mut surplus = transaction.prepare(
        "SELECT at FROM ledger WHERE process = ?1 ORDER BY at DESC, cycle DESC LIMIT 1 OFFSET ?2",
    )?;
    let most = i64::try_from(limits.max_records_per_process).unwrap_or(i64::MAX);
    let too_many: Option<i64> = surplus
        .query_row(params![process, most], |row| row.get(0))
        .optional()?;
    let too_old = horizon.timestamp_micros().saturating_sub(1);
    let up_to = too_many.map_or(too_old, |at| at.max(too_old));
    let mut delete = transaction.prepare(
        "DELETE FROM ledger WHERE rowid IN
         (SELECT rowid FROM ledger WHERE process = ?1 AND at <= ?2 ORDER BY at, cycle LIMIT ?3)",
    )?;
    let gone = delete.execute(params![
        process,
        up_to,
        i64::try_from(MOST_PRUNED).unwrap_or(i64::MAX)
    ])?;
    Ok(u64::try_from(gone).unwrap_or(u64::MAX))
}

fn time(micros: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros)
}
