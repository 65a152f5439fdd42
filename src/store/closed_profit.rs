//! Closed profit of the ledgers of an older version, added up once.

use rusqlite::{Connection, params};

use super::error::Result;
use super::sql::decimal;
use crate::domain::book::Book;
use crate::domain::exact_sum::ExactSum;

/// Adds up what the ledgers of an older version closed.
pub(super) fn settle(connection: &Connection) -> Result<()> {
    let mut select = connection.prepare(
        "SELECT webhook_id, book, ticker, net_profit FROM trades ORDER BY webhook_id, book, ticker",
    )?;
    let mut rows = select.query([])?;
    let mut of: Option<((i64, Book, String), ExactSum)> = None;
    while let Some(row) = rows.next()? {
        let key = (row.get(0)?, row.get(1)?, row.get(2)?);
        let profit = decimal(row, 3)?;
        match &mut of {
            Some((known, sum)) if *known == key => *sum = sum.plus(profit),
            _ => {
                let next = (key, ExactSum::default().plus(profit));
                write_profit(connection, of.replace(next))?;
            }
        }
    }
    write_profit(connection, of)
}

fn write_profit(
    connection: &Connection,
    of: Option<((i64, Book, String), ExactSum)>,
) -> Result<()> {
    let Some(((webhook, book, ticker), sum)) = of else {
        return Ok(());
    };
    let mut update = connection.prepare_cached(
        "UPDATE ledgers SET closed_profit = ?4 WHERE webhook_id = ?1 AND book = ?2 AND ticker = ?3",
    )?;
    update.execute(params![webhook, book, ticker, sum.to_string()])?;
    Ok(())
}
