//! `algohook report`: what a strategy really did.

mod empty_report;
mod listed;
mod rows;

use std::io::Write;

use anyhow::Context;
use clap::Args;
use jiff::tz::TimeZone;

use super::open::{self, WebhookArgument};
use super::output;
use crate::analytics::intervals::FEW_TRADES;
use crate::analytics::series::EquityPoint;
use crate::analytics::{Base, Report as Figures};
use crate::config::Config;
use crate::domain::book::Book;
use crate::domain::currency;
use crate::domain::moment::{Moment, Range};
use crate::domain::signal::Ticker;
use crate::domain::tag::Tag;
use crate::reports::{self, CurrencyReport, ReportFilter, Reports, reports};
use empty_report::EmptyReport;

/// Show the performance of one webhook, of several, or of all
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub struct Report {
    /// The webhooks, each by its id or its name; all where none is named
    webhooks: Vec<WebhookArgument>,
    /// Of TradingView's backtests in place of the alerts
    #[arg(long)]
    backtest: bool,
    /// Of a broker's fills in place of the alerts
    #[arg(long, conflicts_with = "backtest")]
    fills: bool,
    /// Of one ticker
    #[arg(long)]
    ticker: Option<Ticker>,
    /// Trades with a tag
    #[arg(long, conflicts_with_all = ["backtest", "fills"])]
    tag: Option<Tag>,
    /// Trades that closed on this day or later, or at this time
    #[arg(long, value_name = "TIME")]
    from: Option<Moment>,
    /// Trades that closed before this day or time
    #[arg(long, value_name = "TIME")]
    to: Option<Moment>,
    /// Zone of days and months, also of --from and --to [default: that of the first webhook]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Money that percentages are of where there is a --from: "equity", that of the moment the
    /// range begins, or "initialCapital", as if the account had started then
    #[arg(long, value_name = "BASE", default_value = "equity")]
    base: Base,
    /// Print JSON, with all series
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "\
Examples:
  algohook report wh_...
  algohook report \"BTC Strategy\" --from 2026-01-01 --to 2026-04-01 --time-zone Europe/Berlin
  algohook report --ticker BTCUSDT --json";

/// Width of the equity curve in characters.
const CURVE_WIDTH: usize = 72;

/// Heights that a character of the curve can have, lowest first.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl Report {
    pub fn run(self, config: &Config, out: &mut dyn Write) -> anyhow::Result<()> {
        let zone = match &self.time_zone {
            Some(name) => Some(TimeZone::get(name).with_context(|| {
                format!("\"{name}\" is no time zone; write one like Europe/Berlin")
            })?),
            None => None,
        };
        let store = open::store(config)?;
        let webhooks = self.webhooks.iter().map(|webhook| webhook.find(&store));
        let filter = ReportFilter {
            book: match (self.backtest, self.fills) {
                (true, _) => Book::Backtest,
                (_, true) => Book::Fills,
                _ => Book::Alerts,
            },
            is_imported: None,
            webhooks: webhooks.collect::<anyhow::Result<_>>()?,
            ticker: self.ticker,
            tag: self.tag,
            range: Range::new(self.from, self.to)?,
            zone,
            base: Some(self.base),
        };
        let (made, notes) = store.readers().run_blocking(|connection| {
            Ok((
                reports(connection, &filter)?,
                reports::notes(connection, &filter)?,
            ))
        })?;
        if self.json {
            let reports = made.into_iter().map(|made| made.report).collect();
            return output::json(out, &Reports { reports, notes });
        }
        for note in notes {
            writeln!(out, "NOTE: {}.", output::printable(&note))?;
        }
        let has_trades = |made: &CurrencyReport| made.report.all.total_trades > 0;
        if !made.is_empty() && made.iter().all(has_trades) {
            write_each(out, made.iter(), |out, made| {
                write_report(out, made, &filter)
            })?;
            if filter.book == Book::Backtest {
                listed::write(&store, &filter, out)?;
            }
            return Ok(());
        }
        let instead = store
            .readers()
            .run_blocking(|connection| EmptyReport::read(connection, &filter))?;
        if instead.whole.is_empty() {
            return instead.write_no_report(out, &filter);
        }
        write_each(out, instead.whole.iter(), |out, whole| {
            let currency = &whole.report.currency;
            let same =
                |made: &&CurrencyReport| made.report.currency == *currency && has_trades(made);
            match made.iter().find(same) {
                Some(made) => write_report(out, made, &filter),
                None => instead.write(out, &whole.report, &filter),
            }
        })
    }
}

