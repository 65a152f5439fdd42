//! The trades of both sides, read from what is stored.

use jiff::Timestamp;

use super::{CannotExpect, ExpectationFilter, ExpectationSource, ExpectedFrom, Failed};
use crate::analytics::expectation::{FEWEST_EXPECTED, Outcomes, outcome, unit_of};
use crate::domain::departure::OutcomeUnit;
use crate::domain::instrument::Instrument;
use crate::domain::signal::Ticker;
use crate::domain::trade::ClosedTrade;
use crate::reports::comparison::foreign;
use crate::store::backtests::{self, Backtest};
use crate::store::expectations::{self, FrozenTrades, NewExpectation, StoredExpectation};
use crate::store::ledger_key::LedgerKey;
use crate::store::webhooks::{self, StoredWebhook};
use crate::store::{Connection, Result, fills, tickers, trades};
use crate::text;

/// Trades of a backtest before the first live one, from which on only these count: later ones
/// may have been looked at.
const ENOUGH_BEFORE: usize = 30;

/// The trades of both sides, and what is known of them.
pub(super) struct Subject {
    pub(super) webhook: StoredWebhook,
    /// The instrument of the backtest.
    pub(super) ticker: Ticker,
    /// The instrument of the alerts.
    pub(super) instrument: Instrument,
    pub(super) currency: String,
    pub(super) unit: OutcomeUnit,
    pub(super) expected: Outcomes,
    pub(super) live: Outcomes,
    /// Those of the broker's fills.
    pub(super) fills: Outcomes,
    /// The live trades' profits in money.
    pub(super) live_profits: Vec<f64>,
    pub(super) source: ExpectationSource,
    pub(super) notes: Vec<String>,
}

impl Subject {
    pub(super) fn find(
        connection: &Connection,
        filter: &ExpectationFilter,
    ) -> std::result::Result<Self, Failed> {
        let webhook = webhooks::get(connection, &filter.webhook)?;
        let frozen = expectations::of_webhook(connection, webhook.row)?;
        let kept = backtests::of_webhook(connection, &webhook)?;
        let known = frozen.iter().map(|one| one.frozen.ticker.clone());
        let mut known: Vec<Ticker> = known
            .chain(kept.iter().map(|one| one.ticker.clone()))
            .collect();
        known.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        known.dedup();
        let Some(ticker) = chosen(connection, &webhook, known, filter.ticker.as_ref())? else {
            return Self::of_first_half(connection, webhook, filter.ticker.as_ref());
        };
        let is_it = |of: &Ticker| *of == ticker;
        let backtest = kept.iter().find(|one| is_it(&one.ticker));
        match frozen.into_iter().find(|one| is_it(&one.frozen.ticker)) {
            Some(frozen) => Self::of_frozen(connection, webhook, frozen, backtest),
            None => Self::of_backtest(connection, webhook, &ticker, backtest),
        }
    }

    /// Against what was frozen.
    fn of_frozen(
        connection: &Connection,
        webhook: StoredWebhook,
        stored: StoredExpectation,
        backtest: Option<&Backtest>,
    ) -> std::result::Result<Self, Failed> {
        let digest = stored.frozen.digest.clone();
        let newer = match backtest {
            Some(backtest) => {
                expectations::file_of_backtest(connection, webhook.row, &backtest.ticker)?
            }
            None => None,
        };
        let newer = newer.filter(|(other, _)| *other != digest);
        let mut subject = Self::of_new(connection, webhook, stored.frozen, Some(stored.frozen_at))?;
        if let Some((_, imported_at)) = newer {
            subject.notes.push(format!(
                "another list of trades was imported on {imported_at:.0}; the cone stays with the one that was frozen on \
                 {:.0}, so that nobody moves the goalposts. To begin anew with the other: POST /api/v1/expectation, or \
                 \"Begin anew\" on the page",
                stored.frozen_at
            ));
        }
        Ok(subject)
    }

    /// Against the backtest as it is, which is not frozen yet.
    fn of_backtest(
        connection: &Connection,
        webhook: StoredWebhook,
        ticker: &Ticker,
        backtest: Option<&Backtest>,
    ) -> std::result::Result<Self, Failed> {
        let nothing = || CannotExpect::TooFew(ticker.clone(), 0);
        let backtest = backtest.ok_or_else(|| Failed::Cannot(nothing()))?;
        let new = new_of(connection, &webhook, backtest, None)?;
        Self::of_new(connection, webhook, new, None)
    }

