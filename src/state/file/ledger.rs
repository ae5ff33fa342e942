//! The operations on ledgers, as functions of an open connection: loose records, and packs of old ones.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction, params};

use super::database::{begin, time};
use super::orders;
use super::trouble::Trouble;
use crate::model::ProcessName;
use crate::state::pack::{Gathering, Pack, RECORDS_64, pack, surplus, unpack};
use crate::state::{First, Limits, Record, Wanted};

/// How many packs one pruning makes, so that nobody waits long for it.
const MOST_PACKED: u64 = 400;

/// How many pages one pruning gives back.
const MOST_PAGES_FREED: u32 = 2000;

/// What was found, and how many packs could not be read.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) records: Vec<Record>,
    pub(super) left_out: usize,
}

pub(super) fn records(
    connection: &mut Connection,
    process: &ProcessName,
    wanted: Wanted,
) -> Result<Found, Trouble> {
    // In one transaction, or a record might move into a pack between the two.
    let transaction = connection.transaction()?;
    let loose = loose(&transaction, process, wanted)?;
    let mut gathering = Gathering::new(wanted, loose);
    let mut left_out = 0;
    let sql = match wanted.first {
        First::Oldest => "SELECT first, last, bytes FROM packs WHERE process = ?1 ORDER BY last",
        First::Newest => {
            "SELECT first, last, bytes FROM packs WHERE process = ?1 ORDER BY last DESC"
        }
    };
    let mut statement = transaction.prepare(sql)?;
    let mut rows = statement.query([process.as_str()])?;
    while let Some(row) = rows.next()? {
        if !gathering.wants(row.get(0)?, row.get(1)?) {
            continue;
        }
        let bytes: Vec<u8> = row.get(2)?;
        match unpack(process, &bytes) {
            Some(records) => gathering.add(records),
            None => left_out += 1,
        }
    }
    Ok(Found {
        records: gathering.finish(),
        left_out,
    })
}

fn loose(
    connection: &Connection,
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

/// Packs what is old, and lets go of what is too old or too much.
pub(super) fn prune(
    connection: &mut Connection,
    limits: Limits,
    now: DateTime<Utc>,
) -> Result<u64, Trouble> {
    let horizon = limits.horizon(now);
    let transaction = begin(connection)?;
    let processes = processes(&transaction)?;
    let mut gone = 0;
    for process in &processes {
        gone += prune_one(&transaction, process, horizon, limits)?;
    }
    orders::prune(&transaction, horizon, now)?;
    transaction.commit()?;
    match pack_all(connection, &processes) {
        // There is no room even for what would make some: it is tried again when something has gone.
        Err(trouble) if trouble.is_full() => {}
        packed => packed?,
    }
    let pages = format!("PRAGMA incremental_vacuum({MOST_PAGES_FREED})");
    connection.execute_batch(&pages)?;
    Ok(gone)
}

fn pack_all(connection: &mut Connection, processes: &[ProcessName]) -> Result<(), Trouble> {
    let transaction = begin(connection)?;
    let mut may_pack = MOST_PACKED;
    for process in processes {
        pack_old(&transaction, process, &mut may_pack)?;
    }
    transaction.commit()?;
    Ok(())
}

/// The processes that have a ledger, each found by one look into an index.
fn processes(connection: &Connection) -> Result<Vec<ProcessName>, Trouble> {
    let mut next = connection.prepare(
        "SELECT min(process) FROM (SELECT min(process) AS process FROM ledger WHERE process > ?1
         UNION ALL SELECT min(process) FROM packs WHERE process > ?1)",
    )?;
    let mut found = Vec::new();
    let mut last = String::new();
    loop {
        let process: Option<String> = next.query_row([&last], |row| row.get(0))?;
        let Some(process) = process else {
            return Ok(found);
        };
        found.extend(ProcessName::kept(&process).ok());
        last = process;
    }
}

fn prune_one(
    connection: &Connection,
    process: &ProcessName,
    horizon: DateTime<Utc>,
    limits: Limits,
) -> rusqlite::Result<u64> {
    let horizon = horizon.timestamp_micros();
    let process = process.as_str();
    let delete = |sql, bound: i64| {
        let gone = connection.execute(sql, params![process, bound])?;
        Ok::<u64, rusqlite::Error>(u64::try_from(gone).unwrap_or(u64::MAX))
    };
    let old_packs = delete(
        "DELETE FROM packs WHERE process = ?1 AND last < ?2",
        horizon,
    )?;
    let old = delete("DELETE FROM ledger WHERE process = ?1 AND at < ?2", horizon)?;
    let there = (
        count(connection, "packs", process)?,
        count(connection, "ledger", process)?,
    );
    let (packs, loose) = surplus(there.0, there.1, limits.max_records_per_process);
    let number = |many: u64| i64::try_from(many).unwrap_or(i64::MAX);
    let more_packs = delete(
        "DELETE FROM packs WHERE rowid IN
         (SELECT rowid FROM packs WHERE process = ?1 ORDER BY last LIMIT ?2)",
        number(packs),
    )?;
    let more = delete(
        "DELETE FROM ledger WHERE rowid IN
         (SELECT rowid FROM ledger WHERE process = ?1 ORDER BY at, cycle LIMIT ?2)",
        number(loose),
    )?;
    Ok((old_packs + more_packs) * RECORDS_64 + old + more)
}

fn count(connection: &Connection, table: &str, process: &str) -> rusqlite::Result<u64> {
    let sql = format!("SELECT count(*) FROM {table} WHERE process = ?1");
    let many: i64 = connection.query_row(&sql, [process], |row| row.get(0))?;
    Ok(u64::try_from(many).unwrap_or_default())
}

/// Packs the oldest loose records, as long as as many stay loose.
fn pack_old(
    transaction: &Transaction<'_>,
    process: &ProcessName,
    may_pack: &mut u64,
) -> Result<(), Trouble> {
    let mut loose_left = count(transaction, "ledger", process.as_str())?;
    let oldest = Wanted {
        since: None,
        until: None,
        first: First::Oldest,
        most: usize::try_from(RECORDS_64).unwrap_or_default(),
    };
    while loose_left >= 2 * RECORDS_64 && *may_pack > 0 {
        let Some(Pack { first, last, bytes }) = pack(&loose(transaction, process, oldest)?) else {
            return Ok(());
        };
        transaction.execute(
            "INSERT INTO packs (process, first, last, bytes) VALUES (?1, ?2, ?3, ?4)",
            params![process.as_str(), first, last, bytes],
        )?;
        transaction.execute(
            "DELETE FROM ledger WHERE rowid IN
             (SELECT rowid FROM ledger WHERE process = ?1 ORDER BY at, cycle LIMIT ?2)",
            params![
                process.as_str(),
                i64::try_from(RECORDS_64).unwrap_or_default()
            ],
        )?;
        loose_left -= RECORDS_64;
        *may_pack -= 1;
    }
    Ok(())
}