/// Writes what there is of each currency, with a line between them.
fn write_each<'a>(
    out: &mut dyn Write,
    currencies: impl Iterator<Item = &'a CurrencyReport>,
    write: impl Fn(&mut dyn Write, &'a CurrencyReport) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for (number, made) in currencies.enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        write(out, made)?;
    }
    Ok(())
}

fn write_report(
    out: &mut dyn Write,
    made: &CurrencyReport,
    filter: &ReportFilter,
) -> anyhow::Result<()> {
    let report = &made.report;
    let currency = output::printable(&report.currency);
    let webhooks = match made.webhooks {
        0 | 1 => String::new(),
        several => format!(" ({several} webhooks)"),
    };
    writeln!(
        out,
        "Closed trades in {currency}, from {}{webhooks}",
        capital(report, filter)
    )?;
    writeln!(out, "\n{}\n", curve(&report.series.equity))?;
    let head = ["", "ALL", "LONG", "SHORT", "ALL, 95 % INTERVAL"];
    output::figures(out, &head, &rows::of(report))?;
    let trades = report.all.total_trades;
    if trades < FEW_TRADES {
        let trades = output::counted(&trades, "closed trade");
        writeln!(
            out,
            "\nOf {trades} only: these numbers say little yet. The interval is where the truth lies in 95 of 100 cases."
        )?;
    }
    Ok(())
}

/// The money that percentages are of, and which it is.
fn capital(report: &Figures, filter: &ReportFilter) -> String {
    let money = currency::shown(report.capital, &report.currency);
    match (report.base, filter.range.from()) {
        (Base::Equity, Some(from)) => format!("{money} of equity on {from}"),
        (Base::InitialCapital, Some(from)) => {
            format!("{money} of initial capital, as if the account had started on {from}")
        }
        _ => format!("{money} of initial capital"),
    }
}

/// The equity curve in one line, a column for each part of the trades.
fn curve(points: &[EquityPoint]) -> String {
    let equity: Vec<f64> = points
        .iter()
        .map(|point| point.equity.to_string().parse().unwrap_or_default())
        .collect();
    let last_trade = points.last().map_or(0, |point| point.trade).max(1);
    let lowest = equity.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = equity.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let width = CURVE_WIDTH.min(last_trade + 1);
    let mut point = 0;
    (0..width)
        .map(|column| {
            let trade = column * last_trade / (width - 1).max(1);
            while points
                .get(point + 1)
                .is_some_and(|next| next.trade <= trade)
            {
                point += 1;
            }
            bar(equity[point], lowest, highest)
        })
        .collect()
}

fn bar(value: f64, lowest: f64, highest: f64) -> char {
    let share = if highest > lowest {
        (value - lowest) / (highest - lowest)
    } else {
        0.5
    };
    let steps = [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875];
    BARS[steps.iter().filter(|step| share >= **step).count()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Decimal;

    #[test]
    fn a_curve_rises_from_the_lowest_to_the_highest_bar() {
        let points: Vec<EquityPoint> = (0..=7)
            .map(|trade| EquityPoint {
                time: jiff::Timestamp::UNIX_EPOCH,
                trade,
                equity: Decimal::from(100 + trade),
                drawdown: Decimal::ZERO,
                drawdown_percent: None,
            })
            .collect();
        assert_eq!(curve(&points), "▁▂▃▄▅▆▇█");
        assert_eq!(curve(&points[..1]), "▅▅");
    }
}