    fn of_new(
        connection: &Connection,
        webhook: StoredWebhook,
        new: NewExpectation,
        frozen_at: Option<Timestamp>,
    ) -> std::result::Result<Self, Failed> {
        let (ticker, unit, trades) = (new.ticker, new.unit, new.trades);
        let currency = webhook.settings.currency.clone();
        if trades.values.len() < FEWEST_EXPECTED {
            return Err(Failed::Cannot(CannotExpect::TooFew(
                ticker,
                trades.values.len(),
            )));
        }
        if unit == OutcomeUnit::Money && currency != new.currency {
            return Err(Failed::Cannot(CannotExpect::Currencies {
                backtest: new.currency,
                alerts: currency,
            }));
        }
        let instrument = tickers::find(connection, webhook.row, &ticker)?;
        let mut live = live_trades(connection, webhook.row, &instrument)?;
        if let Some(from) = new.counted_from {
            live.retain(|trade| trade.exit_time >= from);
        }
        let notes = backtests::differences(connection, &webhook, Some(&ticker))?;
        Ok(Self {
            source: ExpectationSource {
                kind: ExpectedFrom::Backtest,
                from: trades.from,
                to: trades.closed.last().copied(),
                digest: Some(text::hex(&new.digest)),
                frozen_at,
                counted_from: new.counted_from,
            },
            expected: Outcomes {
                values: trades.values,
                closed: trades.closed,
                from: trades.from,
            },
            live: Outcomes::of(&live, unit),
            live_profits: profits(&live),
            fills: fills_of(connection, &webhook, &ticker, unit, new.counted_from)?,
            webhook,
            ticker,
            instrument,
            currency,
            unit,
            notes,
        })
    }

    /// The second half of the live trades against the first.
    fn of_first_half(
        connection: &Connection,
        webhook: StoredWebhook,
        wanted: Option<&Ticker>,
    ) -> std::result::Result<Self, Failed> {
        let mut traded = tickers::all(connection, webhook.row)?;
        if let Some(wanted) = wanted {
            let instrument = tickers::find(connection, webhook.row, wanted)?;
            traded.retain(|one| *one == instrument.as_str());
        }
        let nothing = |trades| {
            let of = wanted.map_or_else(String::new, |ticker| format!(" of {ticker}"));
            Failed::Cannot(CannotExpect::Nothing(of, trades, webhook.id.clone()))
        };
        let name = match <[String; 1]>::try_from(traded) {
            Ok([name]) => name,
            Err(several) if several.is_empty() => return Err(nothing(0)),
            Err(several) => {
                return Err(Failed::Cannot(CannotExpect::WhichTicker(
                    several.join(", "),
                )));
            }
        };
        let ticker: Ticker = name.parse().map_err(|_| nothing(0))?;
        let instrument = tickers::find(connection, webhook.row, &ticker)?;
        let all = live_trades(connection, webhook.row, &instrument)?;
        if all.len() < 2 * FEWEST_EXPECTED {
            return Err(nothing(all.len()));
        }
        let unit = unit_of(&all, Some(webhook.settings.initial_capital));
        let (first, second) = all.split_at(all.len() / 2);
        let (expected, live) = (Outcomes::of(first, unit), Outcomes::of(second, unit));
        Ok(Self {
            source: ExpectationSource {
                kind: ExpectedFrom::FirstHalf,
                from: expected.from,
                to: expected.closed.last().copied(),
                digest: None,
                frozen_at: None,
                counted_from: live.from,
            },
            currency: webhook.settings.currency.clone(),
            fills: fills_of(connection, &webhook, &ticker, unit, live.from)?,
            live_profits: profits(second),
            notes: vec![
                "without a backtest, the later half of the live trades is held against the earlier one, and no alarm is \
                 sent: the halves move with every trade. Import TradingView's list of trades for a cone that stays"
                    .to_owned(),
            ],
            webhook,
            ticker,
            instrument,
            unit,
            expected,
            live,
        })
    }
}

