//! Queries that are put together from what a filter asks.

use rusqlite::types::ToSql;
use rusqlite::{Connection, Row};

use super::error::Result;

/// Values for the places of a query, in their order.
pub type Values = Vec<Box<dyn ToSql>>;

/// Conditions that have to hold together, and the values for their places.
#[derive(Default)]
pub struct WhereClause {
    texts: Vec<String>,
    /// For all places, in the order of the conditions.
    pub values: Values,
}

impl WhereClause {
    /// Begins with one that has no places.
    pub fn with(text: &str) -> Self {
        Self {
            texts: vec![text.to_owned()],
            values: Vec::new(),
        }
    }

    /// One more, with the values for its places.
    pub fn require<T: ToSql + 'static>(
        &mut self,
        text: impl Into<String>,
        values: impl IntoIterator<Item = T>,
    ) {
        self.texts.push(text.into());
        let values = values.into_iter();
        self.values
            .extend(values.map(|value| Box::new(value) as Box<dyn ToSql>));
    }

    /// Those of another, too.
    pub fn require_all(&mut self, others: Self) {
        self.texts.extend(others.texts);
        self.values.extend(others.values);
    }

    /// All of them, to be put behind `WHERE`.
    pub fn text(&self) -> String {
        self.texts.join(" AND ")
    }
}

/// Reads every row of a query.
pub fn query<T>(
    connection: &Connection,
    sql: &str,
    values: &[Box<dyn ToSql>],
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let values: Vec<&dyn ToSql> = values.iter().map(AsRef::as_ref).collect();
    let rows = statement.query_map(values.as_slice(), read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
