//! algohook's own export of trades, read back as a list: one row a trade.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use jiff::Timestamp;

use super::{AtEnd, Besides, ListedTrade, Options, Properties, Side, TradeList};
use crate::domain::money::{Decimal, Price, Quantity, parse_decimal};
use crate::domain::names::Names;
use crate::domain::signal::{Direction, Ticker};
use crate::domain::terms::{Contract, Terms};
use crate::imports::table::{self, Table};
use crate::imports::titled::{Titled, has_all};
use crate::imports::{Faults, Unreadable};

/// Columns by which such an export is known.
const TITLES: [&str; 9] = [
    "ticker",
    "direction",
    "qty",
    "entryTime",
    "entryPrice",
    "exitTime",
    "exitPrice",
    "commission",
    "netProfit",
];

/// Columns that its later versions have.
const POINT_VALUE: &str = "pointValue";
const CONTRACT: &str = "contract";

/// True if a header is that of an export of trades.
pub(super) fn is_export(header: &[String]) -> bool {
    has_all(header, &TITLES)
}

/// Reads the trades of one instrument, of one webhook's alerts or backtest.
pub(super) fn read(table: &Table, options: &Options) -> Result<TradeList, Unreadable> {
    let wanted = options.ticker.as_ref().map(Ticker::as_str);
    let mut faults = Faults::default();
    let (mut lists, mut signals) = (BTreeSet::new(), Names::default());
    let mut trades = Vec::new();
    let mut currency = None;
    let has_terms = has_all(&table.header, &[POINT_VALUE, CONTRACT]);
    let mut terms: BTreeMap<(Decimal, Contract), u64> = BTreeMap::new();
    // The newest stands first.
    for row in table.rows.iter().rev() {
        if row.is_too_long {
            let last = table.header.last().map_or("", String::as_str);
            faults.note(row.number, last, table::TOO_LONG);
            continue;
        }
        let mut cells = Row {
            signals: &mut signals,
            cells: Titled::of(&table.header, row.cells.iter()),
            number: row.number,
            faults: &mut faults,
        };
        let ticker = cells.text("ticker");
        let is_wanted = |wanted: &str| {
            let symbol = ticker.rsplit(':').next();
            ticker == wanted || symbol == wanted.rsplit(':').next()
        };
        if !wanted.is_none_or(is_wanted) {
            continue;
        }
        let source = cells.text("source");
        let kind = if source == "backtest" {
            "backtest"
        } else {
            "alerts"
        };
        lists.insert((ticker, kind, cells.text("webhook")));
        currency =
            currency.or_else(|| Some(cells.text("currency")).filter(|text| !text.is_empty()));
        if has_terms && let Some(stated) = cells.terms() {
            *terms.entry(stated).or_default() += 1;
        }
        trades.extend(cells.trade(trades.len() as u64 + 1));
    }
    if lists.len() > 1 {
        let named = lists
            .iter()
            .map(|(ticker, kind, webhook)| format!("{ticker} ({kind} of {webhook})"));
        return Err(Unreadable::SeveralLists(named.collect()));
    }
    let symbol = lists.into_iter().next().map(|(ticker, ..)| ticker);
    // Those of most trades: a backtest is of one contract.
    let stated_terms = terms.into_iter().max_by_key(|(_, trades)| *trades);
    faults.or(TradeList {
        currency,
        currency_sign: None,
        trades,
        range: None,
        stated_terms: stated_terms.map(|((point_value, contract), _)| Terms {
            contract,
            point_value,
        }),
        properties: Properties {
            symbol,
            ..Properties::default()
        },
        figures: Vec::new(),
        zone: jiff::tz::TimeZone::UTC,
        is_zone_assumed: false,
        notes: Vec::new(),
    })
}

/// A row while it is read.
struct Row<'a> {
    signals: &'a mut Names,
    cells: Titled<'a>,
    number: usize,
    faults: &'a mut Faults,
}

impl Row<'_> {
    fn text(&self, title: &str) -> String {
        self.cells.text(title).unwrap_or_default()
    }

    fn read<T: FromStr>(&mut self, title: &'static str) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        let text = self.text(title);
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                let message = format!("\"{text:.40}\" cannot be read: {error}");
                self.faults.note(self.number, title, message);
                None
            }
        }
    }

    /// Point value and contract.
    fn terms(&mut self) -> Option<(Decimal, Contract)> {
        let point_value = self.read(POINT_VALUE);
        let contract = self.read(CONTRACT);
        point_value.zip(contract)
    }

    fn side(&mut self, time: &'static str, price: &'static str, signal: &str) -> Option<Side> {
        let (time, price) = (self.read::<Timestamp>(time), self.read::<Price>(price));
        Some(Side {
            time: time?,
            price: price?,
            signal: self
                .cells
                .text(signal)
                .map(|signal| self.signals.one(&signal)),
        })
    }

    fn trade(&mut self, number: u64) -> Option<ListedTrade> {
        let direction = self.read::<Direction>("direction");
        let quantity = self.read::<Quantity>("qty");
        let entry = self.side("entryTime", "entryPrice", "entrySignal");
        let exit = self.side("exitTime", "exitPrice", "exitSignal");
        let mut amount = |title: &'static str| {
            let text = self.text(title);
            let read = parse_decimal(&text);
            if let Err(error) = &read {
                self.faults
                    .note(self.number, title, format!("\"{text:.40}\" {error}"));
            }
            read.ok()
        };
        let (commission, net_profit) = (amount("commission"), amount("netProfit"));
        Some(ListedTrade {
            number,
            direction: direction?,
            quantity: quantity?,
            entry: entry?,
            exit: Some(exit?),
            at_end: AtEnd::default(),
            net_profit: net_profit?,
            commission: Some(commission?),
            besides: Besides::default(),
        })
    }
}
