//! `algohook report`: what a strategy really did.

mod instead;

use std::io::Write;

use anyhow::Context;
use clap::Args;
use jiff::tz::TimeZone;

use super::open::{self, WebhookArgument};
use super::output;
use crate::analytics::series::EquityPoint;
use crate::analytics::{Metrics, Report as Figures};
use crate::api::performance::Reports;
use crate::config::Config;
use crate::domain::moment::{Moment, Range};
use crate::domain::money::Decimal;
use crate::domain::signal::Ticker;
use crate::domain::tag::Tag;
use crate::reports::{Made, ReportFilter, ReportSource, reports};
use instead::Instead;

/// Show the performance of one webhook, of several, or of all
#[derive(Args)]
#[command(after_help = EXAMPLE)]
pub struct Report {
    /// The webhooks, each by its id or its name; all where none is named
    webhooks: Vec<WebhookArgument>,
    /// Of TradingView's backtests in place of the alerts
    #[arg(long)]
    backtest: bool,
    /// Of one ticker
    #[arg(long)]
    ticker: Option<Ticker>,
    /// Trades with a tag
    #[arg(long, conflicts_with = "backtest")]
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
            source: self.backtest.then_some(ReportSource::Backtest),
            webhooks: webhooks.collect::<anyhow::Result<_>>()?,
            ticker: self.ticker,
            tag: self.tag,
            range: Range::new(self.from, self.to)?,
            zone,
        };
        let made = store
            .readers()
            .run_blocking(|connection| reports(connection, &filter))?;
        if self.json {
            let reports = made.into_iter().map(|made| made.report).collect();
            return output::json(out, &Reports { reports });
        }
        let has_trades = |made: &Made| made.report.all.total_trades > 0;
        if !made.is_empty() && made.iter().all(has_trades) {
            return write_each(out, made.iter(), |out, made| write_report(out, made));
        }
        let instead = store
            .readers()
            .run_blocking(|connection| Instead::read(connection, &filter))?;
        if instead.whole.is_empty() {
            return instead.write_no_report(out, &filter);
        }
        write_each(out, instead.whole.iter(), |out, whole| {
            let currency = &whole.report.currency;
            let same = |made: &&Made| made.report.currency == *currency && has_trades(made);
            match made.iter().find(same) {
                Some(made) => write_report(out, made),
                None => instead.write(out, &whole.report, &filter),
            }
        })
    }
}

/// Writes what there is of each currency, with a line between them.
fn write_each<'a>(
    out: &mut dyn Write,
    currencies: impl Iterator<Item = &'a Made>,
    write: impl Fn(&mut dyn Write, &'a Made) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for (number, made) in currencies.enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        write(out, made)?;
    }
    Ok(())
}

fn write_report(out: &mut dyn Write, made: &Made) -> anyhow::Result<()> {
    let report = &made.report;
    let Figures {
        all, long, short, ..
    } = report;
    let currency = output::printable(&report.currency);
    let webhooks = match made.webhooks {
        0 | 1 => String::new(),
        several => format!(" ({several} webhooks)"),
    };
    writeln!(
        out,
        "Closed trades in {currency}, from {} of initial capital{webhooks}",
        report.initial_capital
    )?;
    writeln!(out, "\n{}\n", curve(&report.series.equity))?;
    let rows: Vec<Vec<String>> = ROWS
        .iter()
        .map(|(title, figure)| {
            let cell = |metrics| figure(metrics).unwrap_or_else(|| "-".to_owned());
            vec![(*title).to_owned(), cell(all), cell(long), cell(short)]
        })
        .collect();
    Ok(output::figures(out, &["", "ALL", "LONG", "SHORT"], &rows)?)
}

/// A line of the table: its title, and its cell for one column.
type Line = (&'static str, fn(&Metrics) -> Option<String>);

const ROWS: &[Line] = &[
    ("Net profit", |m| money(Some(m.net_profit))),
    ("Net profit, % of capital", |m| number(m.net_profit_percent)),
    ("Gross profit", |m| money(Some(m.gross_profit))),
    ("Gross loss", |m| money(Some(m.gross_loss))),
    ("Commission paid", |m| money(Some(m.commission_paid))),
    ("Open profit", |m| money(Some(m.open_profit))),
    ("Profit factor", |m| number(m.profit_factor)),
    ("Trades", |m| Some(m.total_trades.to_string())),
    ("Winning trades", |m| Some(m.winning_trades.to_string())),
    ("Losing trades", |m| Some(m.losing_trades.to_string())),
    ("Percent profitable", |m| number(m.percent_profitable)),
    ("Average trade", |m| money(m.avg_trade)),
    ("Average win", |m| money(m.avg_win)),
    ("Average loss", |m| money(m.avg_loss)),
    ("Largest win", |m| money(m.largest_win)),
    ("Largest loss", |m| money(m.largest_loss)),
    ("Most wins in a row", |m| {
        Some(m.max_consecutive_wins.to_string())
    }),
    ("Most losses in a row", |m| {
        Some(m.max_consecutive_losses.to_string())
    }),
    ("Max. drawdown, closed trades", |m| {
        money(Some(m.max_drawdown))
    }),
    ("Max. drawdown, %", |m| number(m.max_drawdown_percent)),
    ("Recovery factor", |m| number(m.recovery_factor)),
    ("CAGR, % a year", |m| number(m.cagr)),
    ("Sharpe ratio", |m| number(m.sharpe)),
    ("Sortino ratio", |m| number(m.sortino)),
    ("Sharpe ratio, annualised", |m| number(m.sharpe_annualized)),
    ("Average duration", |m| m.avg_duration.map(duration)),
    ("Time in market, %", |m| number(m.time_in_market)),
];

/// An amount with two places, or as many as it needs below one.
fn money(amount: Option<Decimal>) -> Option<String> {
    let amount = amount?;
    let places = if amount.abs() < Decimal::ONE { 8 } else { 2 };
    Some(if amount.is_zero() {
        "0".to_owned()
    } else {
        let rounded = amount.round_dp(places);
        if places == 2 {
            format!("{rounded:.2}")
        } else {
            rounded.normalize().to_string()
        }
    })
}

fn number(value: Option<f64>) -> Option<String> {
    value.map(|value| format!("{value:.2}"))
}

/// Seconds in the two units that say most.
fn duration(seconds: f64) -> String {
    let units = [(86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s")];
    let first = units
        .iter()
        .position(|(size, _)| seconds >= *size)
        .unwrap_or(units.len() - 1);
    let (size, name) = units[first];
    let whole = (seconds / size).floor();
    match units.get(first + 1) {
        Some((smaller, smaller_name)) => {
            let rest = ((seconds - whole * size) / smaller).floor();
            format!("{whole} {name} {rest} {smaller_name}")
        }
        None => format!("{whole} {name}"),
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

    #[test]
    fn amounts_and_times_are_short() {
        let amount = |text: &str| money(Some(text.parse().unwrap())).unwrap();
        assert_eq!(amount("1234.5"), "1234.50");
        assert_eq!(amount("-0.000012340"), "-0.00001234");
        assert_eq!(amount("0.00"), "0");
        assert_eq!(duration(93_600.0), "1 d 2 h");
        assert_eq!(duration(59.0), "59 s");
        assert_eq!(duration(0.0), "0 s");
    }
}
