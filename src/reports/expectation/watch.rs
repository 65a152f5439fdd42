//! Looks for alarms when trades have closed, and freezes backtests when the first one has.
//!
//! What a look is for is told apart from the look: drawing runs takes a moment, and each is
//! done on its own, so that nothing else waits for all of them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::SEED;
use super::subject::{freezable, live_trades};
use crate::analytics::expectation::{ALARM_FROM, AlarmRule, Outcomes, horizon, rule};
use crate::domain::departure::{Departure, OutcomeUnit};
use crate::domain::signal::Ticker;
use crate::store::expectations::{self, ExpectationTerms, NewExpectation};
use crate::store::webhooks::{self, StoredWebhook};
use crate::store::{Connection, Result, backtests, ledgers, tickers};

/// Rules that are kept; one more and all are drawn again.
const KEPT: usize = 500;

/// Results of the last look.
#[derive(Debug, Default)]
pub struct ExpectationWatch {
    /// By the number of the expectation and the horizon.
    rules: HashMap<(i64, usize), Option<AlarmRule>>,
    /// Backtests that there was nothing to freeze of, with what the webhook was then.
    refused: HashMap<(i64, Ticker), [i64; 2]>,
}

/// Something to look at.
#[derive(Debug, Clone)]
pub struct Pending {
    webhook: StoredWebhook,
    ticker: Ticker,
    /// Versions of the ledgers, and of webhooks and backtests.
    versions: [i64; 2],
    is_frozen: bool,
}

/// Findings of a look, to be written.
#[derive(Debug)]
pub enum Looked {
    /// The backtest is to be frozen.
    Freeze(NewExpectation),
    /// An expectation was looked at with a version of the ledgers.
    Alarm {
        /// Its number.
        id: i64,
        /// The version.
        version: i64,
        /// The departure, where there is one.
        departure: Option<Departure>,
    },
    /// There is nothing to write.
    Nothing,
}

impl ExpectationWatch {
    /// All that has changed since it was looked at.
    ///
    /// # Errors
    ///
    /// [`crate::store::StoreError`] where the database cannot be read.
    pub fn pending(&self, connection: &Connection) -> Result<Vec<Pending>> {
        let transaction = connection.unchecked_transaction()?;
        let mut pending = Vec::new();
        if ledgers::is_any_stale(&transaction)? {
            // Trades are being derived again: what is there is not all.
            return Ok(pending);
        }
        let revision = webhooks::revision(&transaction)?;
        for webhook in webhooks::list_current(&transaction)? {
            let versions = [ledgers::version(&transaction, webhook.row)?, revision];
            let looked_at = expectations::looked_at(&transaction, webhook.row)?;
            let mut add = |ticker: &Ticker, is_frozen| {
                pending.push(Pending {
                    webhook: webhook.clone(),
                    ticker: ticker.clone(),
                    versions,
                    is_frozen,
                });
            };
            for (ticker, version) in &looked_at {
                if *version != Some(versions[0]) {
                    add(ticker, true);
                }
            }
            for backtest in backtests::of_webhook(&transaction, &webhook)? {
                let is_frozen = looked_at.iter().any(|(of, _)| *of == backtest.ticker);
                let key = (webhook.row, backtest.ticker.clone());
                if !is_frozen && self.refused.get(&key) != Some(&versions) {
                    add(&backtest.ticker, false);
                }
            }
        }
        Ok(pending)
    }

    /// Looks at one of them.
    ///
    /// # Errors
    ///
    /// [`crate::store::StoreError`] where the database cannot be read.
    pub fn look(&mut self, connection: &Connection, pending: &Pending) -> Result<Looked> {
        let transaction = connection.unchecked_transaction()?;
        let Pending {
            webhook,
            ticker,
            versions,
            is_frozen,
        } = pending;
        let instrument = tickers::find(&transaction, webhook.row, ticker)?;
        let mut live = live_trades(&transaction, webhook.row, &instrument)?;
        if *is_frozen {
            let Some(terms) = expectations::terms(&transaction, webhook.row, ticker)? else {
                return Ok(Looked::Nothing);
            };
            if let Some(from) = terms.counted_from {
                live.retain(|trade| trade.exit_time >= from);
            }
            let live = Outcomes::of(&live, terms.unit);
            return Ok(Looked::Alarm {
                id: terms.id,
                version: versions[0],
                departure: self.departure(&transaction, webhook, &terms, &live)?,
            });
        }
        let new = if live.is_empty() {
            None
        } else {
            freezable(&transaction, webhook, ticker, None)?
        };
        Ok(new.map_or_else(
            || {
                self.refused
                    .insert((webhook.row, ticker.clone()), *versions);
                Looked::Nothing
            },
            Looked::Freeze,
        ))
    }

    fn departure(
        &mut self,
        connection: &Connection,
        webhook: &StoredWebhook,
        terms: &ExpectationTerms,
        live: &Outcomes,
    ) -> Result<Option<Departure>> {
        let n = live.values.len();
        let is_comparable =
            terms.unit == OutcomeUnit::Percent || terms.currency == webhook.settings.currency;
        if n < ALARM_FROM || !is_comparable {
            return Ok(None);
        }
        if self.rules.len() >= KEPT {
            self.rules.clear();
        }
        let rule = match self.rules.entry((terms.id, horizon(n))) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let trades = expectations::trades_of(connection, terms.id)?;
                new.insert(trades.and_then(|trades| rule(&trades.values, n, SEED).ok()))
            }
        };
        let alarm = rule.as_ref().and_then(|rule| rule.alarm(live));
        // One that is over needs nobody.
        Ok(alarm.filter(|alarm| alarm.over.is_none()))
    }
}
