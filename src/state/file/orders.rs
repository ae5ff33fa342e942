//! The operations on orders, as functions of an open connection.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Transaction, params};

use super::database::{begin, save_snapshot};
use super::trouble::Trouble;
use crate::orders::{Draft, Ended, Order, OrderId, outlived};
use crate::state::{MOST_ORDERS, Snapshot};

/// What is there, by number, and how many could not be read.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) orders: Vec<Order>,
    pub(super) left_out: usize,
}

pub(super) fn all(connection: &Connection) -> Result<Found, Trouble> {
    let mut statement = connection.prepare("SELECT id, draft, ended FROM orders ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut found = Found::default();
    while let Some(row) = rows.next()? {
        let (id, draft): (i64, String) = (row.get(0)?, row.get(1)?);
        let ended: Option<String> = row.get(2)?;
        match read(id, &draft, ended.as_deref()) {
            Some(order) => found.orders.push(order),
            None => found.left_out += 1,
        }
    }
    Ok(found)
}

fn read(id: i64, draft: &str, ended: Option<&str>) -> Option<Order> {
    let draft: Draft = serde_json::from_str(draft).ok()?;
    let mut order = draft.numbered(OrderId(u64::try_from(id).ok()?));
    if let Some(ended) = ended {
        order.ended = Some(serde_json::from_str(ended).ok()?);
    }
    Some(order)
}

pub(super) fn put(
    connection: &mut Connection,
    draft: &Draft,
    now: DateTime<Utc>,
) -> Result<Order, Trouble> {
    let transaction = begin(connection)?;
    let there = all(&transaction)?.orders;
    let gone = outlived(&there, DateTime::<Utc>::UNIX_EPOCH, now, MOST_ORDERS - 1);
    if there.len() - gone.len() >= MOST_ORDERS {
        let why = format!("{MOST_ORDERS} orders are in force; end some first");
        return Err(Trouble::Impossible(why));
    }
    for id in gone {
        forget(&transaction, id)?;
    }
    let text = serde_json::to_string(draft)?;
    transaction.execute("INSERT INTO orders (draft) VALUES (?1)", [text])?;
    let id = u64::try_from(transaction.last_insert_rowid()).unwrap_or_default();
    transaction.commit()?;
    Ok(draft.clone().numbered(OrderId(id)))
}

pub(super) fn end(
    connection: &mut Connection,
    id: OrderId,
    ended: &Ended,
) -> Result<bool, Trouble> {
    let text = serde_json::to_string(ended)?;
    let sql = "UPDATE orders SET ended = ?2 WHERE id = ?1 AND ended IS NULL";
    let changed = connection.execute(sql, params![number(id), text])?;
    Ok(changed > 0)
}

/// Lets go of those that were over before the horizon.
pub(super) fn prune(
    transaction: &Transaction<'_>,
    horizon: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Trouble> {
    for id in outlived(&all(transaction)?.orders, horizon, now, MOST_ORDERS) {
        forget(transaction, id)?;
    }
    Ok(())
}

/// Writes what was read out of a damaged file; orders keep their numbers.
pub(super) fn carry_over(
    connection: &mut Connection,
    snapshots: &[Snapshot],
    orders: &[Order],
) -> Result<(), Trouble> {
    let transaction = begin(connection)?;
    for snapshot in snapshots {
        save_snapshot(&transaction, snapshot)?;
    }
    for order in orders {
        let ended = order.ended.as_ref().map(serde_json::to_string);
        let draft = serde_json::to_string(&order.draft)?;
        let sql = "INSERT OR IGNORE INTO orders (id, draft, ended) VALUES (?1, ?2, ?3)";
        transaction.execute(sql, params![number(order.id), draft, ended.transpose()?])?;
    }
    transaction.commit()?;
    Ok(())
}

fn forget(transaction: &Transaction<'_>, id: OrderId) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM orders WHERE id = ?1", [number(id)])?;
    Ok(())
}

fn number(id: OrderId) -> i64 {
    i64::try_from(id.0).unwrap_or(i64::MAX)
}
