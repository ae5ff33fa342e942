//! The file's tables, and the writing and reading of snapshots, as functions of an open connection.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::trouble::Trouble;
use crate::model::ProcessName;
use crate::state::{Batch, Snapshot};

/// Says that a file is ours: `asb1` in `SQLite`'s header.
const APPLICATION: i32 = 0x6173_6231;

/// The version of the tables.
const VERSION: i32 = 1;

/// A ledger is looked up by process and time, and no record is in it twice.
const TABLES: &str = "
CREATE TABLE snapshots (process TEXT PRIMARY KEY, at INTEGER NOT NULL, text TEXT NOT NULL) STRICT;
CREATE TABLE ledger (process TEXT NOT NULL, at INTEGER NOT NULL, cycle INTEGER NOT NULL, text TEXT NOT NULL,
    UNIQUE (process, at, cycle)) STRICT;
CREATE TABLE packs (process TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE INDEX packs_by_time ON packs (process, last);
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
        if let (Ok(process), Some(at)) = (ProcessName::kept(&process), time(row.get(1)?)) {
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

pub(super) fn time(micros: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros)
}
