//! Expectations that were asked for of late, each kept until a trade or a backtest changes:
//! drawing ten thousand runs takes a moment of a core, and a page asks again and again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{CannotExpect, ExpectationFilter, expectation};
use crate::store::ledgers::{self, Versions};
use crate::store::{Connection, Result, expectations};

/// Expectations kept; one more and all are made again when they are asked for.
const KEPT: usize = 64;

/// An expectation as the JSON that is answered.
pub type ExpectationJson = Arc<[u8]>;

/// Expectations under what was asked for, with what they were made of.
#[derive(Default)]
pub struct ExpectationCache {
    kept: Mutex<HashMap<String, (Made, ExpectationJson)>>,
}

/// Versions of the webhook's ledgers and of what is frozen. The best of several is as it was
/// then: trades of others do not have the runs drawn again.
type Made = (Versions, i64);

impl ExpectationCache {
    /// The expectation that a filter asks for, as JSON; inside, why nothing can be expected.
    ///
    /// # Errors
    ///
    /// As [`expectation`].
    pub fn of(
        &self,
        connection: &Connection,
        filter: &ExpectationFilter,
    ) -> Result<std::result::Result<ExpectationJson, CannotExpect>> {
        let ticker = filter.ticker.as_ref().map_or("", |ticker| ticker.as_str());
        let asked = format!("{} {ticker}", filter.webhook);
        let made = (
            ledgers::versions(connection, std::slice::from_ref(&filter.webhook))?,
            expectations::newest(connection)?,
        );
        let lock = || self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, json)) = lock().get(&asked)
            && *of == made
        {
            return Ok(Ok(Arc::clone(json)));
        }
        let found = match expectation(connection, filter)? {
            Ok(found) => found,
            Err(cannot) => return Ok(Err(cannot)),
        };
        let json = ExpectationJson::from(serde_json::to_vec(&found).unwrap_or_default());
        let mut kept = lock();
        if kept.len() >= KEPT && !kept.contains_key(&asked) {
            kept.clear();
        }
        kept.insert(asked, (made, Arc::clone(&json)));
        Ok(Ok(json))
    }
}
