//! The hints of a report without a closed trade.

use std::io::Write;

use crate::store::Connection;

use crate::analytics::Report;
use crate::cli::output::printable;
use crate::domain::book::Book;
use crate::domain::currency::shown;
use crate::domain::webhook::WebhookId;
use crate::reports::{CurrencyReport, ReportFilter, reports};
use crate::store::positions::{self, StoredPosition};
use crate::store::{Result, webhooks};

/// Tickers that are named before the others are only counted.
const NAMED: usize = 8;

/// The trades that there are instead of those that were asked for.
pub(super) struct EmptyReport {
    /// The reports of the same webhooks, of all tickers, tags and times.
    pub(super) whole: Vec<CurrencyReport>,
    open: Vec<StoredPosition>,
    /// Id and name of the only webhook.
    only: Option<(WebhookId, String)>,
}

impl EmptyReport {
    pub(super) fn read(connection: &Connection, filter: &ReportFilter) -> Result<Self> {
        let whole = ReportFilter {
            book: filter.book,
            webhooks: filter.webhooks.clone(),
            zone: filter.zone.clone(),
            ..ReportFilter::default()
        };
        let mut open = match &filter.named_once()[..] {
            [] => positions::list(connection, None, None)?,
            ids => {
                let lists = ids
                    .iter()
                    .map(|id| positions::list(connection, Some(id), None));
                lists.collect::<Result<Vec<_>>>()?.concat()
            }
        };
        open.retain(|position| {
            let ledger = position.ledger.as_ref();
            ledger.is_some_and(|ledger| !ledger.position().is_zero())
        });
        let mut all = webhooks::list(connection)?;
        all.retain(|webhook| filter.webhooks.is_empty() || filter.webhooks.contains(&webhook.id));
        let only = match all.as_slice() {
            [only] => Some((only.id.clone(), only.name.clone())),
            _ => None,
        };
        Ok(Self {
            whole: reports(connection, &whole)?,
            open,
            only,
        })
    }

    /// Says that there is no report at all.
    pub(super) fn write_no_report(
        &self,
        out: &mut dyn Write,
        filter: &ReportFilter,
    ) -> anyhow::Result<()> {
        let is_backtest = filter.book == Book::Backtest;
        let text = match &self.only {
            Some((id, name)) if is_backtest => {
                let name = printable(name);
                format!("{name} has no backtest; algohook import trades FILE --webhook {id}")
            }
            _ if is_backtest => {
                "No webhook has a backtest; algohook import trades FILE --webhook ID".to_owned()
            }
            _ => "There is nothing to report on yet: make a webhook (algohook webhook create NAME), or import a backtest (algohook import trades FILE --webhook ID).".to_owned(),
        };
        Ok(writeln!(out, "{text}")?)
    }

    /// Says what there is in one currency, of which `whole` is the report.
    pub(super) fn write(
        &self,
        out: &mut dyn Write,
        whole: &Report,
        filter: &ReportFilter,
    ) -> anyhow::Result<()> {
        let currency = match self.whole.len() {
            1 => String::new(),
            _ => format!(" in {}", printable(&whole.currency)),
        };
        if whole.all.total_trades == 0 {
            writeln!(out, "No closed trades{currency} yet.")?;
        } else {
            writeln!(out, "No closed trades{currency}{}.", asked_for(filter))?;
            writeln!(out, "{}.", what_there_is(whole))?;
        }
        self.write_open(out, &whole.currency, filter)
    }

    fn write_open(
        &self,
        out: &mut dyn Write,
        currency: &str,
        filter: &ReportFilter,
    ) -> anyhow::Result<()> {
        if filter.book == Book::Backtest {
            return Ok(());
        }
        let of_currency = |position: &&StoredPosition| position.currency == currency;
        for position in self.open.iter().filter(of_currency) {
            let Some(ledger) = &position.ledger else {
                continue;
            };
            let held = ledger.position().normalize();
            let side = if held.is_sign_negative() {
                "short"
            } else {
                "long"
            };
            let ticker = printable(position.instrument.as_str());
            write!(out, "Open: {side} {} {ticker}", held.abs())?;
            if let Some(profit) = position.open_profit() {
                write!(out, ", open profit {}", shown(profit, currency))?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

/// The filter in words.
fn asked_for(filter: &ReportFilter) -> String {
    let ticker = filter.ticker.as_ref();
    let tag = filter.tag.as_ref();
    let parts = [
        ticker.map(|ticker| format!(" of {}", printable(ticker.as_str()))),
        tag.map(|tag| format!(" with the tag {}", printable(tag.as_str()))),
        match (filter.range.from(), filter.range.to()) {
            (Some(from), Some(to)) => Some(format!(" from {from} on and before {to}")),
            (Some(from), None) => Some(format!(" from {from} on")),
            (None, Some(to)) => Some(format!(" before {to}")),
            (None, None) => None,
        },
    ];
    parts.into_iter().flatten().collect()
}

/// The number of trades, their tickers, and the days on which they closed.
fn what_there_is(whole: &Report) -> String {
    let tickers = &whole.series.by_ticker.groups;
    let names = tickers.iter().filter_map(|group| group.name.as_deref());
    let mut names: Vec<String> = names.take(NAMED).map(printable).collect();
    if tickers.len() > NAMED {
        names.push("others".to_owned());
    }
    let days = &whole.series.by_day;
    let days = match (days.first(), days.last()) {
        (Some(first), Some(last)) if first.date != last.date => {
            format!(", closed from {} to {}", first.date, last.date)
        }
        (Some(only), _) => format!(", closed on {}", only.date),
        _ => String::new(),
    };
    let count = whole.all.total_trades;
    let there_are = if count == 1 { "There is" } else { "There are" };
    format!("{there_are} {count} of {}{days}", names.join(", "))
}
