//! Expectations that were asked for of late, each kept until a trade or a backtest changes:
//! drawing ten thousand runs takes a moment of a core, and a page asks again and again.

use super::{CannotExpect, ExpectationFilter, expectation};
use crate::reports::json_cache::{Json, JsonCache};
use crate::store::ledgers::{self, Versions};
use crate::store::sql::as_json;
use crate::store::{Connection, Result, expectations};

/// Expectations under what was asked for, with what they were made of.
#[derive(Default)]
pub struct ExpectationCache {
    kept: JsonCache<MadeOf>,
}

/// Versions of the webhook's ledgers and of what is frozen. The best of several is as it was
/// then: trades of others do not have the runs drawn again.
type MadeOf = (Versions, i64);

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
    ) -> Result<std::result::Result<Json, CannotExpect>> {
        let ticker = filter.ticker.as_ref().map_or("", |ticker| ticker.as_str());
        let asked = format!("{} {ticker}", filter.webhook);
        let made_of = (
            ledgers::versions(connection, std::slice::from_ref(&filter.webhook))?,
            expectations::newest(connection)?,
        );
        if let Some(kept) = self.kept.get(&asked, &made_of) {
            return Ok(Ok(kept));
        }
        let found = match expectation(connection, filter)? {
            Ok(found) => found,
            Err(cannot) => return Ok(Err(cannot)),
        };
        let json = Json::from(as_json(&found)?.into_bytes());
        self.kept.keep(asked, made_of, Json::clone(&json));
        Ok(Ok(json))
    }
}