/// The instrument that is meant: the one that is named, or the only one; `None` where no
/// backtest is known of it.
fn chosen(
    connection: &Connection,
    webhook: &StoredWebhook,
    known: Vec<Ticker>,
    wanted: Option<&Ticker>,
) -> std::result::Result<Option<Ticker>, Failed> {
    let Some(wanted) = wanted else {
        let names: Vec<&str> = known.iter().map(Ticker::as_str).collect();
        let names = names.join(", ");
        return match <[Ticker; 1]>::try_from(known) {
            Ok([only]) => Ok(Some(only)),
            Err(several) if several.is_empty() => Ok(None),
            Err(_) => Err(Failed::Cannot(CannotExpect::WhichTicker(names))),
        };
    };
    let instrument = tickers::find(connection, webhook.row, wanted)?;
    let mut of_instrument = known.into_iter();
    let is_it = |ticker: &Ticker| ticker.may_be(wanted) || ticker.as_str() == instrument.as_str();
    Ok(of_instrument.find(is_it))
}

/// The part of a webhook's backtest that would be frozen now, to hold live trades against from
/// `counted_from` on; `None` where it has too few trades.
///
/// # Errors
///
/// [`crate::store::StoreError`] where there is no such webhook, or the database cannot be read.
pub fn freezable(
    connection: &Connection,
    webhook: &StoredWebhook,
    ticker: &Ticker,
    counted_from: Option<Timestamp>,
) -> Result<Option<NewExpectation>> {
    let kept = backtests::of_webhook(connection, webhook)?;
    let Some(backtest) = kept.iter().find(|kept| kept.ticker.may_be(ticker)) else {
        return Ok(None);
    };
    let new = new_of(connection, webhook, backtest, counted_from)?;
    Ok(Some(new).filter(|new| new.trades.values.len() >= FEWEST_EXPECTED))
}

fn new_of(
    connection: &Connection,
    webhook: &StoredWebhook,
    backtest: &Backtest,
    counted_from: Option<Timestamp>,
) -> Result<NewExpectation> {
    let mut listed = trades::in_book(connection, &backtest.key())?;
    let instrument = tickers::find(connection, webhook.row, &backtest.ticker)?;
    let live = live_trades(connection, webhook.row, &instrument)?;
    let entries = live.iter().map(|trade| trade.entry_time);
    let first = entries
        .filter(|entry| counted_from.is_none_or(|from| *entry >= from))
        .min();
    let unit = unit_of(&listed, backtest.initial_capital);
    if let Some(first) = first.or(counted_from) {
        let before = listed
            .iter()
            .filter(|trade| trade.exit_time < first)
            .count();
        if before >= ENOUGH_BEFORE {
            listed.truncate(before);
        }
    }
    let outcomes = Outcomes::of(&listed, unit);
    let file = expectations::file_of_backtest(connection, webhook.row, &backtest.ticker)?;
    Ok(NewExpectation {
        webhook: webhook.row,
        ticker: backtest.ticker.clone(),
        currency: backtest.currency.clone(),
        digest: file.map(|(digest, _)| digest).unwrap_or_default(),
        counted_from,
        unit,
        trades: FrozenTrades {
            from: outcomes.from,
            closed: outcomes.closed,
            values: outcomes.values,
        },
    })
}

/// The closed trades of alerts, in the order of their exits.
pub(super) fn live_trades(
    connection: &Connection,
    webhook: i64,
    instrument: &Instrument,
) -> Result<Vec<ClosedTrade>> {
    trades::in_book(
        connection,
        &LedgerKey::of_alerts(webhook, instrument.clone()),
    )
}

/// The trades of a broker's fills from a time on; none where they are priced in another
/// currency than amounts are in.
fn fills_of(
    connection: &Connection,
    webhook: &StoredWebhook,
    ticker: &Ticker,
    unit: OutcomeUnit,
    from: Option<Timestamp>,
) -> Result<Outcomes> {
    let kept = fills::ledgers_of(connection, webhook.row)?;
    let mut kept = kept.into_iter();
    let Some(key) = kept.find(|key| key.instrument.ticker().may_be(ticker)) else {
        return Ok(Outcomes::default());
    };
    let is_foreign = foreign(
        &fills::in_order(connection, &key)?,
        &webhook.settings.currency,
    );
    if unit == OutcomeUnit::Money && is_foreign.is_some() {
        return Ok(Outcomes::default());
    }
    let mut trades = trades::in_book(connection, &key)?;
    trades.retain(|trade| from.is_none_or(|from| trade.exit_time >= from));
    Ok(Outcomes::of(&trades, unit))
}

fn profits(trades: &[ClosedTrade]) -> Vec<f64> {
    trades
        .iter()
        .map(|trade| outcome(trade, OutcomeUnit::Money))
        .collect()
}
